#include "api/body.h"
#include "api/metrics_page.h"
#include "api/routes.h"
#include "codec/event_scan.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "domain/learnt/baselines.h"
#include "domain/learnt/profile.h"
#include "domain/sessions/allowance.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BREAKDOWN_TYPES_MAX = 64 };

/* The path's session when it is the caller's own; else the 404 is answered. */
static bool own_session(struct call *c)
{
    uuid_t named = {{0}};
    if (failed(uuid_parse(c->param[0], &named)) || !uuid_eq(named, c->who.session)) {
        (void)problem(c, PROBLEM_SESSION_NOT_FOUND);
        return false;
    }
    return true;
}

/* ---- counting the lines of the buffer file ---- */

struct breakdown {
    struct {
        char type[EVENT_TYPE_MAX + 1];
        uint64_t count;
    } row[BREAKDOWN_TYPES_MAX];

    size_t rows;
    uint64_t events;
    size_t max; /* events that are read; lines of the server are not counted */
};

static void breakdown_add(struct breakdown *b, span_t type)
{
    b->events += 1;
    for (size_t i = 0; i < b->rows; i++) {
        if (span_eq(type, (span_t){(const uint8_t *)b->row[i].type, strlen(b->row[i].type)})) {
            b->row[i].count += 1;
            return;
        }
    }
    if (b->rows < BREAKDOWN_TYPES_MAX && type.len <= EVENT_TYPE_MAX) {
        memcpy(b->row[b->rows].type, type.ptr, type.len);
        b->row[b->rows].type[type.len] = '\0';
        b->row[b->rows++].count = 1;
    }
}

/* Every line begins {"timestamp":"…Z","event_type":"…": written by the view, never by a client. */
static err_t breakdown_line(void *ctx, span_t line)
{
    static const char name[] = "\"event_type\":\"";
    struct breakdown *b = ctx;
    const uint8_t *at = memmem(line.ptr, line.len < 128 ? line.len : 128, name, sizeof name - 1);
    if (at == NULL) {
        return ERR_OK;
    }
    at += sizeof name - 1;
    const size_t left = line.len - (size_t)(at - line.ptr);
    const uint8_t *end = memchr(at, '"', left);
    if (end == NULL) {
        return ERR_OK;
    }
    const span_t type = {at, (size_t)(end - at)};
    if (!event_type_is_server_fact(type)) {
        breakdown_add(b, type);
    }
    return ERR_OK;
}

static err_t read_breakdown(struct call *c, uuid_t session, struct breakdown *b)
{
    TRY(view_flush(c->service->view, session));
    return view_read_tail(c->service->view, session, c->service->rules.summary_events,
                          breakdown_line, b);
}

err_t count_events(struct call *c, uuid_t session, uint64_t *out)
{
    struct breakdown *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_new(ERR_NOMEM);
    }
    const err_t e = read_breakdown(c, session, b);
    *out = b->events;
    free(b);
    return e;
}

/* ---- scoring a session again from its journal ---- */

struct replayed {
    canara_session_t engine;
    canara_verdict_t verdict;
    struct baselines *baselines; /* owned; with DEBUG only. baselines_free() */
    bool exact; /* whole, with the very profile and model that the session was scored with */
};

struct replay {
    struct call *call;
    playing_t play;
    struct canara_profile *profile; /* owned */
    struct replayed *out;
};

/* The opening says which profile the session was scored with. */
static err_t replay_opening(struct replay *r, const journal_record_t *record)
{
    struct service *svc = r->call->service;
    profile_pin_t pin = {0};
    enum profile_found found = PROFILE_MISSING;
    TRY(profile_pin_read(record, &pin));
    canara_profile_free(&r->profile);
    TRY(profile_of_pin(svc, r->call->who.account, &pin, &r->profile, &found));
    r->out->exact = found == PROFILE_AS_PINNED;
    r->play.profile = r->profile != NULL ? r->profile : svc->stranger;
    return ERR_OK;
}

static err_t replay_record(void *ctx, const journal_record_t *record)
{
    struct replay *r = ctx;
    bool counted = false;
    if (record->kind == JOURNAL_SESSION_OPEN) {
        TRY(replay_opening(r, record));
    }
    return recovery_play(&r->play, record, &r->out->verdict, &counted);
}

