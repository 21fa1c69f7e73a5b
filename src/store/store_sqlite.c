#include "store/store_sqlite.h"

#include "base/util.h"
#include "store/sqlite_migrate.h"
#include "store/sqlite_ops.h"
#include "store/sqlite_place.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WRITER, READERS = 2, SEATS = 1 + READERS };

struct sqlite_store {
    struct store head;
    pthread_mutex_t lock; /* guards every `taken`, `rested` and `used_at` */
    pthread_cond_t freed;
    struct seat seats[SEATS]; /* the writer first */
};

static struct sqlite_store *self(struct store *st)
{
    return CONTAINER_OF(st, struct sqlite_store, head);
}

/* ---- seats */

static struct timespec wait_end(void)
{
    const mono_t end = mono_after_ms(clock_mono(clock_system()), STORE_WAIT_MS);
    return (struct timespec){.tv_sec = (time_t)(end.ns / NS_PER_S),
                             .tv_nsec = (long)(end.ns % NS_PER_S)};
}

static struct seat *free_seat(struct sqlite_store *st, enum store_mode mode)
{
    const size_t first = mode == STORE_WRITE ? WRITER : WRITER + 1;
    const size_t end = mode == STORE_WRITE ? WRITER + 1 : SEATS;
    for (size_t i = first; i < end; i++) {
        if (!st->seats[i].taken) {
            return &st->seats[i];
        }
    }
    return NULL;
}

static err_t seat_take(struct sqlite_store *st, enum store_mode mode, struct seat **out)
{
    const struct timespec end = wait_end();
    MUST(pthread_mutex_lock(&st->lock) == 0);
    struct seat *seat = free_seat(st, mode);
    int code = 0;
    while (seat == NULL && code == 0) {
        code = pthread_cond_timedwait(&st->freed, &st->lock, &end);
        seat = free_seat(st, mode);
    }
    if (seat != NULL) {
        seat->taken = true;
        seat->rested = false;
        *out = seat;
    }
    MUST(pthread_mutex_unlock(&st->lock) == 0);
    return seat != NULL ? ERR_OK : err_new(ERR_TIMEOUT);
}

static void seat_give(struct sqlite_store *st, struct seat *seat)
{
    MUST(pthread_mutex_lock(&st->lock) == 0);
    seat->taken = false;
    seat->used_at = clock_mono(clock_system());
    MUST(pthread_cond_broadcast(&st->freed) == 0); /* waiters want different seats */
    MUST(pthread_mutex_unlock(&st->lock) == 0);
}

/* ---- rest */

/* A seat that has pages and is not wanted, taken so that nobody begins on it meanwhile. */
static struct seat *take_unused(struct sqlite_store *st, mono_t before)
{
    struct seat *unused = NULL;
    MUST(pthread_mutex_lock(&st->lock) == 0);
    for (size_t i = 0; i < SEATS && unused == NULL; i++) {
        struct seat *const seat = &st->seats[i];
        unused = !seat->taken && !seat->rested && seat->used_at.ns < before.ns ? seat : NULL;
    }
    if (unused != NULL) {
        unused->taken = unused->rested = true;
    }
    MUST(pthread_mutex_unlock(&st->lock) == 0);
    return unused;
}

static void sqlite_rest(struct store *st, mono_t before)
{
    for (struct seat *seat; (seat = take_unused(self(st), before)) != NULL;) {
        (void)sqlite3_db_release_memory(seat->db); /* what `cache_size` allows, at most */
        seat_give(self(st), seat);
    }
}

/* ---- transactions */

static err_t run(struct seat *seat, const struct sql *sql)
{
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat, sql);
    return query_run(&q, NULL);
}

static const struct sql rollback = {SQL_ROLLBACK, "ROLLBACK"};

/* After some errors SQLite has rolled back by itself. */
static void undo(struct seat *seat)
{
    if (sqlite3_get_autocommit(seat->db) == 0) {
        (void)run(seat, &rollback); /* it reports the error of what it undoes */
    }
    MUST(sqlite3_get_autocommit(seat->db) != 0);
}

static err_t start(struct seat *seat, enum store_mode mode)
{
    static const struct sql begin_write = {SQL_BEGIN_WRITE, "BEGIN IMMEDIATE"};
    static const struct sql begin_read = {SQL_BEGIN_READ, "BEGIN"};
    static const struct sql snapshot = {SQL_SNAPSHOT, "SELECT max(number) FROM migrations"};
    if (mode == STORE_WRITE) {
        return run(seat, &begin_write);
    }
    TRY(run(seat, &begin_read));
    return run(seat, &snapshot); /* BEGIN alone would see what is committed before the first read */
}

