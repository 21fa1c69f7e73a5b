/* demo_talk.c - what the acts of the demo are made of. */
#include "app/demo/demo.h"
#include "base/util.h"

#include <string.h>

enum { ACKNOWLEDGE_MS = 10000 };

err_t demo_pause(struct demo *d, int64_t ms)
{
    return d->fast ? ERR_OK : client_pause(&d->client, ms);
}

bool demo_expect(struct demo *d, const struct client_answer *a, unsigned status, const char *words,
                 const char *what)
{
    const char *const got = client_answer_words(a);
    const bool happened = a->status == status && (words == NULL || strcmp(got, words) == 0);
    if (happened) {
        return stage_expect(&d->stage, true, "%s: %u%s%s", what, status, got[0] == '\0' ? "" : " ",
                            got);
    }
    return stage_expect(&d->stage, false, "%s: %u %s (should be %u %s)", what, a->status, got,
                        status, words == NULL ? "" : words);
}

/* ---- in ---- */

err_t demo_enter(struct demo *d, struct customer *who, bool *ok)
{
    CLEANUP(client_answer_deinit) struct client_answer registered = {0};
    TRY(customer_register(&d->client, who, &registered));
    *ok = demo_expect(d, &registered, 200, "User registered successfully", "register");
    CLEANUP(client_answer_deinit) struct client_answer login = {0};
    TRY(customer_login(&d->client, who, &login));
    *ok = demo_expect(d, &login, 200, NULL, "log in") && *ok;
    if (*ok) {
        stage_say(&d->stage, "%s, session %s", who->email, who->session);
    }
    return ERR_OK;
}

/* ---- what the socket tells ---- */

static void take_text(const struct json *json, const char *name, char *to, size_t size)
{
    span_t text = {0};
    if (json_get_text(json, name, &text)) {
        (void)snprintf(to, size, "%.*s", (int)text.len, (const char *)text.ptr);
    }
}

static void join(const struct json *array, char *to, size_t size)
{
    size_t len = 0;
    to[0] = '\0';
    for (size_t i = 0; i < json_count(array); i++) {
        span_t text = {0};
        if (!json_as_text(json_item(array, i), &text)) {
            continue;
        }
        const int n = snprintf(to + len, size - len, "%s%.*s", len == 0 ? "" : ", ", (int)text.len,
                               (const char *)text.ptr);
        len = n < 0 ? len : size_min(len + (size_t)n, size - 1);
    }
}

static void take_message(struct inbox *in, const struct json *json)
{
    char type[32] = "";
    take_text(json, "type", type, sizeof type);
    if (strcmp(type, "data_received") == 0) {
        int64_t count = 1;
        const bool told = json_get_int(json, "count", &count) && count > 0 && count <= 4096;
        in->acknowledged += told ? (unsigned)count : 1;
        take_text(json, "risk_level", in->level, sizeof in->level);
    } else if (strcmp(type, "connection_established") == 0) {
        in->greeted = true;
        take_text(json, "risk_level", in->level, sizeof in->level);
    } else if (strcmp(type, "risk_update") == 0) {
        take_text(json, "risk_level", in->level, sizeof in->level);
    } else if (strcmp(type, "mpin_required") == 0) {
        in->challenged = true;
        join(json_get(json, "reasons"), in->reasons, sizeof in->reasons);
    } else if (strcmp(type, "session_blocked") == 0) {
        in->blocked = true;
        take_text(json, "reason", in->block_reason, sizeof in->block_reason);
    } else {
        in->errors++;
    }
}

/* Hear one message; *news as client_socket_next(). */
static err_t hear_one(struct demo *d, struct client_socket *s, struct inbox *in, int64_t ms,
                      enum socket_news *news)
{
    span_t text = {0};
    TRY(client_socket_next(s, ms, news, &text));
    if (*news != SOCKET_TEXT) {
        return ERR_OK;
    }
    struct json *json = NULL;
    if (failed(json_parse(text, &json, NULL))) {
        (void)stage_expect(&d->stage, false, "the socket speaks JSON: %.*s",
                           (int)size_min(text.len, 80), (const char *)text.ptr);
        in->errors++;
        return ERR_OK;
    }
    take_message(in, json);
    json_free(&json);
    return ERR_OK;
}

err_t demo_hear(struct demo *d, struct client_socket *s, struct inbox *in, int64_t ms)
{
    const mono_t until = mono_after_ms(clock_mono(d->client.clock), ms);
    enum socket_news news = SOCKET_TEXT;
    while (news == SOCKET_TEXT) {
        const int64_t left = mono_ms_between(clock_mono(d->client.clock), until);
        TRY(hear_one(d, s, in, left > 0 ? left : 0, &news));
    }
    return ERR_OK;
}

