#include "store/store.h"

#include "store/store_ops.h"
#include "store/store_sqlite.h"

#include <stdio.h>
#include <string.h>

/* Give the operation to the driver, unless an earlier one has failed. Leaves the function. */
#define RUN(tx, need, op, ...)                                       \
    do {                                                             \
        if (!usable((tx), (need))) {                                 \
            return err_new(ERR_STORAGE);                             \
        }                                                            \
        return noted((tx), (tx)->store->ops->op((tx), __VA_ARGS__)); \
    } while (0)

/* Refuse what no driver may see. Leaves the function. */
#define REQUIRE(tx, fact, code)                  \
    do {                                         \
        if (!(fact)) {                           \
            return noted((tx), err_new((code))); \
        }                                        \
    } while (0)

#define IS_TEXT(member) (memchr((member), 0, sizeof(member)) != NULL)

static bool usable(const struct store_tx *tx, enum store_mode need)
{
    MUST(tx->open);
    MUST(need == STORE_READ || tx->mode == STORE_WRITE);
    return !tx->broken;
}

static err_t noted(struct store_tx *tx, err_t e)
{
    tx->broken = tx->broken || failed(e);
    return e;
}

static bool is_share(double risk)
{
    return risk >= 0 && risk <= 1; /* false for NaN */
}

static bool is_short(const char *text, size_t cap)
{
    return strnlen(text, cap) < cap;
}

err_t store_open(const struct store_config *config, struct store **out, char why[STORE_WHY_BYTES])
{
    why[0] = '\0';
    if (strncmp(config->url, "sqlite:", strlen("sqlite:")) == 0) {
        return store_sqlite_open(config, NULL, out, why);
    }
    (void)snprintf(why, STORE_WHY_BYTES,
                   "DATABASE_URL names no database this build can open; sqlite:///NAME or "
                   "sqlite:////ABSOLUTE/PATH is allowed");
    return err_new(ERR_FORMAT);
}

void store_close(struct store **st)
{
    if (st == NULL || *st == NULL) {
        return;
    }
    (*st)->ops->close(*st);
    *st = NULL;
}

void store_rest(struct store *st, mono_t before)
{
    st->ops->rest(st, before);
}

err_t store_begin(struct store *st, enum store_mode mode, struct store_tx *out)
{
    MUST(!out->open);
    struct store_tx tx = {.store = st, .mode = mode};
    TRY(st->ops->begin(st, &tx));
    tx.open = true;
    *out = tx;
    return ERR_OK;
}

err_t store_commit(struct store_tx *tx)
{
    MUST(tx->open);
    if (tx->broken) {
        store_rollback(tx);
        return err_new(ERR_STORAGE);
    }
    tx->open = false;
    return tx->store->ops->commit(tx);
}

void store_rollback(struct store_tx *tx)
{
    if (!tx->open) {
        return;
    }
    tx->open = false;
    tx->store->ops->rollback(tx);
}

err_t store_account_create(struct store_tx *tx, const struct account_row *row,
                           enum account_created *out)
{
    REQUIRE(tx,
            IS_TEXT(row->email) && IS_TEXT(row->email_key) && IS_TEXT(row->password_hash) &&
                IS_TEXT(row->mpin_hash),
            ERR_RANGE);
    RUN(tx, STORE_WRITE, account_create, row, out);
}

err_t store_account_by_email(struct store_tx *tx, const char *email_key, struct account_row *out,
                             bool *found)
{
    RUN(tx, STORE_READ, account_by_email, email_key, out, found);
}

err_t store_account_by_id(struct store_tx *tx, uuid_t id, struct account_row *out, bool *found)
{
    RUN(tx, STORE_READ, account_by_id, id, out, found);
}

err_t store_account_set_password(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    REQUIRE(tx, is_short(hash, STORE_HASH_BYTES), ERR_RANGE);
    RUN(tx, STORE_WRITE, account_set_password, id, hash, pepper);
}

err_t store_account_set_mpin(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    REQUIRE(tx, is_short(hash, STORE_HASH_BYTES), ERR_RANGE);
    RUN(tx, STORE_WRITE, account_set_mpin, id, hash, pepper);
}

