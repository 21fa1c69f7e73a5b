#include "base/limits.h"
#include "base/util.h"
#include "base/wipe.h"
#include "net/stream.h"
#include "server/inside.h"

static void on_ready(struct watch *watch, uint32_t events);

/* ---- coming and going ---- */

static gauge_t *population(const struct conn *c)
{
    struct api_metrics *m = &c->worker->server->config.api->metrics;
    return c->state == CONN_SOCKET ? &m->ws_connections : &m->http_connections;
}

/* Whoever fills the places of all others leaves those of operators. */
static bool has_place(const struct worker *w, bool local)
{
    return local ? w->operators < LIMIT_CONTROL_CONNECTIONS
                 : w->conns.count - w->operators < w->server->config.connections_max;
}

struct conn *conn_open(struct worker *w, int fd, const struct peer_address *peer, bool local)
{
    uint32_t index = 0;
    int closing = fd;
    if (!has_place(w, local) || failed(slab_take(&w->conns, &index))) {
        stream_close(&closing);
        return NULL;
    }
    struct conn *c = slab_at(&w->conns, index);
    c->worker = w;
    c->index = index;
    c->generation = ++w->generation;
    c->peer = *peer;
    c->local = local;
    c->talk.heard = loop_now(&w->loop);
    c->watch = (struct watch){.fd = fd, .events = EPOLLIN, .ready = on_ready};
    buf_init_secret(&c->in, HTTP_REQUEST_MAX + LIMIT_TLS_RECORD_BYTES);
    buf_init(&c->out, LIMIT_OUT_BUFFER_BYTES);
    http_reader_init(&c->reader.http, HTTP_BODY_MAX);
    if (failed(loop_watch(&w->loop, &c->watch))) {
        stream_close(&closing);
        slab_give(&w->conns, index);
        return NULL;
    }
    w->operators += local ? 1U : 0U;
    gauge_add(population(c), 1);
    timer_set(&w->wheel, &c->timer, mono_after_ms(c->talk.heard, LIMIT_HEADER_DEADLINE_MS));
    return c;
}

struct conn *conn_find(struct worker *w, uint32_t index, uint32_t generation)
{
    if (!slab_is_taken(&w->conns, index)) {
        return NULL;
    }
    struct conn *c = slab_at(&w->conns, index);
    return c->generation == generation ? c : NULL;
}

static void unlist(struct conn *c, struct conn **at)
{
    for (; c->dirty && *at != NULL; at = &(*at)->dirty_next) {
        if (*at == c) {
            *at = c->dirty_next;
            c->dirty = false;
            return;
        }
    }
}

static void unmark(struct conn *c)
{
    unlist(c, &c->worker->dirty);
    unlist(c, &c->worker->later);
}

/* ---- what it holds ---- */

static size_t holds(const struct conn *c)
{
    const size_t message = c->has_ws ? c->reader.ws.held_cap : 0;
    const size_t sealed = c->tls == NULL ? 0 : c->tls->unsent.cap;
    return c->in.cap + c->out.cap + sealed + message;
}

static void recount(struct conn *c, size_t now)
{
    if (c->held == 0 && now > 0) {
        c->row = holding_row(address_wide_key(&c->peer));
    }
    holding_change(&c->worker->holding, c->row, c->held, now);
    c->held = (uint32_t)now;
}

/* Count what the connection holds now. False: all together hold too much, and it was dropped for it. */
static bool weigh(struct conn *c)
{
    struct worker *w = c->worker;
    const size_t before = c->held;
    const size_t now = holds(c);
    if (now == before || c->local) {
        return true;
    }
    recount(c, now);
    /* A proxy is many, and this machine no neighbourhood. */
    const bool near = !c->proxy && !address_is_loopback(&c->peer);
    if (now < before || !holding_is_over(&w->holding, c->row, now, near)) {
        return true;
    }
    counter_add_shared(&w->server->config.api->metrics.held_dropped, 1);
    conn_drop(c);
    return false;
}

