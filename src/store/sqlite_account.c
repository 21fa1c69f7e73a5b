#include "base/limits.h"
#include "store/sqlite_ops.h"

#define ACCOUNT_COLUMNS \
    "id, email, email_key, password_hash, mpin_hash, password_pepper, mpin_pepper, created"

/* ---- accounts */

err_t sqlite_account_create(struct store_tx *tx, const struct account_row *row,
                            enum account_created *out)
{
    static const struct sql create = {
        SQL_ACCOUNT_CREATE, "INSERT INTO accounts (" ACCOUNT_COLUMNS ")"
                            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &create);
    query_bind_uuid(&q, &row->id);
    query_bind_text(&q, row->email);
    query_bind_text(&q, row->email_key);
    query_bind_text(&q, row->password_hash);
    query_bind_text(&q, row->mpin_hash);
    query_bind_int(&q, row->password_pepper);
    query_bind_int(&q, row->mpin_pepper);
    query_bind_wall(&q, row->created);
    size_t created = 0;
    TRY(query_run(&q, &created));
    *out = created == 1 ? ACCOUNT_CREATED : ACCOUNT_EMAIL_TAKEN;
    return ERR_OK;
}

static err_t account_read(struct query *q, struct account_row *out, bool *found)
{
    bool row = false;
    TRY(query_step(q, &row));
    if (row) {
        query_uuid(q, &out->id); /* no copy on the stack: it would have to be wiped */
        query_text(q, out->email, sizeof out->email);
        query_text(q, out->email_key, sizeof out->email_key);
        query_text(q, out->password_hash, sizeof out->password_hash);
        query_text(q, out->mpin_hash, sizeof out->mpin_hash);
        out->password_pepper = query_int(q);
        out->mpin_pepper = query_int(q);
        out->created = query_wall(q);
        TRY(q->err);
    }
    *found = row;
    return ERR_OK;
}

err_t sqlite_account_by_email(struct store_tx *tx, const char *email_key, struct account_row *out,
                              bool *found)
{
    static const struct sql by_email = {SQL_ACCOUNT_BY_EMAIL, "SELECT " ACCOUNT_COLUMNS
                                                              " FROM accounts WHERE email_key = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &by_email);
    query_bind_text(&q, email_key);
    return account_read(&q, out, found);
}

err_t sqlite_account_by_id(struct store_tx *tx, uuid_t id, struct account_row *out, bool *found)
{
    static const struct sql by_id = {SQL_ACCOUNT_BY_ID,
                                     "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE id = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &by_id);
    query_bind_uuid(&q, &id);
    return account_read(&q, out, found);
}

/* Run a statement that must hit one row: the caller has just read the account. */
static err_t run_on_one(struct query *q)
{
    size_t changed = 0;
    TRY(query_run(q, &changed));
    return changed == 1 ? ERR_OK : err_new(ERR_STORAGE);
}

static err_t set_secret(struct store_tx *tx, const struct sql *sql, uuid_t id, const char *hash,
                        int64_t pepper)
{
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), sql);
    query_bind_text(&q, hash);
    query_bind_int(&q, pepper);
    query_bind_uuid(&q, &id);
    return run_on_one(&q);
}

err_t sqlite_account_set_password(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    static const struct sql set = {
        SQL_ACCOUNT_SET_PASSWORD,
        "UPDATE accounts SET password_hash = ?, password_pepper = ? WHERE id = ?"};
    return set_secret(tx, &set, id, hash, pepper);
}

err_t sqlite_account_set_mpin(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    static const struct sql set = {
        SQL_ACCOUNT_SET_MPIN, "UPDATE accounts SET mpin_hash = ?, mpin_pepper = ? WHERE id = ?"};
    return set_secret(tx, &set, id, hash, pepper);
}

#define HASH_BEGINS "(?1, ?2, ?3, ?4)"

_Static_assert(STORE_HASH_BEGIN == 10 && STORE_HASH_BEGINS == 4, "the text below says so");

err_t sqlite_account_hash_unlike(struct store_tx *tx, const char (*known)[STORE_HASH_BEGIN + 1],
                                 size_t count, char *out, bool *found)
{
    static const struct sql unlike = {
        SQL_ACCOUNT_HASH_UNLIKE,
        "SELECT begin FROM (SELECT substr(password_hash, 1, 10) AS begin FROM accounts"
        " UNION ALL SELECT substr(mpin_hash, 1, 10) FROM accounts)"
        " WHERE begin NOT IN " HASH_BEGINS " LIMIT 1"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &unlike);
    for (size_t i = 0; i < STORE_HASH_BEGINS; i++) {
        query_bind_text(&q, known[i < count ? i : count - 1]);
    }
    bool row = false;
    TRY(query_step(&q, &row));
    if (row) {
        query_text(&q, out, STORE_HASH_BEGIN + 1);
        TRY(q.err);
    }
    *found = row;
    return ERR_OK;
}

/* ---- MPIN tries */

