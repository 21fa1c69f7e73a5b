/*
 * call.h - one REST request on its way through the house, as a chain of small stages.
 *
 * Floor      api
 * Ownership  a call owns copies of everything it needs of the request; the server makes it, moves
 *            it between threads and frees it. Exactly one thread holds it at any moment.
 * Errors     a stage never fails: it answers with a problem instead (problem.h).
 * Threads    a stage returns the place where the next one is to run:
 *              PLACE_OWNER    the loop that owns session `target` (shard given)
 *              PLACE_COLD     a worker that may wait for the store (shard NULL)
 *              PLACE_HASH     a worker that may hash besides (shard NULL)
 *              PLACE_DURABLE  PLACE_OWNER, once the journal is durable up to `position`
 *              PLACE_DONE     the answer is complete
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/bodies.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "crypto/token.h"
#include "domain/ground/service.h"
#include "domain/sessions/live.h"
#include "protocol/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct call;
struct json;

enum call_place { PLACE_DONE, PLACE_OWNER, PLACE_COLD, PLACE_HASH, PLACE_DURABLE };

/* One stage of a call. `s` is the owner's shard in a loop, NULL in a worker. */
typedef enum call_place (*call_stage)(struct call *c, struct shard *s);

enum call_auth {
    AUTH_NONE,   /* anybody */
    AUTH_BEARER, /* a valid token; whether its session lives is for the stage to ask */
    AUTH_LIVE,   /* a valid token of an open session that is neither blocked nor ended */
    AUTH_LOCAL   /* the control socket only */
};

enum call_body {
    BODY_NONE,     /* whatever is sent is not read */
    BODY_OBJECT,   /* a JSON object */
    BODY_TYPED,    /* the same, and it may say how a secret was typed: more values */
    BODY_OPTIONAL, /* the same, or nothing at all */
    BODY_EVENTS    /* handed on as bytes, for the event scanner */
};

/* A row of the route table: the row is who may, what comes in, and where it begins. */
struct api_route {
    struct route route; /* first: protocol/route.h reads it */
    enum call_auth auth;
    enum call_body body;
    enum call_place
        place;     /* where `begin` runs: PLACE_OWNER (of the token's session), COLD, HASH */
    bool can_wait; /* refused first when the server falls behind */
    call_stage begin;
    const char *metric; /* label of the route in the metrics: the template of its path */
};

enum { CALL_ARENA_BYTES = 16384, CALL_BODY_MAX = 1 << 20, REQUEST_ID_BYTES = 65 };

struct call {
    const struct api_route *route;
    struct api *api;
    struct service *service;

    /* the request */
    char request_id[REQUEST_ID_BYTES];
    char traceparent[56]; /* "" when none was sent */
    char from[46];        /* the client's address as text, for the audit */
    uint64_t address_narrow, address_wide;
    span_t path; /* a copy; without query */
    span_t param[ROUTE_PARAMS_MAX];
    span_t body;          /* a copy; empty for none */
    span_t device;        /* AUTH_NONE: X-Device-ID, a copy; empty when it is none, or sent twice */
    bool device_sent;     /* AUTH_NONE: once or more; a bearer's was compared with his token */
    struct json *json;    /* the body parsed, when the route says so; owned */
    body_charge_t charge; /* what `body` or `json` holds of its loop's room for bodies */
    token_claims_t who;   /* AUTH_BEARER, AUTH_LIVE */
    span_t origin;        /* a copy; empty when not sent */
    bool origin_allowed;
    bool bearer_sent; /* a token came with the request, good or bad */
    bool head;        /* HEAD: the answer's body is counted, not sent */
    bool close;       /* the connection ends with this answer */
    bool loopback;    /* the client is this machine */
    bool cacheable;   /* an asset: revalidated, but kept */
    bool docs;        /* a documentation page: the policy that it needs */
    span_t bearer;    /* AUTH_NONE: what was sent as a bearer, unchecked */
    mono_t began;

    /* its turn among others in a pool: by address_wide, then by party */
    uint64_t party; /* the token's account, or the one that the body names; 0: neither */
    bool restricts; /* it ends or locks something: before all others, on reserved places */
    bool alone;     /* no other such of its party is worked on at the same time */

    /* the way */
    uuid_t target;     /* the session whose owner runs PLACE_OWNER */
    uint64_t position; /* PLACE_DURABLE */
    call_stage next;
    void *scratch; /* what the stages of one route hand on, in the arena */

    /* the answer */
    unsigned status;
    struct buf extra; /* complete header lines, each with CRLF */
    struct buf reply; /* JSON, or what content_type says; tokens, and wiped for them */
    const char *content_type;
    const char *encoding; /* of `reply`; NULL for none */
    span_t borrowed;      /* sent instead of `reply` when it is not empty: static bytes */

    struct arena arena; /* request lifetime; holds what stages hand to later stages */
    uint8_t memory[CALL_ARENA_BYTES];
};

/* Go on with `next` at `place`. */
enum call_place call_go(struct call *c, enum call_place place, call_stage next);

/* Zeroed memory that lives as long as the call; aborts on a size that no stage needs. */
void *call_keep(struct call *c, size_t size);

/* The session of the caller's token in this shard, open and not blocked; otherwise NULL and the
 * 401 is the answer: return PLACE_DONE. */
struct live *call_live(struct call *c, struct shard *s);

/* Wipe the body and give its memory back before the call ends: no later stage reads it. What was taken
 * from it as a span is gone, too. */
void call_forget_body(struct call *c);

/* Add a header line. */
void call_header(struct call *c, const char *name, const char *value);
void call_header_int(struct call *c, const char *name, int64_t value);

#endif
