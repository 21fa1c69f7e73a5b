#include "api/api.h"
#include "api/body.h"
#include "api/routes.h"
#include "base/limits.h"
#include "codec/json_read.h"
#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/accounts/secret_change.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/behaviour.h"

#include <string.h>

enum { DEVICE_MIN_BYTES = 1, CLOCK_RETRY_S = 60 };

static throttle_t of_address(const struct call *c, enum quota_kind kind)
{
    const rules_t *rules = &c->service->rules;
    return kind == QUOTA_REGISTER_ADDRESS ? rules->register_per_address : rules->login_per_address;
}

/* ---- register: look (cold), make (hash) ---- */

struct register_work {
    email_t email;
    span_t password, mpin;
};

static enum call_place register_make_stage(struct call *c, struct shard *s)
{
    (void)s;
    const struct register_work *work = c->scratch;
    enum register_answer answer = REGISTER_EMAIL_TAKEN;
    const err_t e = account_register(c->service, work->email.text, work->email.key, work->password,
                                     work->mpin, &answer);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (answer == REGISTER_EMAIL_TAKEN) {
        return problem(c, PROBLEM_EMAIL_TAKEN);
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "User registered successfully");
    json_name(&w, "email");
    json_cstr(&w, work->email.text);
    json_name(&w, "next_step");
    json_cstr(&w, "login");
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

/* Every try counts, whatever its shape. False: it is one too many, and answered. */
static bool register_allowed(struct call *c)
{
    uint32_t wait_s = 0;
    const throttle_t limit = of_address(c, QUOTA_REGISTER_ADDRESS);
    if (!quota_address_allows(c->service->quota, QUOTA_REGISTER_ADDRESS, c->address_narrow,
                              c->address_wide, limit, &wait_s)) {
        (void)problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
        return false;
    }
    quota_address_charge(c->service->quota, QUOTA_REGISTER_ADDRESS, c->address_narrow,
                         c->address_wide, limit);
    return true;
}

enum call_place register_begin(struct call *c, struct shard *s)
{
    (void)s;
    if (!register_allowed(c)) {
        return PLACE_DONE;
    }
    struct faults f = {0};
    struct register_work *work = call_keep(c, sizeof *work);
    (void)body_email(c, &f, "email", &work->email);
    (void)body_new_password(c, &f, "password", &work->email, &work->password);
    (void)body_mpin(c, &f, "mpin", &work->mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!body_mpin_form(c, work->mpin)) {
        return PLACE_DONE;
    }
    body_mpin_strength(c, &f, "mpin", work->mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    c->scratch = work;
    return call_go(c, PLACE_HASH, register_make_stage);
}

/* ---- login: look (cold), prove (hash), open (owner) ---- */

struct login_work {
    login_t login;
    session_seed_t seed;
    credentials_t credentials;
    span_t password;
};

static enum call_place login_prove_stage(struct call *c, struct shard *s);
static enum call_place login_open_stage(struct call *c, struct shard *s);

enum call_place login_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    email_t email = {0};
    span_t device = {0};
    struct login_work *work = call_keep(c, sizeof *work);
    (void)body_email(c, &f, "email", &email);
    (void)body_text(c, &f, "password", 1, LIMIT_PASSWORD_BYTES, &work->password);
    (void)body_text(c, &f, "device_id", DEVICE_MIN_BYTES, LIMIT_DEVICE_ID_BYTES, &device);
    body_keystrokes(c, &f);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }

    if (!clock_guard_ok(c->service)) { /* a token made now would outlive its time */
        return problem_later(c, PROBLEM_UNAVAILABLE, CLOCK_RETRY_S);
    }
    memcpy(work->login.email_key, email.key, strlen(email.key) + 1);
    memcpy(work->login.device_id, device.ptr, device.len);
    work->login.address_narrow = c->address_narrow;
    work->login.address_wide = c->address_wide;
    const err_t e = login_look(c->service, &work->login);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (work->login.wait_s > 0) {
        counter_add_shared(&c->api->metrics.logins_throttled, 1);
        return problem_later(c, PROBLEM_TOO_MANY_REQUESTS, work->login.wait_s);
    }
    c->scratch = work;
    return call_go(c, PLACE_HASH, login_prove_stage);
}

