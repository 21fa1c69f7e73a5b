/*
 * api.h - what all handlers share: the service, the settings that answers depend on, the way to
 * other loops, and the counters that the metrics page shows.
 *
 * Floor      api
 * Ownership  app/ fills it before the threads start and keeps it; handlers borrow it.
 * Threads    read-only after the start, except the counters (atomic).
 */
#ifndef API_API_H
#define API_API_H

#include "api/call.h"
#include "base/metric.h"
#include "domain/sessions/live.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* News about a session for the loop that owns it, from a worker. */
enum tell {
    TELL_BLOCK,         /* `how` END_MPIN_LOCKED or END_OPERATOR; already in the store */
    TELL_END,           /* `how`; already in the store */
    TELL_MPIN_FAILURES, /* `value`: failures in the present row of the account */
    TELL_FACT           /* an external fact: `value` nats */
};

enum { COURIER_WHY_BYTES = 768 };

struct courier {
    /* Post news, asynchronously. It is never lost while the loops run, and so may wait for them to
     * read: from workers of the pools alone. A session that is not live ignores it. */
    void (*tell)(struct courier *self, uuid_t session, enum tell what, enum session_end how,
                 double value);
    /* Call `each` in every loop with its shard, then `done` in the last one. Both in loops. */
    err_t (*every_loop)(struct courier *self, void (*each)(void *ctx, struct shard *s),
                        void (*done)(void *ctx), void *ctx);
    /* Begin a clean stop. */
    void (*drain)(struct courier *self);
    /* Read again what can change while running (certificates). `why` says what was read, or why it
     * was refused: then all is as before. */
    err_t (*reload)(struct courier *self, char why[COURIER_WHY_BYTES]);
};

/* Answers are counted by route (the last row: unknown path) and by status 200 to 505. */
enum { API_ROUTES_MAX = 32, ANSWER_STATUS_LOW = 200, ANSWER_STATUSES = 306 };

/* Closes of sockets are counted by code; the last row: any other (metrics_count_close). */
enum { CLOSE_CODES = 13 };

struct api_metrics {
    counter_t mpin_verified, mpin_failed, mpin_refused;
    counter_t logins_accepted, logins_failed, logins_throttled;
    counter_t locks;
    counter_t evaluate_allow, evaluate_challenge, evaluate_deny;
    counter_t refused_json, refused_shape, refused_range, refused_server_fact, refused_seq,
        refused_rate, refused_overload;
    counter_t bodies_refused; /* for want of room: bodies.h */
    counter_t held_dropped;   /* connections, for what all together hold */
    histogram_t ack_ns, request_ns, lag_ns;
    gauge_t http_connections, ws_connections;
    counter_t tls_full, tls_resumed, tls_failed, tls_late, tls_crowded;
    counter_t proxy_stranger, proxy_header, proxy_late;
    counter_t closes[CLOSE_CODES];
    counter_t answers[API_ROUTES_MAX][ANSWER_STATUSES];
};

/* Numbers that only the server floor knows, read when the metrics page is written. */
struct server_numbers {
    size_t cold_depth, hash_depth, hash_busy;
    uint64_t cold_refused, hash_refused;
    int64_t certificate_end_s; /* Unix time; 0: no TLS */
    size_t shards;
    struct shard *const *shard;
};

struct api {
    struct service *service;
    struct courier *courier;
    struct api_metrics metrics;
    const char *version;
    const char *metrics_token;  /* "" = loopback only */
    const char *public_origin;  /* "" = none */
    const char *const *origins; /* exact, NULL-terminated */
    bool debug;
    bool ws_query_token;
    bool tls; /* behind TLS: HSTS is sent */
    wall_t started;
    struct ledger *ledger;
    void (*numbers)(void *ctx, struct server_numbers *out);
    void *numbers_ctx;
    /* how the last handover to a new process went: a static word; the main thread writes it, workers read */
    const char *_Atomic handover;
    bool (*ready)(void *ctx); /* for /health/ready, with numbers_ctx */
};

/* All routes. */
struct route_table api_routes(void);

/* The routes of the control socket. */
struct route_table api_operator_routes(void);

/* Deliver a courier's news in the owner's loop. */
void api_told(struct shard *s, uuid_t session, enum tell what, enum session_end how, double value);

#endif
