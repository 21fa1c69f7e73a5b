#include "domain/accounts/account.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "domain/accounts/ledger.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/audit.h"
#include "domain/learnt/profile.h"

#include <stdlib.h>
#include <string.h>

enum { NO_PEPPER_COLUMN = 0 };

/* ---- register ---- */

err_t account_register(struct service *svc, const char *email, const char *email_key,
                       span_t password, span_t mpin, enum register_answer *out)
{
    CLEANUP(account_wipe)
    struct account_row row = {.id = uuid_random(), .created = clock_wall(svc->clock)};
    (void)strncat(row.email, email, sizeof row.email - 1);
    (void)strncat(row.email_key, email_key, sizeof row.email_key - 1);
    const struct pwhash_subject as_password = {.account = row.id, .purpose = PWHASH_PASSWORD};
    const struct pwhash_subject as_mpin = {.account = row.id, .purpose = PWHASH_MPIN};
    TRY(pwhash_make(svc->keys, &svc->hashing, as_password, password, row.password_hash));
    TRY(pwhash_make(svc->keys, &svc->hashing, as_mpin, mpin, row.mpin_hash));

    enum account_created created = ACCOUNT_EMAIL_TAKEN;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_account_create(&tx, &row, &created));
    const audit_entry_t entry = {.kind = created == ACCOUNT_CREATED ? "account.registered"
                                                                    : "account.register_refused",
                                 .account = created == ACCOUNT_CREATED ? row.id : (uuid_t){{0}},
                                 .detail = "{}"};
    TRY(audit_append(svc->audit, &tx, &entry));
    TRY(store_commit(&tx));
    *out = created == ACCOUNT_CREATED ? REGISTERED : REGISTER_EMAIL_TAKEN;
    return ERR_OK;
}

void account_wipe(struct account_row *row)
{
    memory_wipe(row->password_hash, sizeof row->password_hash);
    memory_wipe(row->mpin_hash, sizeof row->mpin_hash);
}

/* ---- login ---- */

static span_t text_of(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
}

static uint64_t account_key(const login_t *login)
{
    return hash_bytes(hash_key_of(1), text_of(login->email_key));
}

static uint64_t device_quota_key(const login_t *login)
{
    uint64_t device = 0;
    memcpy(&device, login->device_key, sizeof device);
    return account_key(login) ^ device;
}

void device_key_of(const char *device_id, uint8_t out[STORE_DIGEST_BYTES])
{
    sha256(text_of(device_id), out);
}

static err_t look_up(struct service *svc, login_t *login)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_account_by_email(&tx, login->email_key, &login->account, &login->found));
    if (!login->found) {
        return ERR_OK;
    }
    return store_device_known(&tx, login->account.id, login->device_key, &login->device_known);
}

/* Whose throttle a wrong password counts against: a device that has logged in before is not held back by what
 * strangers do. */
static enum quota_kind throttle_of(const login_t *login, uint64_t *key)
{
    *key = login->device_known ? device_quota_key(login) : account_key(login);
    return login->device_known ? QUOTA_LOGIN_DEVICE : QUOTA_LOGIN_ACCOUNT;
}

/* Ask the throttles: `wait_s` is 0 when one more try is allowed. */
static void ask_throttles(struct service *svc, login_t *login)
{
    const rules_t *rules = &svc->rules;
    uint32_t wait_s = 0;
    uint64_t key = 0;
    const enum quota_kind kind = throttle_of(login, &key);
    bool allowed = quota_address_allows(svc->quota, QUOTA_LOGIN_ADDRESS, login->address_narrow,
                                        login->address_wide, rules->login_per_address, &wait_s);
    allowed = allowed && quota_allows(svc->quota, kind, key, rules->login_per_account, &wait_s);
    /* Nor does a password that is known buy more of the hashes. */
    allowed = allowed && quota_has_room(svc->quota, QUOTA_LOGIN_SUCCESS, account_key(login),
                                        rules->login_success_per_account, &wait_s);
    login->wait_s = allowed ? 0 : wait_s;
}

