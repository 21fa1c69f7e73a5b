#include "store/sqlite_seat.h"

#include "base/log.h"
#include "base/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than any row needs; what a damaged file claims beyond that is refused. */
enum { ROW_BYTES_MAX = 16 * 1024 * 1024 };

err_t seat_err(const struct seat *seat, int code)
{
    log_event(seat->log, LOG_ERROR, "store.failed", FIELD_INT("code", code),
              FIELD_TEXT("what", sqlite3_errstr(code)));
    switch (code & 0xff) { /* the rest is detail */
    case SQLITE_NOMEM: return err_new(ERR_NOMEM);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return err_new(ERR_TIMEOUT);
    case SQLITE_TOOBIG: return err_new(ERR_LIMIT);
    default: return err_new(ERR_STORAGE);
    }
}

err_t seat_run(const struct seat *seat, const char *text)
{
    const int code = sqlite3_exec(seat->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : seat_err(seat, code);
}

static int harden(sqlite3 *db)
{
    // clang-format off
    static const struct { int option; int value; } switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE,             1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA,        0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA,       0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW,           0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER,        1}, /* they keep the audit chain append-only */
        {SQLITE_DBCONFIG_ENABLE_FKEY,           1},
        {SQLITE_DBCONFIG_DQS_DDL,               0},
        {SQLITE_DBCONFIG_DQS_DML,               0},
    };

    // clang-format on
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        int now = -1;
        const int code = sqlite3_db_config(db, switches[i].option, switches[i].value, &now);
        if (code != SQLITE_OK || now != switches[i].value) {
            return code != SQLITE_OK ? code : SQLITE_MISUSE;
        }
    }
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX);
    return sqlite3_busy_timeout(db, STORE_WAIT_MS);
}

/* journal_mode answers with the mode that it got: anything but WAL would be a weaker promise. */
static int go_wal(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        code = mode != NULL && strcmp(mode, "wal") == 0 ? SQLITE_OK : SQLITE_CANTOPEN;
    }
    (void)sqlite3_finalize(statement);
    return code;
}

static int configure(sqlite3 *db, bool writer)
{
    static const char common[] = "PRAGMA cell_size_check=ON;"
                                 "PRAGMA mmap_size=0;"
                                 "PRAGMA cache_size=-16384;" /* KiB while in use: store_rest() */
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA secure_delete=ON;"
                                 "PRAGMA synchronous=FULL;"
                                 "PRAGMA journal_size_limit=67108864;";
    int code = harden(db);
    code = code == SQLITE_OK ? go_wal(db) : code;
    code = code == SQLITE_OK ? sqlite3_exec(db, common, NULL, NULL, NULL) : code;
    if (code == SQLITE_OK && !writer) {
        code = sqlite3_exec(db, "PRAGMA query_only=ON", NULL, NULL, NULL);
    }
    return code;
}

static err_t refuse(const struct seat *seat, int code, const char *path, char why[STORE_WHY_BYTES])
{
    const char *what = sqlite3_errstr(code);
    if ((code & 0xff) == SQLITE_NOTADB) {
        what = "is not a database";
    } else if ((code & 0xff) == SQLITE_CORRUPT) {
        what = "is damaged; restore it from a backup";
    } else if (code == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) {
        what = "there is no room on the disk";
    } else if ((code & 0xff) == SQLITE_CANTOPEN) { /* its reason is lost in SQLite's second try */
        what = "it or its log cannot be opened; is there no room on the disk?";
    }
    (void)snprintf(why, STORE_WHY_BYTES, "%s: %s", path, what);
    return seat_err(seat, code);
}

err_t seat_open(struct seat *seat, const char *path, const char *vfs, bool writer,
                char why[STORE_WHY_BYTES])
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                      SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    int code = sqlite3_open_v2(path, &seat->db, flags, vfs);
    code = code == SQLITE_OK ? configure(seat->db, writer) : code;
    return code == SQLITE_OK ? ERR_OK : refuse(seat, code, path, why);
}

void seat_close(struct seat *seat)
{
    for (size_t i = 0; i < SQL_SLOTS; i++) {
        (void)sqlite3_finalize(seat->prepared[i]);
        seat->prepared[i] = NULL;
    }
    MUST(sqlite3_close(seat->db) == SQLITE_OK);
    seat->db = NULL;
}

