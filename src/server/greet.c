#include "api/dispatch.h"
#include "base/limits.h"
#include "base/util.h"
#include "net/stream.h"
#include "protocol/proxy_header.h"
#include "server/inside.h"

#include <string.h>

static struct api_metrics *metrics(const struct server *s)
{
    return &s->config.api->metrics;
}

static void wait_until(struct conn *c, int64_t ms)
{
    struct worker *w = c->worker;
    timer_set(&w->wheel, &c->timer, mono_after_ms(loop_now(&w->loop), ms));
}

/* ---- who may come in ---- */

/* A proxy of ours brings everybody: its connections are not one stranger's. */
static bool is_proxy(const struct server *s, const struct peer_address *peer)
{
    const struct cidr_list *trusted = s->config.trusted;
    return trusted != NULL && trusted->count > 0 && cidr_list_has(trusted, peer);
}

bool greet_allows(struct server *s, const struct peer_address *peer)
{
    const struct server_config *config = &s->config;
    const bool may = is_proxy(s, peer) || (!config->proxy_protocol &&
                                           (!config->only_proxies || address_is_loopback(peer)));
    if (!may) {
        counter_add_shared(&metrics(s)->proxy_stranger, 1);
    }
    return may;
}

/* Its address is known: one more of it, if it may have one. */
static bool admit(struct conn *c)
{
    struct server *s = c->worker->server;
    c->counted = !c->proxy && guests_enter(&s->guests, &c->peer);
    if (s->config.tls != NULL) {
        if (!c->counted && !c->proxy) {
            counter_add_shared(&metrics(s)->tls_crowded, 1);
            conn_drop(c); /* a handshake only to say so would be what is to be spared */
            return false;
        }
        c->state = CONN_SHAKE;
        wait_until(c, LIMIT_HANDSHAKE_DEADLINE_MS);
        return true;
    }
    c->state = CONN_HTTP;
    if (c->counted || c->proxy) {
        return true;
    }
    struct call *call = call_new(s->config.api);
    if (call == NULL) {
        conn_drop(c);
        return false;
    }
    (void)problem_later(call, PROBLEM_TOO_MANY_REQUESTS, 1);
    c->keep_alive = false;
    conn_answer(c, call);
    return false;
}

bool greet_begin(struct conn *c)
{
    const struct server *s = c->worker->server;
    if (!s->config.proxy_protocol) {
        c->proxy = is_proxy(s, &c->peer);
        return admit(c);
    }
    c->state = CONN_PROXY;
    wait_until(c, LIMIT_PROXY_DEADLINE_MS);
    return true;
}

/* ---- the PROXY header ---- */

static void refuse_header(struct conn *c, const char *reason)
{
    struct server *s = c->worker->server;
    char text[ADDRESS_TEXT_BYTES];
    address_print(&c->peer, text);
    counter_add_shared(&metrics(s)->proxy_header, 1);
    log_event(s->config.log, LOG_WARN, "proxy.bad_header", FIELD_TEXT("from", text),
              FIELD_TEXT("reason", reason));
    conn_drop(c);
}

struct peer_address greet_client(const struct peer_address *proxy, const struct proxy_header *h)
{
    struct peer_address client = {.port = h->source_port};
    memcpy(client.bytes, h->source, sizeof client.bytes);
    if (address_is_loopback(&client) && !address_is_loopback(proxy)) {
        memset(client.bytes, 0, sizeof client.bytes);
    }
    return client;
}

/* A client that the proxy has no address of is nobody in particular, and above all not this machine:
 * the unspecified address. So is one of the proxy's own machine, where that is another. One within
 * TRUSTED_PROXIES is a client all the same: the header is the last word on whose connection it is. */
static void take_header(struct conn *c, const struct proxy_header *h)
{
    c->proxy = h->own;
    if (!h->own) {
        c->peer = greet_client(&c->peer, h);
    }
    buf_deinit(&c->in);
    if (admit(c) && c->state == CONN_HTTP) {
        wait_until(c, LIMIT_HEADER_DEADLINE_MS);
    }
}

