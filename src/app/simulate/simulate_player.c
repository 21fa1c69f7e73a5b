#include "app/simulate/simulate_player.h"

#include "codec/json_read.h"

#include <stdarg.h>
#include <string.h>

enum {
    RETRIES_MAX = 30, /* in a row, after 429 and 503 */
    RETRY_S_MAX = 60,
    IN_FLIGHT_MAX = 64, /* events without an acknowledgement */
    SEND_GAP_MS = 10,   /* at least, between two events: the server's limit is 200 a second */
    FULL_GAP_MS = 20,
    LAST_WORDS_MS = 10000,
    ANSWER_MPIN_MS = 1500,
};

void player_init(struct player *p, const struct simulate *plan, struct simulate_totals *totals,
                 struct client *client, uint64_t seed)
{
    *p = (struct player){.plan = plan,
                         .totals = totals,
                         .client = client,
                         .seed = seed,
                         .phase = plan->kind == PERSONA_STUFFER ? PLAYER_TRIES : PLAYER_REGISTERS,
                         .next = clock_mono(client->clock),
                         .begin = clock_mono(client->clock)};
    client_socket_init(&p->socket, client);
    buf_init(&p->event, PERSONA_EVENT_MAX);
    customer_invent(&p->who, "sim", "owner-phone");
    persona_init(&p->persona, plan->kind, seed, 0);
}

void player_deinit(struct player *p)
{
    client_socket_deinit(&p->socket);
    buf_deinit(&p->event);
    customer_wipe(&p->who);
}

/* ---- what went wrong ---- */

static void PRINTF_LIKE(2, 3) count_error(struct player *p, const char *format, ...)
{
    p->totals->errors++;
    if (p->totals->first_error[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(p->totals->first_error, sizeof p->totals->first_error, format, args);
        va_end(args);
    }
}

static mono_t in_ms(const struct player *p, int64_t ms)
{
    return mono_after_ms(clock_mono(p->client->clock), ms);
}

/* A request that failed in the world: counted, and the end of this person; but a stop is a stop. */
static err_t give_up(struct player *p, err_t e)
{
    if (p->client->stopped || e.code == ERR_NOMEM) {
        return e;
    }
    count_error(p, "%s", p->client->why);
    p->phase = PLAYER_DONE;
    return ERR_OK;
}

/* Wait as the server asks; true when the answer was 429 or 503 and there is patience left. */
static bool later(struct player *p, const struct client_answer *a)
{
    if ((a->status != 429 && a->status != 503) || p->retries == RETRIES_MAX) {
        return false;
    }
    const int64_t s = a->retry_after_s < 1 ? 1 : a->retry_after_s;
    p->retries++;
    p->totals->throttled++;
    p->next = in_ms(p, 1000 * (s < RETRY_S_MAX ? s : RETRY_S_MAX));
    return true;
}

static void refused(struct player *p, const struct client_answer *a, const char *what)
{
    if (!later(p, a)) {
        count_error(p, "%s: %u %s", what, a->status, client_answer_words(a));
        p->phase = PLAYER_DONE;
    }
}

/* ---- getting in ---- */

static bool is_stranger(const struct player *p)
{
    return p->plan->kind == PERSONA_OTHER || p->plan->kind == PERSONA_REMOTE;
}

static err_t step_register(struct player *p)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    const err_t e = customer_register(p->client, &p->who, &a);
    if (failed(e)) {
        return give_up(p, e);
    }
    if (a.status != 200) {
        refused(p, &a, "register");
        return ERR_OK;
    }
    p->retries = 0;
    p->phase = is_stranger(p) ? PLAYER_LETS_OWNER_IN : PLAYER_LOGS_IN;
    return ERR_OK;
}

static err_t step_owner_first(struct player *p)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    CLEANUP(client_answer_deinit) struct client_answer out = {0};
    err_t e = customer_login(p->client, &p->who, &a);
    if (!failed(e) && a.status != 200) {
        refused(p, &a, "login");
        return ERR_OK;
    }
    if (!failed(e)) {
        e = customer_logout(p->client, &p->who, &out);
    }
    if (failed(e)) {
        return give_up(p, e);
    }
    p->retries = 0;
    p->phase = PLAYER_LOGS_IN;
    return ERR_OK;
}