err_t login_look(struct service *svc, login_t *login)
{
    device_key_of(login->device_id, login->device_key);
    if (!quota_address_allows(svc->quota, QUOTA_LOGIN_ADDRESS, login->address_narrow,
                              login->address_wide, svc->rules.login_per_address, &login->wait_s)) {
        return ERR_OK; /* a stranger's flood does not even reach the store */
    }
    TRY(look_up(svc, login));
    ask_throttles(svc, login);
    return ERR_OK;
}

/* False: `wait_s` says when the next login may succeed. */
static bool charge_success(struct service *svc, login_t *login)
{
    return quota_take(svc->quota, QUOTA_LOGIN_SUCCESS, account_key(login),
                      svc->rules.login_success_per_account, &login->wait_s);
}

/* Others of the same account may have failed since it was asked for, or be about to. False: see `wait_s`. */
static bool begin_try(struct service *svc, login_t *login)
{
    uint64_t key = 0;
    const enum quota_kind kind = throttle_of(login, &key);
    ask_throttles(svc, login);
    return login->wait_s == 0 &&
           quota_begin(svc->quota, kind, key, svc->rules.login_per_account, &login->wait_s);
}

static void end_try(struct service *svc, const login_t *login, bool was_wrong)
{
    uint64_t key = 0;
    const enum quota_kind kind = throttle_of(login, &key);
    quota_end(svc->quota, kind, key, svc->rules.login_per_account, was_wrong);
    if (was_wrong) {
        quota_address_charge(svc->quota, QUOTA_LOGIN_ADDRESS, login->address_narrow,
                             login->address_wide, svc->rules.login_per_address);
    }
}

/* Whether the hash that was compared is still the account's: the password may have been changed
 * while this login waited for its turn to hash. */
static err_t is_still_ours(struct store_tx *tx, const login_t *login, bool *ours)
{
    CLEANUP(account_wipe) struct account_row now = {0};
    bool found = false;
    TRY(store_account_by_id(tx, login->account.id, &now, &found));
    *ours = found && strcmp(now.password_hash, login->account.password_hash) == 0;
    return ERR_OK;
}

/* The hash was made with an older pepper or cost: now that the password is here, make it anew. */
static err_t renew_password(struct service *svc, login_t *login, span_t password)
{
    char hash[PWHASH_TEXT_BYTES];
    bool ours = false;
    const struct pwhash_subject who = {.account = login->account.id, .purpose = PWHASH_PASSWORD};
    TRY(pwhash_make(svc->keys, &svc->hashing, who, password, hash));
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(is_still_ours(&tx, login, &ours));
    if (!ours) {
        return ERR_OK; /* a newer password must not become the old one again */
    }
    TRY(store_account_set_password(&tx, login->account.id, hash, NO_PEPPER_COLUMN));
    TRY(store_commit(&tx));
    memcpy(login->account.password_hash, hash, sizeof hash);
    return ERR_OK;
}

/* False: the pepper of the hash is not ours, or the row is damaged. The caller is told what a stranger is told,
 * lest the answer say who has an account; the operator is told here. */
static bool is_comparable(const struct service *svc, const login_t *login)
{
    const bool known = pwhash_is_known(svc->keys, login->account.password_hash);
    if (!known) {
        log_event(svc->log, LOG_ERROR, "login.hash_unknown");
    }
    return known;
}

static err_t compare(const struct service *svc, const login_t *login, span_t password, bool *match)
{
    *match = false;
    if (!login->found || !is_comparable(svc, login)) {
        return pwhash_dummy(svc->keys, &svc->hashing, password);
    }
    const struct pwhash_subject who = {.account = login->account.id, .purpose = PWHASH_PASSWORD};
    return pwhash_verify(svc->keys, &svc->hashing, who, password, login->account.password_hash,
                         match);
}

