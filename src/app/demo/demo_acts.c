/* demo_acts.c - the acts of the demo but that of the rhythm. */
#include "app/demo/demo.h"
#include "app/persona/persona.h"
#include "codec/json_write.h"

#include <math.h>
#include <string.h>

enum {
    FAST_EVENTS = 40,
    OWNER_PLAYS_MS = 24000, /* without --fast */
    OWNER_WAITS_MS = 2500,  /* at most, between two events */
    BREATH_MS = 2500,
    BOT_KEYS = 20,
    BOT_INTERVALS = 24,
    EVENT_BYTES = 4096,
};

/* ---- act 1 ---- */

/* Play the owner's persona for a while; *sent events. */
static err_t bank_as_always(struct demo *d, struct inbox *in, unsigned *sent)
{
    struct persona p;
    CLEANUP(buf_deinit) struct buf event;
    buf_init(&event, PERSONA_EVENT_MAX);
    persona_init(&p, PERSONA_OWNER, d->seed, 0);
    const mono_t begin = clock_mono(d->client.clock);
    int64_t before = 0;
    bool more = true;
    while (*sent < FAST_EVENTS && !d->owner_socket.closed) {
        int64_t due = 0;
        TRY(persona_next(&p, &due, &event, &more));
        if (!more) {
            return ERR_OK;
        }
        TRY(demo_pause(d, due - before < OWNER_WAITS_MS ? due - before : OWNER_WAITS_MS));
        before = due;
        TRY(demo_send(d, &d->owner_socket, in, buf_span(&event)));
        *sent += 1;
        const int64_t past = mono_ms_between(begin, clock_mono(d->client.clock));
        stage_progress(&d->stage, "%u events, level %s", *sent, in->level);
        if (!d->fast && past > OWNER_PLAYS_MS) {
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static err_t expect_normal(struct demo *d, unsigned sent)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    TRY(customer_status(&d->client, &d->owner, &a));
    double risk = 1.0;
    int64_t events = -1;
    span_t level = {0};
    bool blocked = true;
    const bool told = json_get_double(a.json, "risk_score", &risk) &&
                      json_get_text(a.json, "risk_level", &level) &&
                      json_get_bool(a.json, "is_blocked", &blocked) &&
                      json_get_int(a.json, "behavioral_events_count", &events);
    const bool normal = told && span_eq(level, SPAN_LIT("normal")) && !blocked && risk < 0.4;
    (void)stage_expect(&d->stage, normal, "session-status: level %.*s, risk %.2f", (int)level.len,
                       level.len == 0 ? "" : (const char *)level.ptr, risk);
    (void)stage_expect(&d->stage, events == (int64_t)sent, "the server has counted %lld of %u",
                       (long long)events, sent);
    return ERR_OK;
}

err_t demo_owner(struct demo *d)
{
    struct inbox in = {0};
    bool entered = false;
    unsigned sent = 0;
    stage_act(&d->stage, "Act 1: the owner",
              "Somebody opens an account and banks as people do: types, points, reads, pays.");
    customer_invent(&d->owner, "owner", "owner-phone");
    TRY(demo_enter(d, &d->owner, &entered));
    if (!entered) {
        return ERR_OK;
    }
    TRY(demo_connect(d, &d->owner, &d->owner_socket, &in));
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    TRY(customer_mpin(&d->client, &d->owner, d->owner.mpin, &a));
    (void)demo_expect(d, &a, 200, "MPIN verified successfully", "verify the MPIN");
    TRY(bank_as_always(d, &in, &sent));
    (void)stage_expect(&d->stage, in.acknowledged == sent && in.errors == 0,
                       "%u events sent, %u acknowledged", sent, in.acknowledged);
    (void)stage_expect(&d->stage, !in.challenged && !in.blocked && !d->owner_socket.closed,
                       "the owner is left in peace");
    TRY(expect_normal(d, sent));
    TRY(demo_tell_summary(d, &d->owner));
    return demo_transfer(d, &d->owner, "1500.00", false, "allow");
}

/* ---- act 2 ---- */

static void begin_event(struct json_writer *w, char text[EVENT_BYTES], const char *type)
{
    json_writer_init_fixed(w, text, EVENT_BYTES);
    json_begin_object(w);
    json_name(w, "event_type");
    json_cstr(w, type);
    json_name(w, "data");
    json_begin_object(w);
}

static span_t end_event(struct json_writer *w)
{
    json_end_object(w);
    json_end_object(w);
    MUST(!failed(w->error));
    return json_written(w);
}

/* Keys faster than hands, and unsteady enough to break no other rule. */
static span_t superhuman_keys(struct rng *r, char text[EVENT_BYTES])
{
    struct json_writer w;
    begin_event(&w, text, "keystrokes");
    json_name(&w, "field");
    json_cstr(&w, "beneficiary");
    json_name(&w, "keys");
    json_begin_array(&w);
    double down = 0.0;
    for (int i = 0; i < BOT_KEYS; i++) {
        json_begin_object(&w);
        json_name(&w, "down");
        json_fixed(&w, down, 2);
        json_name(&w, "up");
        json_fixed(&w, down + rng_between(r, 1.0, 6.0), 2);
        json_name(&w, "class");
        json_cstr(&w, "letter");
        json_end_object(&w);
        down += 3.0 + 7.0 * (i % 3) + rng_between(r, 0.0, 6.0); /* in three bins of 8 ms */
    }
    json_end_array(&w);
    return end_event(&w);
}

static span_t fast_clicks(struct rng *r, char text[EVENT_BYTES])
{
    struct json_writer w;
    begin_event(&w, text, "rapid_clicks");
    json_name(&w, "clicks_per_second");
    json_fixed(&w, rng_between(r, 8.5, 11.5), 1);
    json_name(&w, "pattern");
    json_cstr(&w, "automated");
    return end_event(&w);
}

/* A metronome. */
static span_t regular_typing(struct rng *r, char text[EVENT_BYTES])
{
    struct json_writer w;
    const double beat = rng_between(r, 0.09, 0.14);
    begin_event(&w, text, "typing_pattern");
    json_name(&w, "words_per_minute");
    json_fixed(&w, 12.0 / beat, 1);
    json_name(&w, "key_press_intervals");
    json_begin_array(&w);
    for (int i = 0; i < BOT_INTERVALS; i++) {
        json_fixed(&w, beat, 4);
    }
    json_end_array(&w);
    json_name(&w, "backspace_frequency");
    json_number(&w, 0.0);
    return end_event(&w);
}

static void expect_end(struct demo *d, const struct client_socket *s, const struct inbox *in,
                       unsigned code)
{
    (void)stage_expect(&d->stage,
                       in->blocked && strcmp(in->block_reason, "High risk behavior detected") == 0,
                       "session_blocked: %s", in->block_reason);
    (void)stage_expect(&d->stage, s->closed && s->close_code == code, "the socket closes with %u",
                       (unsigned)s->close_code);
}

static err_t expect_shut_out(struct demo *d, const struct customer *who)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    bool flag = false;
    TRY(customer_status(&d->client, who, &a));
    const bool blocked = json_get_bool(a.json, "is_blocked", &flag) && flag;
    (void)stage_expect(&d->stage, blocked, "session-status: is_blocked %s",
                       blocked ? "true" : "false");
    struct client_socket again;
    unsigned refused = 0;
    client_socket_init(&again, &d->client);
    const err_t e = customer_socket(&again, who, &refused);
    client_socket_deinit(&again);
    if (failed(e) && refused == 0) {
        return e;
    }
    (void)stage_expect(&d->stage, refused == 410, "a new socket is refused: %u", refused);
    return ERR_OK;
}

static err_t run_script(struct demo *d, const struct customer *bot, struct client_socket *s)
{
    char text[EVENT_BYTES];
    struct inbox in = {0};
    TRY(demo_connect(d, bot, s, &in));
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "types 20 keys, each within 25 ms of the last ...");
    TRY(demo_send(d, s, &in, superhuman_keys(&d->rng, text)));
    (void)stage_expect(&d->stage, in.challenged && !in.blocked, "mpin_required: %s", in.reasons);
    TRY(demo_tell_summary(d, bot));
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "goes on without an MPIN: clicks ten times a second ...");
    const unsigned before = in.acknowledged;
    TRY(demo_send(d, s, &in, fast_clicks(&d->rng, text)));
    (void)stage_expect(&d->stage, in.acknowledged == before + 1 && !s->closed,
                       "its events are still taken, level %s", in.level);
    TRY(demo_transfer(d, bot, "1500.00", false, "challenge"));
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "types like a metronome ...");
    TRY(demo_send(d, s, &in, regular_typing(&d->rng, text)));
    expect_end(d, s, &in, 4403);
    return demo_tell_summary(d, bot);
}