void conn_drop(struct conn *c)
{
    struct worker *w = c->worker;
    recount(c, 0);
    if (c->state == CONN_SOCKET) {
        socket_detach(c);
    }
    if (c->has_ws) {
        ws_reader_deinit(&c->reader.ws);
    }
    gauge_add(population(c), -1);
    greet_leave(c);
    unmark(c);
    timer_cancel(&w->wheel, &c->timer);
    loop_unwatch(&w->loop, &c->watch);
    channel_end(c);
    stream_close(&c->watch.fd);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    if (c->counted) {
        guests_leave(&w->server->guests, &c->peer);
    }
    w->operators -= c->local ? 1U : 0U;
    slab_give(&w->conns, c->index);
}

bool conn_has_more(const struct conn *c)
{
    return c->in.len > 0 && !c->partial;
}

uint32_t conn_wants(const struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_HTTP:
        return conn_has_more(c) || c->page.len > 0 || channel_pending(c) > OUT_FULL_BYTES
                   ? 0U
                   : (uint32_t)EPOLLIN;
    case CONN_CALL: return 0U;
    case CONN_PROXY:
    case CONN_SHAKE: return (uint32_t)EPOLLIN;
    case CONN_SOCKET: return c->worker->stopping || c->fetching ? 0U : (uint32_t)EPOLLIN;
    case CONN_LINGER: return c->ended ? 0U : (uint32_t)EPOLLIN;
    }
    return 0U;
}

void conn_finish(struct conn *c)
{
    if (c->state == CONN_LINGER) {
        return;
    }
    if (c->state == CONN_SOCKET) {
        socket_detach(c); /* its reader stays: a message may be in the middle of being taken */
        gauge_add(population(c), -1);
        c->state = CONN_LINGER;
        gauge_add(population(c), 1);
    }
    c->state = CONN_LINGER;
    buf_deinit(&c->in);
    timer_set(&c->worker->wheel, &c->timer,
              mono_after_ms(loop_now(&c->worker->loop), LIMIT_IDLE_KEEPALIVE_MS));
    if (failed(loop_change(&c->worker->loop, &c->watch, conn_wants(c)))) {
        conn_drop(c);
        return;
    }
    conn_mark(c);
}

/* ---- sending ---- */

void conn_mark(struct conn *c)
{
    if (!c->dirty) {
        c->dirty = true;
        c->dirty_next = c->worker->dirty;
        c->worker->dirty = c;
    }
}

void conn_begin_round(struct worker *w)
{
    w->round += 1;
    while (w->later != NULL) {
        struct conn *c = w->later;
        w->later = c->dirty_next;
        c->dirty = false;
        conn_mark(c);
    }
}

static void give_back(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->out.cap <= SPARE_BUF_BYTES && c->out.cap > 0 && w->spares < SPARE_BUFS) {
        buf_clear(&c->out);
        c->out.secret = false;
        w->spare[w->spares++] = c->out;
    } else {
        buf_deinit(&c->out);
    }
    buf_init(&c->out, LIMIT_OUT_BUFFER_BYTES);
}

/* The last byte is sent: the peer has a moment to take it and to hang up. False: it has already. */
static bool shut(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->ended) {
        conn_drop(c);
        return false;
    }
    c->shut = true;
    stream_shut_write(c->watch.fd);
    timer_set(&w->wheel, &c->timer, mono_after_ms(loop_now(&w->loop), LINGER_MS));
    return true;
}

bool conn_flush(struct conn *c)
{
    if (c->overrun) {
        conn_drop(c);
        return false;
    }
    if (!channel_send(c)) {
        conn_drop(c);
        return false;
    }
    const uint32_t room = channel_pending(c) > 0 ? (uint32_t)EPOLLOUT : 0U;
    if (failed(loop_change(&c->worker->loop, &c->watch, conn_wants(c) | room))) {
        conn_drop(c);
        return false;
    }
    if (channel_pending(c) > 0) {
        return true;
    }
    give_back(c);
    return c->state != CONN_LINGER || c->shut || shut(c);
}

void conn_flush_all(struct worker *w)
{
    while (w->dirty != NULL) {
        struct conn *c = w->dirty;
        w->dirty = c->dirty_next;
        c->dirty = false;
        if (conn_flush(c) && weigh(c)) {
            conn_resume(c);
        }
    }
}

/* ---- readiness ---- */

/* What is said over HTTP may be a password, an MPIN or a token, whatever becomes of it: it is wiped where
 * it was received. Behaviour is much, and no secret. */
bool conn_says_secrets(const struct conn *c)
{
    return c->state != CONN_SOCKET;
}