err_t login_prove(struct service *svc, login_t *login, span_t password, bool *right)
{
    bool match = false;
    *right = false;
    if (!begin_try(svc, login)) {
        return ERR_OK;
    }
    const err_t e = compare(svc, login, password, &match);
    end_try(svc, login, !failed(e) && !match);
    TRY(e);
    if (!match) {
        const audit_entry_t entry = {.kind = "login.failed",
                                     .account = login->found ? login->account.id : (uuid_t){{0}},
                                     .detail = "{}"};
        TRY(audit_record(svc->audit, svc->store, &entry)); /* as much work for a stranger */
        return ERR_OK;
    }
    if (!charge_success(svc, login)) { /* others have logged in meanwhile */
        return ERR_OK;
    }
    if (pwhash_is_stale(svc->keys, &svc->hashing, login->account.password_hash)) {
        TRY(renew_password(svc, login, password));
    }
    *right = true;
    return ERR_OK;
}

/* ---- the session that follows ---- */

err_t session_sign(struct service *svc, const struct session_row *row, char out[TOKEN_TEXT_BYTES])
{
    token_claims_t claims = {.account = row->account,
                             .session = row->id,
                             .issued_s = clock_wall(svc->clock).ms / MS_PER_S,
                             .expires_s = row->expires_max.ms / MS_PER_S,
                             .jti = uuid_random()};
    device_mac(svc->keys, text_of(row->device_id), claims.device_mac);
    size_t len = 0;
    return token_sign(svc->keys, &claims, out, &len);
}

/* A refresh token is how its family begins and a secret of its own. One of an older version
 * is only its beginning. */
static struct refresh_mark mark_of(const struct service *svc, span_t token)
{
    struct refresh_mark mark = {0};
    const span_t begins = {token.ptr, size_min(token.len, OPAQUE_CHARS)};
    opaque_hash(&svc->refresh_key, begins, mark.family);
    opaque_hash(&svc->refresh_key, token, mark.whole);
    return mark;
}

/* The first token of a family. */
static err_t put_refresh(struct service *svc, struct store_tx *tx, const struct session_row *row,
                         char out[REFRESH_CHARS + 1])
{
    struct refresh_row refresh = {.session = row->id, .expires = row->expires_max};
    opaque_make(out);
    opaque_make(out + OPAQUE_CHARS);
    const struct refresh_mark mark = mark_of(svc, text_of(out));
    memcpy(refresh.family, mark.family, sizeof refresh.family);
    memcpy(refresh.newest, mark.whole, sizeof refresh.newest);
    return store_refresh_put(tx, &refresh);
}

/* The next one, which spends all before it. */
static err_t turn_refresh(struct service *svc, struct store_tx *tx, uuid_t session, span_t token,
                          char out[REFRESH_CHARS + 1])
{
    MUST(token.len >= OPAQUE_CHARS); /* it was good: we made it */
    memcpy(out, token.ptr, OPAQUE_CHARS);
    opaque_make(out + OPAQUE_CHARS);
    const struct refresh_mark mark = mark_of(svc, text_of(out));
    return store_refresh_turn(tx, session, mark.whole);
}

/* Make room: the oldest sessions beyond the limit end. */
static err_t make_room(struct service *svc, struct store_tx *tx, uuid_t account,
                       session_seed_t *seed)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    if (rows == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t count = 0;
    err_t e = store_sessions_live_of(tx, account, rows, MPIN_SESSIONS_MAX, &count);
    /* Never more than a lock of the account can list and end. */
    const size_t keep = size_min(svc->rules.sessions_per_account, MPIN_SESSIONS_MAX);
    for (size_t i = 0; !failed(e) && i + keep <= count; i++) {
        bool ended = false;
        e = store_session_end(tx, rows[i].id, END_REPLACED, clock_wall(svc->clock), &ended);
        if (!failed(e)) {
            e = store_refresh_revoke(tx, rows[i].id);
        }
        seed->ended_session[seed->ended++] = rows[i].id;
    }
    free(rows);
    return e;
}

static const char *opening_detail(const session_seed_t *seed)
{
    if (seed->new_device) {
        return seed->drawn ? "{\"device\":\"new\",\"challenge\":\"random\"}"
                           : "{\"device\":\"new\"}";
    }
    return seed->drawn ? "{\"challenge\":\"random\"}" : "{}";
}