err_t demo_bot(struct demo *d)
{
    CLEANUP(customer_wipe) struct customer bot;
    struct client_socket s;
    bool entered = false;
    stage_act(&d->stage, "Act 2: the script", "A program drives a session of its own.");
    customer_invent(&bot, "script", "headless-7");
    TRY(demo_enter(d, &bot, &entered));
    if (!entered) {
        return ERR_OK;
    }
    client_socket_init(&s, &d->client);
    const err_t e = run_script(d, &bot, &s);
    client_socket_deinit(&s);
    TRY(e);
    return expect_shut_out(d, &bot);
}

/* ---- act 3 ---- */

static span_t other_phone(char text[EVENT_BYTES])
{
    struct json_writer w;
    begin_event(&w, text, "device_context");
    json_name(&w, "model");
    json_cstr(&w, "Nokia 3310");
    json_name(&w, "os");
    json_cstr(&w, "Series 20");
    return end_event(&w);
}

static span_t money_event(char text[EVENT_BYTES], const char *type, const char *amount)
{
    struct json_writer w;
    begin_event(&w, text, type);
    if (amount != NULL) {
        json_name(&w, "amount");
        json_cstr(&w, amount);
        json_name(&w, "currency");
        json_cstr(&w, "INR");
    }
    return end_event(&w);
}