static enum call_place login_prove_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct login_work *work = c->scratch;
    bool right = false;
    err_t e = login_prove(c->service, &work->login, work->password, &right);
    if (!failed(e) && work->login.wait_s > 0) {
        counter_add_shared(&c->api->metrics.logins_throttled, 1);
        return problem_later(c, PROBLEM_TOO_MANY_REQUESTS, work->login.wait_s);
    }
    if (!failed(e) && !right) {
        counter_add_shared(&c->api->metrics.logins_failed, 1);
        return problem(c, PROBLEM_INVALID_CREDENTIALS);
    }
    if (!failed(e)) {
        e = login_open(c->service, &work->login, &work->seed, &work->credentials);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (work->seed.overtaken) {
        return problem(c, PROBLEM_INVALID_CREDENTIALS);
    }
    tell_all(c, work->seed.ended_session, work->seed.ended, TELL_END, END_REPLACED, 0.0);
    c->target = work->seed.row.id;
    return call_go(c, PLACE_OWNER, login_open_stage);
}

static void write_credentials(struct call *c, struct shard *s, struct live *live,
                              const credentials_t *credentials, struct json_writer *w)
{
    enum canara_level level = CANARA_LEVEL_NORMAL;
    (void)behaviour_shown_risk(s, live, &level);
    json_begin_object(w);
    json_name(w, "session_token");
    json_cstr(w, credentials->session_token);
    json_name(w, "token_type");
    json_cstr(w, "bearer");
    json_name(w, "expires_in");
    json_int(w, live_seconds_left(s, live));
    json_name(w, "session_id");
    json_uuid(w, live->id);
    json_name(w, "refresh_token");
    json_cstr(w, credentials->refresh_token);
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name(level));
    json_name(w, "mpin_required");
    json_bool(w, behaviour_mpin_required(s, live));
    json_end_object(w);
    (void)c;
}

/* A lock, a revocation or a further login may have ended the session in the store between its row
 * and its place in the loop, where their news found nothing to end. */
static enum call_place login_void_stage(struct call *c, struct shard *s)
{
    const struct session_row *row = c->scratch;
    struct live *live = shard_find_held(s, row->id);
    if (live != NULL) {
        shard_end(s, live, row->end, true);
    }
    return problem_later(c, PROBLEM_OVERLOADED, 1);
}

static enum call_place login_confirm_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct session_row *row = call_keep(c, sizeof *row);
    bool found = false;
    struct store_tx tx = {0};
    err_t e = store_begin(c->service->store, STORE_READ, &tx);
    if (!failed(e)) {
        e = store_session_get(&tx, c->target, row, &found);
    }
    store_rollback(&tx);
    if (failed(e)) {
        return problem_world(c, e); /* nobody holds its token: it ends by itself */
    }
    if (found && row->end == END_NONE) {
        return PLACE_DONE;
    }
    row->id = c->target;
    c->scratch = row;
    return call_go(c, PLACE_OWNER, login_void_stage);
}

static enum call_place login_opened_stage(struct call *c, struct shard *s)
{
    (void)s;
    return call_go(c, PLACE_COLD, login_confirm_stage);
}

static enum call_place login_open_stage(struct call *c, struct shard *s)
{
    struct login_work *work = c->scratch;
    struct live *live = NULL;
    const err_t e = shard_open(s, &work->seed, &live);
    if (failed(e)) {
        return problem_later(c, PROBLEM_OVERLOADED, 5);
    }
    take_keystrokes(c, s, live, "password");
    call_forget_body(c); /* its password lies there, too */
    if (live->blocked) { /* how the password was typed can be enough */
        return problem(c, PROBLEM_SESSION_BLOCKED);
    }
    counter_add_shared(&c->api->metrics.logins_accepted, 1);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    write_credentials(c, s, live, &work->credentials, &w);
    (void)answer_json(c, 200, &w);
    return when_durable(c, live, login_opened_stage);
}

/* ---- refresh: look (cold), ask the session (owner), spend (cold), answer (owner) ---- */

struct refresh_work {
    refresh_ask_t ask;
    struct session_row row;
    enum refresh_outcome outcome; /* of the look */
    credentials_t credentials;
};

