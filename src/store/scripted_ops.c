#include "base/util.h"
#include "store/scripted_state.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT_ID      MEMBER(T_ACCOUNTS, struct account_row, id)
#define MPIN_ACCOUNT    MEMBER(T_MPIN, struct mpin_entry, account)
#define SESSION_ID      MEMBER(T_SESSIONS, struct session_row, id)
#define SESSION_ACCOUNT MEMBER(T_SESSIONS, struct session_row, account)
#define REFRESH_FAMILY  MEMBER(T_REFRESH, struct refresh_row, family)
#define REFRESH_SESSION MEMBER(T_REFRESH, struct refresh_row, session)

void scripted_freed(void *place)
{
    void *memory = NULL;
    memcpy(&memory, place, sizeof memory); /* `place` is the address of some pointer */
    free(memory);
}

/* What a database would refuse as a broken reference. */
err_t scripted_must_have(const struct store_tx *tx, struct member where, const void *value)
{
    return scripted_has(tx, where, value) ? ERR_OK : err_new(ERR_STORAGE);
}

err_t scripted_must_lack(const struct store_tx *tx, struct member where, const void *value)
{
    return scripted_has(tx, where, value) ? err_new(ERR_STORAGE) : ERR_OK;
}

/* Copy the row whose member equals `value`, if there is one. */
bool scripted_fetch(const struct store_tx *tx, struct member where, const void *value, void *out,
                    size_t width)
{
    const size_t at = scripted_find(tx, where, value);
    if (at == scripted_count(tx, where.table)) {
        return false;
    }
    memcpy(out, scripted_row(tx, where.table, at), width);
    return true;
}

/* The row whose member equals `value`, for writing; ERR_STORAGE when there is none. */
static err_t edit_where(struct store_tx *tx, struct member where, const void *value, void **out)
{
    TRY(scripted_must_have(tx, where, value));
    return scripted_edit(tx, where.table, scripted_find(tx, where, value), out);
}

/* ---- accounts */

static size_t find_email(const struct store_tx *tx, const char *email_key)
{
    const size_t count = scripted_count(tx, T_ACCOUNTS);
    for (size_t i = 0; i < count; i++) {
        const struct account_row *row = scripted_row(tx, T_ACCOUNTS, i);
        if (strcmp(row->email_key, email_key) == 0) {
            return i;
        }
    }
    return count;
}

static err_t account_create(struct store_tx *tx, const struct account_row *row,
                            enum account_created *out)
{
    TRY(scripted_gate(tx));
    if (find_email(tx, row->email_key) < scripted_count(tx, T_ACCOUNTS)) {
        *out = ACCOUNT_EMAIL_TAKEN;
        return ERR_OK;
    }
    TRY(scripted_must_lack(tx, ACCOUNT_ID, &row->id));
    TRY(scripted_add(tx, T_ACCOUNTS, row));
    *out = ACCOUNT_CREATED;
    return ERR_OK;
}

static err_t account_by_email(struct store_tx *tx, const char *email_key, struct account_row *out,
                              bool *found)
{
    TRY(scripted_gate(tx));
    const size_t at = find_email(tx, email_key);
    *found = at < scripted_count(tx, T_ACCOUNTS);
    if (*found) {
        memcpy(out, scripted_row(tx, T_ACCOUNTS, at), sizeof *out);
    }
    return ERR_OK;
}

static err_t account_by_id(struct store_tx *tx, uuid_t id, struct account_row *out, bool *found)
{
    TRY(scripted_gate(tx));
    *found = scripted_fetch(tx, ACCOUNT_ID, &id, out, sizeof *out);
    return ERR_OK;
}

/* Copy text whose length the face has checked. */
void scripted_put_text(char *to, const char *from, size_t cap)
{
    memset(to, 0, cap);
    memcpy(to, from, strnlen(from, cap - 1));
}

static err_t account_set_password(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    TRY(scripted_gate(tx));
    void *row = NULL;
    TRY(edit_where(tx, ACCOUNT_ID, &id, &row));
    struct account_row *account = row;
    scripted_put_text(account->password_hash, hash, sizeof account->password_hash);
    account->password_pepper = pepper;
    return ERR_OK;
}

