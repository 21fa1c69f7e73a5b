#include "base/log.h"

#include "base/hash.h"
#include "base/line_sink.h"
#include "base/util.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {"debug", "info", "notice", "warn", "error"};

/* What one event name may still write in the second that began at `since`. */
struct allowance {
    const char *event; /* NULL: free */
    mono_t since;
    uint32_t used;
    uint32_t suppressed; /* not yet reported */
};

/* The last row is shared by all names that come when the table is full. */
enum { ROWS = LIMIT_LOG_NAMES + 1 };

struct log {
    struct line_sink sink;
    enum log_format format;
    enum log_level least;
    const struct clock *clock;
    _Atomic uint64_t lost;
    _Atomic uint64_t untold; /* of them, those that no line has reported yet */
    pthread_mutex_t lock;    /* of what follows */
    mono_t swept;
    struct allowance rows[ROWS];
};

struct log *log_new(int fd, enum log_format format, enum log_level least, const struct clock *clock)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    line_sink_init(&log->sink, fd);
    log->format = format;
    log->least = least;
    log->clock = clock;
    log->swept = clock_mono(clock);
    log->rows[LIMIT_LOG_NAMES].event = "other";
    return log;
}

bool log_is_on(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->least;
}

uint64_t log_lost(const struct log *log)
{
    return log == NULL ? 0 : atomic_load_explicit(&log->lost, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    return (size_t)level < ARRAY_LEN(level_names) ? level_names[level] : "error";
}

bool log_level_of(span_t name, enum log_level *out)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (span_eq(name, (span_t){(const uint8_t *)level_names[i], strlen(level_names[i])})) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* ---- a line under construction ---------------------------------------------------------- */

enum { TAIL_BYTES = 24 }; /* kept for the mark of a cut line, the brace and the newline */

struct line {
    enum log_format format;
    bool full; /* something did not fit */
    size_t len;
    char bytes[LIMIT_LOG_LINE_BYTES];
};

static void put(struct line *l, const char *text, size_t len)
{
    if (l->full || len > sizeof l->bytes - TAIL_BYTES - l->len) {
        l->full = true;
        return;
    }
    memcpy(l->bytes + l->len, text, len);
    l->len += len;
}

static void put_text(struct line *l, const char *text)
{
    put(l, text, strlen(text));
}

PRINTF_LIKE(2, 3) static void put_format(struct line *l, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    MUST(len >= 0 && (size_t)len < sizeof text);
    put(l, text, (size_t)len);
}

/* Quoted, and every byte but printable ASCII escaped: valid JSON whatever comes in. */
static void put_quoted(struct line *l, span_t value)
{
    const size_t shown = size_min(value.len, LIMIT_LOG_VALUE_BYTES);
    put(l, "\"", 1);
    for (size_t i = 0; i < shown; i++) {
        const uint8_t byte = value.ptr[i];
        if (byte == '"' || byte == '\\') {
            const char pair[2] = {'\\', (char)byte};
            put(l, pair, sizeof pair);
        } else if (byte >= 0x20 && byte < 0x7f) {
            const char plain = (char)byte;
            put(l, &plain, 1);
        } else {
            put_format(l, "\\u%04x", (unsigned)byte);
        }
    }
    put_text(l, shown < value.len ? "...\"" : "\"");
}

static void put_uuid(struct line *l, uuid_t id)
{
    static const char hex[] = "0123456789abcdef";
    char text[36];
    size_t at = 0;
    for (size_t i = 0; i < sizeof id.byte; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = hex[id.byte[i] >> 4];
        text[at++] = hex[id.byte[i] & 15];
    }
    const char *quote = l->format == LOG_JSON ? "\"" : "";
    put_text(l, quote);
    put(l, text, sizeof text);
    put_text(l, quote);
}

static void put_value(struct line *l, const log_field_t *f)
{
    switch (f->kind) {
    case LOG_FIELD_INT: put_format(l, "%" PRId64, f->as.integer); return;
    case LOG_FIELD_NUM:
        if (isfinite(f->as.number)) {
            put_format(l, "%.9g", f->as.number);
            return;
        }
        break;
    case LOG_FIELD_BOOL: put_text(l, f->as.boolean ? "true" : "false"); return;
    case LOG_FIELD_UUID: put_uuid(l, f->as.uuid); return;
    case LOG_FIELD_TEXT:
        if (f->as.text != NULL) {
            const size_t len = strnlen(f->as.text, LIMIT_LOG_VALUE_BYTES + 1);
            put_quoted(l, (span_t){(const uint8_t *)f->as.text, len});
            return;
        }
        break;
    case LOG_FIELD_SPAN: put_quoted(l, f->as.span); return;
    }
    put_text(l, "null");
}

/* A field is whole or not there. */
static void put_field(struct line *l, const log_field_t *f)
{
    const size_t before = l->len;
    put_text(l, l->format == LOG_JSON ? ",\"" : " ");
    put_text(l, f->name);
    put_text(l, l->format == LOG_JSON ? "\":" : "=");
    put_value(l, f);
    if (l->full) {
        l->len = before;
    }
}

/* Days since 1970 to a date of the proleptic Gregorian calendar: Howard Hinnant,
 * "chrono-compatible low-level date algorithms", civil_from_days, 2013. */
static void put_time(struct line *l, wall_t t)
{
    const int64_t day_ms = INT64_C(24) * 3600 * MS_PER_S;
    const int64_t of_day = (t.ms % day_ms + day_ms) % day_ms;
    const int64_t z = (t.ms - of_day) / day_ms + 719468; /* days since 0000-03-01 */
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153; /* month from March on */
    const int64_t month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
    put_format(l, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month,
               doy - (153 * mp + 2) / 5 + 1);
    put_format(l, "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 "Z", of_day / 3600000,
               of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
}

static void put_line(struct line *l, wall_t now, enum log_level level, const char *event,
                     const log_field_t *fields)
{
    const bool json = l->format == LOG_JSON;
    put_text(l, json ? "{\"time\":\"" : "");
    put_time(l, now);
    put_text(l, json ? "\",\"level\":\"" : " ");
    put_text(l, log_level_name(level));
    put_text(l, json ? "\",\"event\":\"" : " ");
    put_text(l, event);
    put_text(l, json ? "\"" : "");
    for (size_t i = 0; fields[i].name != NULL && i < LIMIT_LOG_FIELDS; i++) {
        put_field(l, &fields[i]);
    }

    const char *tail = json ? "}\n" : "\n";
    if (l->full) {
        tail = json ? ",\"truncated\":true}\n" : " truncated=true\n";
    }
    const size_t len = strlen(tail);
    MUST(len <= TAIL_BYTES);
    memcpy(l->bytes + l->len, tail, len);
    l->len += len;
}

/* ---- writing ------------------------------------------------------------------------------- */

static bool write_event(struct log *log, enum log_level level, const char *event,
                        const log_field_t *fields)
{
    struct line l;
    l.format = log->format;
    l.full = false;
    l.len = 0;
    put_line(&l, clock_wall(log->clock), level, event, fields);
    return line_sink_write(&log->sink, l.bytes, l.len);
}

/* There may be room again: first of all say what is missing. */
static void report_lost(struct log *log)
{
    if (atomic_load_explicit(&log->untold, memory_order_relaxed) == 0) {
        return;
    }
    const uint64_t count = atomic_exchange_explicit(&log->untold, 0, memory_order_relaxed);
    const log_field_t fields[] = {FIELD_INT("count", (int64_t)count), {.name = NULL}};
    if (count > 0 && !write_event(log, LOG_WARN, "log.dropped", fields)) {
        (void)atomic_fetch_add_explicit(&log->untold, count, memory_order_relaxed);
    }
}

static void emit(struct log *log, enum log_level level, const char *event,
                 const log_field_t *fields)
{
    report_lost(log);
    if (!write_event(log, level, event, fields)) {
        (void)atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
        (void)atomic_fetch_add_explicit(&log->untold, 1, memory_order_relaxed);
    }
}

struct suppressed {
    const char *event;
    uint32_t count;
};

/* Take the counts that are to be reported. Under the lock. */
static size_t collect(struct log *log, struct suppressed out[ROWS])
{
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct allowance *row = &log->rows[i];
        if (row->suppressed > 0) {
            out[n++] = (struct suppressed){row->event, row->suppressed};
            row->suppressed = 0;
        }
    }
    return n;
}

static void report(struct log *log, const struct suppressed *what, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const log_field_t fields[] = {
            FIELD_TEXT("name", what[i].event), FIELD_INT("count", what[i].count), {.name = NULL}};
        emit(log, LOG_WARN, "log.suppressed", fields);
    }
}