err_t store_account_hash_unlike(struct store_tx *tx, const char (*known)[STORE_HASH_BEGIN + 1],
                                size_t count, char out[STORE_HASH_BEGIN + 1], bool *found)
{
    REQUIRE(tx, count >= 1 && count <= STORE_HASH_BEGINS, ERR_RANGE);
    RUN(tx, STORE_READ, account_hash_unlike, known, count, out, found);
}

err_t store_mpin_load(struct store_tx *tx, uuid_t account, struct mpin_state *out)
{
    RUN(tx, STORE_READ, mpin_load, account, out);
}

err_t store_mpin_save(struct store_tx *tx, uuid_t account, const struct mpin_state *state)
{
    RUN(tx, STORE_WRITE, mpin_save, account, state);
}

err_t store_device_touch(struct store_tx *tx, uuid_t account, const uint8_t key[STORE_DIGEST_BYTES],
                         wall_t at, struct device_standing *was)
{
    RUN(tx, STORE_WRITE, device_touch, account, key, at, was);
}

err_t store_device_prove(struct store_tx *tx, uuid_t account, const uint8_t key[STORE_DIGEST_BYTES],
                         wall_t at)
{
    RUN(tx, STORE_WRITE, device_prove, account, key, at);
}

err_t store_device_known(struct store_tx *tx, uuid_t account, const uint8_t key[STORE_DIGEST_BYTES],
                         bool *known)
{
    RUN(tx, STORE_READ, device_known, account, key, known);
}

err_t store_devices_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    RUN(tx, STORE_WRITE, devices_purge_before, at, limit, purged);
}

err_t store_session_create(struct store_tx *tx, const struct session_row *row)
{
    MUST(row->end == END_NONE);
    REQUIRE(tx, IS_TEXT(row->device_id) && is_share(row->risk), ERR_RANGE);
    RUN(tx, STORE_WRITE, session_create, row);
}

err_t store_session_get(struct store_tx *tx, uuid_t id, struct session_row *out, bool *found)
{
    RUN(tx, STORE_READ, session_get, id, out, found);
}

err_t store_session_end(struct store_tx *tx, uuid_t id, enum session_end reason, wall_t at,
                        bool *ended_now)
{
    MUST(reason > END_NONE && reason < END_REASONS);
    REQUIRE(tx, at.ms > 0, ERR_RANGE); /* 0 would read as "never" */
    RUN(tx, STORE_WRITE, session_end, id, reason, at, ended_now);
}

err_t store_sessions_live_of(struct store_tx *tx, uuid_t account, struct session_row *out,
                             size_t cap, size_t *count)
{
    RUN(tx, STORE_READ, sessions_live_of, account, out, cap, count);
}

err_t store_sessions_live_all(struct store_tx *tx, store_session_fn fn, void *ctx)
{
    RUN(tx, STORE_READ, sessions_live_all, fn, ctx);
}

err_t store_session_ids_live(struct store_tx *tx, store_session_id_fn fn, void *ctx)
{
    RUN(tx, STORE_READ, session_ids_live, fn, ctx);
}

err_t store_session_save_activity(struct store_tx *tx, const struct session_activity *items,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        REQUIRE(tx, is_share(items[i].risk), ERR_RANGE);
    }
    RUN(tx, STORE_WRITE, session_save_activity, items, count);
}

err_t store_sessions_purge_ended_before(struct store_tx *tx, wall_t at, size_t limit,
                                        size_t *purged)
{
    RUN(tx, STORE_WRITE, sessions_purge_ended_before, at, limit, purged);
}

err_t store_refresh_put(struct store_tx *tx, const struct refresh_row *row)
{
    RUN(tx, STORE_WRITE, refresh_put, row);
}

err_t store_refresh_ask(struct store_tx *tx, const struct refresh_mark *mark, wall_t at,
                        enum refresh_answer *out, struct refresh_row *row)
{
    RUN(tx, STORE_READ, refresh_ask, mark, at, out, row);
}

err_t store_refresh_turn(struct store_tx *tx, uuid_t session,
                         const uint8_t newest[STORE_DIGEST_BYTES])
{
    RUN(tx, STORE_WRITE, refresh_turn, session, newest);
}

err_t store_refresh_revoke(struct store_tx *tx, uuid_t session)
{
    RUN(tx, STORE_WRITE, refresh_revoke, session);
}

err_t store_refresh_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    RUN(tx, STORE_WRITE, refresh_purge, at, limit, purged);
}