static err_t account_set_mpin(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper)
{
    TRY(scripted_gate(tx));
    void *row = NULL;
    TRY(edit_where(tx, ACCOUNT_ID, &id, &row));
    struct account_row *account = row;
    scripted_put_text(account->mpin_hash, hash, sizeof account->mpin_hash);
    account->mpin_pepper = pepper;
    return ERR_OK;
}

static err_t session_forget(struct store_tx *tx, size_t at)
{
    const struct session_row *row = scripted_row(tx, T_SESSIONS, at);
    TRY(scripted_remove_all(tx, REFRESH_SESSION, &row->id));
    return scripted_remove(tx, T_SESSIONS, at);
}

/* ---- MPIN tries */

static err_t mpin_load(struct store_tx *tx, uuid_t account, struct mpin_state *out)
{
    TRY(scripted_gate(tx));
    struct mpin_entry entry = {0};
    (void)scripted_fetch(tx, MPIN_ACCOUNT, &account, &entry, sizeof entry);
    *out = entry.state;
    return ERR_OK;
}

static err_t mpin_save(struct store_tx *tx, uuid_t account, const struct mpin_state *state)
{
    TRY(scripted_gate(tx));
    TRY(scripted_must_have(tx, ACCOUNT_ID, &account));
    const struct mpin_entry entry = {.account = account, .state = *state};
    TRY(scripted_remove_all(tx, MPIN_ACCOUNT, &account));
    return scripted_add(tx, T_MPIN, &entry);
}

/* ---- sessions */

static err_t session_create(struct store_tx *tx, const struct session_row *row)
{
    TRY(scripted_gate(tx));
    TRY(scripted_must_have(tx, ACCOUNT_ID, &row->account));
    TRY(scripted_must_lack(tx, SESSION_ID, &row->id));
    struct session_row live = *row;
    live.ended = (wall_t){0};
    return scripted_add(tx, T_SESSIONS, &live);
}

static err_t session_get(struct store_tx *tx, uuid_t id, struct session_row *out, bool *found)
{
    TRY(scripted_gate(tx));
    *found = scripted_fetch(tx, SESSION_ID, &id, out, sizeof *out);
    return ERR_OK;
}

/* The live session of that id for writing; NULL when there is none. */
static err_t edit_live(struct store_tx *tx, uuid_t id, struct session_row **out)
{
    *out = NULL;
    const size_t at = scripted_find(tx, SESSION_ID, &id);
    if (at == scripted_count(tx, T_SESSIONS)) {
        return ERR_OK;
    }
    void *row = NULL;
    TRY(scripted_edit(tx, T_SESSIONS, at, &row));
    struct session_row *session = row;
    *out = session->end == END_NONE ? session : NULL;
    return ERR_OK;
}

static err_t session_end(struct store_tx *tx, uuid_t id, enum session_end reason, wall_t at,
                         bool *ended_now)
{
    TRY(scripted_gate(tx));
    struct session_row *session = NULL;
    TRY(edit_live(tx, id, &session));
    *ended_now = session != NULL;
    if (session != NULL) {
        session->end = reason;
        session->ended = at;
    }
    return ERR_OK;
}

static int oldest_session_first(const void *left, const void *right)
{
    const struct session_row *a = left;
    const struct session_row *b = right;
    const int by_account = memcmp(a->account.byte, b->account.byte, sizeof a->account.byte);
    if (by_account != 0) {
        return by_account;
    }
    const int by_time = scripted_order(a->created.ms, b->created.ms);
    return by_time != 0 ? by_time : memcmp(a->id.byte, b->id.byte, sizeof a->id.byte);
}

