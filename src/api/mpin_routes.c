#include "api/body.h"
#include "api/routes.h"
#include "domain/accounts/mpin.h"
#include "domain/accounts/secret_change.h"
#include "domain/sessions/behaviour.h"

#include <string.h>

/* verify-mpin, mpin-challenge and change-mpin: one comparison, three endings. A change asks the session
 * again after it (owner) before it writes (cold). */
struct mpin_work {
    span_t mpin, new_mpin;
    bool challenge, change;
    bool typed; /* how it was may have come along, and was checked */
    mpin_result_t result;
    change_order_t order;
    change_t changed;
};

static enum call_place compare_stage(struct call *c, struct shard *s);
static enum call_place change_confirm_stage(struct call *c, struct shard *s);
static enum call_place change_write_stage(struct call *c, struct shard *s);
static enum call_place apply_stage(struct call *c, struct shard *s);

/* The caller's session, open; a blocked one answers 403 here, an ended one 401. */
static struct live *mpin_session(struct call *c, struct shard *s)
{
    struct live *live = shard_find(s, c->who.session);
    if (live == NULL) {
        (void)call_go(c, PLACE_COLD, ended_stage);
        return NULL;
    }
    if (live->blocked) {
        (void)problem(c, PROBLEM_SESSION_BLOCKED);
        return NULL;
    }
    return live;
}

static bool throttled(struct call *c)
{
    uint32_t wait_s = 0;
    if (quota_address_allows(c->service->quota, QUOTA_MPIN_ADDRESS, c->address_narrow,
                             c->address_wide, c->service->rules.mpin_per_address, &wait_s)) {
        return false;
    }
    counter_add_shared(&c->api->metrics.mpin_refused, 1);
    (void)problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
    return true;
}

static enum call_place compare(struct call *c, struct mpin_work *work)
{
    c->scratch = work;
    c->alone = true; /* mpin_check() would only wait for the other, and keep a worker waiting */
    return call_go(c, PLACE_HASH, compare_stage);
}

enum call_place verify_mpin_begin(struct call *c, struct shard *s)
{
    struct faults f = {0};
    struct mpin_work *work = call_keep(c, sizeof *work);
    work->typed = true;
    (void)body_mpin(c, &f, "mpin", &work->mpin);
    body_keystrokes(c, &f);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!body_mpin_form(c, work->mpin) || throttled(c)) {
        return PLACE_DONE;
    }
    if (mpin_session(c, s) == NULL) {
        return c->status == 0 ? PLACE_COLD : PLACE_DONE;
    }
    return compare(c, work);
}

enum call_place mpin_challenge_begin(struct call *c, struct shard *s)
{
    struct faults f = {0};
    uuid_t named = {{0}};
    struct mpin_work *work = call_keep(c, sizeof *work);
    work->challenge = true;
    (void)body_uuid(c, &f, "session_id", true, &named);
    (void)body_mpin(c, &f, "mpin", &work->mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!body_mpin_form(c, work->mpin) || throttled(c)) {
        return PLACE_DONE;
    }
    if (!uuid_eq(named, c->who.session)) {
        return problem(c, PROBLEM_SESSION_MISMATCH);
    }
    if (mpin_session(c, s) == NULL) {
        return c->status == 0 ? PLACE_COLD : PLACE_DONE;
    }
    return compare(c, work);
}

enum call_place change_mpin_begin(struct call *c, struct shard *s)
{
    struct faults f = {0};
    struct mpin_work *work = call_keep(c, sizeof *work);
    work->change = true;
    (void)body_mpin(c, &f, "mpin", &work->mpin);
    (void)body_mpin(c, &f, "new_mpin", &work->new_mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!body_mpin_form(c, work->mpin) || !body_mpin_form(c, work->new_mpin)) {
        return PLACE_DONE;
    }
    body_mpin_strength(c, &f, "new_mpin", work->new_mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (throttled(c)) {
        return PLACE_DONE;
    }
    struct live *live = mpin_session(c, s);
    if (live == NULL) {
        return c->status == 0 ? PLACE_COLD : PLACE_DONE;
    }
    if (behaviour_mpin_required(s, live)) {
        return problem(c, PROBLEM_MPIN_REQUIRED);
    }
    return compare(c, work);
}

/* ---- in a worker ---- */

static void tell_failures(struct call *c, const mpin_result_t *r)
{
    tell_all(c, r->session, r->sessions, TELL_MPIN_FAILURES, END_NONE, (double)r->failures);
}

static void count_result(struct call *c, const mpin_result_t *r)
{
    struct api_metrics *m = &c->api->metrics;
    switch (r->answer) {
    case MPIN_RIGHT: counter_add_shared(&m->mpin_verified, 1); return;
    case MPIN_LOCKED_NOW:
        counter_add_shared(&m->locks, 1);
        counter_add_shared(&m->mpin_failed, 1);
        return;
    case MPIN_WRONG: counter_add_shared(&m->mpin_failed, 1); return;
    case MPIN_LOCKED:
    case MPIN_NO_ACCOUNT: counter_add_shared(&m->mpin_refused, 1); return;
    }
}

static enum call_place compare_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct mpin_work *work = c->scratch;
    mpin_result_t *r = &work->result;
    err_t e = mpin_check(c->service, c->who.account, c->who.session, work->mpin, r);
    const bool change = !failed(e) && r->answer == MPIN_RIGHT && work->change;
    if (change) {
        work->order = (change_order_t){.account = c->who.account, .session = c->who.session};
        e = mpin_change_order(c->service, r, work->new_mpin, &work->order);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    count_result(c, r);
    if (r->answer == MPIN_WRONG || r->answer == MPIN_LOCKED_NOW) {
        quota_address_charge(c->service->quota, QUOTA_MPIN_ADDRESS, c->address_narrow,
                             c->address_wide, c->service->rules.mpin_per_address);
    }
    if (r->answer == MPIN_LOCKED_NOW) {
        tell_all(c, r->session, r->sessions, TELL_BLOCK, END_MPIN_LOCKED, 0.0);
    }
    if (r->answer != MPIN_LOCKED && r->answer != MPIN_NO_ACCOUNT) {
        tell_failures(c, r);
    }
    return call_go(c, PLACE_OWNER, change ? change_confirm_stage : apply_stage);
}

/* ---- a change, after its MPIN was found right ---- */

/* The call has waited for its turn to hash: the session may be no more. */
static enum call_place change_confirm_stage(struct call *c, struct shard *s)
{
    if (mpin_session(c, s) == NULL) {
        return c->status == 0 ? PLACE_COLD : PLACE_DONE;
    }
    return call_go(c, PLACE_COLD, change_write_stage);
}

static enum call_place change_write_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct mpin_work *work = c->scratch;
    const err_t e = secret_change(c->service, &work->order, &work->changed);
    if (failed(e)) {
        return problem_world(c, e);
    }
    switch (work->changed.answer) {
    case CHANGED: break;
    case CHANGE_ENDED:
        return problem(c, end_is_block(work->changed.how) ? PROBLEM_SESSION_BLOCKED
                                                          : PROBLEM_UNAUTHORIZED);
    case CHANGE_OVERTAKEN: /* right no longer, and its success has set the row of tries back */
        return problem_detail(c, PROBLEM_INVALID_MPIN, "Invalid MPIN. %u attempts remaining",
                              (unsigned)c->service->rules.mpin_attempts);
    }
    tell_all(c, work->changed.ended_session, work->changed.ended, TELL_END, END_REVOKED, 0.0);
    return call_go(c, PLACE_OWNER, apply_stage);
}