err_t store_audit_head(struct store_tx *tx, uint64_t *seq, uint8_t hash[STORE_DIGEST_BYTES])
{
    RUN(tx, STORE_READ, audit_head, seq, hash);
}

err_t store_audit_insert(struct store_tx *tx, const struct audit_row *row)
{
    REQUIRE(tx, IS_TEXT(row->kind) && IS_TEXT(row->detail), ERR_RANGE);

    uint64_t seq = 0;
    uint8_t head[STORE_DIGEST_BYTES] = {0};
    TRY(store_audit_head(tx, &seq, head));
    REQUIRE(tx, row->seq > 0 && row->seq <= INT64_MAX && seq == row->seq - 1, ERR_RANGE);
    REQUIRE(tx, memcmp(row->prev, head, sizeof head) == 0, ERR_RANGE);
    RUN(tx, STORE_WRITE, audit_insert, row);
}

err_t store_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx)
{
    REQUIRE(tx, from <= INT64_MAX, ERR_RANGE);
    RUN(tx, STORE_READ, audit_walk, from, fn, ctx);
}

err_t store_decision_put(struct store_tx *tx, const struct decision_row *row)
{
    REQUIRE(tx,
            IS_TEXT(row->action) && IS_TEXT(row->amount) && IS_TEXT(row->currency) &&
                IS_TEXT(row->reasons) && is_share(row->risk),
            ERR_RANGE);
    RUN(tx, STORE_WRITE, decision_put, row);
}

err_t store_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out, bool *found)
{
    RUN(tx, STORE_READ, decision_get, id, out, found);
}

err_t store_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                  wall_t since, wall_t at)
{
    REQUIRE(tx, at.ms > 0, ERR_RANGE); /* 0 would read as "never" */
    RUN(tx, STORE_WRITE, decisions_mpin_passed, session, decision, since, at);
}

err_t store_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at)
{
    REQUIRE(tx, passed_at.ms > 0, ERR_RANGE);
    RUN(tx, STORE_WRITE, decisions_spend, session, passed_at);
}

err_t store_decisions_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    RUN(tx, STORE_WRITE, decisions_purge_before, at, limit, purged);
}

err_t store_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out)
{
    RUN(tx, STORE_READ, profile_head, account, out);
}

err_t store_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision, store_part_fn fn,
                         void *ctx)
{
    RUN(tx, STORE_READ, profile_load, account, revision, fn, ctx);
}

err_t store_profile_save(struct store_tx *tx, const struct profile_save *save,
                         enum profile_answer *out)
{
    REQUIRE(tx, save->at.ms > 0, ERR_RANGE); /* 0 would read as "never" */
    REQUIRE(tx, save->count <= STORE_PARTS_MAX && save->base < UINT32_MAX, ERR_LIMIT);
    for (size_t i = 0; i < save->count; i++) {
        REQUIRE(tx, is_short(save->part[i].name, STORE_PART_NAME_BYTES), ERR_RANGE);
        REQUIRE(tx, save->part[i].content.len <= STORE_PART_BYTES, ERR_LIMIT);
    }
    RUN(tx, STORE_WRITE, profile_save, save, out);
}

err_t store_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                              enum profile_answer *out)
{
    REQUIRE(tx, at.ms > 0, ERR_RANGE);
    RUN(tx, STORE_WRITE, profile_roll_back, account, to, at, out);
}

err_t store_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name, wall_t at,
                              uint32_t *revision)
{
    REQUIRE(tx, at.ms > 0 && is_short(name, STORE_PART_NAME_BYTES), ERR_RANGE);
    RUN(tx, STORE_WRITE, profile_set_aside, account, name, at, revision);
}

err_t store_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                          size_t *purged)
{
    MUST(keep > 0);
    RUN(tx, STORE_WRITE, profile_purge, account, keep, at, purged);
}

err_t store_meta_get(struct store_tx *tx, const char *key, struct meta_value *out, bool *found)
{
    RUN(tx, STORE_READ, meta_get, key, out, found);
}

err_t store_meta_put(struct store_tx *tx, const char *key, span_t value)
{
    REQUIRE(tx, is_short(key, STORE_META_KEY_BYTES), ERR_RANGE);
    REQUIRE(tx, value.len <= STORE_META_BYTES, ERR_LIMIT);
    RUN(tx, STORE_WRITE, meta_put, key, value);
}
