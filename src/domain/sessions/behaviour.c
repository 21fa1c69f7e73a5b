#include "domain/sessions/behaviour.h"

#include "base/rng.h"
#include "codec/json_write.h"
#include "domain/ground/clock_guard.h"
#include "domain/learnt/baselines.h"
#include "domain/sessions/rest.h"

#include <math.h>
#include <string.h>

enum { SHOWN_EVERY_MS = 30000, FACT_DATA_BYTES = 256 };

/* ---- what a bearer may see ---- */

static double two_decimals(double risk)
{
    return floor(risk * 100.0 + 0.5) / 100.0;
}

static void show_now(struct live *live, const canara_verdict_t *v, mono_t now)
{
    live->shown_risk = two_decimals(v->risk);
    live->shown_at = now;
}

void behaviour_show(struct shard *s, struct live *live)
{
    const struct service *svc = shard_service(s);
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &svc->rules.risk, clock_wall(svc->clock).ms, &v);
    show_now(live, &v, clock_mono(svc->clock));
}

void behaviour_restore(struct shard *s, struct live *live)
{
    const struct service *svc = shard_service(s);
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &svc->rules.risk, clock_wall(svc->clock).ms, &v);
    show_now(live, &v, clock_mono(svc->clock));
    if (v.level != CANARA_LEVEL_BLOCKED) {
        gauge_add(&shard_metrics(s)->by_level[live->shown_level], -1);
        gauge_add(&shard_metrics(s)->by_level[v.level], 1);
        live->shown_level = (uint8_t)v.level;
    }
    if (v.mpin_required != 0 && uuid_is_nil(live->challenge_id)) {
        live->challenge_id = uuid_random();
    }
    live->doubted = v.mpin_required != 0; /* what began it is not told any more */
}

static bool is_stale(const struct service *svc, const struct live *live, mono_t now)
{
    return svc->rules.debug || mono_ms_between(live->shown_at, now) >= SHOWN_EVERY_MS;
}

double behaviour_shown_risk(struct shard *s, struct live *live, enum canara_level *level)
{
    const struct service *svc = shard_service(s);
    if (is_stale(svc, live, clock_mono(svc->clock))) {
        behaviour_show(s, live);
    }
    *level = (enum canara_level)live->shown_level;
    return live->shown_risk;
}

double behaviour_shown_risk_at(struct shard *s, struct live *live, enum canara_level level)
{
    const canara_config_t *config = &shard_service(s)->rules.risk;
    const double edge[] = {0.0, config->monitor, config->challenge, config->block};
    enum canara_level now = CANARA_LEVEL_NORMAL;
    const double shown = behaviour_shown_risk(s, live, &now);
    if (level > now) {
        return fmax(shown, two_decimals(edge[level]));
    }
    return level < now ? fmin(shown, two_decimals(fmax(0.0, edge[level + 1] - 0.01))) : shown;
}

seen_t behaviour_see(struct shard *s, struct live *live)
{
    const struct service *svc = shard_service(s);
    const mono_t now = clock_mono(svc->clock);
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &svc->rules.risk, clock_wall(svc->clock).ms, &v);
    if (is_stale(svc, live, now)) {
        show_now(live, &v, now);
    }
    return (seen_t){.risk = live->shown_risk,
                    .level = (enum canara_level)live->shown_level,
                    .mpin_required = v.mpin_required != 0};
}

bool behaviour_mpin_required(struct shard *s, const struct live *live)
{
    const struct service *svc = shard_service(s);
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &svc->rules.risk, clock_wall(svc->clock).ms, &v);
    return v.mpin_required != 0;
}

/* ---- journalling ---- */

static err_t append_fact(struct shard *s, struct live *live, journal_record_t *record, wall_t at)
{
    record->kind = JOURNAL_FACT;
    record->session = live->id;
    record->account = live->account;
    record->at = at;
    record->line = live->lines + 1;
    record->seq = JOURNAL_NO_SEQ;
    TRY(journal_append(shard_lane(s), record, &live->position));
    live->lines += 1;
    return ERR_OK;
}

