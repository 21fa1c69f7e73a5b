#include "api/body.h"
#include "api/routes.h"
#include "base/rng.h"
#include "codec/decimal.h"
#include "codec/json_read.h"
#include "domain/accounts/mpin.h"
#include "domain/ground/decision.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/rest.h"

#include <stdio.h>
#include <string.h>

enum { BLIND_RETRY_S = 5 };

static const char *const decision_names[] = {"allow", "challenge", "deny"};

struct evaluate_work {
    struct decision_row row;    /* of this decision */
    struct decision_row before; /* the one that is asked again */
    bool again, known, exempt;
    bool enforce, beneficiary_new, has_amount;
    bool remote_control, rooted, emulator, vpn;
    double amount;
    mpin_standing_t standing;
    const struct canara_profile *profile; /* of the session, in decide_stage() only */
    canara_session_t engine;              /* a copy: context counts for this decision only */
    canara_verdict_t verdict;
    double shown; /* of its risk, what the bearer may see */
    wall_t at;
};

static enum call_place look_stage(struct call *c, struct shard *s);
static enum call_place decide_stage(struct call *c, struct shard *s);
static enum call_place journalled_stage(struct call *c, struct shard *s);
static enum call_place keep_stage(struct call *c, struct shard *s);

/* ---- the question ---- */

static void copy_text(char *to, size_t size, span_t from)
{
    const size_t n = from.len < size - 1 ? from.len : size - 1;
    if (n > 0) {
        memcpy(to, from.ptr, n);
    }
    to[n] = '\0';
}

/* By its shortest digits, which are those of the text that a client sends for the same amount. */
static err_t amount_of_number(double value, decimal_t *out)
{
    char printed[32];
    struct json_writer w;
    json_writer_init_fixed(&w, printed, sizeof printed);
    json_number(&w, value);
    return decimal_parse_number(json_written(&w), out);
}

static void read_amount(const struct call *c, struct faults *f, struct evaluate_work *work)
{
    const struct json *amount = json_get(c->json, "amount");
    const enum json_kind kind = json_kind(amount);
    span_t text = {0};
    decimal_t decimal = {0};
    if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL) {
        return;
    }
    if (json_as_text(amount, &text)) {
        if (failed(decimal_parse_text(text, &decimal))) {
            fault_add(f, "amount", "must be between 0 and 1000000000000000");
            return;
        }
    } else {
        double value = 0.0;
        if (!json_as_double(amount, &value)) {
            fault_add(f, "amount", "must be a number");
            return;
        }
        if (failed(amount_of_number(value, &decimal))) {
            fault_add(f, "amount", "must be between 0 and 1000000000000000");
            return;
        }
    }
    work->has_amount = true;
    work->amount = decimal.value;
    copy_text(work->row.amount, sizeof work->row.amount,
              (span_t){(const uint8_t *)decimal.text, decimal.len});
}

static bool is_action(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_')) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_currency(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 'A' || text.ptr[i] > 'Z') {
            return false;
        }
    }
    return text.len == 3;
}

static void context_flag(const struct json *context, struct faults *f, const char *name, bool *out)
{
    const struct json *value = json_get(context, name);
    char field[FAULT_FIELD_BYTES];
    if (json_kind(value) == JSON_KIND_ABSENT || json_kind(value) == JSON_KIND_NULL) {
        return;
    }
    if (!json_as_bool(value, out)) {
        (void)snprintf(field, sizeof field, "context.%s", name);
        fault_add(f, field, "must be true or false");
    }
}

static void read_context(const struct call *c, struct faults *f, struct evaluate_work *work)
{
    const struct json *context = json_get(c->json, "context");
    const enum json_kind kind = json_kind(context);
    if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL) {
        return;
    }
    if (kind != JSON_KIND_OBJECT) {
        fault_add(f, "context", "must be an object");
        return;
    }
    context_flag(context, f, "remote_control", &work->remote_control);
    context_flag(context, f, "rooted", &work->rooted);
    context_flag(context, f, "emulator", &work->emulator);
    context_flag(context, f, "vpn", &work->vpn);
}

static void read_question(const struct call *c, struct faults *f, struct evaluate_work *work)
{
    span_t action = {0};
    span_t currency = {0};
    if (body_text(c, f, "action", 1, STORE_ACTION_BYTES - 1, &action) && !is_action(action)) {
        fault_add(f, "action", "must be one of a-z, 0-9 and _");
    }
    read_amount(c, f, work);
    if (body_text_optional(c, f, "currency", 3, 3, &currency) && currency.len > 0 &&
        !is_currency(currency)) {
        fault_add(f, "currency", "must be one of A-Z, three of them");
    }
    (void)body_flag(c, f, "beneficiary_new", &work->beneficiary_new);
    read_context(c, f, work);
    (void)body_flag(c, f, "enforce", &work->enforce);
    (void)body_uuid(c, f, "decision_id", false, &work->row.id);
    copy_text(work->row.action, sizeof work->row.action, action);
    copy_text(work->row.currency, sizeof work->row.currency, currency);
    work->row.beneficiary_new = work->beneficiary_new;
}