static err_t sqlite_begin(struct store *st, struct store_tx *tx)
{
    struct seat *seat = NULL;
    TRY(seat_take(self(st), tx->mode, &seat));
    const err_t e = start(seat, tx->mode);
    if (failed(e)) {
        undo(seat);
        seat_give(self(st), seat);
        return e;
    }
    tx->seat = seat;
    return ERR_OK;
}

static err_t sqlite_commit(struct store_tx *tx)
{
    static const struct sql commit = {SQL_COMMIT, "COMMIT"};
    err_t e = run(seat_of(tx), &commit);
    undo(seat_of(tx));
    seat_give(self(tx->store), seat_of(tx));
    return e;
}

static void sqlite_rollback(struct store_tx *tx)
{
    undo(seat_of(tx));
    seat_give(self(tx->store), seat_of(tx));
}

/* ---- opening and closing */

static void sqlite_close(struct store *st)
{
    struct sqlite_store *s = self(st);
    for (size_t i = SEATS; i > 0; i--) { /* the writer last: it folds the log back into the file */
        MUST(!s->seats[i - 1].taken);
        seat_close(&s->seats[i - 1]);
    }
    (void)pthread_cond_destroy(&s->freed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct store_ops sqlite_ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .rest = sqlite_rest,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .account_create = sqlite_account_create,
    .account_by_email = sqlite_account_by_email,
    .account_by_id = sqlite_account_by_id,
    .account_set_password = sqlite_account_set_password,
    .account_set_mpin = sqlite_account_set_mpin,
    .account_hash_unlike = sqlite_account_hash_unlike,
    .mpin_load = sqlite_mpin_load,
    .mpin_save = sqlite_mpin_save,
    .device_touch = sqlite_device_touch,
    .device_prove = sqlite_device_prove,
    .device_known = sqlite_device_known,
    .devices_purge_before = sqlite_devices_purge_before,
    .profile_head = sqlite_profile_head,
    .profile_load = sqlite_profile_load,
    .profile_save = sqlite_profile_save,
    .profile_roll_back = sqlite_profile_roll_back,
    .profile_set_aside = sqlite_profile_set_aside,
    .profile_purge = sqlite_profile_purge,
    .session_create = sqlite_session_create,
    .session_get = sqlite_session_get,
    .session_end = sqlite_session_end,
    .sessions_live_of = sqlite_sessions_live_of,
    .sessions_live_all = sqlite_sessions_live_all,
    .session_ids_live = sqlite_session_ids_live,
    .session_save_activity = sqlite_session_save_activity,
    .sessions_purge_ended_before = sqlite_sessions_purge_ended_before,
    .refresh_put = sqlite_refresh_put,
    .refresh_ask = sqlite_refresh_ask,
    .refresh_turn = sqlite_refresh_turn,
    .refresh_revoke = sqlite_refresh_revoke,
    .refresh_purge = sqlite_refresh_purge,
    .audit_head = sqlite_audit_head,
    .audit_insert = sqlite_audit_insert,
    .audit_walk = sqlite_audit_walk,
    .decision_put = sqlite_decision_put,
    .decision_get = sqlite_decision_get,
    .decisions_mpin_passed = sqlite_decisions_mpin_passed,
    .decisions_spend = sqlite_decisions_spend,
    .decisions_purge_before = sqlite_decisions_purge_before,
    .meta_get = sqlite_meta_get,
    .meta_put = sqlite_meta_put,
};

static err_t check_pages(const struct seat *seat, const struct sqlite_place *place,
                         char why[STORE_WHY_BYTES])
{
    if (place->size > SQLITE_CHECKED_BYTES) {
        return ERR_OK;
    }
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(seat->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    const char *answer =
        code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : sqlite3_errstr(code);
    const bool sound = code == SQLITE_ROW && answer != NULL && strcmp(answer, "ok") == 0;
    if (!sound) {
        (void)snprintf(why, STORE_WHY_BYTES, "%.128s: is damaged, restore it from a backup: %.64s",
                       place->path, answer != NULL ? answer : "no answer");
    }
    (void)sqlite3_finalize(statement);
    return sound ? ERR_OK : err_new(ERR_STORAGE);
}

/* Make a complete database beside its place, then move it there. */
static err_t create(const struct store_config *config, const char *vfs, struct sqlite_place *place,
                    char why[STORE_WHY_BYTES])
{
    TRY(sqlite_place_prepare(place, why));
    CLEANUP(seat_close) struct seat seat = {.log = config->log};
    TRY(seat_open(&seat, place->fresh, vfs, true, why));
    TRY(sqlite_migrate(&seat, config->clock, sqlite_migrate_newest(), why));
    const int code =
        sqlite3_wal_checkpoint_v2(seat.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code != SQLITE_OK) {
        (void)snprintf(why, STORE_WHY_BYTES, "%.128s: %s", place->fresh, sqlite3_errstr(code));
        return seat_err(&seat, code);
    }
    return ERR_OK;
}

/* What a killed server wrote to the log and did not sync is read by us as committed: it has to be
 * durable before anybody is told of it. The log is synced before it is folded back, and only that
 * much matters: a full disk does not stop the start. */
static err_t sync_log(const struct seat *seat, const struct sqlite_place *place,
                      char why[STORE_WHY_BYTES])
{
    const int code =
        sqlite3_wal_checkpoint_v2(seat->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_FULL) {
        (void)snprintf(why, STORE_WHY_BYTES, "%.128s: its log cannot be synced: %s", place->path,
                       sqlite3_errstr(code));
        return seat_err(seat, code);
    }
    return ERR_OK;
}

/* A rollback must never need memory that is not there. */
static err_t make_ready(struct seat *seat)
{
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat, &rollback);
    return q.err;
}

static err_t open_seats(struct sqlite_store *st, const struct store_config *config, const char *vfs,
                        const struct sqlite_place *place, char why[STORE_WHY_BYTES])
{
    for (size_t i = 0; i < SEATS; i++) {
        st->seats[i].log = config->log;
        TRY(seat_open(&st->seats[i], place->path, vfs, i == WRITER, why));
        if (i == WRITER) {
            TRY(check_pages(&st->seats[i], place, why));
            TRY(sync_log(&st->seats[i], place, why));
            TRY(sqlite_migrate(&st->seats[i], config->clock, sqlite_migrate_newest(), why));
        }
        TRY(make_ready(&st->seats[i]));
    }
    return ERR_OK;
}

static err_t sqlite_store_new(struct sqlite_store **out)
{
    struct sqlite_store *st = calloc(1, sizeof *st);
    if (st == NULL) {
        return err_new(ERR_NOMEM);
    }
    st->head.ops = &sqlite_ops;
    pthread_condattr_t steady;
    MUST(pthread_condattr_init(&steady) == 0);
    MUST(pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) == 0);
    MUST(pthread_cond_init(&st->freed, &steady) == 0);
    MUST(pthread_mutex_init(&st->lock, NULL) == 0);
    (void)pthread_condattr_destroy(&steady);
    *out = st;
    return ERR_OK;
}

