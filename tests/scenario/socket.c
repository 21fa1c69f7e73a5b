#include "tests/scenario/socket.h"

#include "base/rng.h"
#include "protocol/ws_handshake.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_BYTES_MAX = 1 << 22, CHUNK = 65536, STEP_MS = 50 };

/* ---- opening ---- */

static const char *ask(int fd, const struct request *r, const char key[WS_KEY_LEN])
{
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, FRAME_BYTES_MAX);
    err_t e = buf_append_format(&out,
                                "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: %.*s\r\n",
                                r->target, WS_KEY_LEN, key);
    if (!failed(e) && r->bearer[0] != '\0') {
        e = buf_append_format(&out, "Authorization: Bearer %s\r\n", r->bearer);
    }
    if (!failed(e) && r->header[0] != '\0') {
        e = buf_append_format(&out, "%s: %s\r\n", r->header, r->value);
    }
    if (!failed(e)) {
        e = buf_append(&out, SPAN_LIT("\r\n"));
    }
    return failed(e) ? "no memory" : wire_send(fd, buf_span(&out));
}

static void feed(struct socket_client *s, uint8_t *bytes, size_t len);

const char *socket_open(struct socket_client *s, int fd, const struct request *r,
                        struct answer *refusal, bool *open)
{
    uint8_t nonce[WS_NONCE_LEN];
    char key[WS_KEY_LEN];
    rng_fill(nonce, sizeof nonce);
    ws_client_key(nonce, key);
    *s = (struct socket_client){.fd = fd};
    ws_reader_init(&s->reader, WS_CLIENT, FRAME_BYTES_MAX);
    *open = false;
    const char *why = ask(fd, r, key);
    if (why == NULL) {
        why = wire_answer(fd, refusal);
    }
    if (why != NULL || refusal->head.status != 101) {
        return why;
    }
    if (!ws_client_check(&refusal->head, key)) {
        return "the upgrade is answered wrongly";
    }
    *open = true;
    feed(s, refusal->bytes.ptr + refusal->head.used, refusal->bytes.len - refusal->head.used);
    return NULL;
}

void socket_drop(struct socket_client *s)
{
    for (size_t i = 0; i < s->holding; i++) {
        json_free(&s->held[i]);
    }
    ws_reader_deinit(&s->reader);
    (void)close(s->fd);
    *s = (struct socket_client){.fd = -1};
}

/* ---- writing ---- */

static const char *write_frame(struct socket_client *s, enum ws_opcode op, span_t payload)
{
    CLEANUP(buf_deinit) struct buf out;
    uint8_t mask[WS_MASK_LEN];
    buf_init(&out, FRAME_BYTES_MAX);
    rng_fill(mask, sizeof mask);
    if (failed(ws_write_masked(&out, op, payload, mask))) {
        return "no memory";
    }
    return wire_send(s->fd, buf_span(&out));
}

const char *socket_send(struct socket_client *s, span_t text)
{
    return s->closed || s->ended ? "the socket is closed" : write_frame(s, WS_OP_TEXT, text);
}

/* ---- reading ---- */

static void hold(struct socket_client *s, span_t text)
{
    struct json *message = NULL;
    if (s->holding == SOCKET_HELD_MAX || failed(json_parse(text, &message, NULL))) {
        s->fault = "a message that is not JSON, or too many that nobody asks for";
        return;
    }
    s->held[s->holding++] = message;
}

static void take_close(struct socket_client *s, const struct ws_item_data *data)
{
    s->closed = true;
    s->close_code = data->code;
    (void)snprintf(s->close_reason, sizeof s->close_reason, "%.*s", (int)data->payload.len,
                   data->payload.len == 0 ? "" : (const char *)data->payload.ptr);
    const char *why = write_frame(s, WS_OP_CLOSE, (span_t){0});
    (void)why; /* the server may be gone already */
    (void)shutdown(s->fd, SHUT_WR);
}

static void feed(struct socket_client *s, uint8_t *bytes, size_t len)
{
    uint8_t *cursor = bytes;
    for (;;) {
        struct ws_item_data data = {0};
        const char *why = NULL;
        switch (ws_next(&s->reader, &cursor, bytes + len, &data)) {
        case WS_NEED_MORE: return;
        case WS_MESSAGE_TEXT: hold(s, data.payload); break;
        case WS_PING:
            s->pings++;
            why = write_frame(s, WS_OP_PONG, data.payload);
            (void)why; /* a connection that ends is noticed when it is read */
            break;
        case WS_PONG: s->pongs++; break;
        case WS_CLOSE: take_close(s, &data); break;
        case WS_MESSAGE_BINARY:
        case WS_FAULT:
            s->fault = "frames that the protocol does not allow";
            s->ended = true;
            return;
        }
    }
}

void socket_pump(struct socket_client *s, int ms)
{
    uint8_t bytes[CHUNK];
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    while (!s->ended && poll(&p, 1, ms) == 1) {
        const ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
        if (n <= 0) {
            s->ended = true;
            return;
        }
        feed(s, bytes, (size_t)n);
        ms = 0;
    }
}

const char *socket_catch_up(struct socket_client *s)
{
    socket_pump(s, 0);
    if (s->closed || s->ended) {
        return s->fault;
    }
    const unsigned before = s->pongs;
    const char *why = write_frame(s, WS_OP_PING, SPAN_LIT("?"));
    for (int ms = 0; why == NULL && s->pongs == before && !s->closed && !s->ended; ms += STEP_MS) {
        why = ms > WIRE_PATIENCE_MS ? "a ping is not answered" : s->fault;
        socket_pump(s, STEP_MS);
    }
    return s->closed || s->ended ? s->fault : why;
}

static bool is_of_type(const struct json *message, const char *type)
{
    span_t text = {0};
    return json_get_text(message, "type", &text) && text.len == strlen(type) &&
           memcmp(text.ptr, type, text.len) == 0;
}

static struct json *find(struct socket_client *s, const char *type)
{
    for (size_t i = 0; i < s->holding; i++) {
        struct json *message = s->held[i];
        if (is_of_type(message, type)) {
            s->holding--;
            for (; i < s->holding; i++) {
                s->held[i] = s->held[i + 1];
            }
            return message;
        }
    }
    return NULL;
}

struct json *socket_take(struct socket_client *s, const char *type)
{
    struct json *message = find(s, type);
    for (int ms = 0; message == NULL && ms < WIRE_PATIENCE_MS && !s->ended; ms += STEP_MS) {
        socket_pump(s, STEP_MS);
        message = find(s, type);
    }
    return message;
}
