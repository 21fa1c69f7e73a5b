/* requests.c - a connection's HTTP requests: read one after the other, in turns, and answered in order. */
#include "base/limits.h"
#include "protocol/http_message.h"
#include "protocol/http_response.h"
#include "server/forwarded.h"
#include "server/inside.h"

/* Where a PROXY header says whose connection it is, no request says otherwise. */
static bool believes_forwarded(const struct conn *c)
{
    return c->proxy && !c->worker->server->config.proxy_protocol;
}

/* Address as the rules see it: behind a trusted proxy, the one it forwards. */
static arrival_t arrival_of(struct conn *c, const struct http_request *req,
                            char text[ADDRESS_TEXT_BYTES])
{
    const bool believed = believes_forwarded(c);
    const struct peer_address from =
        believed ? forwarded_for(c->worker->server->config.trusted, c->peer, req) : c->peer;
    address_print(&from, text);
    return (arrival_t){.from = text,
                       .address_narrow = address_narrow_key(&from),
                       .address_wide = address_wide_key(&from),
                       /* A proxy on this machine is not its clients, also where it forgets to say
                        * who they are. */
                       .loopback = !believed && address_is_loopback(&from),
                       .local = c->local,
                       .pressed = atomic_load(&c->worker->server->pressed) > 0,
                       .began = loop_now(&c->worker->loop),
                       .random = &c->worker->random,
                       .bodies = &c->worker->bodies};
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
    const arrival_t arrival = arrival_of(c, req, text);
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

/* Its answers have room; a page is the last of them. */
static bool has_room(const struct conn *c)
{
    return c->out.len <= OUT_FULL_BYTES && c->page.len == 0;
}

/* A peer that sends requests and takes no answers waits until it has taken some. False: it does,
 * or it is gone; conn_flush() resumes it. */
static bool may_take(struct conn *c, const uint8_t *bytes, size_t len)
{
    if (has_room(c)) {
        return true;
    }
    if (!conn_flush(c)) {
        return false;
    }
    if (has_room(c)) {
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
    if (failed(loop_change(&w->loop, &c->watch, conn_wants(c)))) {
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
    c->out.limit = LIMIT_OUT_BUFFER_BYTES + api_answer_bytes(call); /* a list may be larger */
    buf_keep_secret(&c->out);                                       /* tokens */
    const err_t written = api_answer(call, alive, &c->out);
    c->page = api_answer_page(call);
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
    if (failed(loop_change(&w->loop, &c->watch, conn_wants(c)))) {
        conn_drop(c);
    }
}

void conn_resume(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->state == CONN_HTTP && conn_has_more(c) && channel_pending(c) <= OUT_FULL_BYTES &&
        c->page.len == 0) {
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

void conn_read_requests(struct conn *c, uint8_t *bytes, size_t len)
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
