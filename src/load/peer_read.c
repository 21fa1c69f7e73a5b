/* peer_read.c - what a connection hears, and whether it is what was asked for. */
#include "load/inside.h"
#include "net/stream.h"

#include <stdio.h>
#include <string.h>

/* ---- an answer ---- */

static bool is_measured(const struct run *r, int64_t ns)
{
    return r->phase >= LOAD_MEASURING && ns >= r->measured_from.ns && ns < r->measured_to.ns;
}

static void answered(struct peer *p, mono_t now, uint32_t events)
{
    struct run *const r = p->run;
    struct tally *const t = &r->result->tally;
    const struct flight *const f = &p->flight[p->first];
    t->all_answers += 1;
    t->all_events += events;
    if (is_measured(r, now.ns)) {
        t->answers[p->scenario] += 1;
        t->events += events;
    }
    if (is_measured(r, f->due_ns)) {
        latency_add(&t->latency[p->scenario], now.ns - f->due_ns);
    }
    if (is_measured(r, f->sent_ns)) {
        latency_add(&t->sent[p->scenario], now.ns - f->sent_ns);
    }
    p->first = (uint32_t)((p->first + 1) % r->plan->depth);
    p->flying -= 1;
}

/* A connection that is set up is what a storm asks for. */
static void greeted(struct peer *p, mono_t now)
{
    struct run *const r = p->run;
    if (p->scenario != SCENARIO_STORM) {
        peer_up(p);
        return;
    }
    struct tally *const t = &r->result->tally;
    t->all_answers += 1;
    if (is_measured(r, now.ns)) {
        t->answers[SCENARIO_STORM] += 1;
    }
    if (is_measured(r, p->began.ns)) {
        latency_add(&t->latency[SCENARIO_STORM], now.ns - p->began.ns);
    }
    peer_hang_up(p, true, 0);
}

/* ---- messages of ours ---- */

/* The whole number behind `"name":`; false when there is none. */
static bool number_of(span_t text, const char *name, int64_t *out)
{
    const uint8_t *const at = memmem(text.ptr, text.len, name, strlen(name));
    if (at == NULL) {
        return false;
    }
    const uint8_t *p = at + strlen(name);
    const uint8_t *const end = text.ptr + text.len;
    const bool negative = p < end && *p == '-';
    int64_t value = 0;
    p += negative ? 1 : 0;
    const uint8_t *const digits = p;
    for (; p < end && *p >= '0' && *p <= '9' && p - digits < 18; p++) {
        value = value * 10 + (*p - '0');
    }
    *out = negative ? -value : value;
    return p > digits;
}

static bool holds(span_t text, const char *piece)
{
    return memmem(text.ptr, text.len, piece, strlen(piece)) != NULL;
}

static void count_level(struct peer *p, span_t text)
{
    static const char *const levels[TALLY_LEVELS] = {
        "\"risk_level\":\"normal\"", "\"risk_level\":\"monitor\"", "\"risk_level\":\"challenge\"",
        "\"risk_level\":\"blocked\""};
    for (size_t i = 0; i < TALLY_LEVELS; i++) {
        if (holds(text, levels[i])) {
            p->run->result->tally.level[i] += 1;
            return;
        }
    }
}

static void on_received(struct peer *p, span_t text, mono_t now)
{
    int64_t count = 0;
    int64_t seq = 0;
    const struct flight *const f = &p->flight[p->first];
    if (p->flying == 0 || !number_of(text, "\"count\":", &count) ||
        !number_of(text, "\"seq\":", &seq)) {
        peer_lose(p, TROUBLE_PROTOCOL);
        return;
    }
    if (count != (int64_t)f->events || (f->seq >= 0 && seq != f->seq)) {
        peer_lose(p, TROUBLE_MISMATCH);
        return;
    }
    if (is_measured(p->run, now.ns)) {
        count_level(p, text);
    }
    answered(p, now, f->events);
}

static void on_established(struct peer *p, span_t text, mono_t now)
{
    int64_t seq = -1;
    if (p->phase != PEER_SHAKING) {
        peer_lose(p, TROUBLE_PROTOCOL);
        return;
    }
    if (number_of(text, "\"last_seq\":", &seq)) {
        p->seq = seq;
    }
    greeted(p, now);
}

static void on_challenge(struct peer *p, span_t text, mono_t now)
{
    (void)text;
    (void)now;
    p->run->result->tally.challenges += 1;
}