void conn_hear_end(struct conn *c)
{
    const bool listening = c->state == CONN_HTTP || c->state == CONN_LINGER;
    if (!listening || channel_pending(c) == 0) {
        conn_drop(c);
        return;
    }
    c->ended = true;
    if (c->state == CONN_HTTP) {
        conn_finish(c);
        return;
    }
    if (failed(loop_change(&c->worker->loop, &c->watch, conn_wants(c) | (uint32_t)EPOLLOUT))) {
        conn_drop(c);
    }
}

void conn_take(struct conn *c, uint8_t *bytes, size_t len)
{
    switch ((enum conn_state)c->state) {
    case CONN_HTTP: conn_read_requests(c, bytes, len); return;
    case CONN_SOCKET: socket_read(c, bytes, len); return;
    case CONN_PROXY:
    case CONN_SHAKE:
    case CONN_CALL:
    case CONN_LINGER: return; /* dropped */
    }
}

static void on_readable(struct conn *c)
{
    struct worker *w = c->worker;
    size_t got = 0;
    /* What is kept and what comes fit together: a request is complete, or refused, before. */
    const size_t room = c->state == CONN_HTTP && c->in.len < HTTP_REQUEST_MAX
                            ? HTTP_REQUEST_MAX - c->in.len
                            : RECEIVE_BYTES;
    if (c->state == CONN_SOCKET && c->talk.live != NULL) {
        live_prefetch(c->talk.live);
    }
    const enum stream_outcome outcome =
        stream_recv(c->watch.fd, w->receive, size_min(room, RECEIVE_BYTES), &got);
    if (outcome == STREAM_WOULD_BLOCK) {
        return;
    }
    if (outcome == STREAM_CLOSED) {
        conn_hear_end(c);
        return;
    }
    if (outcome != STREAM_MORE) {
        conn_drop(c);
        return;
    }
    c->talk.heard = loop_now(&w->loop);
    c->pings = 0;
    const bool secret = conn_says_secrets(c);
    if (c->tls != NULL || c->state == CONN_SHAKE) {
        channel_take(c, (span_t){w->receive, got});
    } else {
        conn_take(c, w->receive, got);
    }
    if (secret) {
        memory_wipe(w->receive, got);
    }
}

/* Bytes may be there, or the end. */
static void hear(struct conn *c)
{
    if (c->state == CONN_PROXY) {
        greet_read_proxy(c);
    } else if (!greet_waits(c)) {
        on_readable(c);
    }
}

static void on_ready(struct watch *watch, uint32_t events)
{
    struct conn *c = CONTAINER_OF(watch, struct conn, watch);
    struct worker *w = c->worker;
    const uint32_t index = c->index;
    const uint32_t generation = c->generation;

    if ((events & (uint32_t)EPOLLOUT) != 0) {
        if (!conn_flush(c)) {
            return;
        }
        conn_resume(c);
        if (conn_find(w, index, generation) == NULL) {
            return;
        }
    }
    const bool gone = (events & (uint32_t)(EPOLLHUP | EPOLLERR)) != 0;
    if (conn_wants(c) == 0U) {
        if (gone) { /* while its call is on its way, or before it took what it was told */
            conn_drop(c);
        }
        return;
    }
    if (!gone && (events & (uint32_t)EPOLLIN) == 0) {
        return;
    }
    hear(c);
    c = conn_find(w, index, generation);
    if (c == NULL) {
        return;
    }
    const bool full = c->out.len > LIMIT_OUT_BUFFER_BYTES / 2 && c->state == CONN_SOCKET;
    if (!full || conn_flush(c)) { /* a slow reader gets one more chance before its buffer is full */
        (void)weigh(c);
    }
}

void conn_timer(struct timer *t, void *worker)
{
    struct worker *w = worker;
    struct conn *c = CONTAINER_OF(t, struct conn, timer);
    switch ((enum conn_state)c->state) {
    case CONN_HTTP:
        if (c->partial) {
            conn_refuse(c, 408, "");
            return;
        }
        conn_drop(c);
        return;
    case CONN_SOCKET: socket_tick(c, clock_mono(w->server->config.clock)); return;
    case CONN_CALL: return;
    case CONN_LINGER: conn_drop(c); return;
    case CONN_PROXY:
    case CONN_SHAKE: greet_late(c); return;
    }
}
