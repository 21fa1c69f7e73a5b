/*
 * ws_handshake.h - both ends of the WebSocket opening handshake.
 *
 * Floor      protocol
 * Source     RFC 6455 sections 4.1, 4.2; RFC 7235 b64token characters for the bearer.
 * Ownership  the spans of an offer borrow from the request.
 * Errors     a bad handshake is an answer (enum ws_upgrade); writing fails as the buf does.
 * Threads    no shared state.
 *
 * No extension is ever taken up (permessage-deflate included). Of subprotocols only "canara.v1" is
 * known; "bearer.TOKEN" carries the token of clients that cannot set Authorization and is never
 * answered.
 */
#ifndef PROTOCOL_WS_HANDSHAKE_H
#define PROTOCOL_WS_HANDSHAKE_H

#include "base/buf.h"
#include "base/err.h"
#include "protocol/http_client.h"
#include "protocol/http_request.h"

enum {
    WS_KEY_LEN = 24,    /* base64 of 16 bytes */
    WS_ACCEPT_LEN = 28, /* base64 of a SHA-1 */
    WS_NONCE_LEN = 16,
};

#define WS_SUBPROTOCOL "canara.v1"

enum ws_upgrade {
    WS_UPGRADE_OK,
    WS_UPGRADE_NONE,    /* an ordinary request: answer 426 with Upgrade: websocket */
    WS_UPGRADE_BAD,     /* 400 */
    WS_UPGRADE_VERSION, /* 426 with Sec-WebSocket-Version: 13 */
};

struct ws_offer {
    char accept[WS_ACCEPT_LEN]; /* for Sec-WebSocket-Accept; no NUL */
    bool subprotocol;           /* the client offered canara.v1 */
    span_t bearer;              /* the token behind "bearer."; {NULL, 0} when none was offered */
};

/* Judge an upgrade request. `out` is filled only by WS_UPGRADE_OK. */
enum ws_upgrade ws_handshake_check(const struct http_request *req, struct ws_offer *out);

/* Append the 101 answer up to its last field. Add more fields with http_response_header(), then
 * close it with http_response_finish(). Names the subprotocol when it was offered. */
NODISCARD err_t ws_handshake_answer(struct buf *out, const struct ws_offer *offer);

/* Compute Sec-WebSocket-Accept for a key. */
NODISCARD err_t ws_accept_for(span_t key, char out[WS_ACCEPT_LEN]);

/* Client side: turn 16 random bytes into a Sec-WebSocket-Key. */
void ws_client_key(const uint8_t nonce[WS_NONCE_LEN], char out[WS_KEY_LEN]);

/* Client side: true when the answer is a 101 that fits this key and takes up no extension. */
bool ws_client_check(const struct http_response *res, const char key[WS_KEY_LEN]);

#endif
