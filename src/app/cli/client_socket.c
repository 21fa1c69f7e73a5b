/* client_socket.c - the client's end of a WebSocket. */
#include "app/cli/client.h"
#include "app/cli/client_wire.h"
#include "app/cli/command.h"
#include "base/rng.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "protocol/http_client.h"
#include "protocol/ws_handshake.h"

#include <stdlib.h>
#include <string.h>

enum { SOCKET_MESSAGE_MAX = 1024 * 1024 };

void client_socket_init(struct client_socket *s, struct client *c)
{
    *s = (struct client_socket){.client = c, .fd = -1, .closed = true};
    ws_reader_init(&s->reader, WS_CLIENT, SOCKET_MESSAGE_MAX);
    buf_init(&s->out, CLIENT_REQUEST_MAX);
}

static void hang_up(struct client_socket *s, uint16_t code, span_t reason)
{
    wire_close(&s->fd);
    if (!s->closed) {
        s->closed = true;
        s->close_code = code;
        const size_t n = size_min(reason.len, sizeof s->close_reason - 1);
        if (n > 0) {
            memcpy(s->close_reason, reason.ptr, n);
        }
        s->close_reason[n] = '\0';
    }
}

/* Send what is in `out`; a peer that is gone is told by the next news. */
static err_t flush(struct client_socket *s)
{
    const err_t sent =
        wire_send(s->client, s->fd, buf_span(&s->out), wire_until(s->client, s->client->wait_ms));
    memory_wipe(s->out.ptr, s->out.len);
    buf_clear(&s->out);
    return sent.code == ERR_IO && !s->client->stopped ? ERR_OK : sent;
}

static err_t send_frame(struct client_socket *s, enum ws_opcode opcode, span_t payload)
{
    uint8_t mask[WS_MASK_LEN];
    rng_fill(mask, sizeof mask);
    if (failed(ws_write_masked(&s->out, opcode, payload, mask))) {
        return wire_fault(s->client, ERR_LIMIT, "the message is too long");
    }
    return flush(s);
}

/* ---- handshake ---- */

static err_t ask_upgrade(struct client_socket *s, const char *path, const char *bearer,
                         const char key[WS_KEY_LEN])
{
    struct buf *out = &s->out;
    TRY(buf_reserve(out, 1024 + strlen(path) + (bearer == NULL ? 0 : strlen(bearer))));
    TRY(buf_append_format(out, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: canara/%s\r\n", path,
                          s->client->authority, CANARA_VERSION));
    TRY(buf_append_format(out,
                          "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
                          "\r\nSec-WebSocket-Key: %.*s\r\n",
                          WS_KEY_LEN, key));
    if (bearer != NULL) {
        TRY(buf_append_format(out, "Authorization: Bearer %s\r\n", bearer));
    }
    return buf_append(out, SPAN_LIT("\r\n"));
}

/* The words of a refusal, for a person. */
static err_t refusal(struct client_socket *s, const struct http_response *res)
{
    struct json *json = NULL;
    span_t words = {0};
    const bool told =
        !failed(json_parse(res->body, &json, NULL)) && json_get_text(json, "detail", &words);
    const err_t e =
        wire_fault(s->client, ERR_IO, "%s refuses the socket: %u%s%.*s", s->client->authority,
                   res->status, told ? " " : "", (int)words.len, (const char *)words.ptr);
    json_free(&json);
    return e;
}

/* Receive into s->in until the answer to the handshake is whole. */
static err_t await_upgrade(struct client_socket *s, mono_t until, struct http_response *res)
{
    struct client *c = s->client;
    struct http_reader reader;
    http_reader_init(&reader, CLIENT_RECEIVE_BYTES);
    for (;;) {
        if (s->len == CLIENT_RECEIVE_BYTES) {
            return wire_fault(c, ERR_LIMIT, "the answer of %s is too long", c->authority);
        }
        size_t n = 0;
        TRY(wire_receive(c, s->fd, s->in + s->len, CLIENT_RECEIVE_BYTES - s->len, until, &n));
        if (n == 0) {
            return wire_fault(c, ERR_IO, "%s hung up before it answered", c->authority);
        }
        s->len += n;
        switch (http_response_read(&reader, s->in, s->len, false, res)) {
        case HTTP_READY: s->at = res->used; return ERR_OK;
        case HTTP_BAD:
            return wire_fault(c, ERR_FORMAT, "%s answers no HTTP: %s", c->authority, reader.reason);
        case HTTP_MORE: break;
        }
    }
}