static err_t sessions_live_of(struct store_tx *tx, uuid_t account, struct session_row *out,
                              size_t cap, size_t *count)
{
    TRY(scripted_gate(tx));
    CLEANUP(scripted_freed)
    struct session_row *all = scripted_sorted(tx, T_SESSIONS, oldest_session_first);
    if (all == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t n = 0;
    for (size_t i = 0; i < scripted_count(tx, T_SESSIONS) && n < cap; i++) {
        if (all[i].end == END_NONE && uuid_eq(all[i].account, account)) {
            out[n++] = all[i];
        }
    }
    *count = n;
    return ERR_OK;
}

static err_t sessions_live_all(struct store_tx *tx, store_session_fn fn, void *ctx)
{
    TRY(scripted_gate(tx));
    CLEANUP(scripted_freed)
    struct session_row *all = scripted_sorted(tx, T_SESSIONS, oldest_session_first);
    if (all == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < scripted_count(tx, T_SESSIONS); i++) {
        if (all[i].end == END_NONE) {
            TRY(fn(ctx, &all[i]));
        }
    }
    return ERR_OK;
}

static err_t session_ids_live(struct store_tx *tx, store_session_id_fn fn, void *ctx)
{
    TRY(scripted_gate(tx));
    CLEANUP(scripted_freed)
    struct session_row *all = scripted_sorted(tx, T_SESSIONS, oldest_session_first);
    if (all == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < scripted_count(tx, T_SESSIONS); i++) {
        if (all[i].end == END_NONE) {
            TRY(fn(ctx, all[i].id));
        }
    }
    return ERR_OK;
}

static err_t session_save_activity(struct store_tx *tx, const struct session_activity *items,
                                   size_t count)
{
    TRY(scripted_gate(tx));
    for (size_t i = 0; i < count; i++) {
        struct session_row *session = NULL;
        TRY(edit_live(tx, items[i].id, &session));
        if (session != NULL) {
            session->last_activity = items[i].last_activity;
            session->risk = items[i].risk;
            session->level = items[i].level;
            session->mpin_required = items[i].mpin_required;
        }
    }
    return ERR_OK;
}

/* ---- purging: the oldest first, as far as the limit goes */

typedef bool (*time_fn)(const void *row, wall_t *out); /* false: this row stays */
typedef err_t (*forget_fn)(struct store_tx *tx, size_t at);

static size_t find_oldest(const struct store_tx *tx, enum scripted_table table, time_fn time_of,
                          wall_t before)
{
    const size_t count = scripted_count(tx, table);
    size_t best = count;
    wall_t limit = before;
    for (size_t i = 0; i < count; i++) {
        wall_t at = {0};
        if (time_of(scripted_row(tx, table, i), &at) && at.ms < limit.ms) {
            best = i;
            limit = at;
        }
    }
    return best;
}

struct purge {
    enum scripted_table table;
    time_fn time_of;
    forget_fn forget;
};

static err_t purge(struct store_tx *tx, const struct purge *how, wall_t before, size_t limit,
                   size_t *purged)
{
    TRY(scripted_gate(tx));
    size_t n = 0;
    while (n < limit) {
        const size_t at = find_oldest(tx, how->table, how->time_of, before);
        if (at == scripted_count(tx, how->table)) {
            break;
        }
        TRY(how->forget(tx, at));
        n++;
    }
    *purged = n;
    return ERR_OK;
}

static bool session_time(const void *row, wall_t *out)
{
    const struct session_row *session = row;
    *out = session->ended;
    return session->end != END_NONE;
}

static bool device_time(const void *row, wall_t *out)
{
    const struct device_entry *entry = row;
    *out = entry->last_seen;
    return true;
}

static bool refresh_time(const void *row, wall_t *out)
{
    const struct refresh_row *token = row;
    *out = token->expires;
    return true;
}

static bool decision_time(const void *row, wall_t *out)
{
    const struct decision_row *decision = row;
    *out = decision->at;
    return true;
}

static err_t device_forget(struct store_tx *tx, size_t at)
{
    return scripted_remove(tx, T_DEVICES, at);
}

static err_t refresh_forget(struct store_tx *tx, size_t at)
{
    return scripted_remove(tx, T_REFRESH, at);
}

static err_t decision_forget(struct store_tx *tx, size_t at)
{
    return scripted_remove(tx, T_DECISIONS, at);
}

static err_t sessions_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct purge how = {T_SESSIONS, session_time, session_forget};
    return purge(tx, &how, at, limit, purged);
}

