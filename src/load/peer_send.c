/* peer_send.c - what a connection says. */
#include "base/util.h"
#include "load/inside.h"
#include "net/stream.h"

#include <stdio.h>
#include <string.h>

/* A fixed nonce: the load is no browser that must be kept from stale caches. */
#define NONCE "dGhlIHNhbXBsZSBub25jZQ=="

static const struct load_session *session_of(const struct peer *p)
{
    return &p->run->plan->tokens->session[p->number];
}

/* ---- the kernel ---- */

static void want(struct peer *p, uint32_t events)
{
    if (failed(loop_change(&p->run->loop, &p->watch, events))) {
        peer_lose(p, TROUBLE_LOCAL);
    }
}

/* What is to be sent becomes what is on the wire. */
static err_t seal(struct peer *p)
{
    if (p->tls == NULL || p->out.len == 0) {
        return ERR_OK;
    }
    TRY(tls_conn_write(p->tls, buf_span(&p->out)));
    buf_clear(&p->out);
    return ERR_OK;
}

void peer_flush(struct peer *p)
{
    if (failed(seal(p))) {
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    struct buf *const wire = p->tls == NULL ? &p->out : &p->tls->unsent;
    size_t done = 0;
    while (done < wire->len) {
        size_t sent = 0;
        const span_t rest = {wire->ptr + done, wire->len - done};
        const enum stream_outcome o = stream_send(p->watch.fd, rest, &sent);
        if (o == STREAM_WOULD_BLOCK) {
            buf_consume(wire, done);
            want(p, EPOLLIN | EPOLLOUT);
            return;
        }
        if (o != STREAM_MORE) {
            peer_lose(p, TROUBLE_CLOSED);
            return;
        }
        done += sent;
    }
    buf_clear(wire);
    want(p, EPOLLIN);
}

/* ---- frames ---- */

/* Masks need not be hard to guess here: there is no proxy between to be deceived (RFC 6455, 10.3). */
static err_t say_frame(struct peer *p, enum ws_opcode op, span_t payload)
{
    const uint64_t bits = rng_u64(&p->rng);
    uint8_t mask[WS_MASK_LEN];
    memcpy(mask, &bits, sizeof mask);
    return ws_write_masked(&p->out, op, payload, mask);
}

err_t peer_pong(struct peer *p, span_t payload)
{
    return say_frame(p, WS_OP_PONG, payload);
}

static const struct rhythm *rhythm_of(const struct peer *p)
{
    const bool known = scenario_needs_session((enum scenario)p->scenario);
    return &p->run->people[known ? session_of(p)->person : p->number % RHYTHM_PEOPLE];
}

static size_t write_event(struct peer *p, char *to)
{
    const struct load_plan *const plan = p->run->plan;
    p->seq += plan->sequence ? 1 : 0;
    return rhythm_write(rhythm_of(p), plan->event, &p->rng, plan->sequence ? p->seq : -1, to);
}

static err_t say_events(struct peer *p, struct flight *f)
{
    char *const text = p->run->text;
    const bool many = p->scenario == SCENARIO_BATCHES;
    size_t len = 0;
    f->events = many ? (uint32_t)p->run->plan->batch : 1;
    for (uint32_t i = 0; i < f->events; i++) {
        if (many) {
            text[len++] = i == 0 ? '[' : ',';
        }
        MUST(len + RHYTHM_EVENT_BYTES < sizeof p->run->text);
        len += write_event(p, text + len);
    }
    if (many) {
        text[len++] = ']';
    }
    f->seq = p->run->plan->sequence ? p->seq : -1;
    return say_frame(p, WS_OP_TEXT, (span_t){(const uint8_t *)text, len});
}

/* As many bytes as an event has in its frame, so that the kernel has as much to carry. */
static err_t say_bytes(struct peer *p)
{
    char text[RHYTHM_EVENT_BYTES];
    const size_t n = rhythm_write(rhythm_of(p), p->run->plan->event, &p->rng, -1, text);
    return say_frame(p, WS_OP_TEXT, (span_t){(const uint8_t *)text, n});
}

/* ---- requests ---- */

static err_t get(struct peer *p, const char *before, const char *between, const char *after)
{
    return buf_append_format(&p->out,
                             "GET %s%s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n",
                             before, between, after, p->run->plan->authority, session_of(p)->token);
}

static err_t post(struct peer *p, const char *path, const char *token, const char *body)
{
    TRY(buf_append_format(&p->out,
                          "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n",
                          path, p->run->plan->authority, strlen(body)));
    if (token != NULL) {
        TRY(buf_append_format(&p->out, "Authorization: Bearer %s\r\n", token));
    }
    return buf_append_format(&p->out, "\r\n%s", body);
}

static err_t ask_login(struct peer *p)
{
    const struct tokens *const t = p->run->plan->tokens;
    const struct load_login *const who = &t->login[p->run->login_next % t->logins];
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"email\":\"%s\",\"password\":\"%s\",\"device_id\":\"device-0\"}", who->email,
                   who->password);
    p->run->login_next += 1;
    return post(p, "/api/v1/auth/login", NULL, body);
}

