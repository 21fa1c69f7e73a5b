/* operator_mpin.c - a new MPIN for a customer who has forgotten hers, set by an operator. */
#include "api/body.h"
#include "api/routes.h"
#include "domain/accounts/secret_change.h"

/* Find and write down (cold), hash and write (hash). */
struct reset_work {
    uuid_t account;
    span_t mpin;
    mpin_reset_t reset;
};

static enum call_place reset_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct reset_work *const work = c->scratch;
    const err_t e = mpin_reset(c->service, work->account, work->mpin, &work->reset);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (!work->reset.known) { /* gone since it was found */
        return problem_detail(c, PROBLEM_NOT_FOUND, "Account not found");
    }
    tell_all(c, work->reset.ended_session, work->reset.ended, TELL_BLOCK, END_OPERATOR, 0.0);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "MPIN reset");
    json_name(&w, "ended");
    json_uint(&w, work->reset.ended);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

/* Refused in the words of a registration. */
static bool take_mpin(struct call *c, struct faults *f, span_t *mpin)
{
    if (!body_mpin_form(c, *mpin)) {
        return false;
    }
    body_mpin_strength(c, f, "mpin", *mpin);
    if (f->count > 0) {
        (void)problem_faults(c, f);
        return false;
    }
    return true;
}

enum call_place ctl_mpin_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    email_t email = {0};
    bool found = false;
    struct reset_work *const work = call_keep(c, sizeof *work);
    (void)body_email(c, &f, "email", &email);
    (void)body_mpin(c, &f, "mpin", &work->mpin);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!take_mpin(c, &f, &work->mpin)) {
        return PLACE_DONE;
    }
    err_t e = operator_find_account(c, &email, &work->account, &found);
    if (!failed(e) && !found) {
        return problem_detail(c, PROBLEM_NOT_FOUND, "Account not found");
    }
    if (!failed(e)) {
        e = operator_write_down(c, "operator.reset_mpin", work->account, (uuid_t){{0}}, NULL);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    c->scratch = work;
    return call_go(c, PLACE_HASH, reset_stage);
}
