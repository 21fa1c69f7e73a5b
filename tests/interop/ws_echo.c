/*
 * ws_echo.c - a WebSocket server that sends every message back, for foreign test clients.
 *
 *     ws_echo [--port N] [--host ADDRESS]      port 0, the default, lets the kernel choose
 *
 * Made of the floors net and protocol: one loop, messages up to 16 MiB, any path. It prints
 * "listening on PORT" and ends at SIGTERM. While an answer waits to be sent nothing is read from
 * that client, so what a connection holds is bounded: one message coming in, and going out what
 * one receive buffer can call forth.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/signals.h"
#include "net/stream.h"
#include "protocol/http_response.h"
#include "protocol/ws_frames.h"
#include "protocol/ws_handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECEIVE_BYTES = 65536,
    MESSAGE_MAX = WS_MESSAGE_LIMIT,
    OUT_MAX = MESSAGE_MAX + 4 * RECEIVE_BYTES,
    OUT_KEEP = 65536,              /* a larger buffer is released once it is sent */
    LINGER_MAX = 64 * 1024 * 1024, /* bytes read and dropped after our close frame */
    BACKLOG = 128,
};

enum stage { STAGE_HTTP, STAGE_OPEN, STAGE_CLOSING, STAGE_LINGER };

struct conn {
    struct watch watch; /* first: a watch is its connection */
    struct echo *echo;
    struct conn *next;
    struct conn **link; /* what points at this one */
    enum stage stage;
    struct buf in; /* of the upgrade request only */
    struct http_reader http;
    struct ws_reader ws;
    struct buf out;
    size_t sent; /* of out */
    size_t dropped;
};

struct echo {
    struct loop loop;
    struct listener listener;
    struct watch accept;
    struct signals signals;
    struct conn *conns;
    bool stopping;
    uint8_t received[RECEIVE_BYTES];
};

static void conn_free(struct conn *c)
{
    loop_unwatch(&c->echo->loop, &c->watch);
    stream_close(&c->watch.fd);
    *c->link = c->next;
    if (c->next != NULL) {
        c->next->link = c->link;
    }
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    ws_reader_deinit(&c->ws);
    free(c);
}

/* Send what is pending. False when the connection is lost. */
static bool flush(struct conn *c)
{
    while (c->sent < c->out.len) {
        const span_t rest = {c->out.ptr + c->sent, c->out.len - c->sent};
        size_t sent = 0;
        const enum stream_outcome outcome = stream_send(c->watch.fd, rest, &sent);
        if (outcome == STREAM_WOULD_BLOCK) {
            return !failed(loop_change(&c->echo->loop, &c->watch, EPOLLOUT));
        }
        if (outcome != STREAM_MORE) {
            return false;
        }
        c->sent += sent;
    }
    c->sent = 0;
    buf_clear(&c->out);
    if (c->out.cap > OUT_KEEP) {
        buf_deinit(&c->out);
    }
    if (c->stage == STAGE_CLOSING) {
        stream_shut_write(c->watch.fd);
        c->stage = STAGE_LINGER;
    }
    return !failed(loop_change(&c->echo->loop, &c->watch, EPOLLIN));
}

static err_t answer_item(struct conn *c, enum ws_item item, const struct ws_item_data *data)
{
    switch (item) {
    case WS_MESSAGE_TEXT: return ws_write_text(&c->out, data->payload);
    case WS_MESSAGE_BINARY: return ws_write_binary(&c->out, data->payload);
    case WS_PING: return ws_write_pong(&c->out, data->payload);
    case WS_CLOSE:
        c->stage = STAGE_CLOSING;
        return ws_write_close(&c->out, data->code, data->payload);
    case WS_FAULT:
        c->stage = STAGE_CLOSING;
        return ws_write_close(&c->out, data->code,
                              (span_t){(const uint8_t *)data->reason, strlen(data->reason)});
    case WS_PONG:
    case WS_NEED_MORE: break;
    }
    return ERR_OK;
}

static bool take_frames(struct conn *c, uint8_t *bytes, size_t len)
{
    uint8_t *cursor = bytes;
    struct ws_item_data data;
    while (c->stage == STAGE_OPEN) {
        const enum ws_item item = ws_next(&c->ws, &cursor, bytes + len, &data);
        if (item == WS_NEED_MORE) {
            break;
        }
        if (failed(answer_item(c, item, &data))) {
            return false;
        }
    }
    return flush(c);
}

static err_t refuse(struct conn *c, unsigned status, enum ws_upgrade upgrade)
{
    c->stage = STAGE_CLOSING;
    TRY(http_response_begin(&c->out, status));
    if (upgrade == WS_UPGRADE_VERSION) {
        TRY(http_response_header(&c->out, "Sec-WebSocket-Version", SPAN_LIT("13")));
    }
    TRY(http_response_header(&c->out, "Connection", SPAN_LIT("close")));
    return http_response_end(&c->out, (span_t){NULL, 0});
}