static void on_blocked(struct peer *p, span_t text, mono_t now)
{
    (void)text;
    (void)now;
    p->run->result->tally.blocks += 1; /* the close that follows ends the peer */
}

static void on_error(struct peer *p, span_t text, mono_t now)
{
    (void)text;
    (void)now;
    peer_lose(p, TROUBLE_REJECTED);
}

static void on_news(struct peer *p, span_t text, mono_t now)
{
    (void)p;
    (void)text;
    (void)now;
}

static void take_message(struct peer *p, span_t text, mono_t now)
{
    static const struct {
        const char *type;
        void (*take)(struct peer *p, span_t text, mono_t now);
    } rows[] = {{"data_received\"", on_received},
                {"connection_established\"", on_established},
                {"mpin_required\"", on_challenge},
                {"session_blocked\"", on_blocked},
                {"error\"", on_error},
                {"risk_update\"", on_news}};

    static const char head[] = "{\"type\":\"";
    const size_t skip = sizeof head - 1;
    if (text.len < skip || memcmp(text.ptr, head, skip) != 0) {
        peer_lose(p, TROUBLE_PROTOCOL);
        return;
    }
    const span_t rest = {text.ptr + skip, text.len - skip};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t n = strlen(rows[i].type);
        if (rest.len >= n && memcmp(rest.ptr, rows[i].type, n) == 0) {
            rows[i].take(p, text, now);
            return;
        }
    }
    peer_lose(p, TROUBLE_PROTOCOL);
}

/* ---- WebSocket ---- */