void greet_read_proxy(struct conn *c)
{
    struct worker *w = c->worker;
    for (;;) {
        size_t got = 0;
        const size_t wanted = proxy_header_wanted(buf_span(&c->in));
        const enum stream_outcome outcome =
            stream_recv(c->watch.fd, w->receive, wanted - c->in.len, &got);
        if (outcome == STREAM_WOULD_BLOCK) {
            return;
        }
        if (outcome != STREAM_MORE || failed(buf_append(&c->in, (span_t){w->receive, got}))) {
            conn_drop(c);
            return;
        }
        struct proxy_header header = {0};
        const char *reason = "";
        switch (proxy_header_read(buf_span(&c->in), &header, &reason)) {
        case PROXY_READY: take_header(c, &header); return;
        case PROXY_BAD: refuse_header(c, reason); return;
        case PROXY_MORE: break;
        }
    }
}

/* ---- handshakes ---- */

bool greet_waits(const struct conn *c)
{
    const struct worker *w = c->worker;
    return c->state == CONN_SHAKE && c->tls == NULL && w->shakes.round == w->round &&
           w->shakes.begun >= LIMIT_HANDSHAKES_PER_ROUND;
}

/* Forget those that are over; drop the oldest when that makes no room. An honest one is over after a
 * round trip or two, so the oldest is the likeliest to be somebody who only holds on. */
static void make_room(struct worker *w)
{
    struct shakes *all = &w->shakes;
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct conn *c = conn_find(w, all->at[i].conn, all->at[i].generation);
        if (c != NULL && c->state == CONN_SHAKE) {
            all->at[kept++] = all->at[i];
        }
    }
    if (kept == LIMIT_HANDSHAKES_PER_LOOP) {
        struct conn *oldest = conn_find(w, all->at[0].conn, all->at[0].generation);
        counter_add_shared(&metrics(w->server)->tls_crowded, 1);
        conn_drop(oldest);
        kept -= 1;
        memmove(&all->at[0], &all->at[1], kept * sizeof all->at[0]);
    }
    all->count = kept;
}

static void enlist(struct conn *c)
{
    struct worker *w = c->worker;
    struct shakes *all = &w->shakes;
    if (all->count == LIMIT_HANDSHAKES_PER_LOOP) {
        make_room(w);
    }
    all->at[all->count++] = (struct shake){c->index, c->generation};
    all->begun = all->round == w->round ? all->begun + 1 : 1;
    all->round = w->round;
}

/* Somebody speaks plain HTTP: a request begins with a letter, a handshake with 22. */
static bool is_plain(span_t bytes)
{
    return bytes.ptr[0] >= 'A' && bytes.ptr[0] <= 'Z';
}

static void refuse_plain(struct conn *c)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 43\r\nConnection: close\r\n\r\n"
                               "This port speaks TLS only: use https, wss.\n";
    counter_add_shared(&metrics(c->worker->server)->tls_failed, 1);
    if (failed(buf_append(&c->out, SPAN_LIT(text)))) {
        conn_drop(c);
        return;
    }
    conn_finish(c);
}

bool greet_shake(struct conn *c, span_t bytes)
{
    struct server *s = c->worker->server;
    if (c->tls != NULL) {
        return true;
    }
    if (is_plain(bytes)) {
        refuse_plain(c);
        return false;
    }
    c->shaking = !c->proxy && guests_enter(&s->shaking, &c->peer);
    if (!c->shaking && !c->proxy) {
        counter_add_shared(&metrics(s)->tls_crowded, 1);
        conn_drop(c);
        return false;
    }
    if (failed(tls_conn_new(s->config.tls, &c->tls))) {
        conn_drop(c);
        return false;
    }
    enlist(c);
    return true;
}

void greet_shaken(struct conn *c)
{
    struct api_metrics *m = metrics(c->worker->server);
    greet_leave(c);
    counter_add_shared(tls_conn_is_resumed(c->tls) ? &m->tls_resumed : &m->tls_full, 1);
    c->state = CONN_HTTP;
    wait_until(c, LIMIT_HEADER_DEADLINE_MS);
}

void greet_leave(struct conn *c)
{
    if (c->shaking) {
        guests_leave(&c->worker->server->shaking, &c->peer);
        c->shaking = false;
    }
}

void greet_late(struct conn *c)
{
    struct api_metrics *m = metrics(c->worker->server);
    counter_add_shared(c->state == CONN_PROXY ? &m->proxy_late : &m->tls_late, 1);
    conn_drop(c);
}
