/*
 * dispatch.h - from a parsed request to a call at its first stage, and from a finished call to the
 * bytes of its answer. Sans-I/O.
 *
 * Floor      api
 * Source     docs/api.md "Order of checks"; CONTRACT.md 2.
 * Ownership  the caller owns the call and the buffer.
 * Threads    the loop of the connection.
 */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "api/api.h"
#include "api/problem.h"
#include "protocol/http_request.h"
#include "protocol/ws_handshake.h"

/* Where a request came from. */
typedef struct arrival {
    const char *from; /* the client's address as text */
    uint64_t address_narrow, address_wide;
    bool loopback; /* the peer is this machine */
    bool local;    /* the control socket */
    bool pressed;  /* the server is behind: what can wait is refused */
    mono_t began;
    struct rng_stock *random; /* of this thread; may be NULL */
    struct bodies *bodies;    /* of this loop; api_dispatch() needs it */
} arrival_t;

/* Make an empty call (allocates only the struct). NULL when the heap refuses. */
struct call *call_new(struct api *api);
void call_free(struct call **c);

/* Judge the request and prepare the call. Everything is copied. PLACE_DONE: it is answered
 * already (an asset, a health page, a problem, a preflight). */
enum call_place api_dispatch(struct call *c, const struct http_request *req,
                             const arrival_t *arrival);

/* Answer a request that the HTTP reader refused, with its reason, or that did not come in time. */
void api_refuse(struct call *c, unsigned http_status, const char *reason);

/* Write the answer: status line, headers, and the body, unless that is a page. */
NODISCARD err_t api_answer(struct call *c, bool keep_alive, struct buf *out);

/* Bytes that the answer needs beyond its fixed headers. */
size_t api_answer_bytes(const struct call *c);

/* What is to be sent behind it: static bytes, of whatever length. */
span_t api_answer_page(const struct call *c);

/* ---- what every request goes through, an upgrade too ---- */

enum { PRESSED_RETRY_S = 5 }; /* Retry-After while the server is behind */

/* Keep what the answer says of its request: id, trace, path, origin, address. */
void api_note_request(struct call *c, const struct http_request *req, const arrival_t *arrival);

/* Whether the token is good; `c` then knows whose it is. */
bool api_check_token(struct call *c, span_t token);

/* X-Device-ID is optional; when sent, once, it must be that of the token's session. */
bool api_device_matches(const struct call *c, const struct http_request *req);

/* ---- the upgrade to a WebSocket ---- */

/* Is this GET on the path of the behaviour socket? */
bool api_is_upgrade(const struct http_request *req);

enum { UPGRADE_TICKET_BYTES = 64 };

/* What is known of an upgrade before its session was asked. A plain value: it travels. */
typedef struct upgrade {
    uuid_t session;
    char accept[WS_ACCEPT_LEN];
    bool subprotocol;
    bool batch; /* acks=batch */
    bool by_ticket;
    char ticket[UPGRADE_TICKET_BYTES];
    uint8_t ticket_len;
    bool device_sent; /* with a ticket: X-Device-ID came along, for its session to compare */
    uint8_t device_mac[DEVICE_MAC_BYTES];
    char request_id[REQUEST_ID_BYTES];
} upgrade_t;

/* Check everything that needs no session: handshake, origin, token. False: `c` holds the answer. */
bool api_upgrade_check(struct call *c, const struct http_request *req, const arrival_t *arrival,
                       upgrade_t *out);

/* Answer that the loop of the session is behind, and when to come again. */
void api_upgrade_later(struct call *c);

/* In the owner's loop: the session to stream. NULL: the answer is in `c` (401, 410), or, while its
 * status is 0, a stage in PLACE_COLD that asks the store how the session ended. */
struct live *api_upgrade_admit(struct call *c, struct shard *s, const upgrade_t *up);

/* Write the 101 answer. */
NODISCARD err_t api_upgrade_answer(const upgrade_t *up, struct buf *out);

#endif