enum call_place evaluate_begin(struct call *c, struct shard *s)
{
    struct faults f = {0};
    struct evaluate_work *work = call_keep(c, sizeof *work);
    read_question(c, &f, work);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    struct live *live = call_live(c, s);
    uint32_t wait_s = 0;
    if (live == NULL) {
        return PLACE_DONE;
    }
    if (!live_may_ask(s, live, &wait_s)) {
        return problem_later(c, PROBLEM_TOO_MANY_REQUESTS, wait_s);
    }
    work->again = !uuid_is_nil(work->row.id);
    c->scratch = work;
    return call_go(c, PLACE_COLD, look_stage);
}

/* ---- what the store knows: the account's lock, and the decision that is asked again ---- */

static err_t look(struct call *c, struct evaluate_work *work)
{
    TRY(mpin_standing(c->service, c->who.account, &work->standing));
    if (!work->again) {
        return ERR_OK;
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    TRY(store_decision_get(&tx, work->row.id, &work->before, &work->known));
    work->known = work->known && uuid_eq(work->before.session, c->who.session);
    return ERR_OK;
}

static enum call_place look_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct evaluate_work *work = c->scratch;
    const err_t e = look(c, work);
    if (failed(e)) {
        return problem_world(c, e); /* never fail open: no answer is no permission */
    }
    return call_go(c, PLACE_OWNER, decide_stage);
}

/* ---- the decision ---- */

static void observe(struct call *c, struct evaluate_work *work, enum canara_event_kind kind)
{
    const canara_event_t event = {
        .kind = kind,
        .has = work->has_amount ? (uint32_t)CANARA_F_AMOUNT : 0U,
        .of.transaction = {.amount = work->amount},
    };
    MUST(canara_observe(&work->engine, &c->service->rules.risk, work->profile, &event, work->at.ms,
                        &work->verdict) == CANARA_OK);
}

static void observe_context(struct call *c, struct evaluate_work *work)
{
    const canara_event_t event = {
        .kind = CANARA_DEVICE_CONTEXT,
        .has = (work->remote_control ? (uint32_t)CANARA_F_REMOTE_CONTROL : 0U) |
               (work->rooted ? (uint32_t)CANARA_F_ROOTED : 0U) |
               (work->emulator ? (uint32_t)CANARA_F_EMULATOR : 0U) |
               (work->vpn ? (uint32_t)CANARA_F_VPN : 0U),
        .of.device = {.rooted = work->rooted ? 1 : 0,
                      .emulator = work->emulator ? 1 : 0,
                      .remote_control = work->remote_control ? 1 : 0,
                      .vpn = work->vpn ? 1 : 0},
    };
    if (event.has != 0) {
        MUST(canara_observe(&work->engine, &c->service->rules.risk, work->profile, &event,
                            work->at.ms, &work->verdict) == CANARA_OK);
    }
}

/* A moment that is still to come is of a clock that was ahead: nobody knows how long ago it was. */
static bool is_soon_after(wall_t now, wall_t passed)
{
    const int64_t ms = now.ms - passed.ms;
    return passed.ms != 0 && ms >= 0 && ms <= DECISION_RETRY_MS;
}

/* The same question again, once, soon after its MPIN, and nothing new was found against whoever asks. */
static bool is_exempt(const struct live *live, const struct evaluate_work *work)
{
    const struct decision_row *b = &work->before;
    return !live->doubted && work->again && work->known &&
           b->decision == (uint8_t)DECISION_CHALLENGE && !b->retry_used &&
           is_soon_after(work->at, b->mpin_passed_at) && strcmp(b->action, work->row.action) == 0 &&
           strcmp(b->amount, work->row.amount) == 0 &&
           strcmp(b->currency, work->row.currency) == 0 &&
           b->beneficiary_new == work->row.beneficiary_new;
}

static enum decision decide(struct shard *s, struct live *live, struct evaluate_work *work)
{
    work->exempt = false;
    if (work->standing.locked || live->restricted || work->verdict.level == CANARA_LEVEL_BLOCKED ||
        live->blocked) {
        return DECISION_DENY;
    }
    work->exempt = is_exempt(live, work);
    if (work->exempt) {
        return DECISION_ALLOW;
    }
    if (work->verdict.level == CANARA_LEVEL_CHALLENGE || work->verdict.mpin_required != 0 ||
        behaviour_mpin_required(s, live)) {
        return DECISION_CHALLENGE;
    }
    return DECISION_ALLOW;
}