/* With the owner's token, from elsewhere. */
static err_t use_stolen_token(struct demo *d, struct client_socket *s)
{
    char text[EVENT_BYTES];
    struct inbox in = {0};
    struct inbox owner = {0};
    TRY(demo_connect(d, &d->owner, s, &in));
    TRY(demo_hear(d, &d->owner_socket, &owner, 5000));
    (void)stage_expect(&d->stage, d->owner_socket.close_code == 4409,
                       "the owner's own socket closes with %u: replaced",
                       (unsigned)d->owner_socket.close_code);
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "another phone, a large transfer, somebody new to pay ...");
    TRY(demo_send(d, s, &in, other_phone(text)));
    TRY(demo_pause(d, BREATH_MS));
    TRY(demo_send(d, s, &in, money_event(text, "large_transaction", "45000.00")));
    TRY(demo_pause(d, BREATH_MS));
    TRY(demo_send(d, s, &in, money_event(text, "new_beneficiary", NULL)));
    (void)stage_expect(&d->stage, in.challenged && !in.blocked, "mpin_required: %s", in.reasons);
    TRY(demo_tell_summary(d, &d->owner));
    TRY(demo_transfer(d, &d->owner, "45000.00", false, "challenge"));
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "guesses an MPIN ...");
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    TRY(customer_mpin(&d->client, &d->owner, "5938", &a));
    (void)demo_expect(d, &a, 401, "Invalid MPIN. 2 attempts remaining", "first wrong MPIN");
    TRY(demo_hear(d, s, &in, 5000));
    expect_end(d, s, &in, 4403);
    return demo_tell_summary(d, &d->owner);
}

static err_t guess(struct demo *d, const struct customer *who, const char *mpin, unsigned status,
                   const char *words)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    char what[48];
    (void)snprintf(what, sizeof what, "another wrong MPIN, %s", mpin);
    TRY(demo_pause(d, BREATH_MS));
    TRY(customer_mpin(&d->client, who, mpin, &a));
    (void)demo_expect(d, &a, status, words, what);
    return ERR_OK;
}

static err_t log_in_again(struct demo *d, struct customer *who)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    bool flag = false;
    TRY(customer_login(&d->client, who, &a));
    const bool required = json_get_bool(a.json, "mpin_required", &flag) && flag;
    (void)stage_expect(&d->stage, a.status == 200 && required, "log in on %s: %u, mpin_required %s",
                       who->device_id, a.status, required ? "true" : "false");
    return ERR_OK;
}

/* The password was stolen too: what is counted is the account's, not the session's. */
static err_t use_stolen_password(struct demo *d)
{
    CLEANUP(customer_wipe) struct customer thief = d->owner;
    (void)snprintf(thief.device_id, sizeof thief.device_id, "thief-phone");
    stage_say(&d->stage, "comes back with the password, on a phone of his own ...");
    TRY(log_in_again(d, &thief));
    TRY(guess(d, &thief, "7261", 401, "Invalid MPIN. 1 attempts remaining"));
    TRY(guess(d, &thief, "8350", 403, "Account locked due to too many failed MPIN attempts"));
    return expect_shut_out(d, &thief);
}

err_t demo_thief(struct demo *d)
{
    struct client_socket s;
    stage_act(&d->stage, "Act 4: the thief",
              "Somebody has copied the token of the owner's live session.");
    client_socket_init(&s, &d->client);
    const err_t e = use_stolen_token(d, &s);
    client_socket_deinit(&s);
    TRY(e);
    TRY(demo_pause(d, BREATH_MS));
    TRY(use_stolen_password(d));
    TRY(demo_pause(d, BREATH_MS));

    stage_say(&d->stage, "the owner comes back ...");
    TRY(log_in_again(d, &d->owner));
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    TRY(customer_mpin(&d->client, &d->owner, d->owner.mpin, &a));
    (void)demo_expect(d, &a, 403, "Account locked due to too many failed MPIN attempts",
                      "the right MPIN, while locked");
    (void)stage_expect(&d->stage, a.retry_after_s > 0, "unlocked in %lld s",
                       (long long)a.retry_after_s);
    return demo_transfer(d, &d->owner, "1500.00", false, "deny");
}
