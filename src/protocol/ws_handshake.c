/* libcrypto 3 calls its plain SHA-1 functions deprecated in favour of EVP, which fetches a provider
 * at its first use: of a request, and a crash of libcrypto 3.0 when there is no memory for it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocol/ws_handshake.h"

#include "codec/base64.h"
#include "protocol/http_parse.h"
#include "protocol/http_response.h"

#include <openssl/sha.h>

enum { SHA1_LEN = 20, PROTOCOLS_MAX = 8 };

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */

err_t ws_accept_for(span_t key, char out[WS_ACCEPT_LEN])
{
    uint8_t digest[SHA1_LEN];
    SHA_CTX ctx;
    MUST(SHA1_Init(&ctx) == 1);
    MUST(SHA1_Update(&ctx, key.ptr, key.len) == 1);
    MUST(SHA1_Update(&ctx, accept_guid, sizeof accept_guid - 1) == 1);
    MUST(SHA1_Final(digest, &ctx) == 1);
    size_t len = 0;
    TRY(base64_encode((span_t){digest, sizeof digest}, out, WS_ACCEPT_LEN, &len));
    MUST(len == WS_ACCEPT_LEN);
    return ERR_OK;
}

static bool key_is_valid(span_t key)
{
    uint8_t nonce[WS_NONCE_LEN];
    size_t len = 0;
    return key.len == WS_KEY_LEN && !failed(base64_decode(key, nonce, sizeof nonce, &len)) &&
           len == WS_NONCE_LEN;
}

/* True when any field of this name lists the token (Connection may be sent in several fields). */
static bool any_lists(const struct http_request *req, const char *name, const char *token)
{
    for (size_t i = 0; i < req->header_count; i++) {
        if (http_name_eq(req->headers[i].name, name) &&
            http_list_has(req->headers[i].value, token)) {
            return true;
        }
    }
    return false;
}

/* One offered subprotocol: ours, a bearer, or another that is passed over. */
static bool take_protocol(span_t member, struct ws_offer *offer)
{
    static const span_t prefix = SPAN_INIT("bearer.");
    if (!http_all_in(HTTP_SET_TOKEN, member)) {
        return false;
    }
    if (span_eq(member, SPAN_LIT(WS_SUBPROTOCOL))) {
        offer->subprotocol = true;
        return true;
    }
    if (member.len > prefix.len && memcmp(member.ptr, prefix.ptr, prefix.len) == 0) {
        const bool first = offer->bearer.ptr == NULL;
        offer->bearer = (span_t){member.ptr + prefix.len, member.len - prefix.len};
        return first;
    }
    return true;
}

static bool take_protocols(const struct http_request *req, struct ws_offer *offer)
{
    size_t count = 0;
    for (size_t i = 0; i < req->header_count; i++) {
        if (!http_name_eq(req->headers[i].name, "Sec-WebSocket-Protocol")) {
            continue;
        }
        span_t list = req->headers[i].value;
        for (span_t member = {0}; http_list_next(&list, &member);) {
            if (++count > PROTOCOLS_MAX || !take_protocol(member, offer)) {
                return false;
            }
        }
    }
    return true;
}

enum ws_upgrade ws_handshake_check(const struct http_request *req, struct ws_offer *out)
{
    if (!any_lists(req, "Upgrade", "websocket")) {
        return WS_UPGRADE_NONE;
    }
    if (req->method != HTTP_GET || req->http_1_0 || !any_lists(req, "Connection", "upgrade") ||
        req->body.len > 0) {
        return WS_UPGRADE_BAD;
    }
    if (http_header_count(req, "Sec-WebSocket-Version") != 1 ||
        !span_eq(http_header_find(req, "Sec-WebSocket-Version"), SPAN_LIT("13"))) {
        return WS_UPGRADE_VERSION;
    }
    const span_t key = http_header_find(req, "Sec-WebSocket-Key");
    struct ws_offer offer = {0};
    if (http_header_count(req, "Sec-WebSocket-Key") != 1 || !key_is_valid(key) ||
        !take_protocols(req, &offer) || failed(ws_accept_for(key, offer.accept))) {
        return WS_UPGRADE_BAD;
    }
    *out = offer;
    return WS_UPGRADE_OK;
}

err_t ws_handshake_answer(struct buf *out, const struct ws_offer *offer)
{
    const span_t accept = {(const uint8_t *)offer->accept, WS_ACCEPT_LEN};
    TRY(http_response_begin(out, 101));
    TRY(http_response_header(out, "Upgrade", SPAN_LIT("websocket")));
    TRY(http_response_header(out, "Connection", SPAN_LIT("Upgrade")));
    TRY(http_response_header(out, "Sec-WebSocket-Accept", accept));
    if (offer->subprotocol) {
        TRY(http_response_header(out, "Sec-WebSocket-Protocol", SPAN_LIT(WS_SUBPROTOCOL)));
    }
    return ERR_OK;
}

void ws_client_key(const uint8_t nonce[WS_NONCE_LEN], char out[WS_KEY_LEN])
{
    size_t len = 0;
    const err_t e = base64_encode((span_t){nonce, WS_NONCE_LEN}, out, WS_KEY_LEN, &len);
    MUST(!failed(e) && len == WS_KEY_LEN);
}

bool ws_client_check(const struct http_response *res, const char key[WS_KEY_LEN])
{
    char accept[WS_ACCEPT_LEN];
    if (failed(ws_accept_for((span_t){(const uint8_t *)key, WS_KEY_LEN}, accept))) {
        return false;
    }
    const span_t want = {(const uint8_t *)accept, WS_ACCEPT_LEN};
    return res->status == 101 && http_name_eq(http_response_find(res, "Upgrade"), "websocket") &&
           http_list_has(http_response_find(res, "Connection"), "upgrade") &&
           span_eq(http_response_find(res, "Sec-WebSocket-Accept"), want) &&
           http_response_find(res, "Sec-WebSocket-Extensions").ptr == NULL;
}
