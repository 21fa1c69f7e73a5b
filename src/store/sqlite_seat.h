/*
 * sqlite_seat.h - a connection and the statements prepared on it; inside the SQLite driver only.
 *
 * Floor      store
 * Ownership  seats belong to the driver's store; a query is on the caller's stack and cleaned up by
 *            CLEANUP(query_end), which also forgets what was bound.
 * Errors     of SQLite, mapped by seat_err(): out of memory ERR_NOMEM, locked by another process
 *            ERR_TIMEOUT, too big ERR_LIMIT, everything else ERR_STORAGE. A column that does not
 *            fit its place is ERR_STORAGE.
 * Threads    one at a time per seat.
 */
#ifndef STORE_SQLITE_SEAT_H
#define STORE_SQLITE_SEAT_H

#include "store/store.h"

#include <sqlite3.h>

/* Every statement has a place on every seat; its text stands beside its use. */
enum sql_slot {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_SNAPSHOT,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ACCOUNT_CREATE,
    SQL_ACCOUNT_BY_EMAIL,
    SQL_ACCOUNT_BY_ID,
    SQL_ACCOUNT_SET_PASSWORD,
    SQL_ACCOUNT_SET_MPIN,
    SQL_ACCOUNT_HASH_UNLIKE,
    SQL_MPIN_LOAD,
    SQL_MPIN_SAVE,
    SQL_DEVICE_HAD,
    SQL_DEVICE_STANDING,
    SQL_DEVICE_TOUCH,
    SQL_DEVICE_PROVE,
    SQL_DEVICES_TRIM,
    SQL_DEVICES_PURGE,
    SQL_SESSION_CREATE,
    SQL_SESSION_GET,
    SQL_SESSION_END,
    SQL_SESSIONS_LIVE_OF,
    SQL_SESSIONS_LIVE_ALL,
    SQL_SESSION_IDS_LIVE,
    SQL_SESSION_SAVE_ACTIVITY,
    SQL_SESSIONS_PURGE,
    SQL_REFRESH_PUT,
    SQL_REFRESH_GET,
    SQL_REFRESH_GET_OLD,
    SQL_REFRESH_TURN,
    SQL_REFRESH_REVOKE,
    SQL_REFRESH_PURGE,
    SQL_REFRESH_PURGE_OLD,
    SQL_AUDIT_HEAD,
    SQL_AUDIT_INSERT,
    SQL_AUDIT_WALK,
    SQL_DECISION_PUT,
    SQL_DECISION_GET,
    SQL_DECISIONS_MPIN_PASSED,
    SQL_DECISIONS_SPEND,
    SQL_DECISIONS_PURGE,
    SQL_PROFILE_HEAD,
    SQL_PROFILE_NEXT,
    SQL_PROFILE_OLDEST,
    SQL_PROFILE_LOAD,
    SQL_PART_CLOSE,
    SQL_PART_CLOSE_ALL,
    SQL_PART_PUT,
    SQL_PART_COPY,
    SQL_PART_PURGE,
    SQL_META_GET,
    SQL_META_PUT,
    SQL_SLOTS
};

struct sql {
    enum sql_slot slot;
    const char *text;
};

struct seat {
    sqlite3 *db;
    sqlite3_stmt *prepared[SQL_SLOTS]; /* NULL until first used */
    struct log *log;
    bool taken;
    bool rested;    /* holds no pages since it was last used */
    mono_t used_at; /* when it was given back */
};

/* A statement being bound, stepped and read. The first error sticks until query_step(). */
struct query {
    struct seat *seat;
    sqlite3_stmt *statement;
    int next; /* parameter or column */
    err_t err;
};

/* Open one connection with every safety on. `why` says what failed. */
NODISCARD err_t seat_open(struct seat *seat, const char *path, const char *vfs, bool writer,
                          char why[STORE_WHY_BYTES]);

/* Finalise all and close. */
void seat_close(struct seat *seat);

/* Our error for a result code of SQLite, which goes to the log. */
NODISCARD err_t seat_err(const struct seat *seat, int code);

/* Run constant text without parameters or rows of interest. */
NODISCARD err_t seat_run(const struct seat *seat, const char *text);

/* Take the statement out of its slot and prepare it if it is new. */
void query_begin(struct query *q, struct seat *seat, const struct sql *sql);
void query_end(struct query *q);

/* Bind the next parameter; borrowed bytes must live until query_end(). */
void query_bind_int(struct query *q, int64_t value);
void query_bind_real(struct query *q, double value);
void query_bind_text(struct query *q, const char *text);
void query_bind_bytes(struct query *q, const uint8_t *bytes, size_t len);

/* Go to the next row; false at the end. */
NODISCARD err_t query_step(struct query *q, bool *row);

/* Run to the end; `changed` (may be NULL) is how many rows it inserted, updated or deleted. */
NODISCARD err_t query_run(struct query *q, size_t *changed);

/* Run a statement whose two parameters are a time and a limit of rows. */
NODISCARD err_t query_purge(struct store_tx *tx, const struct sql *sql, wall_t at, size_t limit,
                            size_t *purged);

/* Read the next column of the row. */
int64_t query_int(struct query *q);
uint64_t query_unsigned(struct query *q, uint64_t most);
double query_real(struct query *q);
void query_text(struct query *q, char *out, size_t cap);
void query_bytes(struct query *q, uint8_t *out, size_t len);
span_t query_blob(struct query *q);

static inline void query_bind_uuid(struct query *q, const uuid_t *id)
{
    query_bind_bytes(q, id->byte, sizeof id->byte);
}

static inline void query_bind_wall(struct query *q, wall_t at)
{
    query_bind_int(q, at.ms);
}

static inline void query_uuid(struct query *q, uuid_t *out)
{
    query_bytes(q, out->byte, sizeof out->byte);
}

static inline wall_t query_wall(struct query *q)
{
    return (wall_t){query_int(q)};
}

static inline bool query_bool(struct query *q)
{
    return query_unsigned(q, 1) == 1;
}

static inline struct seat *seat_of(const struct store_tx *tx)
{
    return tx->seat;
}

#endif