static void end_session(struct player *p)
{
    client_socket_deinit(&p->socket);
    p->session++;
    p->phase = p->session < p->plan->sessions ? PLAYER_LOGS_IN : PLAYER_DONE;
    p->next = in_ms(p, SEND_GAP_MS);
}

static err_t step_login(struct player *p)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    if (is_stranger(p)) {
        (void)snprintf(p->who.device_id, sizeof p->who.device_id, "stranger-%u", p->session);
    }
    persona_init(&p->persona, p->plan->kind, p->seed, p->session);
    secret_init(&p->secret, &p->persona, p->seed, p->session);
    p->who.hand = p->plan->kind == PERSONA_OWNER || is_stranger(p) ? &p->secret : NULL;
    err_t e = customer_login(p->client, &p->who, &a);
    if (!failed(e) && a.status == 403) { /* how the password was typed was enough */
        p->totals->blocks++;
        end_session(p);
        return ERR_OK;
    }
    if (!failed(e) && a.status != 200) {
        refused(p, &a, "login");
        return ERR_OK;
    }
    if (!failed(e)) {
        e = customer_socket(&p->socket, &p->who, NULL);
    }
    if (failed(e)) {
        return give_up(p, e);
    }
    bool flag = false;
    const bool required = json_get_bool(a.json, "mpin_required", &flag) && flag;
    buf_clear(&p->event);
    p->totals->sessions++;
    p->phase = PLAYER_PLAYS;
    p->asked = required && p->plan->kind == PERSONA_OWNER;
    p->blocked = false;
    p->in_flight = 0;
    p->retries = 0;
    p->begin = clock_mono(p->client->clock);
    return ERR_OK;
}

/* ---- a session ---- */

/* Only the owner knows it. */
static err_t answer_challenge(struct player *p)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    p->asked = false;
    const err_t e = customer_mpin(p->client, &p->who, p->who.mpin, &a);
    if (failed(e)) {
        return give_up(p, e);
    }
    if (a.status == 200) {
        p->totals->mpin_passed++;
    } else if (!p->blocked && a.status != 403) {
        count_error(p, "verify-mpin: %u %s", a.status, client_answer_words(&a));
    }
    return ERR_OK;
}

/* Draw the next event; false after the last one. */
static err_t draw(struct player *p, bool *more)
{
    *more = true;
    if (p->event.len > 0) {
        return ERR_OK;
    }
    TRY(persona_next(&p->persona, &p->due_ms, &p->event, more));
    *more = *more && p->due_ms <= p->plan->minutes * 60000;
    return ERR_OK;
}

static mono_t when_due(const struct player *p)
{
    return mono_after_ms(p->begin, p->due_ms / p->plan->speed);
}

static err_t step_play(struct player *p)
{
    bool more = false;
    if (p->asked) {
        return answer_challenge(p);
    }
    TRY(draw(p, &more));
    if (!more) {
        buf_clear(&p->event);
        p->phase = PLAYER_WAITS;
        p->begin = clock_mono(p->client->clock);
        return ERR_OK;
    }
    const mono_t now = clock_mono(p->client->clock);
    if (now.ns < when_due(p).ns) {
        p->next = when_due(p);
        return ERR_OK;
    }
    if (p->in_flight >= IN_FLIGHT_MAX) {
        p->next = in_ms(p, FULL_GAP_MS);
        return ERR_OK;
    }
    const err_t e = client_socket_send(&p->socket, buf_span(&p->event));
    if (failed(e)) {
        return give_up(p, e);
    }
    buf_clear(&p->event);
    p->in_flight++;
    p->totals->sent++;
    p->next = in_ms(p, SEND_GAP_MS);
    return ERR_OK;
}

static err_t step_wait(struct player *p)
{
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    const bool patient = mono_ms_between(p->begin, clock_mono(p->client->clock)) < LAST_WORDS_MS;
    if (p->in_flight > 0 && patient) {
        p->next = in_ms(p, FULL_GAP_MS);
        return ERR_OK;
    }
    if (p->in_flight > 0) {
        count_error(p, "%u events were never acknowledged", p->in_flight);
    }
    client_socket_deinit(&p->socket); /* before logout closes it from the other side */
    const err_t e = customer_logout(p->client, &p->who, &a);
    if (failed(e)) {
        return give_up(p, e);
    }
    end_session(p);
    return ERR_OK;
}

/* ---- credential stuffing ---- */

