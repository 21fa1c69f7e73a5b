#include "domain/mpin.h"

#include "base/util.h"
#include "crypto/secret.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/decision.h"
#include "domain/ledger.h"
#include "domain/restriction.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { STRIPES = 256 };

/* One mutex for every 256th account: a comparison holds its stripe while it hashes. */
struct account_locks {
    pthread_mutex_t stripe[STRIPES];
};

err_t account_locks_new(struct account_locks **out)
{
    struct account_locks *l = malloc(sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < STRIPES; i++) {
        MUST(pthread_mutex_init(&l->stripe[i], NULL) == 0);
    }
    *out = l;
    return ERR_OK;
}

void account_locks_free(struct account_locks **l)
{
    if (*l == NULL) {
        return;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_destroy(&(*l)->stripe[i]);
    }
    free(*l);
    *l = NULL;
}

static void unlock(pthread_mutex_t **held)
{
    (void)pthread_mutex_unlock(*held);
}

bool mpin_is_well_formed(const rules_t *rules, span_t text)
{
    if (text.len != rules->mpin_length) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

/* ---- the account's row ---- */

static bool is_locked(const struct mpin_state *state, wall_t now, int64_t *retry_after_s)
{
    if (state->operator_needed) {
        *retry_after_s = -1;
        return true;
    }
    if (state->locked_until.ms <= now.ms) {
        return false;
    }
    *retry_after_s = (state->locked_until.ms - now.ms + MS_PER_S - 1) / MS_PER_S;
    return true;
}

/* A lock that has run out opens a new row of attempts; the total stays. */
static void end_old_lock(struct mpin_state *state, wall_t now)
{
    if (state->locked_until.ms != 0 && state->locked_until.ms <= now.ms) {
        state->failures = 0;
        state->locked_until = (wall_t){0};
    }
}

static int64_t lock_length(const rules_t *rules, uint32_t lock_count)
{
    int64_t ms = rules->mpin_lockout_ms;
    for (uint32_t i = 0; i < lock_count && ms < rules->mpin_lockout_max_ms; i++) {
        ms *= 2;
    }
    return ms < rules->mpin_lockout_max_ms ? ms : rules->mpin_lockout_max_ms;
}

bool mpin_locked_since(const rules_t *rules, const struct mpin_state *state, wall_t now,
                       wall_t *since)
{
    int64_t retry_after_s = 0;
    if (!is_locked(state, now, &retry_after_s) || state->lock_count == 0) {
        return false;
    }
    *since = wall_after_ms(state->locked_until, -lock_length(rules, state->lock_count - 1));
    return true;
}

/* Count one failure before anything is compared, and lock at once when it is the last one
 * allowed: a crash in the middle then leaves the account locked, never a guess for free. */
static void spend(const rules_t *rules, struct mpin_state *state, wall_t now)
{
    state->failures += 1;
    state->total_failures += 1;
    if (state->total_failures >= rules->mpin_attempts_total) {
        state->operator_needed = true;
    }
    if (state->failures >= rules->mpin_attempts || state->operator_needed) {
        state->locked_until = wall_after_ms(now, lock_length(rules, state->lock_count));
        state->lock_count += 1;
    }
}

static err_t spend_one_try(struct service *svc, uuid_t who, struct account_row *row,
                           struct mpin_state *state, mpin_result_t *out)
{
    const wall_t now = clock_wall(svc->clock);
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_account_by_id(&tx, who, row, &found));
    if (!found) {
        out->answer = MPIN_NO_ACCOUNT;
        return ERR_OK;
    }
    TRY(store_mpin_load(&tx, who, state));
    if (is_locked(state, now, &out->retry_after_s)) {
        out->answer = MPIN_LOCKED;
        out->failures = state->failures;
        return ERR_OK;
    }
    if (!pwhash_is_known(svc->keys, row->mpin_hash)) {
        return err_new(ERR_RANGE); /* nothing can be compared: no guess, no try */
    }
    end_old_lock(state, now);
    spend(&svc->rules, state, now);
    TRY(store_mpin_save(&tx, who, state));
    return store_commit(&tx);
}

static err_t list_sessions(struct store_tx *tx, uuid_t account, mpin_result_t *out)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    if (rows == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t count = 0;
    const err_t listed = store_sessions_live_of(tx, account, rows, MPIN_SESSIONS_MAX, &count);
    for (size_t i = 0; !failed(listed) && i < count; i++) {
        out->session[i] = rows[i].id;
    }
    out->sessions = failed(listed) ? 0 : (uint32_t)count;
    free(rows);
    return listed;
}

/* ---- what follows a comparison ---- */

static err_t settle_right(struct service *svc, uuid_t account, uuid_t session, mpin_result_t *out)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_mpin_save(&tx, account, &(struct mpin_state){0}));
    const wall_t now = clock_wall(svc->clock);
    TRY(store_decisions_mpin_passed(&tx, session, DECISION_CHALLENGE,
                                    wall_after_ms(now, -DECISION_ASKED_MS), now));
    TRY(account_mark_restricted(&tx, account, false));
    TRY(list_sessions(&tx, account, out));
    TRY(store_commit(&tx));
    out->answer = MPIN_RIGHT;
    out->failures = 0;
    return ERR_OK;
}

