#include "domain/accounts/mpin.h"

#include "base/util.h"
#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/accounts/ledger.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/ground/decision.h"

#include <stdlib.h>
#include <string.h>

enum { STRIPES = 256 };

/* One mutex for every 256th account: a comparison holds its stripe while it hashes. */
struct account_locks {
    pthread_mutex_t stripe[STRIPES];
    struct settlements *unsettled;
};

err_t account_locks_new(struct account_locks **out)
{
    struct account_locks *l = malloc(sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    const err_t made = settlements_new(&l->unsettled);
    if (failed(made)) {
        free(l);
        return made;
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
    settlements_free(&(*l)->unsettled);
    free(*l);
    *l = NULL;
}

pthread_mutex_t *account_locks_hold(struct account_locks *l, uuid_t account)
{
    pthread_mutex_t *const stripe = &l->stripe[account.byte[0]];
    (void)pthread_mutex_lock(stripe);
    return stripe;
}

void account_locks_let_go(pthread_mutex_t **held)
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

/* A lock ends by the time that is vouched for. How long to wait is told by the latest one: what a clock in doubt is ahead
 * by, nobody has to wait for, but for the minutes until it is believed. */
static bool is_locked_here(const struct service *svc, const struct mpin_state *state,
                           int64_t *retry_after_s)
{
    if (!is_locked(state, clock_vouched(svc), retry_after_s)) {
        return false;
    }
    int64_t left = 0;
    if (!is_locked(state, clock_latest(svc), &left)) {
        left = STEADY_FOR_MS / MS_PER_S;
    }
    *retry_after_s = left < *retry_after_s ? left : *retry_after_s;
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

/* No lock is longer: it was made while the clock was ahead, and would last until that time comes. */
static bool mend_lock(const rules_t *rules, struct mpin_state *state, wall_t latest)
{
    if (state->lock_count == 0 ||
        state->locked_until.ms <= latest.ms + rules->mpin_lockout_max_ms + STEADY_BACK_MS) {
        return false;
    }
    state->locked_until = wall_after_ms(latest, lock_length(rules, state->lock_count - 1));
    return true;
}

/* The account and its tries. A comparison follows while `out` says MPIN_WRONG, as it did before. */
static err_t look_at(const struct service *svc, struct store_tx *tx, uuid_t who,
                     struct account_row *row, struct mpin_state *state, mpin_result_t *out)
{
    bool found = false;
    TRY(store_account_by_id(tx, who, row, &found));
    if (!found) {
        out->answer = MPIN_NO_ACCOUNT;
        return ERR_OK;
    }
    TRY(store_mpin_load(tx, who, state));
    if (is_locked_here(svc, state, &out->retry_after_s)) { /* a moment ahead ends no lock */
        out->answer = MPIN_LOCKED;
        out->failures = state->failures;
    }
    return ERR_OK;
}

static err_t mend_in_store(struct service *svc, uuid_t who)
{
    struct mpin_state state = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_mpin_load(&tx, who, &state));
    if (!mend_lock(&svc->rules, &state, clock_latest(svc))) {
        return ERR_OK;
    }
    TRY(store_mpin_save(&tx, who, &state));
    return store_commit(&tx);
}

/* All that takes memory comes before the try: whoever has none loses no try over it. A locked
 * account does not even hash. */
static err_t prepare(struct service *svc, uuid_t who, span_t given, struct account_row *row,
                     struct pwhash_proof *proof, mpin_result_t *out)
{
    struct mpin_state state = {0};
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        TRY(store_begin(svc->store, STORE_READ, &tx));
        TRY(look_at(svc, &tx, who, row, &state, out));
    }

    if (out->answer == MPIN_LOCKED && mend_lock(&svc->rules, &state, clock_latest(svc))) {
        (void)is_locked_here(svc, &state, &out->retry_after_s);
        return mend_in_store(svc, who);
    }
    if (out->answer != MPIN_WRONG) {
        return ERR_OK;
    }
    const struct pwhash_subject subject = {.account = who, .purpose = PWHASH_MPIN};
    return pwhash_prove(svc->keys, &svc->hashing, subject, given, row->mpin_hash, proof);
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

/* `*same`: the hash is still the one that was prepared for. */
static err_t spend_one_try(struct service *svc, uuid_t who, const struct account_row *prepared,
                           struct mpin_state *state, mpin_result_t *out, bool *same)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(look_at(svc, &tx, who, &row, state, out));
    if (out->answer != MPIN_WRONG) {
        return ERR_OK;
    }
    end_old_lock(state, clock_vouched(svc));
    spend(&svc->rules, state, clock_latest(svc)); /* nor makes one shorter */
    TRY(list_sessions(&tx, who, out));
    TRY(store_mpin_save(&tx, who, state));
    TRY(store_commit(&tx));
    *same = strcmp(row.mpin_hash, prepared->mpin_hash) == 0;
    return ERR_OK;
}

/* ---- what follows a comparison ---- */

/* The device is one that an MPIN was passed on, and what is held against the account since a block or a
 * challenge is lifted. Not by a session that has ended while it waited for its turn to hash: its answer is a
 * refusal, and what ended it stays. An end that is in force in its loop reaches the store late, and is asked
 * last, as for a change. */
static err_t let_session_prove(struct service *svc, struct store_tx *tx, const settlement_t *s)
{
    struct session_row session = {0};
    bool found = false;
    enum session_end how = END_NONE;
    TRY(store_session_get(tx, s->session, &session, &found));
    if (!found || session.end != END_NONE || ledger_holds_end(svc->ledger, s->session, &how)) {
        return ERR_OK;
    }
    if (session.mpin_required) { /* the next challenge is one that the account has not heard of */
        const struct session_activity answered = {.id = session.id,
                                                  .last_activity = session.last_activity,
                                                  .risk = session.risk,
                                                  .level = session.level};
        TRY(store_session_save_activity(tx, &answered, 1));
    }
    TRY(store_device_prove(tx, s->account, session.device_key, clock_wall(svc->clock)));
    return account_mark_lift(svc, tx, s->account, s->posted);
}

static err_t settle_right(struct service *svc, const settlement_t *s)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_mpin_save(&tx, s->account, &(struct mpin_state){0}));
    const wall_t now = clock_wall(svc->clock);
    TRY(store_decisions_mpin_passed(&tx, s->session, DECISION_CHALLENGE,
                                    wall_after_ms(now, -DECISION_ASKED_MS), now));
    TRY(let_session_prove(svc, &tx, s));
    return store_commit(&tx);
}

