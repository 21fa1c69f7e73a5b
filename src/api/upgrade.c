/* The upgrade of a request to a behaviour socket. */
#include "api/dispatch.h"
#include "api/problem.h"
#include "api/routes.h"
#include "base/limits.h"
#include "base/util.h"
#include "codec/uuid_text.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "protocol/http_response.h"

#include <string.h>

#define SOCKET_PREFIX "/api/v1/ws/behavior/"

bool api_is_upgrade(const struct http_request *req)
{
    const size_t prefix = sizeof SOCKET_PREFIX - 1;
    return req->path.len > prefix && memcmp(req->path.ptr, SOCKET_PREFIX, prefix) == 0;
}

static bool answer_no(struct call *c, enum problem which)
{
    (void)problem(c, which);
    return false;
}

static bool check_handshake(struct call *c, const struct http_request *req, struct ws_offer *offer)
{
    if (req->method != HTTP_GET) {
        call_header(c, "Allow", "GET");
        return answer_no(c, PROBLEM_METHOD_NOT_ALLOWED);
    }
    switch (ws_handshake_check(req, offer)) {
    case WS_UPGRADE_OK: return true;
    case WS_UPGRADE_BAD:
        (void)problem_detail(c, PROBLEM_INVALID_HTTP, "WebSocket handshake is malformed");
        return false;
    case WS_UPGRADE_NONE:
    case WS_UPGRADE_VERSION: break;
    }
    call_header(c, "Upgrade", "websocket");
    call_header(c, "Sec-WebSocket-Version", "13");
    return answer_no(c, PROBLEM_UPGRADE_REQUIRED);
}

/* The token, by the first way that carries one: header, subprotocol, ticket, query. */
static bool check_credentials(struct call *c, const struct http_request *req,
                              const struct ws_offer *offer, upgrade_t *up)
{
    span_t token = {0};
    uint8_t text[LIMIT_TOKEN_BYTES];
    size_t len = 0;
    const span_t query = req->query;
    if (http_header_count(req, "authorization") > 0) {
        c->bearer_sent = true;
        return http_bearer(req, &token) == HTTP_FOUND && api_check_token(c, token);
    }
    if (offer->bearer.len > 0) {
        c->bearer_sent = true;
        return api_check_token(c, offer->bearer);
    }
    const enum http_found ticket =
        http_query_get(query, "ticket", (uint8_t *)up->ticket, sizeof up->ticket, &len);
    if (ticket != HTTP_ABSENT) {
        up->by_ticket = true;
        up->ticket_len = (uint8_t)len;
        return ticket == HTTP_FOUND;
    }
    if (!c->api->ws_query_token ||
        http_query_get(query, "token", text, sizeof text, &len) != HTTP_FOUND) {
        return false;
    }
    c->bearer_sent = true;
    const bool good = api_check_token(c, (span_t){text, len});
    memory_wipe(text, sizeof text);
    return good;
}

/* A ticket does not tell its device: keep what X-Device-ID says for the owner's loop. */
static bool note_device(const struct call *c, const struct http_request *req, upgrade_t *up)
{
    const size_t devices = http_header_count(req, "x-device-id");
    up->device_sent = devices > 0;
    if (up->device_sent) {
        device_mac(c->service->keys, http_header_find(req, "x-device-id"), up->device_mac);
    }
    return devices <= 1;
}

static bool is_device_of(const struct call *c, const upgrade_t *up, const struct live *live)
{
    if (!up->device_sent) {
        return true;
    }
    uint8_t mac[DEVICE_MAC_BYTES];
    const char *name = live_device_id(live);
    const span_t device = {(const uint8_t *)name, strlen(name)};
    device_mac(c->service->keys, device, mac);
    return ct_equal(mac, up->device_mac, sizeof mac);
}

static bool wants_batch(span_t query)
{
    uint8_t value[8];
    size_t len = 0;
    return http_query_get(query, "acks", value, sizeof value, &len) == HTTP_FOUND &&
           span_eq((span_t){value, len}, SPAN_LIT("batch"));
}

bool api_upgrade_check(struct call *c, const struct http_request *req, const arrival_t *arrival,
                       upgrade_t *out)
{
    api_note_request(c, req, arrival);
    const size_t prefix = sizeof SOCKET_PREFIX - 1;
    struct ws_offer offer = {0};
    upgrade_t up = {0};
    if (failed(uuid_parse((span_t){req->path.ptr + prefix, req->path.len - prefix}, &up.session))) {
        return answer_no(c, PROBLEM_NOT_FOUND);
    }
    if (!check_handshake(c, req, &offer)) {
        return false;
    }
    if (c->origin.len > 0 && !c->origin_allowed) {
        return answer_no(c, PROBLEM_FORBIDDEN_ORIGIN);
    }
    if (!check_credentials(c, req, &offer, &up) ||
        !(up.by_ticket ? note_device(c, req, &up) : api_device_matches(c, req))) {
        return answer_no(c, PROBLEM_UNAUTHORIZED);
    }
    if (!up.by_ticket && !uuid_eq(c->who.session, up.session)) {
        return answer_no(c, PROBLEM_WRONG_SESSION);
    }
    memcpy(up.accept, offer.accept, sizeof up.accept);
    up.subprotocol = offer.subprotocol;
    up.batch = wants_batch(req->query);
    memcpy(up.request_id, c->request_id, sizeof up.request_id);
    *out = up;
    return true;
}

void api_upgrade_later(struct call *c)
{
    (void)problem_later(c, PROBLEM_OVERLOADED, PRESSED_RETRY_S);
}

struct live *api_upgrade_admit(struct call *c, struct shard *s, const upgrade_t *up)
{
    struct live *live = shard_find(s, up->session);
    if (live == NULL && !up->by_ticket) {
        (void)call_go(c, PLACE_COLD, upgrade_ended_stage);
        return NULL;
    }
    if (live == NULL || !is_device_of(c, up, live) ||
        (up->by_ticket &&
         !live_ticket_spend(s, live, (span_t){(const uint8_t *)up->ticket, up->ticket_len}))) {
        (void)problem(c, PROBLEM_UNAUTHORIZED);
        return NULL;
    }
    if (live->blocked) {
        (void)problem(c, PROBLEM_SESSION_GONE);
        return NULL;
    }
    return live;
}

err_t api_upgrade_answer(const upgrade_t *up, struct buf *out)
{
    struct ws_offer offer = {.subprotocol = up->subprotocol};
    memcpy(offer.accept, up->accept, sizeof offer.accept);
    TRY(ws_handshake_answer(out, &offer));
    TRY(http_response_header(out, "X-Request-Id",
                             (span_t){(const uint8_t *)up->request_id, strlen(up->request_id)}));
    return http_response_finish(out);
}