static struct allowance *row_of(struct log *log, const char *event)
{
    const span_t name = {(const uint8_t *)event, strlen(event)};
    size_t at = hash_bytes((hash_key_t){{0, 0}}, name) % LIMIT_LOG_NAMES;
    for (size_t tried = 0; tried < LIMIT_LOG_NAMES; tried++) {
        struct allowance *row = &log->rows[at];
        if (row->event == NULL) {
            row->event = event;
        }
        if (row->event == event || strcmp(row->event, event) == 0) {
            return row;
        }
        at = (at + 1) % LIMIT_LOG_NAMES;
    }
    return &log->rows[LIMIT_LOG_NAMES];
}

/* Spend one line of the event's allowance; false when it has none left. Under the lock. */
static bool may_write(struct log *log, const char *event, mono_t now)
{
    struct allowance *row = row_of(log, event);
    if (row->used == 0 || mono_ms_between(row->since, now) >= MS_PER_S) {
        row->since = now;
        row->used = 0;
    }
    if (row->used >= LIMIT_LOG_EVENTS_PER_S) {
        row->suppressed += row->suppressed < UINT32_MAX ? 1 : 0;
        return false;
    }
    row->used++;
    return true;
}

void log_write(struct log *log, enum log_level level, const char *event, const log_field_t *fields)
{
    if (!log_is_on(log, level)) {
        return;
    }
    struct suppressed silent[ROWS];
    size_t silent_count = 0;
    const mono_t now = clock_mono(log->clock);

    MUST(pthread_mutex_lock(&log->lock) == 0);
    if (mono_ms_between(log->swept, now) >= MS_PER_S) {
        log->swept = now;
        silent_count = collect(log, silent);
    }
    const bool allowed = may_write(log, event, now);
    MUST(pthread_mutex_unlock(&log->lock) == 0);

    report(log, silent, silent_count);
    if (allowed) {
        emit(log, level, event, fields);
    }
}

void log_free(struct log **log)
{
    if (*log == NULL) {
        return;
    }
    struct suppressed silent[ROWS];
    report(*log, silent, collect(*log, silent));
    report_lost(*log);
    line_sink_deinit(&(*log)->sink);
    (void)pthread_mutex_destroy(&(*log)->lock);
    free(*log);
    *log = NULL;
}