static err_t devices_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct purge how = {T_DEVICES, device_time, device_forget};
    return purge(tx, &how, at, limit, purged);
}

static err_t refresh_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct purge how = {T_REFRESH, refresh_time, refresh_forget};
    return purge(tx, &how, at, limit, purged);
}

static err_t decisions_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct purge how = {T_DECISIONS, decision_time, decision_forget};
    return purge(tx, &how, at, limit, purged);
}

/* ---- refresh tokens */

static err_t refresh_put(struct store_tx *tx, const struct refresh_row *row)
{
    TRY(scripted_gate(tx));
    TRY(scripted_must_have(tx, SESSION_ID, &row->session));
    TRY(scripted_must_lack(tx, REFRESH_SESSION, &row->session));
    TRY(scripted_must_lack(tx, REFRESH_FAMILY, row->family));
    return scripted_add(tx, T_REFRESH, row);
}

static err_t refresh_ask(struct store_tx *tx, const struct refresh_mark *mark, wall_t at,
                         enum refresh_answer *out, struct refresh_row *row)
{
    TRY(scripted_gate(tx));
    struct refresh_row family = {0};
    const bool found = scripted_fetch(tx, REFRESH_FAMILY, mark->family, &family, sizeof family);
    *out = store_refresh_judge(found, &family, mark, at);
    if (found) {
        *row = family;
    }
    return ERR_OK;
}

static err_t refresh_turn(struct store_tx *tx, uuid_t session, const uint8_t *newest)
{
    TRY(scripted_gate(tx));
    void *place = NULL;
    TRY(edit_where(tx, REFRESH_SESSION, &session, &place));
    struct refresh_row *family = place;
    memcpy(family->newest, newest, sizeof family->newest);
    return ERR_OK;
}

static err_t refresh_revoke(struct store_tx *tx, uuid_t session)
{
    TRY(scripted_gate(tx));
    return scripted_remove_all(tx, REFRESH_SESSION, &session);
}

/* It keeps nothing that it could read again. */
static void rest(struct store *st, mono_t before)
{
    (void)st;
    (void)before;
}

const struct store_ops scripted_ops = {
    .name = "scripted",
    .close = scripted_close,
    .rest = rest,
    .begin = scripted_begin,
    .commit = scripted_commit,
    .rollback = scripted_rollback,
    .account_create = account_create,
    .account_by_email = account_by_email,
    .account_by_id = account_by_id,
    .account_set_password = account_set_password,
    .account_set_mpin = account_set_mpin,
    .account_hash_unlike = scripted_account_hash_unlike,
    .mpin_load = mpin_load,
    .mpin_save = mpin_save,
    .device_touch = scripted_device_touch,
    .device_prove = scripted_device_prove,
    .device_known = scripted_device_known,
    .devices_purge_before = devices_purge,
    .session_create = session_create,
    .session_get = session_get,
    .session_end = session_end,
    .sessions_live_of = sessions_live_of,
    .sessions_live_all = sessions_live_all,
    .session_ids_live = session_ids_live,
    .session_save_activity = session_save_activity,
    .sessions_purge_ended_before = sessions_purge,
    .refresh_put = refresh_put,
    .refresh_ask = refresh_ask,
    .refresh_turn = refresh_turn,
    .refresh_revoke = refresh_revoke,
    .refresh_purge = refresh_purge,
    .audit_head = scripted_audit_head,
    .audit_insert = scripted_audit_insert,
    .audit_walk = scripted_audit_walk,
    .decision_put = scripted_decision_put,
    .decision_get = scripted_decision_get,
    .decisions_mpin_passed = scripted_decisions_mpin_passed,
    .decisions_spend = scripted_decisions_spend,
    .decisions_purge_before = decisions_purge,
    .profile_head = scripted_profile_head,
    .profile_load = scripted_profile_load,
    .profile_save = scripted_profile_save,
    .profile_roll_back = scripted_profile_roll_back,
    .profile_set_aside = scripted_profile_set_aside,
    .profile_purge = scripted_profile_purge,
    .meta_get = scripted_meta_get,
    .meta_put = scripted_meta_put,
};