static void line_at(struct shard *s, struct live *live, const char *type, span_t data, wall_t at)
{
    journal_record_t record = {
        .type = {(const uint8_t *)type, strlen(type)}, .data = data, .fact = JOURNAL_NO_FACT};
    if (failed(append_fact(s, live, &record, at))) {
        log_event(shard_service(s)->log, LOG_WARN, "journal.refused",
                  FIELD_UUID("session", live->id), FIELD_TEXT("line", type));
    }
}

void behaviour_line(struct shard *s, struct live *live, const char *type, span_t data)
{
    line_at(s, live, type, data, clock_wall(shard_service(s)->clock));
}

static void line_level(struct shard *s, struct live *live, const canara_verdict_t *v, wall_t at)
{
    char data[FACT_DATA_BYTES];
    struct json_writer w;
    json_writer_init_fixed(&w, data, sizeof data);
    json_begin_object(&w);
    json_name(&w, "risk_score");
    json_number(&w, v->risk);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(v->level));
    json_name(&w, "previous");
    json_cstr(&w, canara_level_name(v->previous));
    json_end_object(&w);
    line_at(s, live, "risk_score_update", json_written(&w), at);
}

/* ---- effects ---- */

static void level_changed(struct shard *s, struct live *live, const canara_verdict_t *v, wall_t at)
{
    struct shard_metrics *m = shard_metrics(s);
    line_level(s, live, v, at);
    show_now(live, v, clock_mono(shard_service(s)->clock));
    if (v->blocked != 0) {
        return; /* the block moves the gauge and tells the socket */
    }
    gauge_add(&m->by_level[live->shown_level], -1);
    gauge_add(&m->by_level[v->level], 1);
    live->shown_level = (uint8_t)v->level;
    struct shard_watcher *watcher = shard_watcher_of(s);
    watcher->notify(watcher, live, NOTICE_LEVEL, END_NONE, v);
}

static void challenge_started(struct shard *s, struct live *live, const canara_verdict_t *v)
{
    counter_add(&shard_metrics(s)->challenges, 1);
    live->challenge_id = uuid_random();
    log_event(shard_service(s)->log, LOG_NOTICE, "session.challenged",
              FIELD_UUID("session", live->id), FIELD_NUM("risk", v->risk));
    struct shard_watcher *watcher = shard_watcher_of(s);
    watcher->notify(watcher, live, NOTICE_CHALLENGE, END_NONE, v);
}

/* Put a verdict in force. `how` is the name of a block, should there be one. */
static void enforce(struct shard *s, struct live *live, const canara_verdict_t *v,
                    enum session_end how, bool stored, wall_t at)
{
    if (live->blocked) {
        return;
    }
    if (v->level != v->previous) {
        level_changed(s, live, v, at);
    }
    if (v->blocked != 0) {
        show_now(live, v, clock_mono(shard_service(s)->clock));
        line_at(s, live, "session_blocked",
                how == END_MPIN_LOCKED ? SPAN_LIT("{\"why\":\"mpin\"}")
                : how == END_OPERATOR  ? SPAN_LIT("{\"why\":\"operator\"}")
                                       : SPAN_LIT("{\"why\":\"risk\"}"),
                at);
        shard_end(s, live, how, stored);
        return;
    }
    if (v->challenge_started != 0) {
        challenge_started(s, live, v);
    }
}

static bool is_challenged_anew(const canara_verdict_t *v)
{
    const bool rose = v->level != v->previous && v->level == CANARA_LEVEL_CHALLENGE;
    return rose || v->challenge_started != 0;
}

void behaviour_doubt(struct live *live, const canara_verdict_t *v)
{
    live->doubted = live->doubted || is_challenged_anew(v);
}

/* What is held against the session is owed by the account, or whoever is asked would log in anew
 * (decision 81). A block leaves a mark of its own. */
static void owe(struct shard *s, struct live *live, const canara_verdict_t *v)
{
    if (!live->blocked && !live->proved && v->blocked == 0 && is_challenged_anew(v)) {
        shard_owe(s, live);
    }
}