/* An operator's terminal gets one line. */
static void flatten(char why[STORE_WHY_BYTES])
{
    for (char *at = why; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = ' ';
        }
    }
}

/* Every seat a reader's. An older version is fine: it is brought up to date by whoever serves. */
static err_t open_to_look(struct sqlite_store *st, const struct store_config *config,
                          const char *vfs, const struct sqlite_place *place,
                          char why[STORE_WHY_BYTES])
{
    if (place->size == 0) {
        (void)snprintf(why, STORE_WHY_BYTES, "%.200s: is not there", place->path);
        return err_new(ERR_STORAGE);
    }
    for (size_t i = 0; i < SEATS; i++) {
        st->seats[i].log = config->log;
        TRY(seat_open(&st->seats[i], place->path, vfs, false, why));
        TRY(make_ready(&st->seats[i]));
    }
    return sqlite_migrate_known(&st->seats[WRITER], why);
}

static err_t open_or_create(struct sqlite_store *st, const struct store_config *config,
                            const char *vfs, char why[STORE_WHY_BYTES])
{
    struct sqlite_place place = {0};
    TRY(sqlite_place_find(config, &place, why));
    if (config->look) {
        return open_to_look(st, config, vfs, &place, why);
    }
    if (place.size == 0) {
        TRY(create(config, vfs, &place, why));
        TRY(sqlite_place_settle(&place, why));
    }
    return open_seats(st, config, vfs, &place, why);
}

err_t store_sqlite_open(const struct store_config *config, const char *vfs, struct store **out,
                        char why[STORE_WHY_BYTES])
{
    why[0] = '\0';
    struct sqlite_store *st = NULL;
    TRY(sqlite_store_new(&st));
    const err_t e = open_or_create(st, config, vfs, why);
    if (failed(e)) {
        if (why[0] == '\0') {
            (void)snprintf(why, STORE_WHY_BYTES, "the database cannot be opened: out of memory?");
        }
        flatten(why);
        sqlite_close(&st->head);
        return e;
    }
    *out = &st->head;
    return ERR_OK;
}