err_t demo_send(struct demo *d, struct client_socket *s, struct inbox *in, span_t event)
{
    const unsigned acknowledged = in->acknowledged;
    const unsigned errors = in->errors;
    enum socket_news news = SOCKET_TEXT;
    TRY(client_socket_send(s, event));
    while (news == SOCKET_TEXT && in->acknowledged == acknowledged && in->errors == errors) {
        TRY(hear_one(d, s, in, ACKNOWLEDGE_MS, &news));
    }
    if (news == SOCKET_QUIET) {
        (void)stage_expect(&d->stage, false, "an event is acknowledged within %d s",
                           ACKNOWLEDGE_MS / 1000);
    }
    return ERR_OK;
}

err_t demo_connect(struct demo *d, const struct customer *who, struct client_socket *s,
                   struct inbox *in)
{
    enum socket_news news = SOCKET_QUIET;
    *in = (struct inbox){0};
    TRY(customer_socket(s, who, NULL));
    TRY(hear_one(d, s, in, ACKNOWLEDGE_MS, &news));
    (void)stage_expect(&d->stage, in->greeted, "open the socket: %s",
                       in->greeted ? "connection_established" : "no greeting");
    return ERR_OK;
}

/* ---- what the server thinks ---- */

static void tell_evidence(struct demo *d, const struct json *evidence)
{
    for (size_t i = 0; i < json_count(evidence); i++) {
        char name[48] = "";
        double nats = 0.0;
        const struct json *const one = json_item(evidence, i);
        take_text(one, "name", name, sizeof name);
        if (json_get_double(one, "nats", &nats)) {
            stage_say(&d->stage, "  %-30s %+6.2f nats", name, nats);
        }
    }
}

static void tell_baselines(struct demo *d, const struct json *baselines)
{
    for (size_t i = 0; i < json_count(baselines); i++) {
        char what[48] = "";
        char unit[16] = "";
        double value = 0.0;
        double usual = 0.0;
        double spread = 0.0;
        const struct json *const one = json_item(baselines, i);
        take_text(one, "what", what, sizeof what);
        take_text(one, "unit", unit, sizeof unit);
        if (json_get_double(one, "value", &value) && json_get_double(one, "usual", &usual) &&
            json_get_double(one, "spread", &spread)) {
            stage_say(&d->stage, "  %s %.0f %s, the owner's usual %.0f +- %.0f", what, value, unit,
                      usual, spread);
        }
    }
}

static err_t tell_summary(struct demo *d, const struct customer *who,
                          char reasons[DEMO_REASONS_BYTES])
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    TRY(customer_summary(&d->client, who, &a));
    double risk = -1.0;
    char level[16] = "?";
    const bool told = a.status == 200 && json_get_double(a.json, "risk_score", &risk);
    take_text(a.json, "risk_level", level, sizeof level);
    join(json_get(a.json, "reasons"), reasons, DEMO_REASONS_BYTES);
    if (!told) {
        (void)demo_expect(d, &a, 200, NULL, "behavior-summary");
        return ERR_OK;
    }
    stage_say(&d->stage, "risk %.2f, level %s%s%s", risk, level,
              reasons[0] == '\0' ? "" : ", because of: ", reasons);
    tell_evidence(d, json_get(a.json, "evidence"));
    tell_baselines(d, json_get(a.json, "baselines"));
    return ERR_OK;
}

err_t demo_tell_summary(struct demo *d, const struct customer *who)
{
    char reasons[DEMO_REASONS_BYTES] = "";
    return tell_summary(d, who, reasons);
}

err_t demo_tell_recognised(struct demo *d, const struct customer *who)
{
    char reasons[DEMO_REASONS_BYTES] = "";
    TRY(tell_summary(d, who, reasons));
    (void)stage_expect(&d->stage, strstr(reasons, "typing") != NULL,
                       "recognised by the way of typing: %s", reasons);
    return ERR_OK;
}

err_t demo_transfer(struct demo *d, const struct customer *who, const char *amount,
                    bool beneficiary_new, const char *decision)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    char got[16] = "";
    TRY(customer_evaluate(&d->client, who, amount, beneficiary_new, &a));
    take_text(a.json, "decision", got, sizeof got);
    (void)stage_expect(&d->stage, a.status == 200 && strcmp(got, decision) == 0,
                       "may %s INR be transferred%s? %s%s%s", amount,
                       beneficiary_new ? " to somebody new" : "",
                       got[0] == '\0' ? client_answer_words(&a) : got,
                       strcmp(got, decision) == 0 ? "" : ", should be ",
                       strcmp(got, decision) == 0 ? "" : decision);
    return ERR_OK;
}