/* Score the caller's session again from its journal. In a worker. Inexact without its opening, the profile
 * that this names, or what followed, and under another model. */
static err_t replay_session(struct call *c, wall_t created, struct replayed *out)
{
    struct service *svc = c->service;
    struct replay r = {.call = c, .out = out};
    r.play = (playing_t){.scratch = malloc(sizeof *r.play.scratch),
                         .config = &svc->rules.risk,
                         .profile = svc->stranger,
                         .engine = &out->engine,
                         .baselines = svc->rules.debug ? &out->baselines : NULL};
    if (r.play.scratch == NULL) {
        return err_new(ERR_NOMEM);
    }
    canara_session_begin(&out->engine, created.ms);
    bool outrun = false;
    const err_t e =
        journal_session_records(svc->journal, c->who.session, created, replay_record, &r, &outrun);
    out->exact = out->exact && !outrun;
    free(r.play.scratch);
    canara_profile_free(&r.profile);
    if (failed(e)) {
        baselines_free(&out->baselines);
    }
    return e;
}

/* ---- summary ---- */

struct summary_work {
    canara_session_t engine;
    struct baselines seen; /* with DEBUG */
    wall_t at;
    double risk;
    enum canara_level level;
    uint64_t events;
    wall_t created, last_activity;
    bool blocked;
};

static void write_summary(struct call *c, const struct summary_work *work,
                          const struct breakdown *b, struct json_writer *w)
{
    const double minutes = (double)(work->last_activity.ms - work->created.ms) / 60000.0;
    json_begin_object(w);
    json_name(w, "session_id");
    json_uuid(w, c->who.session);
    json_name(w, "risk_score");
    json_fixed(w, work->risk, 2);
    json_name(w, "total_events");
    json_uint(w, work->events > b->events ? work->events : b->events);
    json_name(w, "event_breakdown");
    json_begin_object(w);
    for (size_t i = 0; i < b->rows; i++) {
        json_name(w, b->row[i].type);
        json_uint(w, b->row[i].count);
    }
    json_end_object(w);
    json_name(w, "session_duration_minutes");
    json_fixed(w, minutes > 0.0 ? minutes : 0.0, 2);
    json_name(w, "last_activity");
    json_time(w, work->last_activity);
    json_name(w, "is_blocked");
    json_bool(w, work->blocked);
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name(work->level));
    const reasons_of_t of = {.engine = &work->engine,
                             .at = work->at,
                             .baselines = work->seen.count > 0 ? &work->seen : NULL};
    write_reasons(c->api, &of, w);
    json_end_object(w);
}

static enum call_place summary_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct summary_work *work = c->scratch;
    struct breakdown *b = calloc(1, sizeof *b);
    const err_t e = b == NULL ? err_new(ERR_NOMEM) : read_breakdown(c, c->who.session, b);
    if (failed(e)) {
        free(b);
        return problem_world(c, e);
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    write_summary(c, work, b, &w);
    free(b);
    return answer_json(c, 200, &w);
}

static void take_baselines(struct baselines **from, struct baselines *to)
{
    if (*from != NULL) {
        *to = **from;
        baselines_free(from);
    }
}

