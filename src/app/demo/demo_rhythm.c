/* demo_rhythm.c - the act in which somebody is known by how he types. */
#include "app/demo/demo.h"
#include "app/persona/persona.h"
#include "codec/json_write.h"

#include <string.h>

enum {
    DAYS = 16,       /* on which the owner comes before the thief does */
    DAYS_MAX = 40,   /* until the server has learnt, at most */
    LESSON_MS = 50,  /* a lesson may take so long before the owner comes again */
    ENTRIES_MAX = 5, /* times that the thief types the password, at most */
    BREATH_MS = 2500,
};

/* What session-status says. */
struct standing {
    double risk;
    char level[16], learning[16];
    int64_t sessions, needed;
    bool blocked, mpin_required;
};

static void take_word(const struct json *json, const char *name, char out[16])
{
    span_t text = {0};
    if (json_get_text(json, name, &text)) {
        (void)snprintf(out, 16, "%.*s", (int)text.len, (const char *)text.ptr);
    }
}

static err_t look(struct demo *d, const struct customer *who, struct standing *out)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    *out = (struct standing){.risk = 1.0, .level = "?", .learning = "?"};
    TRY(customer_status(&d->client, who, &a));
    const struct json *const learning = json_get(a.json, "learning");
    const bool told = json_get_double(a.json, "risk_score", &out->risk) &&
                      json_get_bool(a.json, "is_blocked", &out->blocked) &&
                      json_get_bool(a.json, "mpin_required", &out->mpin_required) &&
                      json_get_int(learning, "sessions", &out->sessions) &&
                      json_get_int(learning, "needed", &out->needed);
    if (!told) {
        (void)stage_expect(&d->stage, false, "session-status tells risk and learning: %u",
                           a.status);
    }
    take_word(a.json, "risk_level", out->level);
    take_word(learning, "state", out->learning);
    return ERR_OK;
}

static bool is_caught(const struct standing *seen)
{
    return seen->blocked || strcmp(seen->level, "challenge") == 0;
}

/* Sit down before the account, as whom `kind` says, on the day `number`. */
static void sit_down(const struct demo *d, enum persona_kind kind, unsigned number,
                     struct persona_secret *hand)
{
    struct persona p;
    persona_init(&p, kind, d->seed, number);
    secret_init(hand, &p, d->seed, number);
    hand->mobile = false; /* forms tell times alone, as the login does: one habit for all of them */
}

/* Password, MPIN, a look at the account, and out. *ok: all went well. */
static err_t come_and_go(struct demo *d, struct customer *who, struct standing *seen, bool *ok)
{
    CLEANUP(client_answer_deinit) struct client_answer in = {0};
    CLEANUP(client_answer_deinit) struct client_answer proved = {0};
    CLEANUP(client_answer_deinit) struct client_answer out = {0};
    TRY(customer_login(&d->client, who, &in));
    TRY(customer_mpin(&d->client, who, who->mpin, &proved));
    TRY(look(d, who, seen));
    TRY(customer_logout(&d->client, who, &out));
    *ok = in.status == 200 && proved.status == 200 && out.status == 200 && !seen->blocked;
    return client_pause(&d->client, LESSON_MS);
}

/* As always; but everybody has a bad day now and then, and then the MPIN makes up for it. */
static err_t be_welcome(struct demo *d, struct customer *who)
{
    struct standing seen = {0};
    CLEANUP(client_answer_deinit) struct client_answer in = {0};
    CLEANUP(client_answer_deinit) struct client_answer proved = {0};
    CLEANUP(client_answer_deinit) struct client_answer out = {0};
    TRY(customer_login(&d->client, who, &in));
    TRY(look(d, who, &seen));
    if (seen.mpin_required) {
        stage_say(&d->stage, "the owner is asked for the MPIN on a bad day: risk %.2f", seen.risk);
        TRY(customer_mpin(&d->client, who, who->mpin, &proved));
        TRY(look(d, who, &seen));
    }
    (void)stage_expect(&d->stage, strcmp(seen.level, "normal") == 0 && !seen.mpin_required,
                       "the owner types the password and is left in peace: level %s, risk %.2f",
                       seen.level, seen.risk);
    TRY(demo_tell_summary(d, who));
    return customer_logout(&d->client, who, &out);
}