/* The session of the token, as long as it may be refreshed. NULL: it may not, and the answer says why. */
static struct live *refresh_session(struct call *c, struct shard *s)
{
    struct live *live = shard_find(s, c->target);
    if (live == NULL || live->blocked) {
        (void)problem(c, PROBLEM_INVALID_REFRESH_TOKEN);
        return NULL;
    }
    return live;
}

static enum call_place refresh_answer_stage(struct call *c, struct shard *s)
{
    struct refresh_work *work = c->scratch;
    struct live *live = refresh_session(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    write_credentials(c, s, live, &work->credentials, &w);
    return answer_json(c, 200, &w);
}

static enum call_place refresh_spend_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct refresh_work *work = c->scratch;
    enum refresh_outcome outcome = work->outcome;
    uint32_t wait_s = 0;
    const err_t e =
        account_refresh(c->service, &work->ask, &work->row, &work->credentials, &outcome, &wait_s);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (outcome == REFRESH_TOO_OFTEN) {
        return problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
    }
    if (outcome == REFRESH_STOLEN) {
        tell_all(c, &work->row.id, 1, TELL_END, END_REFRESH_REUSED, 0.0);
    }
    if (outcome != REFRESH_DONE) {
        return problem(c, PROBLEM_INVALID_REFRESH_TOKEN);
    }
    return call_go(c, PLACE_OWNER, refresh_answer_stage);
}

/* Before the token is spent: whoever is refused here, or told to come back, comes back with it, and must
 * not be taken for a thief. */
static enum call_place refresh_ask_stage(struct call *c, struct shard *s)
{
    return refresh_session(c, s) == NULL ? PLACE_DONE : call_go(c, PLACE_COLD, refresh_spend_stage);
}

enum call_place refresh_begin(struct call *c, struct shard *s)
{
    struct faults f = {0};
    span_t token = {0};
    if (!body_text(c, &f, "refresh_token", 1, 256, &token)) {
        return problem_faults(c, &f);
    }
    if (!clock_guard_ok(c->service)) { /* as at a login */
        return problem_later(c, PROBLEM_UNAVAILABLE, CLOCK_RETRY_S);
    }
    struct refresh_work *work = call_keep(c, sizeof *work);
    work->ask = (refresh_ask_t){.token = token, .device = c->device_sent ? &c->device : NULL};
    const err_t e = account_refresh_look(c->service, &work->ask, &work->row, &work->outcome);
    if (failed(e)) {
        return problem_world(c, e);
    }
    c->bearer_sent = true; /* a bad refresh token is an invalid token, RFC 6750 */
    c->scratch = work;
    c->target = work->row.id;
    switch (work->outcome) {
    case REFRESH_DONE: return call_go(c, PLACE_OWNER, refresh_ask_stage);
    case REFRESH_STOLEN: return refresh_spend_stage(c, s); /* nothing can keep its end off */
    case REFRESH_REFUSED:
    case REFRESH_TOO_OFTEN: break;
    }
    return problem(c, PROBLEM_INVALID_REFRESH_TOKEN);
}

/* ---- change password: prove and hash (hash), ask the session again (owner), write (cold) ---- */

struct change_work {
    span_t password, new_password;
    change_order_t order;
    change_t change;
};

static enum call_place change_prove_stage(struct call *c, struct shard *s);
static enum call_place change_confirm_stage(struct call *c, struct shard *s);
static enum call_place change_write_stage(struct call *c, struct shard *s);

/* Whoever holds a session may guess the password no faster than a stranger at the login, from however
 * many addresses. A key of its own: such a thief does not slow the owner's logins. */
static bool change_throttled(struct call *c)
{
    uint32_t wait_s = 0;
    const rules_t *rules = &c->service->rules;
    if (quota_address_allows(c->service->quota, QUOTA_LOGIN_ADDRESS, c->address_narrow,
                             c->address_wide, rules->login_per_address, &wait_s) &&
        quota_allows(c->service->quota, QUOTA_LOGIN_ACCOUNT, uuid_hash(c->who.account),
                     rules->login_per_account, &wait_s)) {
        return false;
    }
    (void)problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
    return true;
}