static err_t shake_hands(struct client_socket *s, const char *path, const char *bearer,
                         unsigned *refused)
{
    struct client *c = s->client;
    const mono_t until = wire_until(c, c->wait_ms);
    uint8_t nonce[WS_NONCE_LEN];
    char key[WS_KEY_LEN];
    rng_fill(nonce, sizeof nonce);
    ws_client_key(nonce, key);
    if (failed(ask_upgrade(s, path, bearer, key))) {
        return wire_fault(c, ERR_LIMIT, "the request is too long");
    }
    TRY(wire_connect(c, until, &s->fd));
    TRY(flush(s));
    struct http_response res = {0};
    TRY(await_upgrade(s, until, &res));
    if (res.status != 101) {
        *refused = res.status;
        return refusal(s, &res);
    }
    if (!ws_client_check(&res, key)) {
        return wire_fault(c, ERR_FORMAT, "%s shakes hands wrongly", c->authority);
    }
    s->closed = false;
    return ERR_OK;
}

err_t client_socket_open(struct client_socket *s, const char *path, const char *bearer,
                         unsigned *refused)
{
    unsigned status = 0;
    client_socket_deinit(s);
    s->in = malloc(CLIENT_RECEIVE_BYTES);
    if (s->in == NULL) {
        return wire_fault(s->client, ERR_NOMEM, "out of memory");
    }
    const err_t e = shake_hands(s, path, bearer, &status);
    if (failed(e)) {
        wire_close(&s->fd);
    }
    if (refused != NULL) {
        *refused = status;
    }
    return e;
}

/* ---- talk ---- */

err_t client_socket_send(struct client_socket *s, span_t text)
{
    return s->closed ? ERR_OK : send_frame(s, WS_OP_TEXT, text);
}

static err_t answer_close(struct client_socket *s, const struct ws_item_data *item)
{
    const uint8_t code[2] = {(uint8_t)(item->code >> 8), (uint8_t)(item->code & 0xff)};
    const span_t echo = {code, item->code == WS_CLOSE_NONE ? 0 : sizeof code};
    const err_t e = send_frame(s, WS_OP_CLOSE, echo);
    hang_up(s, item->code, item->payload);
    return e;
}

/* Take one item out of what has arrived. *more: nothing whole is left of it. */
static err_t take_item(struct client_socket *s, enum socket_news *news, span_t *text, bool *more)
{
    struct ws_item_data item = {0};
    uint8_t *cursor = s->in + s->at;
    const enum ws_item kind = ws_next(&s->reader, &cursor, s->in + s->len, &item);
    s->at = (size_t)(cursor - s->in);
    switch (kind) {
    case WS_NEED_MORE: *more = true; return ERR_OK;
    case WS_MESSAGE_TEXT:
        *news = SOCKET_TEXT;
        *text = item.payload;
        return ERR_OK;
    case WS_PING: return send_frame(s, WS_OP_PONG, item.payload);
    case WS_CLOSE: *news = SOCKET_CLOSED; return answer_close(s, &item);
    case WS_MESSAGE_BINARY:
    case WS_PONG: return ERR_OK;
    case WS_FAULT: break;
    }
    return wire_fault(s->client, ERR_FORMAT, "%s breaks the WebSocket protocol: %s",
                      s->client->authority, item.reason);
}

err_t client_socket_next(struct client_socket *s, int64_t wait_ms, enum socket_news *news,
                         span_t *text)
{
    const mono_t until = wire_until(s->client, wait_ms);
    *news = SOCKET_QUIET;
    while (!s->closed && *news == SOCKET_QUIET) {
        bool more = false;
        TRY(take_item(s, news, text, &more));
        if (!more) {
            continue;
        }
        s->at = 0; /* a reader that needs more has taken everything */
        s->len = 0;
        size_t n = 0;
        const err_t got = wire_receive(s->client, s->fd, s->in, CLIENT_RECEIVE_BYTES, until, &n);
        if (got.code == ERR_TIMEOUT) {
            return ERR_OK;
        }
        TRY(got);
        if (n == 0) {
            hang_up(s, CLIENT_CLOSED_ABNORMALLY, SPAN_LIT("connection lost"));
        }
        s->len = n;
    }
    *news = s->closed ? SOCKET_CLOSED : *news;
    return ERR_OK;
}

void client_socket_deinit(struct client_socket *s)
{
    if (!s->closed && s->fd >= 0) {
        static const uint8_t normal[2] = {WS_CLOSE_NORMAL >> 8, WS_CLOSE_NORMAL & 0xff};
        const err_t e = send_frame(s, WS_OP_CLOSE, (span_t){normal, sizeof normal});
        (void)e; /* goodbye is a courtesy */
    }
    wire_close(&s->fd);
    ws_reader_deinit(&s->reader);
    buf_deinit(&s->out);
    free(s->in);
    client_socket_init(s, s->client);
}