/* ---- in the owner's loop again ---- */

static enum call_place answer_failure(struct call *c, const mpin_result_t *r)
{
    switch (r->answer) {
    case MPIN_WRONG:
        return problem_detail(c, PROBLEM_INVALID_MPIN, "Invalid MPIN. %u attempts remaining",
                              (unsigned)r->attempts_left);
    case MPIN_NO_ACCOUNT: return problem(c, PROBLEM_UNAUTHORIZED);
    case MPIN_LOCKED_NOW:
    case MPIN_LOCKED: break;
    case MPIN_RIGHT: bug(__FILE__, __LINE__, "a right MPIN is no failure");
    }
    return problem_later(c, PROBLEM_ACCOUNT_LOCKED, r->retry_after_s);
}

static enum call_place answer_verified(struct call *c, struct shard *s, struct live *live)
{
    const struct mpin_work *work = c->scratch;
    enum canara_level level = CANARA_LEVEL_NORMAL;
    const double risk = behaviour_shown_risk(s, live, &level);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, work->change ? "MPIN changed successfully" : "MPIN verified successfully");
    if (!work->change) {
        json_name(&w, "session_id");
        json_uuid(&w, live->id);
        json_name(&w, "status");
        json_cstr(&w, "verified");
        json_name(&w, "risk_score");
        json_fixed(&w, risk, 2);
        json_name(&w, "risk_level");
        json_cstr(&w, canara_level_name(level));
    }
    if (work->challenge) {
        json_name(&w, "risk_score_updated");
        json_bool(&w, true);
        json_name(&w, "new_risk_score");
        json_fixed(&w, risk, 2);
    }
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

static void apply_passed(struct shard *s, struct live *live)
{
    const bool asked = behaviour_mpin_required(s, live);
    live->mpin_failures = 0;
    live->restricted = false;
    (void)behaviour_fact(s, live, asked ? "mpin_challenge_passed" : "mpin_verified", SPAN_LIT("{}"),
                         CANARA_FACT_MPIN_PASSED, 0.0);
    live_touch(s, live);
    behaviour_show(s, live);
}

static enum call_place apply_stage(struct call *c, struct shard *s)
{
    struct mpin_work *work = c->scratch;
    const mpin_result_t *r = &work->result;
    struct live *live = shard_find(s, c->who.session);
    if (r->answer != MPIN_RIGHT) {
        if (live != NULL && !live->blocked && r->answer == MPIN_WRONG) {
            live->mpin_failures = r->failures;
            live_touch(s, live);
            (void)behaviour_fact(s, live, "mpin_failed", SPAN_LIT("{}"), CANARA_FACT_MPIN_FAILED,
                                 0.0);
        } else if (live != NULL && !live->blocked && r->answer == MPIN_LOCKED_NOW) {
            live->mpin_failures = r->failures;
            behaviour_line(s, live, "mpin_failed", SPAN_LIT("{}"));
            behaviour_block(s, live, END_MPIN_LOCKED, true);
        }
        return answer_failure(c, r);
    }
    if (live == NULL) {
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    if (!live->blocked) {
        live->proved = true; /* the account owes nothing for how its MPIN was typed */
        if (work->typed) {
            take_keystrokes(c, s, live, "mpin");
        }
    }
    call_forget_body(c); /* its MPIN lies there, too */
    if (live->blocked) {
        return problem(c, PROBLEM_SESSION_BLOCKED);
    }
    apply_passed(s, live);
    (void)answer_verified(c, s, live);
    return when_durable(c, live, answered_stage);
}