static void take_pong(struct peer *p, span_t payload)
{
    if (failed(peer_pong(p, payload))) {
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    peer_flush(p);
}

static void take_text(struct peer *p, span_t text, mono_t now)
{
    if (p->scenario != SCENARIO_WS_ECHO) {
        take_message(p, text, now);
    } else if (p->flying > 0) {
        answered(p, now, 0);
    }
}

/* One item; false when there is nothing more to take. */
static bool take_item(struct peer *p, uint8_t **cursor, uint8_t *end, mono_t now)
{
    struct ws_item_data data;
    switch (ws_next(&p->ws, cursor, end, &data)) {
    case WS_MESSAGE_TEXT:
    case WS_MESSAGE_BINARY: take_text(p, data.payload, now); break;
    case WS_PING: take_pong(p, data.payload); break;
    case WS_PONG: break;
    case WS_CLOSE: peer_lose(p, trouble_of_close(data.code)); break;
    case WS_FAULT: peer_lose(p, TROUBLE_PROTOCOL); break;
    case WS_NEED_MORE: return false;
    }
    return p->watch.fd >= 0;
}

static void take_frames(struct peer *p, uint8_t *bytes, size_t len, mono_t now)
{
    uint8_t *cursor = bytes;
    while (take_item(p, &cursor, bytes + len, now)) {}
}

/* ---- HTTP ---- */

static void note_retry_after(struct peer *p, const struct http_response *res, mono_t now)
{
    const span_t text = http_response_find(res, "Retry-After");
    int64_t seconds = 0;
    for (size_t i = 0; i < text.len && i < 6 && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        seconds = seconds * 10 + (text.ptr[i] - '0');
    }
    const int64_t ms = seconds == 0 ? RETRY_MS : seconds * MS_PER_S;
    p->not_before = mono_after_ms(now, ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS);
}

/* A refusal leaves the connection as it is; whoever waits for answers waits as long as was asked. */
static void refused(struct peer *p, const struct http_response *res, mono_t now)
{
    const enum trouble why = trouble_of_status(res->status);
    if (trouble_is_overload(why)) {
        note_retry_after(p, res, now);
    }
    if (p->phase == PEER_SHAKING || p->flying == 0 || !res->keep_alive) {
        peer_lose(p, why);
        return;
    }
    peer_count(p, why);
    p->first = (uint32_t)((p->first + 1) % p->run->plan->depth);
    p->flying -= 1;
    if (why == TROUBLE_HTTP_401 || why == TROUBLE_HTTP_403) {
        peer_hang_up(p, p->scenario == SCENARIO_LOGIN, RETRY_MS);
    } else if (!peer_is_open_loop(p)) {
        timer_set(&p->run->wheel, &p->timer, p->not_before);
    }
}

static void take_response(struct peer *p, const struct http_response *res, mono_t now)
{
    if (res->status == 101 && p->phase == PEER_SHAKING && !p->upgraded) {
        p->upgraded = true;
        if (!scenario_needs_session((enum scenario)p->scenario)) {
            greeted(p, now); /* nobody greets behind it */
        }
    } else if (res->status == 200 && p->flying > 0 && p->phase == PEER_UP) {
        answered(p, now, 0);
    } else if (res->status >= 300) {
        refused(p, res, now);
    } else {
        peer_lose(p, TROUBLE_PROTOCOL);
    }
}

/* Take what is whole. What follows an upgrade is frames. */
static void take_http(struct peer *p, span_t got, mono_t now)
{
    if (failed(buf_append(&p->in, got))) {
        peer_lose(p, TROUBLE_PROTOCOL);
        return;
    }
    while (p->watch.fd >= 0 && p->in.len > 0) {
        struct http_response res;
        const enum http_progress progress =
            http_response_read(&p->http, p->in.ptr, p->in.len, false, &res);
        if (progress == HTTP_BAD) {
            peer_lose(p, TROUBLE_PROTOCOL);
            return;
        }
        if (progress != HTTP_READY) {
            return;
        }
        const size_t used = res.used;
        take_response(p, &res, now);
        if (p->watch.fd < 0) {
            return;
        }
        buf_consume(&p->in, used);
        http_reader_init(&p->http, ANSWER_MAX_BYTES);
        if (p->upgraded) {
            take_frames(p, p->in.ptr, p->in.len, now);
            buf_deinit(&p->in);
            return;
        }
    }
}

static void take_echo(struct peer *p, size_t bytes, mono_t now)
{
    size_t left = bytes;
    while (left > 0 && p->flying > 0) {
        const uint32_t wanted = p->flight[p->first].events - p->echo_bytes;
        const uint32_t take = left < wanted ? (uint32_t)left : wanted;
        left -= take;
        p->echo_bytes += take;
        if (take == wanted) {
            p->echo_bytes = 0;
            answered(p, now, 0);
        }
    }
    if (left > 0) {
        peer_lose(p, TROUBLE_PROTOCOL);
    }
}

/* ---- bytes ---- */

static void take_bytes(struct peer *p, uint8_t *bytes, size_t len)
{
    const mono_t now = clock_mono(p->run->plan->clock);
    if (p->scenario == SCENARIO_ECHO) {
        take_echo(p, len, now);
    } else if (p->upgraded) {
        take_frames(p, bytes, len, now);
    } else {
        take_http(p, (span_t){bytes, len}, now);
    }
    peer_pump(p);
}

static void lose_secured(struct peer *p)
{
    char *const why = p->run->result->tls_why;
    if (!p->tls->open && why[0] == '\0') {
        (void)snprintf(why, sizeof p->run->result->tls_why, "%s", tls_client_reason(p->tls));
    }
    peer_lose(p, p->tls->open ? TROUBLE_CLOSED : TROUBLE_TLS);
}

/* What came is the handshake's, or ours once it is done; the last words of who hangs up are heard, too. */
static void unseal(struct peer *p, span_t cipher)
{
    struct run *const r = p->run;
    size_t got = 0;
    const enum tls_answer answer = tls_conn_feed(p->tls, cipher, r->plain, sizeof r->plain, &got);
    if (p->tls->unsent.len > 0 && answer == TLS_GOING) {
        peer_flush(p);
    }
    if (p->watch.fd >= 0 && p->phase == PEER_SECURING && p->tls->open) {
        peer_secured(p);
    }
    if (got > 0 && p->watch.fd >= 0) {
        take_bytes(p, r->plain, got);
    }
    if (answer != TLS_GOING && p->watch.fd >= 0) {
        lose_secured(p);
    }
}

void peer_readable(struct peer *p)
{
    struct run *const r = p->run;
    size_t got = 0;
    const enum stream_outcome o = stream_recv(p->watch.fd, r->received, sizeof r->received, &got);
    if (o == STREAM_WOULD_BLOCK) {
        return;
    }
    if (o != STREAM_MORE) {
        peer_lose(p, TROUBLE_CLOSED);
        return;
    }
    if (p->tls == NULL) {
        take_bytes(p, r->received, got);
    } else {
        unseal(p, (span_t){r->received, got});
    }
}