void query_begin(struct query *q, struct seat *seat, const struct sql *sql)
{
    sqlite3_stmt **place = &seat->prepared[sql->slot];
    *q = (struct query){.seat = seat};
    if (*place == NULL) {
        const int code =
            sqlite3_prepare_v3(seat->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, place, NULL);
        if (code != SQLITE_OK) {
            q->err = seat_err(seat, code);
        }
    }
    q->statement = *place;
}

void query_end(struct query *q)
{
    if (q->statement != NULL) {
        (void)sqlite3_reset(q->statement); /* repeats the error that query_step() reported */
        (void)sqlite3_clear_bindings(q->statement);
        q->statement = NULL;
    }
}

static void bound(struct query *q, int code)
{
    if (code != SQLITE_OK) {
        q->err = seat_err(q->seat, code);
    }
}

void query_bind_int(struct query *q, int64_t value)
{
    if (!failed(q->err)) {
        bound(q, sqlite3_bind_int64(q->statement, ++q->next, value));
    }
}

void query_bind_real(struct query *q, double value)
{
    if (!failed(q->err)) {
        bound(q, sqlite3_bind_double(q->statement, ++q->next, value));
    }
}

void query_bind_text(struct query *q, const char *text)
{
    if (!failed(q->err)) {
        bound(q, sqlite3_bind_text(q->statement, ++q->next, text, -1, SQLITE_STATIC));
    }
}

void query_bind_bytes(struct query *q, const uint8_t *bytes, size_t len)
{
    const void *some = len == 0 ? "" : (const void *)bytes; /* NULL would bind NULL */
    if (!failed(q->err)) {
        bound(q, sqlite3_bind_blob64(q->statement, ++q->next, some, len, SQLITE_STATIC));
    }
}

err_t query_step(struct query *q, bool *row)
{
    TRY(q->err);
    q->next = 0;
    const int code = sqlite3_step(q->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        q->err = seat_err(q->seat, code);
        return q->err;
    }
    *row = code == SQLITE_ROW;
    return ERR_OK;
}

err_t query_run(struct query *q, size_t *changed)
{
    bool row = true;
    while (row) {
        TRY(query_step(q, &row));
    }
    if (changed != NULL) {
        *changed = (size_t)sqlite3_changes64(q->seat->db);
    }
    return ERR_OK;
}

/* The file says something that we never write. */
static void misfit(struct query *q)
{
    if (!failed(q->err)) {
        q->err = seat_err(q->seat, SQLITE_CORRUPT);
    }
}

int64_t query_int(struct query *q)
{
    const int column = q->next++;
    if (sqlite3_column_type(q->statement, column) != SQLITE_INTEGER) {
        misfit(q);
        return 0;
    }
    return sqlite3_column_int64(q->statement, column);
}

uint64_t query_unsigned(struct query *q, uint64_t most)
{
    const int64_t value = query_int(q);
    if (value < 0 || (uint64_t)value > most) {
        misfit(q);
        return 0;
    }
    return (uint64_t)value;
}

double query_real(struct query *q)
{
    return sqlite3_column_double(q->statement, q->next++);
}

span_t query_blob(struct query *q)
{
    const int column = q->next++;
    const uint8_t *bytes = sqlite3_column_blob(q->statement, column); /* before its size */
    return (span_t){bytes, (size_t)sqlite3_column_bytes(q->statement, column)};
}

void query_text(struct query *q, char *out, size_t cap)
{
    const span_t text = query_blob(q);
    if (text.len >= cap || (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)) {
        misfit(q);
        return;
    }
    memset(out, 0, cap);
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
}

void query_bytes(struct query *q, uint8_t *out, size_t len)
{
    const span_t bytes = query_blob(q);
    if (bytes.len != len || bytes.ptr == NULL) {
        misfit(q);
        return;
    }
    memcpy(out, bytes.ptr, len);
}

/* LIMIT takes a signed number, and a negative one means no limit. */
static int64_t limit_of(size_t limit)
{
    return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

err_t query_purge(struct store_tx *tx, const struct sql *sql, wall_t at, size_t limit,
                  size_t *purged)
{
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), sql);
    query_bind_wall(&q, at);
    query_bind_int(&q, limit_of(limit));
    return query_run(&q, purged);
}