static err_t answer_request(struct conn *c, const struct http_request *req)
{
    struct ws_offer offer;
    const enum ws_upgrade upgrade = ws_handshake_check(req, &offer);
    if (upgrade != WS_UPGRADE_OK) {
        return refuse(c, upgrade == WS_UPGRADE_BAD ? 400 : 426, upgrade);
    }
    c->stage = STAGE_OPEN;
    TRY(ws_handshake_answer(&c->out, &offer));
    return http_response_finish(&c->out);
}

static bool take_request(struct conn *c, const uint8_t *bytes, size_t len)
{
    if (failed(buf_append(&c->in, (span_t){bytes, len}))) {
        return false;
    }
    struct http_request req;
    const enum http_progress progress = http_read(&c->http, c->in.ptr, c->in.len, &req);
    if (progress == HTTP_MORE) {
        return true;
    }
    if (progress == HTTP_BAD) {
        return !failed(refuse(c, c->http.status, WS_UPGRADE_NONE)) && flush(c);
    }
    if (failed(answer_request(c, &req))) {
        return false;
    }
    const bool alive = take_frames(c, c->in.ptr + req.used, c->in.len - req.used);
    buf_deinit(&c->in);
    return alive;
}

static bool receive(struct conn *c)
{
    struct echo *e = c->echo;
    size_t got = 0;
    const enum stream_outcome outcome =
        stream_recv(c->watch.fd, e->received, sizeof e->received, &got);
    if (outcome != STREAM_MORE) {
        return outcome == STREAM_WOULD_BLOCK;
    }
    if (c->stage == STAGE_HTTP) {
        return take_request(c, e->received, got);
    }
    if (c->stage == STAGE_OPEN) {
        return take_frames(c, e->received, got);
    }
    c->dropped += got;
    return c->dropped <= LINGER_MAX;
}

static void on_conn(struct watch *self, uint32_t events)
{
    struct conn *c = CONTAINER_OF(self, struct conn, watch);
    const bool alive = c->sent < c->out.len ? flush(c) : receive(c);
    if (!alive || (events & (uint32_t)EPOLLERR) != 0) {
        conn_free(c);
    }
}

static void conn_new(struct echo *e, int fd)
{
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        stream_close(&fd);
        return;
    }
    *c = (struct conn){
        .watch = {.fd = fd, .events = EPOLLIN, .ready = on_conn},
        .echo = e,
        .next = e->conns,
        .link = &e->conns,
    };
    buf_init(&c->in, HTTP_REQUEST_MAX + RECEIVE_BYTES);
    buf_init(&c->out, OUT_MAX);
    http_reader_init(&c->http, 0);
    ws_reader_init(&c->ws, WS_SERVER, MESSAGE_MAX);
    if (e->conns != NULL) {
        e->conns->link = &c->next;
    }
    e->conns = c;
    stream_set_no_delay(fd);
    if (failed(loop_watch(&e->loop, &c->watch))) {
        conn_free(c);
    }
}

static void on_accept(struct watch *self, uint32_t events)
{
    (void)events;
    struct echo *e = CONTAINER_OF(self, struct echo, accept);
    int fd = -1;
    struct peer_address peer;
    while (listener_accept(&e->listener, &fd, &peer) == ACCEPT_GOT) {
        conn_new(e, fd);
    }
}

static void on_signal(struct signals *self, int number)
{
    (void)number;
    CONTAINER_OF(self, struct echo, signals)->stopping = true;
}

static void echo_stop(struct echo *e)
{
    for (struct conn *c = e->conns, *next = NULL; c != NULL; c = next) {
        next = c->next;
        conn_free(c);
    }
    loop_unwatch(&e->loop, &e->accept);
    signals_deinit(&e->signals);
    listener_close(&e->listener);
    loop_deinit(&e->loop);
}

static err_t serve(struct echo *e, const char *host, uint16_t port)
{
    enum listen_outcome outcome = LISTEN_OPEN;
    TRY(listener_open(&e->listener, host, port, 0, BACKLOG, &outcome));
    if (outcome != LISTEN_OPEN) {
        return err_new(ERR_IO);
    }
    TRY(loop_init(&e->loop, clock_system()));
    TRY(signals_init(&e->signals, &e->loop, on_signal));
    e->accept = (struct watch){.fd = e->listener.fd, .events = EPOLLIN, .ready = on_accept};
    TRY(loop_watch(&e->loop, &e->accept));
    (void)printf("listening on %u\n", (unsigned)e->listener.port);
    (void)fflush(stdout);
    while (!e->stopping) {
        TRY(loop_run_once(&e->loop, -1));
    }
    echo_stop(e);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    unsigned long port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--host") == 0) {
            host = argv[i + 1];
        } else if (strcmp(argv[i], "--port") == 0) {
            char *end = NULL;
            port = strtoul(argv[i + 1], &end, 10);
            port = *end == '\0' ? port : UINT16_MAX + 1UL;
        }
    }
    struct echo *e = calloc(1, sizeof *e);
    if (e == NULL || port > UINT16_MAX || argc % 2 == 0) {
        (void)fputs("usage: ws_echo [--port N] [--host ADDRESS]\n", stderr);
        free(e);
        return 2;
    }
    const err_t result = serve(e, host, (uint16_t)port);
    if (failed(result)) {
        (void)fputs("ws_echo: cannot serve there\n", stderr);
    }
    free(e);
    return failed(result) ? 1 : 0;
}
