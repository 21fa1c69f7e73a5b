#include "base/limits.h"
#include "base/util.h"
#include "net/stream.h"
#include "protocol/http_message.h"
#include "protocol/http_response.h"
#include "server/forwarded.h"
#include "server/inside.h"

#include <string.h>

/* With more than this unsent, no further request is read. */
enum { OUT_FULL_BYTES = LIMIT_OUT_BUFFER_BYTES / 2 };

static void on_ready(struct watch *watch, uint32_t events);

/* ---- coming and going ---- */

static gauge_t *population(const struct conn *c)
{
    struct api_metrics *m = &c->worker->server->config.api->metrics;
    return c->state == CONN_SOCKET ? &m->ws_connections : &m->http_connections;
}

struct conn *conn_open(struct worker *w, int fd, const struct peer_address *peer, bool local)
{
    uint32_t index = 0;
    int closing = fd;
    if (failed(slab_take(&w->conns, &index))) {
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
    buf_init(&c->in, HTTP_REQUEST_MAX + LIMIT_TLS_RECORD_BYTES);
    buf_init(&c->out, LIMIT_OUT_BUFFER_BYTES);
    http_reader_init(&c->reader.http, HTTP_BODY_MAX);
    if (failed(loop_watch(&w->loop, &c->watch))) {
        stream_close(&closing);
        slab_give(&w->conns, index);
        return NULL;
    }
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

void conn_drop(struct conn *c)
{
    struct worker *w = c->worker;
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
        guests_leave(&w->server->guests, address_narrow_key(&c->peer));
    }
    slab_give(&w->conns, c->index);
}

/* Requests were read that nobody has looked at. */
static bool has_more(const struct conn *c)
{
    return c->in.len > 0 && !c->partial;
}

/* What the connection wants to hear of, besides room for what is unsent. */
static uint32_t wants(const struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_HTTP:
        return has_more(c) || channel_pending(c) > OUT_FULL_BYTES ? 0U : (uint32_t)EPOLLIN;
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
    if (failed(loop_change(&c->worker->loop, &c->watch, wants(c)))) {
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
        w->spare[w->spares++] = c->out;
        buf_init(&c->out, LIMIT_OUT_BUFFER_BYTES);
    } else {
        buf_deinit(&c->out);
    }
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

/* Send what there is. False: the connection is gone. */
static bool flush(struct conn *c)
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
    if (failed(loop_change(&c->worker->loop, &c->watch, wants(c) | room))) {
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
        if (flush(c)) {
            conn_resume(c);
        }
    }
}

/* ---- HTTP ---- */

/* Where a PROXY header says whose connection it is, no request says otherwise. */
static bool believes_forwarded(const struct conn *c)
{
    return c->proxy && !c->worker->server->config.proxy_protocol;
}

arrival_t conn_arrival(struct conn *c, const struct http_request *req,
                       char text[ADDRESS_TEXT_BYTES])
{
    const struct peer_address from =
        believes_forwarded(c) ? forwarded_for(c->worker->server->config.trusted, c->peer, req)
                              : c->peer;
    address_print(&from, text);
    return (arrival_t){.from = text,
                       .address_narrow = address_narrow_key(&from),
                       .address_wide = address_wide_key(&from),
                       .loopback = address_is_loopback(&from),
                       .local = c->local,
                       .pressed = atomic_load(&c->worker->server->pressed) > 0,
                       .began = loop_now(&c->worker->loop),
                       .random = &c->worker->random};
}

void conn_refuse(struct conn *c, unsigned status, const char *reason)
{
    struct call *call = call_new(c->worker->server->config.api);
    if (call == NULL) {
        conn_drop(c);
        return;
    }
    api_refuse(call, status, reason);
    c->keep_alive = false;
    conn_answer(c, call);
}

static void take_request(struct conn *c, const struct http_request *req, span_t rest)
{
    struct api *api = c->worker->server->config.api;
    struct call *call = call_new(api);
    if (call == NULL) {
        conn_drop(c);
        return;
    }
    char text[ADDRESS_TEXT_BYTES];
    const arrival_t arrival = conn_arrival(c, req, text);
    c->keep_alive = req->keep_alive;

    if (!c->local && api_is_upgrade(req)) {
        upgrade_t up = {0};
        if (!api_upgrade_check(call, req, &arrival, &up)) {
            c->state = CONN_CALL;
            conn_answer(c, call);
            return;
        }
        socket_upgrade(c, call, &up, rest);
        return;
    }

    const enum call_place place = api_dispatch(call, req, &arrival);
    c->state = CONN_CALL;
    trip_begin(c, call, place);
}

/* Keep bytes for later, unless they are the kept ones. Without memory the connection goes. */
static void keep(struct conn *c, const uint8_t *bytes, size_t len)
{
    if (c->in.ptr != NULL && bytes >= c->in.ptr && bytes < c->in.ptr + c->in.cap) {
        buf_consume(&c->in, (size_t)(bytes - c->in.ptr));
        return;
    }
    buf_clear(&c->in);
    if (failed(buf_append(&c->in, (span_t){bytes, len}))) {
        conn_drop(c);
    }
}

/* A peer that sends requests and takes no answers waits until it has taken some. False: it does,
 * or it is gone; flush() resumes it. */
static bool may_take(struct conn *c, const uint8_t *bytes, size_t len)
{
    if (c->out.len <= OUT_FULL_BYTES) {
        return true;
    }
    if (!flush(c)) {
        return false;
    }
    if (c->out.len <= OUT_FULL_BYTES) {
        return true;
    }
    keep(c, bytes, len);
    return false;
}

static uint16_t this_turn(const struct conn *c)
{
    return (uint16_t)(c->worker->round & UINT16_MAX);
}

/* Whether others are to be heard before its next request. */
static bool turn_is_over(const struct conn *c)
{
    return c->turn == this_turn(c) && c->requests >= LIMIT_REQUESTS_PER_ROUND;
}

static void count_request(struct conn *c)
{
    c->requests = c->turn == this_turn(c) ? (uint8_t)(c->requests + 1) : 1;
    c->turn = this_turn(c);
}

/* The rest of a round is for others; marked, it is not lost sight of. */
static void wait_for_turn(struct conn *c, const uint8_t *bytes, size_t len)
{
    conn_mark(c);
    keep(c, bytes, len);
}

/* A request has begun and is not complete. */
static void await_rest(struct conn *c, const uint8_t *bytes, size_t len)
{
    struct worker *w = c->worker;
    if (http_reader_take_continue(&c->reader.http)) {
        if (failed(http_response_continue(&c->out))) {
            conn_drop(c);
            return;
        }
        conn_mark(c);
    }
    if (!c->partial) { /* its first bytes: its time runs */
        c->partial = true;
        timer_set(&w->wheel, &c->timer,
                  mono_after_ms(loop_now(&w->loop), LIMIT_HEADER_DEADLINE_MS));
    }
    if (failed(loop_change(&w->loop, &c->watch, wants(c)))) {
        conn_drop(c);
        return;
    }
    keep(c, bytes, len);
}

/* A call is on its way: what came behind it waits, and nothing is read. */
static void park(struct conn *c, const uint8_t *rest, size_t len)
{
    if (failed(loop_change(&c->worker->loop, &c->watch, 0))) {
        conn_drop(c);
        return;
    }
    if (len == 0) {
        buf_deinit(&c->in);
        return;
    }
    keep(c, rest, len);
}

/* Consume requests until one is on its way or the bytes end. */
static void read_requests(struct conn *c, uint8_t *bytes, size_t len)
{
    struct worker *w = c->worker;
    const uint32_t index = c->index;
    const uint32_t generation = c->generation;
    while (len > 0) {
        struct http_request req;
        if (!may_take(c, bytes, len)) {
            return;
        }
        if (turn_is_over(c)) {
            wait_for_turn(c, bytes, len);
            return;
        }
        switch (http_read(&c->reader.http, bytes, len, &req)) {
        case HTTP_BAD: conn_refuse(c, c->reader.http.status, c->reader.http.reason); return;
        case HTTP_MORE: await_rest(c, bytes, len); return;
        case HTTP_READY: break;
        }

        http_reader_init(&c->reader.http, HTTP_BODY_MAX);
        bytes += req.used;
        len -= req.used;
        c->partial = false;
        timer_cancel(&w->wheel, &c->timer);
        count_request(c);
        take_request(c, &req, (span_t){bytes, len});
        if (conn_find(w, index, generation) == NULL) {
            return;
        }
        if (c->state == CONN_CALL) {
            park(c, bytes, len);
            return;
        }
        if (c->state != CONN_HTTP) {
            return;
        }
    }
    buf_deinit(&c->in);
}

void conn_answer(struct conn *c, struct call *call)
{
    struct worker *w = c->worker;
    const bool alive = c->keep_alive && !call->close && !w->stopping;
    if (c->out.ptr == NULL && w->spares > 0) {
        c->out = w->spare[--w->spares];
    }
    c->out.limit = LIMIT_OUT_BUFFER_BYTES + api_answer_bytes(call); /* a page may be larger */
    const err_t written = api_answer(call, alive, &c->out);
    struct api_metrics *m = &w->server->config.api->metrics;
    histogram_observe_shared(&m->request_ns,
                             clock_mono(w->server->config.clock).ns - call->began.ns);
    call_free(&call);
    if (failed(written)) {
        conn_drop(c);
        return;
    }
    if (!alive) {
        conn_finish(c);
        return;
    }
    conn_mark(c);
    if (c->state != CONN_CALL) {
        return;
    }
    c->state = CONN_HTTP;
    timer_set(&w->wheel, &c->timer, mono_after_ms(loop_now(&w->loop), LIMIT_IDLE_KEEPALIVE_MS));
    if (failed(loop_change(&w->loop, &c->watch, wants(c)))) {
        conn_drop(c);
    }
}

void conn_resume(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->state == CONN_HTTP && has_more(c) && channel_pending(c) <= OUT_FULL_BYTES) {
        if (!turn_is_over(c)) {
            read_requests(c, c->in.ptr, c->in.len);
        } else if (!c->dirty) {
            c->dirty = true;
            c->dirty_next = w->later;
            w->later = c;
        }
        return;
    }
    if (channel_has_ended(c)) {
        conn_hear_end(c);
    }
}

