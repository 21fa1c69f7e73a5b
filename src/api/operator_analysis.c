/* What the batch path found out about a live session, brought in by the operator's tools. */
#include "api/body.h"
#include "api/routes.h"
#include "codec/json_read.h"
#include "domain/sessions/behaviour.h"

struct analysis_work {
    uuid_t session;
    double predicted;
    canara_verdict_t verdict;
};

static enum call_place analysis_answer(struct call *c, struct shard *s)
{
    (void)s;
    const struct analysis_work *const work = c->scratch;
    return operator_answer_verdict(c, "Result taken", work->session, &work->verdict);
}

static enum call_place analysis_apply(struct call *c, struct shard *s)
{
    struct analysis_work *const work = c->scratch;
    enum call_place refused = PLACE_DONE;
    struct live *const live = operator_target(c, s, &refused);
    if (live == NULL) {
        return refused;
    }
    work->verdict = take_predicted_risk(s, live, work->predicted);
    behaviour_doubt(live, &work->verdict);
    return when_durable(c, live, analysis_answer);
}

static void read_analysis(const struct call *c, struct faults *f, struct analysis_work *work)
{
    (void)body_uuid(c, f, "session_id", true, &work->session);
    const struct json *const score = json_get(c->json, "predicted_risk_score");
    const enum json_kind kind = json_kind(score);
    if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL) {
        fault_add(f, "predicted_risk_score", "field required");
    } else if (!json_as_double(score, &work->predicted)) {
        fault_add(f, "predicted_risk_score", "must be a number");
    } else if (!(work->predicted >= 0.0 && work->predicted <= 1.0)) {
        fault_add(f, "predicted_risk_score", "must be between 0 and 1");
    }
}

/* The audit is written before the act: an act that cannot be written down does not happen. */
static err_t write_analysis_down(struct call *c, const struct analysis_work *work)
{
    char detail[64];
    struct json_writer w;
    json_writer_init_fixed(&w, detail, sizeof detail);
    json_begin_object(&w);
    json_name(&w, "predicted_risk_score");
    json_number(&w, work->predicted);
    json_end_object(&w);
    return operator_write_down(c, "operator.analysis", (uuid_t){{0}}, work->session, &w);
}

enum call_place ctl_analysis_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    bool open = false;
    struct analysis_work *const work = call_keep(c, sizeof *work);
    read_analysis(c, &f, work);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    err_t e = operator_session_is_open(c, work->session, &open);
    if (!failed(e) && !open) {
        return problem(c, PROBLEM_SESSION_NOT_FOUND);
    }
    e = failed(e) ? e : write_analysis_down(c, work);
    if (failed(e)) {
        return problem_world(c, e);
    }
    c->scratch = work;
    c->target = work->session;
    return call_go(c, PLACE_OWNER, analysis_apply);
}