err_t sqlite_mpin_load(struct store_tx *tx, uuid_t account, struct mpin_state *out)
{
    static const struct sql load = {
        SQL_MPIN_LOAD, "SELECT failures, total_failures, lock_count, locked_until, operator_needed"
                       " FROM mpin_states WHERE account = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &load);
    query_bind_uuid(&q, &account);
    bool row = false;
    TRY(query_step(&q, &row));

    struct mpin_state state = {0};
    if (row) {
        state.failures = (uint32_t)query_unsigned(&q, UINT32_MAX);
        state.total_failures = (uint32_t)query_unsigned(&q, UINT32_MAX);
        state.lock_count = (uint32_t)query_unsigned(&q, UINT32_MAX);
        state.locked_until = query_wall(&q);
        state.operator_needed = query_bool(&q);
        TRY(q.err);
    }
    *out = state;
    return ERR_OK;
}

err_t sqlite_mpin_save(struct store_tx *tx, uuid_t account, const struct mpin_state *state)
{
    static const struct sql save = {
        SQL_MPIN_SAVE,
        "INSERT INTO mpin_states"
        " (account, failures, total_failures, lock_count, locked_until, operator_needed)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET"
        " failures = excluded.failures, total_failures = excluded.total_failures,"
        " lock_count = excluded.lock_count, locked_until = excluded.locked_until,"
        " operator_needed = excluded.operator_needed"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &save);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, state->failures);
    query_bind_int(&q, state->total_failures);
    query_bind_int(&q, state->lock_count);
    query_bind_wall(&q, state->locked_until);
    query_bind_int(&q, state->operator_needed);
    return run_on_one(&q);
}

/* ---- devices */

static err_t device_stood(struct store_tx *tx, uuid_t account, const uint8_t *key,
                          struct device_standing *was)
{
    static const struct sql one = {SQL_DEVICE_STANDING,
                                   "SELECT proved FROM devices WHERE account = ? AND key = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &one);
    query_bind_uuid(&q, &account);
    query_bind_bytes(&q, key, STORE_DIGEST_BYTES);
    TRY(query_step(&q, &was->known));
    was->proved = was->known && query_int(&q) != 0;
    return ERR_OK;
}

err_t sqlite_device_known(struct store_tx *tx, uuid_t account, const uint8_t *key, bool *known)
{
    struct device_standing was = {0};
    TRY(device_stood(tx, account, key, &was));
    *known = was.known;
    return ERR_OK;
}

/* The account had a device; `first` when it never had one before. */
static err_t device_had(struct store_tx *tx, uuid_t account, bool *first)
{
    static const struct sql had = {
        SQL_DEVICE_HAD, "UPDATE accounts SET had_device = 1 WHERE id = ? AND had_device = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &had);
    query_bind_uuid(&q, &account);
    size_t changed = 0;
    TRY(query_run(&q, &changed));
    *first = changed == 1;
    return ERR_OK;
}

/* `proved`: when it came to be so; 0 for one that is not. One that is known keeps what it is. */
static err_t device_seen(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                         wall_t proved)
{
    static const struct sql touch = {
        SQL_DEVICE_TOUCH, "INSERT INTO devices (account, key, first_seen, last_seen, proved)"
                          " VALUES (?, ?, ?3, ?3, ?) ON CONFLICT (account, key) DO UPDATE SET"
                          " last_seen = max(last_seen, excluded.last_seen)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &touch);
    query_bind_uuid(&q, &account);
    query_bind_bytes(&q, key, STORE_DIGEST_BYTES);
    query_bind_wall(&q, at);
    query_bind_wall(&q, proved);
    return query_run(&q, NULL);
}

/* Those beyond the limit that were not seen for longest, proved ones after all others, but never this one. */
static err_t devices_trim(struct store_tx *tx, uuid_t account, const uint8_t *key)
{
    static const struct sql trim = {SQL_DEVICES_TRIM,
                                    "DELETE FROM devices WHERE account = ?1 AND key IN"
                                    " (SELECT key FROM devices WHERE account = ?1 AND key <> ?2"
                                    " ORDER BY proved <> 0, last_seen, key LIMIT"
                                    " (SELECT max(count(*) - ?3, 0) FROM"
                                    " (SELECT 1 FROM devices WHERE account = ?1 LIMIT ?3 + ?4)))"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &trim);
    query_bind_uuid(&q, &account);
    query_bind_bytes(&q, key, STORE_DIGEST_BYTES);
    query_bind_int(&q, LIMIT_DEVICES_PER_ACCOUNT);
    query_bind_int(&q, STORE_DEVICES_AT_ONCE);
    return query_run(&q, NULL);
}

err_t sqlite_device_touch(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                          struct device_standing *was)
{
    struct device_standing found = {0};
    TRY(device_stood(tx, account, key, &found));
    TRY(device_had(tx, account, &found.first));
    TRY(device_seen(tx, account, key, at, found.first ? at : (wall_t){0}));
    TRY(devices_trim(tx, account, key));
    found.proved = found.proved || found.first;
    *was = found;
    return ERR_OK;
}

err_t sqlite_device_prove(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at)
{
    static const struct sql prove = {
        SQL_DEVICE_PROVE,
        "UPDATE devices SET proved = ?3 WHERE account = ?1 AND key = ?2 AND proved = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &prove);
    query_bind_uuid(&q, &account);
    query_bind_bytes(&q, key, STORE_DIGEST_BYTES);
    query_bind_wall(&q, at);
    return query_run(&q, NULL);
}

err_t sqlite_devices_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct sql unseen = {
        SQL_DEVICES_PURGE, "DELETE FROM devices WHERE (account, key) IN (SELECT account, key FROM"
                           " devices WHERE last_seen < ? ORDER BY last_seen LIMIT ?)"};
    return query_purge(tx, &unseen, at, limit, purged);
}