/* ---- readiness ---- */

static void read_http(struct conn *c, uint8_t *bytes, size_t len)
{
    if (c->in.len == 0) {
        read_requests(c, bytes, len);
        return;
    }
    if (failed(buf_append(&c->in, (span_t){bytes, len}))) {
        conn_drop(c);
        return;
    }
    read_requests(c, c->in.ptr, c->in.len);
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
    if (failed(loop_change(&c->worker->loop, &c->watch, wants(c) | (uint32_t)EPOLLOUT))) {
        conn_drop(c);
    }
}

void conn_take(struct conn *c, uint8_t *bytes, size_t len)
{
    switch ((enum conn_state)c->state) {
    case CONN_HTTP: read_http(c, bytes, len); return;
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
    if (c->tls != NULL || c->state == CONN_SHAKE) {
        channel_take(c, (span_t){w->receive, got});
        return;
    }
    conn_take(c, w->receive, got);
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
        if (!flush(c)) {
            return;
        }
        conn_resume(c);
        if (conn_find(w, index, generation) == NULL) {
            return;
        }
    }
    const bool gone = (events & (uint32_t)(EPOLLHUP | EPOLLERR)) != 0;
    if (wants(c) == 0U) {
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
    if (c != NULL && c->out.len > LIMIT_OUT_BUFFER_BYTES / 2 && c->state == CONN_SOCKET) {
        (void)flush(c); /* a slow reader gets one more chance before its buffer is full */
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
