/* A fact about a live session: what the bank's own fraud system knows. */
#include "api/body.h"
#include "api/routes.h"
#include "codec/json_read.h"
#include "domain/sessions/behaviour.h"

enum {
    SOURCE_BYTES_MAX = 64,  /* of a fact */
    DETAIL_BYTES_MAX = 256, /* of what is written down of it */
    NATS_MAX = 10
};

struct fact_work {
    uuid_t session;
    double nats;
    char data[DETAIL_BYTES_MAX];
    size_t data_len;
    canara_verdict_t verdict;
};

static enum call_place fact_answer(struct call *c, struct shard *s)
{
    (void)s;
    const struct fact_work *const work = c->scratch;
    return operator_answer_verdict(c, "Fact taken", work->session, &work->verdict);
}

static enum call_place fact_apply(struct call *c, struct shard *s)
{
    struct fact_work *const work = c->scratch;
    enum call_place refused = PLACE_DONE;
    struct live *const live = operator_target(c, s, &refused);
    if (live == NULL) {
        return refused;
    }
    const enum behaviour_answer room = behaviour_fact_room(s);
    if (room != BEHAVIOUR_TAKEN) {
        return problem_not_taken(c, room);
    }
    work->verdict = behaviour_fact(s, live, "external_fact",
                                   (span_t){(const uint8_t *)work->data, work->data_len},
                                   CANARA_FACT_EXTERNAL, work->nats);
    return when_durable(c, live, fact_answer);
}

static bool is_source(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
              b == '-' || b == '_' || b == '.' || b == ':')) {
            return false;
        }
    }
    return true;
}

static void read_fact(const struct call *c, struct faults *f, struct fact_work *work,
                      span_t *source)
{
    (void)body_uuid(c, f, "session_id", true, &work->session);
    const struct json *const nats = json_get(c->json, "nats");
    if (!body_is_given(c, "nats")) {
        fault_add(f, "nats", "field required");
    } else if (!json_as_double(nats, &work->nats)) {
        fault_add(f, "nats", "must be a number");
    } else if (!(work->nats >= -NATS_MAX && work->nats <= NATS_MAX)) {
        fault_add(f, "nats", "must be between -%d and %d", NATS_MAX, NATS_MAX);
    }
    *source = (span_t){0};
    if (body_text_optional(c, f, "source", 1, SOURCE_BYTES_MAX, source) && !is_source(*source)) {
        fault_add(f, "source", "must be letters, digits and - _ . : only");
    }
    if (source->len == 0) {
        *source = SPAN_LIT("operator");
    }
}

enum call_place ctl_fact_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    span_t source = {0};
    bool open = false;
    struct fact_work *const work = call_keep(c, sizeof *work);
    read_fact(c, &f, work, &source);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (!journal_takes_events(c->service->journal)) { /* before it is written down as done */
        return problem_not_taken(c, BEHAVIOUR_NO_SPACE);
    }
    err_t e = operator_session_is_open(c, work->session, &open);
    if (!failed(e) && !open) {
        return problem(c, PROBLEM_SESSION_NOT_FOUND);
    }
    struct json_writer w;
    json_writer_init_fixed(&w, work->data, sizeof work->data);
    json_begin_object(&w);
    json_name(&w, "nats");
    json_number(&w, work->nats);
    json_name(&w, "source");
    json_text(&w, source);
    json_end_object(&w);
    work->data_len = json_written(&w).len;
    if (!failed(e)) {
        e = operator_write_down(c, "operator.fact", (uuid_t){{0}}, work->session, &w);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    c->scratch = work;
    c->target = work->session;
    return call_go(c, PLACE_OWNER, fact_apply);
}