static err_t end_sessions(struct service *svc, struct store_tx *tx, const mpin_result_t *out)
{
    for (uint32_t i = 0; i < out->sessions; i++) {
        bool ended = false;
        TRY(store_session_end(tx, out->session[i], END_MPIN_LOCKED, clock_wall(svc->clock),
                              &ended));
        TRY(store_refresh_revoke_session(tx, out->session[i]));
    }
    return ERR_OK;
}

/* Until the timed lock or until the one that needs an operator, whichever comes first. */
static uint32_t attempts_left(const rules_t *rules, const struct mpin_state *state)
{
    const uint32_t row = rules->mpin_attempts - state->failures;
    const uint32_t total = rules->mpin_attempts_total - state->total_failures;
    return row < total ? row : total;
}

static err_t settle_wrong(struct service *svc, uuid_t account, uuid_t session,
                          const struct mpin_state *state, mpin_result_t *out)
{
    int64_t retry = 0;
    const bool locked = is_locked(state, clock_wall(svc->clock), &retry);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(list_sessions(&tx, account, out));
    if (locked) {
        TRY(ledger_mark_block(svc->ledger, &tx, account));
        TRY(end_sessions(svc, &tx, out));
    }
    const audit_entry_t entry = {.kind = locked ? "account.locked" : "mpin.failed",
                                 .account = account,
                                 .session = session,
                                 .detail = "{}"};
    TRY(audit_append(svc->audit, &tx, &entry));
    TRY(store_commit(&tx));
    out->failures = state->failures;
    out->retry_after_s = retry;
    out->answer = locked ? MPIN_LOCKED_NOW : MPIN_WRONG;
    out->attempts_left = locked ? 0 : attempts_left(&svc->rules, state);
    return ERR_OK;
}

/* The hash was made with an older pepper or cost: now that the MPIN is here, make it anew, unless
 * it was changed since. */
static err_t renew_hash(struct service *svc, struct account_row *was, span_t mpin)
{
    char hash[PWHASH_TEXT_BYTES];
    bool found = false;
    CLEANUP(account_wipe) struct account_row now = {0};
    const struct pwhash_subject who = {.account = was->id, .purpose = PWHASH_MPIN};
    TRY(pwhash_make(svc->keys, who, mpin, svc->hashing, hash));
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_account_by_id(&tx, was->id, &now, &found));
    if (!found || strcmp(now.mpin_hash, was->mpin_hash) != 0) {
        return ERR_OK;
    }
    TRY(store_account_set_mpin(&tx, was->id, hash, 0));
    TRY(store_commit(&tx));
    memcpy(was->mpin_hash, hash, sizeof was->mpin_hash);
    return ERR_OK;
}

err_t mpin_check(struct service *svc, uuid_t account, uuid_t session, span_t given,
                 mpin_result_t *out)
{
    pthread_mutex_t *stripe = &svc->locks->stripe[account.byte[0]];
    (void)pthread_mutex_lock(stripe);
    CLEANUP(unlock) pthread_mutex_t *held = stripe;
    (void)held;

    mpin_result_t result = {.answer = MPIN_WRONG};
    CLEANUP(account_wipe) struct account_row row = {0};
    struct mpin_state state = {0};
    TRY(spend_one_try(svc, account, &row, &state, &result));
    if (result.answer != MPIN_WRONG) {
        *out = result;
        return ERR_OK;
    }

    bool match = false;
    const struct pwhash_subject who = {.account = account, .purpose = PWHASH_MPIN};
    TRY(pwhash_verify(svc->keys, who, given, row.mpin_hash, &match));
    if (match && pwhash_is_stale(svc->keys, row.mpin_hash, svc->hashing)) {
        TRY(renew_hash(svc, &row, given));
    }
    TRY(match ? settle_right(svc, account, session, &result)
              : settle_wrong(svc, account, session, &state, &result));
    *out = result;
    if (match) {
        memcpy(out->hash, row.mpin_hash, sizeof out->hash);
    }
    return ERR_OK;
}

/* ---- standing and unlocking ---- */

err_t mpin_standing(struct service *svc, uuid_t account, mpin_standing_t *out)
{
    struct mpin_state state = {0};
    const wall_t now = clock_wall(svc->clock);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_mpin_load(&tx, account, &state));
    mpin_standing_t standing = {0};
    standing.locked = is_locked(&state, now, &standing.retry_after_s);
    end_old_lock(&state, now);
    standing.failures = state.failures;
    *out = standing;
    return ERR_OK;
}

err_t mpin_unlock(struct service *svc, uuid_t account, bool *known)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_account_by_id(&tx, account, &row, &found));
    if (found) {
        TRY(store_mpin_save(&tx, account, &(struct mpin_state){0}));
        const audit_entry_t entry = {
            .kind = "account.unlocked", .account = account, .detail = "{\"by\":\"operator\"}"};
        TRY(audit_append(svc->audit, &tx, &entry));
        TRY(store_commit(&tx));
    }
    *known = found;
    return ERR_OK;
}
