/*
 * log.h - the structured log: events with a stable name and typed fields, one line each.
 *
 * Floor      base
 * Units      time in UTC, milliseconds.
 * Ownership  log_new/log_free; the log borrows the fd and the clock, events borrow everything.
 * Errors     none reach the caller: a line that cannot be written at once is lost and counted, and
 *            "log.dropped" says how many, as soon as there is room for a line again.
 * Threads    any, at once; a line is one write(2) of at most LIMIT_LOG_LINE_BYTES, and nobody waits
 *            for a reader of it (base/line_sink.h).
 *
 *     log_event(log, LOG_NOTICE, "session.blocked", FIELD_UUID("session", id),
 *               FIELD_NUM("risk", risk), FIELD_TEXT("why", "operator"));
 *
 * JSON: {"time":"2026-01-31T09:00:00.000Z","level":"notice","event":"session.blocked",...}
 * Human: 2026-01-31T09:00:00.000Z notice session.blocked session=... risk=0.9 why="operator"
 *
 * Every byte of a value that is not printable ASCII is escaped (\u00XX, per byte), so no value can
 * forge a line or a field. An event name has LIMIT_LOG_EVENTS_PER_S; what exceeds that is
 * counted and reported as "log.suppressed" once the second is over. Names of events and fields
 * are literals of ours. Never log a body, a token, an MPIN or raw behaviour.
 * This header and <syslog.h> exclude each other.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum log_format { LOG_JSON, LOG_HUMAN };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARN, LOG_ERROR };

enum log_field_kind {
    LOG_FIELD_INT,
    LOG_FIELD_NUM,
    LOG_FIELD_BOOL,
    LOG_FIELD_UUID,
    LOG_FIELD_TEXT,
    LOG_FIELD_SPAN
};

typedef struct log_field {
    const char *name; /* NULL ends the list */
    enum log_field_kind kind;

    union {
        int64_t integer;
        double number; /* not finite: null */
        bool boolean;
        uuid_t uuid;
        const char *text; /* NULL: null */
        span_t span;
    } as;
} log_field_t;

struct log;

/* Begin a log on `fd`, dropping what is below `least`. NULL when the heap refuses: a NULL log is
 * valid everywhere and drops everything. */
struct log *log_new(int fd, enum log_format format, enum log_level least,
                    const struct clock *clock);

/* Report what was suppressed, release; accepts NULL and leaves NULL. The fd stays open. */
void log_free(struct log **log);

/* Whether an event of this level would be written. */
bool log_is_on(const struct log *log, enum log_level level);

/* Lines lost because they could not be written, at once. */
uint64_t log_lost(const struct log *log);

/* The name of a level, as the LOG_LEVEL setting and the lines spell it. Static storage. */
const char *log_level_name(enum log_level level);

/* Find the level of that name; false, and `*out` untouched, when there is none. */
bool log_level_of(span_t name, enum log_level *out);

/* The function behind log_event(); `fields` ends with a NULL name. */
void log_write(struct log *log, enum log_level level, const char *event, const log_field_t *fields);

#define FIELD_INT(n, v)  ((log_field_t){.name = (n), .kind = LOG_FIELD_INT, .as.integer = (v)})
#define FIELD_NUM(n, v)  ((log_field_t){.name = (n), .kind = LOG_FIELD_NUM, .as.number = (v)})
#define FIELD_BOOL(n, v) ((log_field_t){.name = (n), .kind = LOG_FIELD_BOOL, .as.boolean = (v)})
#define FIELD_UUID(n, v) ((log_field_t){.name = (n), .kind = LOG_FIELD_UUID, .as.uuid = (v)})
#define FIELD_TEXT(n, v) ((log_field_t){.name = (n), .kind = LOG_FIELD_TEXT, .as.text = (v)})
#define FIELD_SPAN(n, v) ((log_field_t){.name = (n), .kind = LOG_FIELD_SPAN, .as.span = (v)})

/* log_event(log, level, name, up to LIMIT_LOG_FIELDS fields): fields are evaluated only when the
 * level is on. Lower-case because it behaves as a function does. */
// clang-format off
#define log_event(log, level, ...) /* NOLINT(readability-identifier-naming) */ \
    do { \
        if (log_is_on((log), (level))) { \
            LOG_PICK(__VA_ARGS__, LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, \
                      LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, LOG_MANY, \
                      LOG_MANY, LOG_MANY, LOG_MANY, LOG_NONE, 0)((log), (level), __VA_ARGS__); \
        } \
    } while (0)
#define LOG_PICK(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, picked, ...) picked
#define LOG_NONE(log, level, event) log_write(log, level, event, &(const log_field_t){.name = NULL})
#define LOG_MANY(log, level, event, ...) \
    log_write(log, level, event, (const log_field_t[]){__VA_ARGS__, {.name = NULL}})
// clang-format on

#endif