/* The same, and a try begins: others may have failed since it was asked for, or be about to. */
static bool change_begins(struct call *c)
{
    uint32_t wait_s = 0;
    if (change_throttled(c)) {
        return false;
    }
    if (quota_begin(c->service->quota, QUOTA_LOGIN_ACCOUNT, uuid_hash(c->who.account),
                    c->service->rules.login_per_account, &wait_s)) {
        return true;
    }
    (void)problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
    return false;
}

static void change_ends(struct call *c, bool was_wrong)
{
    const rules_t *rules = &c->service->rules;
    quota_end(c->service->quota, QUOTA_LOGIN_ACCOUNT, uuid_hash(c->who.account),
              rules->login_per_account, was_wrong);
    if (was_wrong) {
        quota_address_charge(c->service->quota, QUOTA_LOGIN_ADDRESS, c->address_narrow,
                             c->address_wide, rules->login_per_address);
    }
}

/* Whoever guesses at a session's password is in the audit, as who guesses at a login is. */
static enum call_place change_refused(struct call *c)
{
    const audit_entry_t entry = {.kind = "password.failed",
                                 .account = c->who.account,
                                 .session = c->who.session,
                                 .detail = "{}"};
    const err_t e = audit_record(c->service->audit, c->service->store, &entry);
    return failed(e) ? problem_world(c, e) : problem(c, PROBLEM_INVALID_CREDENTIALS);
}

/* The session, as long as it may change secrets. NULL: it may not, and the answer says why. */
static struct live *change_session(struct call *c, struct shard *s)
{
    struct live *live = call_live(c, s);
    if (live != NULL && behaviour_mpin_required(s, live)) {
        (void)problem(c, PROBLEM_MPIN_REQUIRED);
        return NULL;
    }
    return live;
}

enum call_place change_password_begin(struct call *c, struct shard *s)
{
    struct live *live = call_live(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    struct faults f = {0};
    email_t email = {0};
    const err_t e =
        email_parse((span_t){(const uint8_t *)live->email, strlen(live->email)}, &email, NULL);
    if (failed(e)) {
        return problem_world(c, e);
    }
    struct change_work *work = call_keep(c, sizeof *work);
    (void)body_text(c, &f, "password", 1, LIMIT_PASSWORD_BYTES, &work->password);
    (void)body_new_password(c, &f, "new_password", &email, &work->new_password);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (change_throttled(c) || change_session(c, s) == NULL) {
        return PLACE_DONE;
    }
    c->scratch = work;
    return call_go(c, PLACE_HASH, change_prove_stage);
}

static enum call_place change_prove_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct change_work *work = c->scratch;
    bool right = false;
    mpin_standing_t standing = {0};
    err_t e = mpin_standing(c->service, c->who.account, &standing);
    if (!failed(e) && standing.locked) {
        return problem_later(c, PROBLEM_ACCOUNT_LOCKED, standing.retry_after_s);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (!change_begins(c)) {
        return PLACE_DONE;
    }
    work->order = (change_order_t){.account = c->who.account, .session = c->who.session};
    e = password_change_order(c->service, work->password, work->new_password, &work->order, &right);
    change_ends(c, !failed(e) && !right);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (!right) {
        return change_refused(c);
    }
    return call_go(c, PLACE_OWNER, change_confirm_stage);
}

/* The call has waited for its turn to hash: what was so when it came may not be so any more. */
static enum call_place change_confirm_stage(struct call *c, struct shard *s)
{
    return change_session(c, s) == NULL ? PLACE_DONE : call_go(c, PLACE_COLD, change_write_stage);
}

static enum call_place change_write_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct change_work *work = c->scratch;
    const err_t e = secret_change(c->service, &work->order, &work->change);
    if (failed(e)) {
        return problem_world(c, e);
    }
    switch (work->change.answer) {
    case CHANGED: break;
    case CHANGE_ENDED: return problem(c, PROBLEM_UNAUTHORIZED);
    case CHANGE_OVERTAKEN: return problem(c, PROBLEM_INVALID_CREDENTIALS); /* right no longer */
    }
    tell_all(c, work->change.ended_session, work->change.ended, TELL_END, END_REVOKED, 0.0);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "Password changed successfully");
    json_end_object(&w);
    return answer_json(c, 200, &w);
}