static err_t get_known(struct demo *d, struct customer *who)
{
    struct standing seen = {0};
    struct persona_secret hand;
    unsigned day = 0;
    bool ok = true;
    who->hand = &hand;
    while (ok && day < DAYS_MAX && (day < DAYS || strcmp(seen.learning, "learnt") != 0)) {
        day++;
        sit_down(d, PERSONA_OWNER, day, &hand);
        TRY(come_and_go(d, who, &seen, &ok));
        stage_progress(&d->stage, "day %u: %s, %lld of %lld sessions, risk %.2f", day,
                       seen.learning, (long long)seen.sessions, (long long)seen.needed, seen.risk);
        TRY(demo_pause(d, BREATH_MS / DAYS));
    }
    (void)stage_expect(&d->stage, ok && strcmp(seen.learning, "learnt") == 0,
                       "after %u days the owner is %s, %lld of %lld sessions", day, seen.learning,
                       (long long)seen.sessions, (long long)seen.needed);

    sit_down(d, PERSONA_OWNER, day + 1, &hand);
    return be_welcome(d, who);
}

/* The password once more, into the form that asks for it before money is sent. */
static err_t type_again(struct demo *d, struct client_socket *s, struct inbox *in,
                        struct persona_secret *hand)
{
    CLEANUP(buf_deinit) struct buf event;
    int64_t took = 0;
    buf_init(&event, PERSONA_EVENT_MAX);
    TRY(secret_event(hand, SECRET_PASSWORD, &event, &took));
    TRY(demo_pause(d, took));
    return demo_send(d, s, in, buf_span(&event));
}

static err_t type_on(struct demo *d, struct client_socket *s, const struct customer *thief,
                     struct standing *seen, unsigned *entries)
{
    struct inbox in = {0};
    TRY(demo_connect(d, thief, s, &in));
    while (!is_caught(seen) && !s->closed && *entries < ENTRIES_MAX) {
        *entries += 1;
        TRY(type_again(d, s, &in, thief->hand));
        TRY(look(d, thief, seen));
    }
    return ERR_OK;
}

/* The rhythm of one entry may be enough to shut the door: then he pastes it, to get as far as the form
 * that asks for it again. */
static err_t get_in(struct demo *d, struct customer *thief)
{
    CLEANUP(client_answer_deinit) struct client_answer typed = {0};
    CLEANUP(client_answer_deinit) struct client_answer pasted = {0};
    struct persona_secret *const hand = thief->hand;
    TRY(customer_login(&d->client, thief, &typed));
    if (typed.status == 200) {
        return ERR_OK;
    }
    (void)demo_expect(d, &typed, 403, "Session is blocked or invalid",
                      "the right password, on the owner's phone");
    TRY(demo_pause(d, BREATH_MS));
    stage_say(&d->stage, "pastes it ...");
    thief->hand = NULL;
    TRY(customer_login(&d->client, thief, &pasted));
    thief->hand = hand;
    (void)demo_expect(d, &pasted, 200, NULL, "the password, pasted");
    return ERR_OK;
}

static err_t come_with_hand(struct demo *d, struct customer *thief)
{
    struct standing seen = {0};
    struct client_socket s;
    unsigned entries = 0;
    TRY(get_in(d, thief));
    TRY(look(d, thief, &seen));
    if (!is_caught(&seen)) {
        stage_say(&d->stage, "wants to send money, and types the password that is asked for ...");
        client_socket_init(&s, &d->client);
        const err_t e = type_on(d, &s, thief, &seen, &entries);
        client_socket_deinit(&s);
        TRY(e);
    }
    (void)stage_expect(&d->stage, is_caught(&seen), "%s after %u more entr%s: level %s, risk %.2f",
                       seen.blocked ? "blocked" : (is_caught(&seen) ? "challenged" : "let be"),
                       entries, entries == 1 ? "y" : "ies", seen.level, seen.risk);
    return demo_tell_recognised(d, thief);
}

static err_t be_recognised(struct demo *d, struct customer *thief)
{
    struct persona_secret hand;
    sit_down(d, PERSONA_OTHER, 0, &hand);
    thief->hand = &hand;
    const err_t e = come_with_hand(d, thief);
    thief->hand = NULL;
    return e;
}

err_t demo_rhythm(struct demo *d)
{
    CLEANUP(customer_wipe) struct customer owner = d->owner;
    CLEANUP(customer_wipe) struct customer thief = d->owner;
    stage_act(&d->stage, "Act 3: the rhythm",
              "The owner comes day after day and types the same password and MPIN. Then a thief\n"
              "comes who knows the password and has copied the phone.");
    TRY(get_known(d, &owner));
    TRY(demo_pause(d, BREATH_MS));
    stage_say(&d->stage, "the thief types the password ...");
    return be_recognised(d, &thief);
}
