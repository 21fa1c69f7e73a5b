#include "api/talk.h"

#include "api/metrics_page.h"
#include "api/routes.h"
#include "base/limits.h"
#include "codec/time_text.h"
#include "domain/sessions/allowance.h"

#include <string.h>

enum { WORDS_MAX = 2048 };

/* Every message begins alike. */
static void open_message(struct json_writer *w, char *memory, size_t size, const char *type,
                         struct shard *s)
{
    json_writer_init_fixed(w, memory, size);
    json_begin_object(w);
    json_name(w, "type");
    json_cstr(w, type);
    json_name(w, "timestamp");
    json_time(w, clock_wall(shard_service(s)->clock));
}

static void say(struct talk *t, struct json_writer *w)
{
    json_end_object(w);
    if (!t->closed && !failed(w->error)) {
        t->sink->text(t->sink, json_written(w));
    }
}

void talk_end(struct talk *t, uint16_t code, const char *reason)
{
    if (t->closed) {
        return;
    }
    t->closed = true;
    t->sink->close(t->sink, code, reason);
}

/* ---- greeting ---- */

static void say_challenge(struct talk *t, struct shard *s, const struct live *live)
{
    char memory[WORDS_MAX];
    struct json_writer w;
    open_message(&w, memory, sizeof memory, "mpin_required", s);
    json_name(&w, "message");
    json_cstr(&w, "Please verify your MPIN to continue");
    canara_session_t room;
    write_families(live_engine(live, &room), clock_wall(shard_service(s)->clock), &w);
    json_name(&w, "challenge_id");
    json_uuid(&w, live->challenge_id);
    say(t, &w);
}

/* What an older socket sent last may have become durable when nobody was there to be told. */
static int64_t last_seq(struct shard *s, struct live *live)
{
    if (live->seq > live->seq_durable && journal_durable(shard_lane(s)) >= live->position) {
        live->seq_durable = live->seq;
    }
    return live->seq_durable;
}

static void say_hello(struct talk *t, struct shard *s, struct live *live)
{
    const rules_t *rules = &shard_service(s)->rules;
    char memory[WORDS_MAX];
    struct json_writer w;
    enum canara_level level = CANARA_LEVEL_NORMAL;
    (void)behaviour_shown_risk(s, live, &level);
    open_message(&w, memory, sizeof memory, "connection_established", s);
    json_name(&w, "session_id");
    json_uuid(&w, live->id);
    json_name(&w, "message");
    json_cstr(&w, "Behavioral data collection started");
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(level));
    json_name(&w, "mpin_required");
    json_bool(&w, behaviour_mpin_required(s, live));
    write_learning(live_learning(live), &w);
    json_name(&w, "last_seq");
    json_int(&w, last_seq(s, live));
    json_name(&w, "limits");
    json_begin_object(&w);
    json_name(&w, "max_message_bytes");
    json_int(&w, LIMIT_WS_MESSAGE_BYTES);
    json_name(&w, "max_events_per_message");
    json_int(&w, LIMIT_EVENTS_PER_MESSAGE);
    json_name(&w, "events_per_second");
    json_uint(&w, rules->events_per_second);
    json_name(&w, "event_bytes_per_second"); /* 0: no limit */
    json_uint(&w, rules->events_per_second == 0 ? 0 : rules->event_bytes_per_second);
    json_end_object(&w);
    say(t, &w);
}

void talk_begin(struct talk *t, struct api *api, struct shard *s, struct live *live,
                struct talk_sink *sink)
{
    (void)api;
    *t = (struct talk){.sink = sink, .live = live};
    say_hello(t, s, live);
    if (behaviour_mpin_required(s, live)) {
        say_challenge(t, s, live);
    }
}

/* ---- messages ---- */

static void say_trouble(struct talk *t, struct shard *s, const char *message, const char *field)
{
    char memory[WORDS_MAX];
    struct json_writer w;
    open_message(&w, memory, sizeof memory, "error", s);
    json_name(&w, "message");
    json_cstr(&w, message);
    if (field[0] != '\0') {
        json_name(&w, "field");
        json_cstr(&w, field);
    }
    say(t, &w);
}

/* An error of the client's: too many in a row end the conversation. */
static void say_error(struct talk *t, struct shard *s, const char *message, const char *field)
{
    say_trouble(t, s, message, field);
    t->errors_in_a_row++;
    if (t->errors_in_a_row >= LIMIT_WS_ERRORS_IN_A_ROW) {
        talk_end(t, WS_CLOSE_POLICY, "too many errors");
    }
}