static err_t open_in_store(struct service *svc, const login_t *login, session_seed_t *seed,
                           credentials_t *out)
{
    bool ours = false;
    struct device_standing device = {0};
    struct mpin_state mpin = {0};
    const wall_t now = clock_wall(svc->clock);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(is_still_ours(&tx, login, &ours));
    if (!ours) {
        seed->overtaken = true;
        return ERR_OK;
    }
    TRY(store_device_touch(&tx, seed->row.account, seed->row.device_key, now, &device));
    seed->new_device = !device.known && !device.first;
    seed->unproved_device = device.known && !device.proved;
    TRY(store_mpin_load(&tx, seed->row.account, &mpin));
    seed->mpin_failures = mpin.failures;
    /* The row that a start would find it by may end here. */
    TRY(ledger_mark_waiting(svc, &tx, seed->row.account));
    restriction_t begins = {0};
    TRY(account_restriction(svc, &tx, seed->row.account, &mpin, &begins));
    TRY(account_draw(svc, &tx, seed->row.account, &begins));
    seed->restricted = begins.restricted;
    seed->owes = begins.owes;
    seed->drawn = begins.drawn;
    TRY(make_room(svc, &tx, seed->row.account, seed));
    TRY(profile_open(svc, &tx, seed->row.account, &seed->profile, &seed->profile_revision));
    seed->row.mpin_required = seed->restricted || seed->owes;
    TRY(store_session_create(&tx, &seed->row));
    TRY(put_refresh(svc, &tx, &seed->row, out->refresh_token));
    const audit_entry_t entry = {.kind = "session.opened",
                                 .account = login->account.id,
                                 .session = seed->row.id,
                                 .detail = opening_detail(seed)};
    TRY(audit_append(svc->audit, &tx, &entry));
    return store_commit(&tx);
}

/* While nobody compares an MPIN of the account: a last try is spent, and locks, before it is known to be right. */
static err_t open_in_turn(struct service *svc, const login_t *login, session_seed_t *seed,
                          credentials_t *out)
{
    CLEANUP(account_locks_let_go)
    pthread_mutex_t *held = account_locks_hold(svc->locks, login->account.id);
    (void)held;
    return open_in_store(svc, login, seed, out);
}

err_t login_open(struct service *svc, const login_t *login, session_seed_t *seed,
                 credentials_t *out)
{
    const wall_t now = clock_wall(svc->clock);
    *seed = (session_seed_t){.row = {.id = uuid_random(),
                                     .account = login->account.id,
                                     .created = now,
                                     .last_activity = now,
                                     .expires_max = wall_after_ms(now, svc->rules.session_age_ms)}};
    (void)strncat(seed->row.device_id, login->device_id, sizeof seed->row.device_id - 1);
    memcpy(seed->row.device_key, login->device_key, sizeof seed->row.device_key);
    (void)strncat(seed->email, login->account.email, sizeof seed->email - 1);
    TRY(session_sign(svc, &seed->row, out->session_token));
    const err_t e = open_in_turn(svc, login, seed, out);
    if (failed(e)) {
        canara_profile_free(&seed->profile);
    } else if (seed->drawn) {
        counter_add_shared(&svc->drawn, 1);
    }
    return e;
}

/* ---- refresh ---- */

static err_t revoke(struct service *svc, struct store_tx *tx, const struct session_row *row)
{
    bool ended = false;
    TRY(ledger_mark_waiting(svc, tx, row->account));
    TRY(store_refresh_revoke(tx, row->id));
    TRY(store_session_end(tx, row->id, END_REFRESH_REUSED, clock_wall(svc->clock), &ended));
    const audit_entry_t entry = {.kind = "refresh.reused", .session = row->id, .detail = "{}"};
    return audit_append(svc->audit, tx, &entry);
}