static void note_doubt(struct live *live, enum canara_fact fact, const canara_verdict_t *v)
{
    if (fact == CANARA_FACT_MPIN_PASSED) {
        live->doubted = false;
        live->proved = false;
        live->untold = false; /* nothing is owed any more */
    } else if (fact != CANARA_FACT_CHALLENGED && fact != CANARA_FACT_PREDICTED_RISK) {
        behaviour_doubt(live, v);
    }
}

/* A fact that cannot be kept must not be forgotten: without memory for it the session is blocked. */
static void note(struct shard *s, struct live *live, journal_record_t *record,
                 canara_verdict_t *out)
{
    const struct service *svc = shard_service(s);
    const wall_t at = clock_wall(svc->clock);
    if (failed(append_fact(s, live, record, at))) {
        /* A fact against the owner counts even when it cannot be written down. */
        log_event(svc->log, LOG_WARN, "journal.refused", FIELD_UUID("session", live->id),
                  FIELD_SPAN("line", record->type));
    }
    struct mind *mind = live_mind(s, live);
    canara_session_t room;
    canara_session_t *engine = &room;
    if (mind != NULL) {
        engine = &mind->engine;
    } else {
        (void)live_engine(live, &room);
    }
    MUST(canara_note(engine, &svc->rules.risk, (enum canara_fact)record->fact, record->value, at.ms,
                     out) == CANARA_OK);
    out->blocked = mind == NULL ? 1 : out->blocked;
}

canara_verdict_t behaviour_fact(struct shard *s, struct live *live, const char *type, span_t data,
                                enum canara_fact fact, double value)
{
    journal_record_t record = {.type = {(const uint8_t *)type, strlen(type)},
                               .data = data,
                               .fact = (uint16_t)fact,
                               .value = value};
    canara_verdict_t v = {0};
    note(s, live, &record, &v);
    note_doubt(live, fact, &v);
    owe(s, live, &v);
    enforce(s, live, &v, END_BLOCKED, false, clock_wall(shard_service(s)->clock));
    return v;
}

void behaviour_ask(struct shard *s, struct live *live, enum ask why)
{
    static const span_t data[] = {
        SPAN_INIT("{\"why\":\"account\"}"), SPAN_INIT("{\"why\":\"decision\"}"),
        SPAN_INIT("{\"why\":\"journal\"}"), SPAN_INIT("{\"why\":\"profile\"}")};
    journal_record_t record = {.type = SPAN_INIT("policy_challenge"),
                               .data = data[why],
                               .fact = (uint16_t)CANARA_FACT_CHALLENGED};
    canara_verdict_t v = {0};
    note(s, live, &record, &v);
    if (why != ASK_FOR_ACCOUNT) {
        owe(s, live, &v);
    }
    enforce(s, live, &v, END_BLOCKED, false, clock_wall(shard_service(s)->clock));
}

void behaviour_block(struct shard *s, struct live *live, enum session_end how, bool stored)
{
    journal_record_t record = {.type = SPAN_INIT("policy_block"),
                               .data = SPAN_INIT("{}"),
                               .fact = (uint16_t)CANARA_FACT_BLOCKED};
    canara_verdict_t v = {0};
    note(s, live, &record, &v);
    enforce(s, live, &v, how, stored, clock_wall(shard_service(s)->clock));
}

/* ---- events ---- */

static enum behaviour_answer answer_of(err_t e)
{
    if (e.code == ERR_LIMIT) {
        return BEHAVIOUR_BUSY;
    }
    return e.code == ERR_STORAGE ? BEHAVIOUR_NO_SPACE : BEHAVIOUR_STOPPED;
}

static bool is_repeat(const struct live *live, const scanned_event_t *e)
{
    return e->has_seq && e->seq <= live->seq;
}

static err_t room_for(struct shard *s, const scanned_event_t *events, size_t count)
{
    size_t need = 0;
    for (size_t i = 0; i < count; i++) {
        need += JOURNAL_RECORD_FIXED + events[i].type.len + events[i].data.len +
                events[i].timestamp.len + FACT_DATA_BYTES;
    }
    return journal_room(shard_lane(s), need + 5 * (JOURNAL_RECORD_FIXED + FACT_DATA_BYTES));
}