static err_t ask_mpin(struct peer *p)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"mpin\":\"%s\"}", session_of(p)->mpin);
    return post(p, "/api/v1/auth/verify-mpin", session_of(p)->token, body);
}

static err_t write_request(struct peer *p, struct flight *f)
{
    f->seq = -1;
    f->events = 0;
    switch ((enum scenario)p->scenario) {
    case SCENARIO_EVENTS:
    case SCENARIO_BATCHES: return say_events(p, f);
    case SCENARIO_ECHO: {
        const size_t before = p->out.len;
        const err_t e = say_bytes(p);
        f->events = (uint32_t)(p->out.len - before);
        return e;
    }
    case SCENARIO_WS_ECHO: return say_bytes(p);
    case SCENARIO_STATUS: return get(p, "/api/v1/auth/session-status", "", "");
    case SCENARIO_SUMMARY:
        return get(p, "/api/v1/ws/sessions/", session_of(p)->id, "/behavior-summary");
    case SCENARIO_LOGIN: return ask_login(p);
    case SCENARIO_MPIN: return ask_mpin(p);
    case SCENARIO_IDLE:
    case SCENARIO_STORM:
    case SCENARIOS: break;
    }
    return err_new(ERR_RANGE);
}

void peer_shake(struct peer *p)
{
    const char *const host = p->run->plan->authority;
    static const char rest[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " NONCE "\r\n\r\n";
    const err_t e =
        scenario_needs_session((enum scenario)p->scenario)
            ? buf_append_format(&p->out,
                                "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: %s\r\n"
                                "Authorization: Bearer %s\r\n%s",
                                session_of(p)->id, host, session_of(p)->token, rest)
            : buf_append_format(&p->out, "GET / HTTP/1.1\r\nHost: %s\r\n%s", host, rest);
    if (failed(e)) {
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    peer_flush(p);
    if (p->phase == PEER_SHAKING && p->out.len == 0) {
        buf_deinit(&p->out); /* most will be idle */
        buf_init(&p->out, OUT_MAX_BYTES);
    }
}

/* ---- when ---- */

static size_t depth_of(const struct peer *p)
{
    const enum scenario s = (enum scenario)p->scenario;
    return scenario_is_socket(s) || s == SCENARIO_ECHO ? p->run->plan->depth : 1;
}

/* Without a ramp nobody speaks until all are there: a server that is kept busy by the first ones may
 * never get to accept the last. */
static bool may_speak(const struct run *r)
{
    return r->sending && (r->phase != LOAD_CONNECTING || r->plan->ramp_ms > 0);
}

/* How many requests it may send now. */
static size_t allowed(const struct peer *p)
{
    const size_t depth = depth_of(p);
    if (!may_speak(p->run) || !scenario_asks((enum scenario)p->scenario)) {
        return 0;
    }
    if (peer_is_open_loop(p)) {
        return size_min(p->owed, depth - p->flying);
    }
    return p->flying == 0 && p->not_before.ns <= clock_mono(p->run->plan->clock).ns ? depth : 0;
}

/* The oldest request that is owed, by the schedule. */
static int64_t take_due(struct peer *p)
{
    const int64_t due = p->run->scheduled_from.ns + schedule_time(&p->run->schedule, p->next);
    p->next += p->run->askers;
    p->owed -= 1;
    return due;
}

static void note_the_wait(struct peer *p)
{
    const int64_t ms = p->run->plan->timeout_ms;
    if (!timer_is_set(&p->timer)) {
        timer_set(&p->run->wheel, &p->timer, mono_after_ms(loop_now(&p->run->loop), ms));
    }
}

void peer_pump(struct peer *p)
{
    const size_t n = p->phase == PEER_UP ? allowed(p) : 0;
    if (n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct flight *const f = &p->flight[(p->first + p->flying) % p->run->plan->depth];
        if (failed(write_request(p, f))) {
            peer_lose(p, TROUBLE_LOCAL);
            return;
        }
        f->sent_ns = clock_mono(p->run->plan->clock).ns;
        f->due_ns = peer_is_open_loop(p) ? take_due(p) : f->sent_ns;
        p->flying += 1;
    }
    note_the_wait(p);
    peer_flush(p);
}