static err_t end_sessions(struct service *svc, struct store_tx *tx, const settlement_t *s)
{
    for (uint32_t i = 0; i < s->sessions; i++) {
        bool ended = false;
        TRY(store_session_end(tx, s->of[i], END_MPIN_LOCKED, clock_wall(svc->clock), &ended));
        TRY(store_refresh_revoke(tx, s->of[i]));
    }
    return ERR_OK;
}

static err_t settle_wrong(struct service *svc, const settlement_t *s)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    if (s->locked) {
        TRY(ledger_mark_waiting(svc, &tx, s->account));
        TRY(end_sessions(svc, &tx, s));
    }
    const audit_entry_t entry = {.kind = s->locked ? "account.locked" : "mpin.failed",
                                 .account = s->account,
                                 .session = s->session,
                                 .detail = "{}"};
    TRY(audit_append(svc->audit, &tx, &entry));
    return store_commit(&tx);
}

/* The answer was 503: what is left of a success is that its try, and those before it, are forgotten,
 * unless there were others since. */
static err_t settle_right_late(struct service *svc, const settlement_t *s)
{
    struct mpin_state now = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_mpin_load(&tx, s->account, &now));
    if (now.total_failures != s->spent.total_failures || now.failures != s->spent.failures ||
        now.lock_count != s->spent.lock_count) {
        return ERR_OK;
    }
    TRY(store_mpin_save(&tx, s->account, &(struct mpin_state){0}));
    return store_commit(&tx);
}

bool mpin_settle(struct service *svc)
{
    settlement_t s = {0};
    while (settlements_first(svc->locks->unsettled, &s)) {
        if (failed(s.right ? settle_right_late(svc, &s) : settle_wrong(svc, &s))) {
            return false;
        }
        settlements_drop(svc->locks->unsettled);
        log_event(svc->log, LOG_NOTICE, "mpin.settled", FIELD_UUID("account", s.account),
                  FIELD_BOOL("locked", s.locked));
    }
    return true;
}

/* Until the timed lock or until the one that needs an operator, whichever comes first. */
static uint32_t attempts_left(const rules_t *rules, const struct mpin_state *state)
{
    const uint32_t row = rules->mpin_attempts - state->failures;
    const uint32_t total = rules->mpin_attempts_total - state->total_failures;
    return row < total ? row : total;
}

/* After a wrong MPIN; its answer stands, whether or not the store has all of it yet. */
static void answer_wrong(const struct service *svc, const settlement_t *s, mpin_result_t *out)
{
    int64_t retry = 0;
    (void)is_locked_here(svc, &s->spent, &retry);
    out->failures = s->spent.failures;
    out->retry_after_s = retry;
    out->answer = s->locked ? MPIN_LOCKED_NOW : MPIN_WRONG;
    out->attempts_left = s->locked ? 0 : attempts_left(&svc->rules, &s->spent);
}

/* Settle, or let it wait: `*waits`. The error is that of a success, which is none before it is
 * written. */