enum behaviour_answer behaviour_fact_room(struct shard *s)
{
    const err_t room = room_for(s, NULL, 0);
    return failed(room) ? answer_of(room) : BEHAVIOUR_TAKEN;
}

static err_t append_event(struct shard *s, struct live *live, const scanned_event_t *e, wall_t at)
{
    const journal_record_t record = {.kind = JOURNAL_EVENT,
                                     .session = live->id,
                                     .account = live->account,
                                     .at = at,
                                     .line = live->lines + 1,
                                     .seq = e->has_seq ? e->seq : JOURNAL_NO_SEQ,
                                     .secret = e->secret,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = e->type,
                                     .data = e->data,
                                     .client_time = e->timestamp};
    TRY(journal_append(shard_lane(s), &record, &live->position));
    live->lines += 1;
    live->events += 1;
    if (e->has_seq) {
        live->seq = e->seq;
    }
    return ERR_OK;
}

/* Whether this was done before, in another session. Its fact stands in the journal before it takes
 * effect, once a message, and a session that is played again never asks the memory. */
static void look_for_replay(struct shard *s, struct live *live, const canara_event_t *event,
                            wall_t at, behaviour_result_t *result)
{
    struct replay_memory *memory = shard_service(s)->replay;
    const unsigned grams = memory == NULL ? 0
                                          : replay_memory_feed(memory, &live->mind->replay,
                                                               live->account, live->id, event, at);
    if (grams > 0 && !result->replayed && !live->blocked) {
        result->replayed = true;
        counter_add(&shard_metrics(s)->replays, 1);
        result->verdict = behaviour_fact(s, live, "session_replay", SPAN_LIT("{}"),
                                         CANARA_FACT_REPLAY_MATCH, (double)grams);
    }
}

/* Of each kind the newest of a message: those before it would be forgotten for it. */
static void note_baselines(struct shard *s, struct live *live, const scanned_event_t *events,
                           size_t count, wall_t at)
{
    size_t newest[CANARA_EVENT_KINDS] = {0};
    for (size_t i = 0; i < count; i++) {
        newest[events[i].event.kind] = i;
    }
    for (size_t i = 0; i < count; i++) {
        if (newest[events[i].event.kind] == i) {
            baselines_note(&live->baselines, live_profile(s, live), &events[i].event, at);
        }
    }
}

void behaviour_take(struct shard *s, struct live *live, const scanned_event_t *events, size_t count,
                    mono_t now, behaviour_result_t *out)
{
    const struct service *svc = shard_service(s);
    const wall_t at = clock_wall(svc->clock);
    behaviour_result_t result = {.answer = BEHAVIOUR_TAKEN};

    struct mind *mind = live_mind(s, live);
    if (mind == NULL || !live_fetch(s, live)) {
        result.answer = BEHAVIOUR_BUSY;
        *out = result;
        return;
    }
    const err_t room = room_for(s, events, count);
    if (failed(room)) {
        result.answer = answer_of(room);
        *out = result;
        return;
    }

    for (size_t i = 0; i < count; i++) {
        if (is_repeat(live, &events[i])) {
            continue;
        }
        const err_t appended = append_event(s, live, &events[i], at);
        if (failed(appended)) {
            result.answer = answer_of(appended); /* room was made sure of: the journal has failed */
            break;
        }
        result.stored += 1;
        counter_add(&shard_metrics(s)->events[events[i].event.kind], 1);
        MUST(canara_observe(&mind->engine, &svc->rules.risk, live_profile(s, live),
                            &events[i].event, at.ms, &result.verdict) == CANARA_OK);
        behaviour_doubt(live, &result.verdict);
        owe(s, live, &result.verdict);
        enforce(s, live, &result.verdict, END_BLOCKED, false, at);
        look_for_replay(s, live, &events[i].event, at, &result);
    }

    if (svc->rules.debug && result.stored > 0) {
        note_baselines(s, live, events, count, at);
    }
    if (result.stored > 0 && !live->blocked) {
        live->active = now;
        live->last_activity = clock_latest(svc);
    }
    result.position = live->position;
    result.seq = live->seq;
    *out = result;
}