/* A token tells whole seconds: one made now would have ended already. */
static bool is_in_its_last_second(const struct service *svc, const struct session_row *row)
{
    return row->expires_max.ms / MS_PER_S <= clock_wall(svc->clock).ms / MS_PER_S;
}

/* What is sent as the device, if anything is, must be the session's. */
static bool is_its_device(const struct session_row *row, const span_t *device)
{
    uint8_t key[STORE_DIGEST_BYTES];
    if (device == NULL) {
        return true;
    }
    sha256(*device, key);
    return ct_equal(key, row->device_key, sizeof key);
}

/* What is to be done with the token as the store stands; changes nothing. */
static err_t judge(struct service *svc, struct store_tx *tx, const refresh_ask_t *ask,
                   struct session_row *row, enum refresh_outcome *outcome)
{
    const struct refresh_mark mark = mark_of(svc, ask->token);
    struct refresh_row family = {0};
    enum refresh_answer answer = REFRESH_UNKNOWN;
    bool found = false;
    *outcome = REFRESH_REFUSED;
    TRY(store_refresh_ask(tx, &mark, clock_wall(svc->clock), &answer, &family));
    if (answer == REFRESH_UNKNOWN || answer == REFRESH_EXPIRED) {
        return ERR_OK;
    }
    TRY(store_session_get(tx, family.session, row, &found));
    if (!found || row->end != END_NONE) {
        return ERR_OK;
    }
    if (answer == REFRESH_REUSED) {
        *outcome = REFRESH_STOLEN;
        return ERR_OK;
    }
    if (!is_in_its_last_second(svc, row) && is_its_device(row, ask->device)) {
        *outcome = REFRESH_DONE;
    }
    return ERR_OK;
}

err_t account_refresh_look(struct service *svc, const refresh_ask_t *ask, struct session_row *row,
                           enum refresh_outcome *outcome)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    return judge(svc, &tx, ask, row, outcome);
}

err_t account_refresh(struct service *svc, const refresh_ask_t *ask, struct session_row *row,
                      credentials_t *out, enum refresh_outcome *outcome, uint32_t *wait_s)
{
    if (*outcome == REFRESH_DONE && !quota_take(svc->quota, QUOTA_REFRESH, uuid_hash(row->id),
                                                svc->rules.refresh_per_session, wait_s)) {
        *outcome = REFRESH_TOO_OFTEN;
        return ERR_OK;
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(judge(svc, &tx, ask, row, outcome)); /* another may have used it meanwhile */
    switch (*outcome) {
    case REFRESH_STOLEN: TRY(revoke(svc, &tx, row)); break;
    case REFRESH_DONE:
        TRY(turn_refresh(svc, &tx, row->id, ask->token, out->refresh_token));
        TRY(session_sign(svc, row, out->session_token));
        break;
    case REFRESH_REFUSED:
    case REFRESH_TOO_OFTEN: return ERR_OK;
    }
    return store_commit(&tx);
}

/* ---- ending ---- */

err_t session_end_stored(struct service *svc, uuid_t session, enum session_end how, bool *ended_now,
                         enum session_end *before)
{
    struct session_row row = {0};
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_session_get(&tx, session, &row, &found));
    if (!found || row.end != END_NONE) {
        *ended_now = false;
        *before = found ? row.end : END_EXPIRED;
        return ERR_OK;
    }
    TRY(ledger_mark_waiting(svc, &tx, row.account));
    TRY(store_session_end(&tx, session, how, clock_wall(svc->clock), ended_now));
    TRY(store_refresh_revoke(&tx, session));
    if (how == END_BLOCKED) {
        TRY(account_mark_blocked(&tx, row.account));
    }
    char detail[32] = "{\"how\":0}";
    detail[7] = (char)('0' + (int)how);
    const audit_entry_t entry = {.kind = how == END_BLOCKED ? "session.blocked" : "session.ended",
                                 .account = row.account,
                                 .session = session,
                                 .detail = detail};
    TRY(audit_append(svc->audit, &tx, &entry));
    TRY(store_commit(&tx));
    *before = END_NONE;
    return ERR_OK;
}