static void end_round(struct player *p)
{
    p->session++;
    p->phase = p->session < p->plan->sessions ? PLAYER_TRIES : PLAYER_DONE;
    p->begin = clock_mono(p->client->clock);
    persona_init(&p->persona, p->plan->kind, p->seed, p->session);
}

static err_t step_try(struct player *p)
{
    if (!p->attempt_ready && !persona_attempt(&p->persona, &p->due_ms, &p->attempt)) {
        end_round(p);
        return ERR_OK;
    }
    p->attempt_ready = true;
    if (clock_mono(p->client->clock).ns < when_due(p).ns) {
        p->next = when_due(p);
        return ERR_OK;
    }
    CLEANUP(client_answer_deinit) struct client_answer a = {0};
    (void)snprintf(p->who.email, sizeof p->who.email, "%s", p->attempt.email);
    (void)snprintf(p->who.password, sizeof p->who.password, "%s", p->attempt.password);
    (void)snprintf(p->who.device_id, sizeof p->who.device_id, "%s", p->attempt.device_id);
    p->attempt_ready = false;
    p->totals->sent++;
    const err_t e = customer_login(p->client, &p->who, &a);
    if (failed(e)) {
        return give_up(p, e);
    }
    p->totals->acknowledged++;
    p->totals->refused += a.status == 401 ? 1 : 0;
    p->totals->throttled += a.status == 429 || a.status == 503 ? 1 : 0;
    p->totals->sessions += a.status == 200 ? 1 : 0;
    if (a.status != 200 && a.status != 401 && a.status != 429 && a.status != 503) {
        count_error(p, "login: %u %s", a.status, client_answer_words(&a));
    }
    return ERR_OK;
}

err_t player_step(struct player *p)
{
    p->next = clock_mono(p->client->clock);
    switch (p->phase) {
    case PLAYER_REGISTERS: return step_register(p);
    case PLAYER_LETS_OWNER_IN: return step_owner_first(p);
    case PLAYER_LOGS_IN: return step_login(p);
    case PLAYER_PLAYS: return step_play(p);
    case PLAYER_WAITS: return step_wait(p);
    case PLAYER_TRIES: return step_try(p);
    case PLAYER_DONE: break;
    }
    return ERR_OK;
}

/* ---- what the server says ---- */

static bool is_type(span_t type, const char *name)
{
    return type.len == strlen(name) && memcmp(type.ptr, name, type.len) == 0;
}

static void take_message(struct player *p, const struct json *json)
{
    span_t type = {0};
    span_t words = {0};
    int64_t count = 1;
    if (!json_get_text(json, "type", &type)) {
        count_error(p, "a message without a type");
    } else if (is_type(type, "data_received")) {
        const bool told = json_get_int(json, "count", &count) && count >= 0;
        const unsigned n = !told || count > p->in_flight ? p->in_flight : (unsigned)count;
        p->in_flight -= n;
        p->totals->acknowledged += n;
    } else if (is_type(type, "mpin_required")) {
        p->totals->challenges++;
        p->asked = p->plan->kind == PERSONA_OWNER;
        p->next = p->asked ? in_ms(p, ANSWER_MPIN_MS / p->plan->speed) : p->next;
    } else if (is_type(type, "session_blocked")) {
        p->totals->blocks++;
        p->blocked = true;
    } else if (is_type(type, "error")) {
        const bool told = json_get_text(json, "message", &words);
        p->in_flight -= p->in_flight > 0 ? 1 : 0;
        count_error(p, "error: %s", told ? (const char *)words.ptr : "without words");
    }
}

err_t player_hear(struct player *p)
{
    enum socket_news news = SOCKET_TEXT;
    while (news == SOCKET_TEXT && p->socket.fd >= 0) {
        span_t text = {0};
        const err_t e = client_socket_next(&p->socket, 0, &news, &text);
        if (failed(e)) {
            return give_up(p, e);
        }
        struct json *json = NULL;
        if (news == SOCKET_TEXT && failed(json_parse(text, &json, NULL))) {
            count_error(p, "a message that is no JSON");
        }
        if (json != NULL) {
            take_message(p, json);
        }
        json_free(&json);
    }
    if (news == SOCKET_CLOSED) {
        if (!p->blocked) {
            count_error(p, "the socket was closed: %u %s", (unsigned)p->socket.close_code,
                        p->socket.close_reason);
        }
        end_session(p);
    }
    return ERR_OK;
}