static void end_for_rate(struct talk *t, struct api *api, const char *reason)
{
    counter_add_shared(&api->metrics.refused_rate, 1);
    talk_end(t, WS_CLOSE_POLICY, reason);
}

static talk_due_t take(struct talk *t, struct api *api, struct shard *s,
                       const scanned_event_t *events, size_t count, mono_t began)
{
    const talk_due_t nothing = {0};
    behaviour_result_t result = {0};
    behaviour_take(s, t->live, events, count, began, &result);
    switch (result.answer) {
    case BEHAVIOUR_TAKEN: break;
    case BEHAVIOUR_BUSY:
        counter_add_shared(&api->metrics.refused_overload, 1);
        talk_end(t, WS_CLOSE_TRY_LATER, "overload");
        return nothing;
    case BEHAVIOUR_NO_SPACE:
        counter_add_shared(&api->metrics.refused_overload, 1);
        say_trouble(t, s, "Storage is full, events are refused for now", "");
        return nothing;
    case BEHAVIOUR_STOPPED: talk_end(t, WS_CLOSE_TRY_LATER, "journal has failed"); return nothing;
    }
    t->errors_in_a_row = 0;
    histogram_observe(&shard_metrics(s)->decision_ns,
                      clock_mono(shard_service(s)->clock).ns - t->heard.ns);
    return (talk_due_t){
        .due = true, .position = result.position, .count = (uint32_t)count, .seq = result.seq};
}

talk_due_t talk_message(struct talk *t, struct api *api, struct shard *s,
                        struct event_scratch *scratch,
                        scanned_event_t events[EVENTS_PER_MESSAGE_MAX], span_t text)
{
    talk_due_t due = {0};
    if (t->closed || t->live == NULL || t->live->blocked) {
        return due;
    }
    const mono_t began = clock_mono(shard_service(s)->clock);
    const bool over =
        t->live->asleep ? shard_find(s, t->live->id) == NULL : shard_shuts_out(s, t->live, began);
    if (over) {
        return due; /* it has expired since the wheel last turned, and was told so */
    }
    if (!live_allows_bytes(s, t->live, text.len, began)) {
        end_for_rate(t, api, "too many events");
        return due;
    }
    size_t count = 0;
    scan_fault_t fault = {0};
    if (event_scan(scratch, text, events, &count, &fault) != SCAN_OK) {
        metrics_count_refusal(&api->metrics, &fault);
        say_error(t, s, fault.message, fault.field);
        return due;
    }
    if (!live_allows_events(s, t->live, count, began)) {
        end_for_rate(t, api, "too many events");
        return due;
    }
    return take(t, api, s, events, count, began);
}

void talk_noise(struct talk *t, struct api *api, struct shard *s, size_t bytes)
{
    if (t->closed || t->live == NULL || t->live->blocked) {
        return;
    }
    if (!live_allows_bytes(s, t->live, bytes, clock_mono(shard_service(s)->clock))) {
        end_for_rate(t, api, "too many frames");
    }
}

#define ACK_OPENING "{\"type\":\"data_received\",\"timestamp\":\""
#define ACK_MIDDLE  "\",\"status\":\"processed\",\"count\":"

enum { ACK_BYTES = 256, NUMBER_BYTES = 21 };

_Static_assert(sizeof ACK_OPENING - 1 + TIME_TEXT_LEN + sizeof ACK_MIDDLE - 1 ==
                   TALK_ACK_HEAD_BYTES,
               "the head is as long as its parts");

void talk_ack_head(talk_ack_head_t *head, wall_t now)
{
    char text[TALK_ACK_HEAD_BYTES + 1];
    char *const time = text + sizeof ACK_OPENING - 1;
    memcpy(text, ACK_OPENING, sizeof ACK_OPENING - 1);
    time_print(now, time);
    memcpy(time + TIME_TEXT_LEN, ACK_MIDDLE, sizeof ACK_MIDDLE);
    memcpy(head->text, text, sizeof head->text);
}

/* An acknowledgement as it is put together: each event brings one, so no general writer. */
struct words {
    size_t len;
    char text[ACK_BYTES];
};

static void add(struct words *w, const char *text, size_t len)
{
    MUST(len <= sizeof w->text - w->len);
    memcpy(w->text + w->len, text, len);
    w->len += len;
}