/* A session blocked before the last start: its state is in its journal. */
static enum call_place summary_of_ended(struct call *c, struct shard *s)
{
    (void)s;
    struct summary_work *work = c->scratch;
    struct session_row row = {0};
    bool readable = false;
    err_t e = find_blocked(c, &row, &readable);
    if (!failed(e) && !readable) {
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    if (!failed(e)) {
        struct replayed again = {0};
        e = replay_session(c, row.created, &again);
        work->engine = again.engine;
        take_baselines(&again.baselines, &work->seen);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    work->at = row.last_activity;
    work->risk = row.risk;
    work->level = CANARA_LEVEL_BLOCKED;
    work->created = row.created;
    work->last_activity = row.last_activity;
    work->blocked = true;
    return summary_stage(c, NULL);
}

enum call_place summary_begin(struct call *c, struct shard *s)
{
    if (!own_session(c)) {
        return PLACE_DONE;
    }
    struct summary_work *work = call_keep(c, sizeof *work);
    c->scratch = work;
    c->alone = true; /* it reads up to VIEW_TAIL_BYTES_MAX */
    struct live *live = shard_find(s, c->who.session);
    if (live == NULL) {
        return call_go(c, PLACE_COLD, summary_of_ended);
    }
    work->engine = *live_engine(live, &work->engine);
    if (live->baselines != NULL) {
        work->seen = *live->baselines;
    }
    work->at = clock_wall(c->service->clock);
    work->risk = behaviour_shown_risk(s, live, &work->level);
    work->events = live->events;
    work->created = live->created;
    work->last_activity = live->last_activity;
    work->blocked = live->blocked;
    return call_go(c, PLACE_COLD, summary_stage);
}

/* ---- simulate-ml-analysis ---- */

struct simulate_work {
    canara_session_t engine;
    struct baselines seen; /* with DEBUG */
    wall_t created, at;
    double predicted;
};

static const char *action_of(double risk, const canara_config_t *t)
{
    if (risk >= t->block) {
        return "block";
    }
    if (risk >= t->challenge) {
        return "challenge";
    }
    return risk >= t->monitor ? "monitor" : "normal";
}

static enum call_place answer_analysis(struct call *c, const struct simulate_work *work)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "ML analysis simulation completed");
    json_name(&w, "session_id");
    json_uuid(&w, c->who.session);
    json_name(&w, "predicted_risk_score");
    json_number(&w, work->predicted);
    json_name(&w, "action_taken");
    json_cstr(&w, action_of(work->predicted, &c->service->rules.risk));
    const reasons_of_t of = {.engine = &work->engine,
                             .at = work->at,
                             .baselines = work->seen.count > 0 ? &work->seen : NULL};
    write_reasons(c->api, &of, &w);
    json_name(&w, "model_version");
    json_cstr(&w, model_name(c->service));
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

static enum call_place score_again(struct call *c, struct shard *s)
{
    (void)s;
    struct simulate_work *work = c->scratch;
    struct replayed again = {0};
    const err_t e = replay_session(c, work->created, &again);
    if (failed(e)) {
        return problem_world(c, e);
    }
    take_baselines(&again.baselines, &work->seen);
    if (!again.exact) { /* another score than the live one would only look like an answer */
        return problem(c, PROBLEM_PROFILE_UNAVAILABLE);
    }
    canara_verdict_t v = {0};
    work->engine = again.engine;
    canara_peek(&work->engine, &c->service->rules.risk, work->at.ms, &v);
    work->predicted = v.risk;
    return answer_analysis(c, work);
}

static enum call_place score_again_durable(struct call *c, struct shard *s)
{
    (void)s;
    c->alone = true;
    return call_go(c, PLACE_COLD, score_again);
}

canara_verdict_t take_predicted_risk(struct shard *s, struct live *live, double risk)
{
    char data[64];
    struct json_writer w;
    json_writer_init_fixed(&w, data, sizeof data);
    json_begin_object(&w);
    json_name(&w, "predicted_risk_score");
    json_number(&w, risk);
    json_end_object(&w);
    const canara_verdict_t v = behaviour_fact(s, live, "ml_analysis_result", json_written(&w),
                                              CANARA_FACT_PREDICTED_RISK, risk);
    behaviour_show(s, live);
    return v;
}

static enum call_place play_score(struct call *c, struct shard *s, struct live *live,
                                  struct simulate_work *work)
{
    (void)take_predicted_risk(s, live, work->predicted);
    work->engine = *live_engine(live, &work->engine);
    if (live->baselines != NULL) {
        work->seen = *live->baselines;
    }
    (void)answer_analysis(c, work);
    return when_durable(c, live, answered_stage);
}

enum call_place simulate_begin(struct call *c, struct shard *s)
{
    if (!c->api->debug) {
        return problem(c, PROBLEM_NOT_FOUND);
    }
    if (!own_session(c)) {
        return PLACE_DONE;
    }
    struct simulate_work *work = call_keep(c, sizeof *work);
    c->scratch = work;
    const struct json *score = json_get(c->json, "predicted_risk_score");
    const bool given = json_kind(score) != JSON_KIND_ABSENT && json_kind(score) != JSON_KIND_NULL;
    if (given && (!json_as_double(score, &work->predicted) ||
                  !(work->predicted >= 0.0 && work->predicted <= 1.0))) {
        struct faults f = {0};
        double any = 0.0;
        fault_add(&f, "predicted_risk_score",
                  json_as_double(score, &any) ? "must be between 0 and 1" : "must be a number");
        return problem_faults(c, &f);
    }
    struct live *live = call_live(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    work->created = live->created;
    work->at = clock_wall(c->service->clock);
    if (given) {
        return play_score(c, s, live, work);
    }
    c->position = live->position; /* the journal must hold all that was scored */
    return call_go(c, PLACE_DURABLE, score_again_durable);
}

/* ---- events by REST ---- */

struct events_work {
    size_t accepted;
    int64_t seq;
    enum canara_level level;
    bool mpin_required;
};

static enum call_place events_answer(struct call *c, struct shard *s)
{
    const struct events_work *work = c->scratch;
    struct live *live = shard_find(s, c->who.session);
    if (live != NULL && work->seq > live->seq_durable) {
        live->seq_durable = work->seq; /* what a socket of the session will be told */
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "accepted");
    json_uint(&w, work->accepted);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(work->level));
    json_name(&w, "mpin_required");
    json_bool(&w, work->mpin_required);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

static enum call_place take_events(struct call *c, struct shard *s, struct live *live,
                                   const scanned_event_t *events, size_t count)
{
    struct events_work *work = call_keep(c, sizeof *work);
    behaviour_result_t result = {0};
    behaviour_take(s, live, events, count, clock_mono(shard_service(s)->clock), &result);
    call_forget_body(c); /* the answer waits for the journal, which has its own */
    if (result.answer != BEHAVIOUR_TAKEN) {
        counter_add_shared(&c->api->metrics.refused_overload,
                           result.answer == BEHAVIOUR_STOPPED ? 0 : 1);
        return problem_not_taken(c, result.answer);
    }
    work->accepted = count;
    work->seq = result.seq;
    work->level = live->blocked ? CANARA_LEVEL_BLOCKED : (enum canara_level)live->shown_level;
    work->mpin_required = !live->blocked && behaviour_mpin_required(s, live);
    c->scratch = work;
    c->position = result.position;
    return call_go(c, PLACE_DURABLE, events_answer);
}

static enum call_place refuse_events(struct call *c, const scan_fault_t *fault)
{
    metrics_count_refusal(&c->api->metrics, fault);
    if (strcmp(fault->message, "Invalid JSON format") == 0) {
        return problem(c, PROBLEM_INVALID_JSON);
    }
    struct faults f = {0};
    fault_add(&f, fault->field, "%s", fault->message);
    return problem_faults(c, &f);
}

static enum call_place too_many(struct call *c)
{
    counter_add_shared(&c->api->metrics.refused_rate, 1);
    return problem_later(c, PROBLEM_TOO_MANY_REQUESTS, 1);
}

enum call_place events_begin(struct call *c, struct shard *s)
{
    if (!own_session(c)) {
        return PLACE_DONE;
    }
    struct live *live = call_live(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    const mono_t now = clock_mono(shard_service(s)->clock);
    if (!live_allows_bytes(s, live, c->body.len, now)) {
        return too_many(c);
    }
    struct event_scratch *scratch = malloc(sizeof *scratch);
    scanned_event_t *events = malloc(EVENTS_PER_MESSAGE_MAX * sizeof *events);
    enum call_place place = PLACE_DONE;
    size_t count = 0;
    scan_fault_t fault = {0};
    if (scratch == NULL || events == NULL) {
        place = problem_world(c, err_new(ERR_NOMEM));
    } else if (event_scan(scratch, c->body, events, &count, &fault) != SCAN_OK) {
        place = refuse_events(c, &fault);
    } else if (!live_allows_events(s, live, count, now)) {
        place = too_many(c);
    } else {
        place = take_events(c, s, live, events, count);
    }
    free(scratch);
    free(events);
    return place;
}