static err_t settle(struct service *svc, const settlement_t *s, mpin_result_t *out, bool *waits)
{
    const err_t settled = s->right ? settle_right(svc, s) : settle_wrong(svc, s);
    if (failed(settled)) {
        settlements_keep(svc->locks->unsettled, s);
        *waits = true;
        log_event(svc->log, LOG_WARN, "mpin.unsettled", FIELD_UUID("account", s->account),
                  FIELD_BOOL("locked", s->locked), FIELD_INT("error", (int64_t)settled.code));
    }
    if (!s->right) {
        answer_wrong(svc, s, out);
        return ERR_OK;
    }
    out->answer = MPIN_RIGHT;
    out->failures = 0;
    return settled;
}

/* The hash was made with an older pepper or cost: now that the MPIN is here, make it anew, unless
 * it was changed since. */
static err_t renew_hash(struct service *svc, struct account_row *was, span_t mpin)
{
    char hash[PWHASH_TEXT_BYTES];
    bool found = false;
    CLEANUP(account_wipe) struct account_row now = {0};
    const struct pwhash_subject who = {.account = was->id, .purpose = PWHASH_MPIN};
    TRY(pwhash_make(svc->keys, &svc->hashing, who, mpin, hash));
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

static settlement_t settlement_of(uuid_t account, uuid_t session, const struct mpin_state *spent,
                                  const mpin_result_t *r)
{
    settlement_t s = {
        .account = account, .session = session, .spent = *spent, .sessions = r->sessions};
    s.locked = spent->operator_needed || spent->locked_until.ms != 0; /* an older one was cleared */
    memcpy(s.of, r->session, r->sessions * sizeof *s.of);
    return s;
}

/* `*waits`: the place that was taken for it is in use. */
static err_t compare(struct service *svc, uuid_t account, uuid_t session, span_t given,
                     mpin_result_t *result, bool *waits)
{
    bool same = false;
    struct mpin_state state = {0};
    const uint64_t posted = ledger_posted(svc->ledger); /* what comes while it hashes is after it */
    CLEANUP(account_wipe) struct account_row row = {0};
    CLEANUP(pwhash_proof_wipe) struct pwhash_proof proof = {0};
    TRY(prepare(svc, account, given, &row, &proof, result));
    if (result->answer != MPIN_WRONG) {
        return ERR_OK;
    }
    TRY(spend_one_try(svc, account, &row, &state, result, &same));
    if (result->answer != MPIN_WRONG) {
        return ERR_OK;
    }
    settlement_t s = settlement_of(account, session, &state, result);
    s.posted = posted;
    s.right = pwhash_compare(&proof) && same;
    TRY(settle(svc, &s, result, waits));
    if (!s.right) {
        return ERR_OK;
    }
    if (pwhash_is_stale(svc->keys, &svc->hashing, row.mpin_hash)) {
        const err_t renewed = renew_hash(svc, &row, given);
        (void)renewed; /* it was right, and the next one makes the hash anew */
    }
    memcpy(result->hash, row.mpin_hash, sizeof result->hash);
    return ERR_OK;
}

err_t mpin_check(struct service *svc, uuid_t account, uuid_t session, span_t given,
                 mpin_result_t *out)
{
    CLEANUP(account_locks_let_go)
    pthread_mutex_t *held = account_locks_hold(svc->locks, account);
    (void)held;

    bool waits = false;
    mpin_result_t result = {.answer = MPIN_WRONG};
    TRY(settlements_reserve(svc->locks->unsettled));
    const err_t compared = compare(svc, account, session, given, &result, &waits);
    if (!waits) {
        settlements_release(svc->locks->unsettled);
    }
    TRY(compared);
    *out = result;
    return ERR_OK;
}

/* ---- standing and unlocking ---- */

static err_t look_up_standing(const struct service *svc, uuid_t account, mpin_standing_t *out)
{
    struct mpin_state state = {0};
    const wall_t now = clock_vouched(svc);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_mpin_load(&tx, account, &state));
    mpin_standing_t standing = {0};
    standing.locked = is_locked_here(svc, &state, &standing.retry_after_s);
    end_old_lock(&state, now);
    standing.failures = state.failures;
    *out = standing;
    return ERR_OK;
}

/* Nobody is locked by a last try that turns out to be right: it is spent before it is compared, so that a lock counts
 * once nobody compares. */
err_t mpin_standing(struct service *svc, uuid_t account, mpin_standing_t *out)
{
    mpin_standing_t standing = {0};
    TRY(look_up_standing(svc, account, &standing));
    if (standing.locked) {
        CLEANUP(account_locks_let_go)
        pthread_mutex_t *held = account_locks_hold(svc->locks, account);
        (void)held;
        TRY(look_up_standing(svc, account, &standing));
    }
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