static void add_number(struct words *w, int64_t value)
{
    char text[NUMBER_BYTES];
    size_t at = sizeof text;
    int64_t left = value;
    do {
        const int64_t digit = left % 10;
        text[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        left /= 10;
    } while (left != 0);
    if (value < 0) {
        text[--at] = '-';
    }
    add(w, text + at, sizeof text - at);
}

void talk_acknowledge(struct talk *t, const talk_ack_head_t *head, uint32_t count, int64_t seq)
{
    if (t->closed || t->live == NULL) {
        return;
    }
    if (seq > t->live->seq_durable) {
        t->live->seq_durable = seq;
    }
    const char *const level = canara_level_name((enum canara_level)t->live->shown_level);
    struct words w;
    w.len = 0;
    add(&w, head->text, sizeof head->text);
    add_number(&w, count);
    add(&w, ",\"seq\":", strlen(",\"seq\":"));
    add_number(&w, seq);
    add(&w, ",\"risk_level\":\"", strlen(",\"risk_level\":\""));
    add(&w, level, strlen(level));
    add(&w, "\"}", 2);
    t->sink->text(t->sink, (span_t){(const uint8_t *)w.text, w.len});
}

/* ---- news ---- */

static void say_level(struct talk *t, struct shard *s, const canara_verdict_t *v)
{
    char memory[256];
    struct json_writer w;
    open_message(&w, memory, sizeof memory, "risk_update", s);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(v->level));
    json_name(&w, "previous");
    json_cstr(&w, canara_level_name(v->previous));
    say(t, &w);
}

static void say_blocked(struct talk *t, struct shard *s, enum session_end how)
{
    const char *const reason = how == END_MPIN_LOCKED ? "Too many failed MPIN attempts"
                               : how == END_OPERATOR  ? "Session ended by administrator"
                                                      : "High risk behavior detected";
    char memory[256];
    struct json_writer w;
    open_message(&w, memory, sizeof memory, "session_blocked", s);
    json_name(&w, "reason");
    json_cstr(&w, reason);
    say(t, &w);
    talk_end(t, TALK_CLOSE_BLOCKED, reason);
}

static void end_for(struct talk *t, enum session_end how)
{
    switch (how) {
    case END_LOGGED_OUT: talk_end(t, TALK_CLOSE_LOGGED_OUT, "logged out"); return;
    case END_EXPIRED: talk_end(t, TALK_CLOSE_EXPIRED, "session expired"); return;
    case END_REPLACED:
    case END_REVOKED:
    case END_REFRESH_REUSED: talk_end(t, TALK_CLOSE_EXPIRED, "session ended"); return;
    case END_BLOCKED:
    case END_MPIN_LOCKED:
    case END_OPERATOR: talk_end(t, TALK_CLOSE_BLOCKED, "session blocked"); return;
    case END_NONE:
    case END_REASONS: bug(__FILE__, __LINE__, "a session that ends has a reason");
    }
}

void talk_notice(struct talk *t, struct api *api, struct shard *s, enum notice what,
                 enum session_end how, const canara_verdict_t *verdict)
{
    (void)api;
    switch (what) {
    case NOTICE_LEVEL: say_level(t, s, verdict); return;
    case NOTICE_CHALLENGE: say_challenge(t, s, t->live); return;
    case NOTICE_BLOCKED: say_blocked(t, s, how); return;
    case NOTICE_ENDED: end_for(t, how); return;
    }
}

/* ---- news from workers ---- */

/* The store was away when it should have woken: what it has to know it is told when it wakes. */
static void tell_sleeper(struct shard *s, uuid_t session, enum tell what, enum session_end how)
{
    struct live *sleeper = shard_peek(s, session);
    if (sleeper != NULL && sleeper->asleep && (what == TELL_BLOCK || what == TELL_END)) {
        sleeper->told = (uint8_t)how;
    }
}

void api_told(struct shard *s, uuid_t session, enum tell what, enum session_end how, double value)
{
    struct live *live = shard_find_held(s, session);
    if (live == NULL) {
        tell_sleeper(s, session, what, how);
        return;
    }
    switch (what) {
    case TELL_BLOCK:
        if (!live->blocked) {
            behaviour_block(s, live, how, true);
        }
        return;
    case TELL_END: shard_end(s, live, how, true); return;
    case TELL_MPIN_FAILURES: live->mpin_failures = (uint32_t)value; return;
    case TELL_FACT:
        if (!live->blocked) {
            (void)behaviour_fact(s, live, "external_fact", SPAN_LIT("{}"), CANARA_FACT_EXTERNAL,
                                 value);
        }
        return;
    }
}