static enum call_place decide_stage(struct call *c, struct shard *s)
{
    struct evaluate_work *work = c->scratch;
    struct live *live = call_live(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    if (journal_state_of(c->service->journal) != JOURNAL_RUNNING) {
        /* Events are refused, so the engine is blind: no permission on what it saw before. */
        return problem_later(c, PROBLEM_UNAVAILABLE, BLIND_RETRY_S);
    }
    if (!live_fetch(s, live)) {
        return problem_later(c, PROBLEM_UNAVAILABLE, BLIND_RETRY_S);
    }
    work->engine = *live_engine(live, &work->engine);
    work->profile = live_profile(s, live);
    work->at = clock_wall(c->service->clock);
    canara_peek(&work->engine, &c->service->rules.risk, work->at.ms, &work->verdict);
    observe_context(c, work);
    if (work->has_amount) {
        observe(c, work, CANARA_TRANSACTION_ATTEMPT);
    }
    if (work->beneficiary_new) {
        observe(c, work, CANARA_NEW_BENEFICIARY);
    }

    const enum decision decision = decide(s, live, work);
    live_touch(s, live);
    if (decision == DECISION_CHALLENGE && !behaviour_mpin_required(s, live)) {
        behaviour_ask(s, live, ASK_FOR_DECISION);
    }
    /* With DEBUG the risk of this decision; else each event and each "what if" would be priced. */
    work->shown = c->service->rules.debug ? work->verdict.risk
                                          : behaviour_shown_risk_at(s, live, work->verdict.level);
    work->row.decision = (uint8_t)decision;
    work->row.risk = work->verdict.risk;
    work->row.level = (uint8_t)work->verdict.level;
    work->row.session = live->id;
    work->row.account = live->account;
    work->row.at = work->at;
    return when_durable(c, live, journalled_stage);
}

static enum call_place journalled_stage(struct call *c, struct shard *s)
{
    (void)s;
    return call_go(c, PLACE_COLD, keep_stage);
}

/* ---- on record before it is told ---- */

static void print_reasons(struct evaluate_work *work)
{
    struct json_writer w;
    json_writer_init_fixed(&w, work->row.reasons, sizeof work->row.reasons - 1);
    canara_reason_t reasons[CANARA_REASONS_MAX];
    const size_t count = canara_reasons(&work->engine, work->at.ms, reasons);
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_name(&w, reasons[i].name);
        json_fixed(&w, reasons[i].nats, 3);
        json_end_object(&w);
    }
    json_end_array(&w);
    const size_t len = json_written(&w).len;
    work->row.reasons[len < sizeof work->row.reasons ? len : 0] = '\0';
}

/* `lost`: another retry has spent the exemption meanwhile, and nothing was written. */
static err_t keep(struct call *c, struct evaluate_work *work, bool *lost)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_WRITE, &tx));
    if (work->exempt) {
        /* The exemption is spent in the same transaction that it is granted in, and with it what else its
         * MPIN freed: the same question under another id. */
        struct decision_row now = {0};
        bool known = false;
        TRY(store_decision_get(&tx, work->before.id, &now, &known));
        if (!known || now.retry_used) {
            *lost = true;
            return ERR_OK;
        }
        TRY(store_decisions_spend(&tx, now.session, now.mpin_passed_at));
    } else {
        work->row.id = uuid_random();
        TRY(store_decision_put(&tx, &work->row));
    }
    return store_commit(&tx);
}

static void count_decision(struct call *c, enum decision decision)
{
    struct api_metrics *m = &c->api->metrics;
    counter_t *const counters[] = {&m->evaluate_allow, &m->evaluate_challenge, &m->evaluate_deny};
    counter_add_shared(counters[decision], 1);
}

/* With `enforce` the answer is a problem; what a retry needs stands in it. */
static void write_refusal(const void *context, struct json_writer *w)
{
    const struct evaluate_work *work = context;
    json_name(w, "decision_id");
    json_uuid(w, work->row.id);
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name(work->verdict.level));
    write_families(&work->engine, work->at, w);
}

static enum call_place keep_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct evaluate_work *work = c->scratch;
    print_reasons(work);
    bool lost = false;
    const err_t e = keep(c, work, &lost);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (lost) { /* then it is a question like any other */
        work->known = false;
        return call_go(c, PLACE_OWNER, decide_stage);
    }
    const enum decision decision = (enum decision)work->row.decision;
    count_decision(c, decision);
    if (work->enforce && decision == DECISION_CHALLENGE) {
        return problem_members(c, PROBLEM_INSUFFICIENT_USER_AUTHENTICATION, write_refusal, work);
    }
    if (work->enforce && decision == DECISION_DENY) {
        return problem_members(c, PROBLEM_DENIED, write_refusal, work);
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "decision");
    json_cstr(&w, decision_names[decision]);
    json_name(&w, "risk_score");
    json_fixed(&w, work->shown, 2);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(work->verdict.level));
    const reasons_of_t of = {.engine = &work->engine, .at = work->at};
    write_reasons(c->api, &of, &w);
    json_name(&w, "decision_id");
    json_uuid(&w, work->row.id);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}
