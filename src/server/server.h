/*
 * server.h - loops, pools and listeners around the api.
 *
 * Floor      server
 * Ownership  server_new/server_free; everything in the config is borrowed and outlives it.
 * Errors     server_new() says in one line what an operator must mend.
 * Threads    server_new, _start, _stop, _free: the main thread. server_poke: any.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "api/api.h"
#include "base/clock.h"
#include "domain/accounts/ledger.h"
#include "domain/sessions/live.h"
#include "domain/sessions/sleepers.h"
#include "net/address.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stdint.h>

enum { SERVER_LOOPS_MAX = 64, SERVER_WHY_BYTES = 256 };

struct server_config {
    const char *host;
    uint16_t port;            /* 0: any free one */
    const int *inherited;     /* sockets that listen already, instead of host and port; borrowed */
    unsigned inherited_count; /* 0: none; at most `loops`, so that none is left without a loop */
    unsigned loops;
    unsigned cold_workers;
    size_t cold_queue;
    size_t cold_reserved; /* so many more for what ends or restricts something */
    unsigned hash_workers;
    size_t hash_queue;
    uint32_t sessions_max;    /* per loop */
    uint32_t connections_max; /* per loop */
    uint32_t connections_per_address;
    const struct cidr_list *trusted;
    bool proxy_protocol; /* every connection begins with a PROXY header, of a trusted peer */
    bool loopback_only;  /* the settings are for this machine alone: no socket of another address */
    bool only_proxies;   /* nobody but trusted peers and this machine is served */
    struct tls_server *tls; /* NULL: plain */
    /* Read again what may change while running; NULL: nothing may. `why` says what was read, or why
     * it was refused. Any thread, one at a time. */
    err_t (*reload)(void *ctx, char why[COURIER_WHY_BYTES]);
    void *reload_ctx;
    const char *control_path; /* NULL: no control socket */
    struct api *api;
    struct ledger *ledger;
    const struct clock *clock;
    struct log *log;
};

struct server;

/* Bind and make everything; nothing runs yet. Fills in api->courier and api->numbers. */
NODISCARD err_t server_new(const struct server_config *config, struct server **out,
                           char why[SERVER_WHY_BYTES]);

/* The shard that owns a session; for recovery, before server_start(). */
struct shard *server_shard_of(struct server *s, uuid_t session);

unsigned server_loops(const struct server *s);
struct shard *server_shard(struct server *s, unsigned index);

/* Finish a waking in the loop that owns its session. Any thread; takes `w`. */
void server_wake(struct server *s, waking_t *w);

/* Call `each` in every loop with its shard, then `done` in the last one. Any thread. */
NODISCARD err_t server_visit(struct server *s, void (*each)(void *ctx, struct shard *s),
                             void (*done)(void *ctx), void *ctx);

/* Start the threads. */
NODISCARD err_t server_start(struct server *s);

/* The socket that loop `index` listens on. */
int server_listener_fd(const struct server *s, unsigned index);

/* The port that is listened on. */
uint16_t server_port(const struct server *s);

/* Make every loop look at the clock again: for tests that own time. */
void server_poke(struct server *s);

/* True once somebody asked for a stop through the control socket, or the journal was lost. */
bool server_is_draining(const struct server *s);

/* Which of the two: "operator" or "journal"; NULL before. Static storage. */
const char *server_drained_by(const struct server *s);

/* An eventfd that turns readable when it has. */
int server_drain_fd(const struct server *s);

/* A clean stop: no new connections, acknowledgements out, sockets closed 1001, calls finished. After
 * STOP_MS calls that no worker has begun are given up; what runs in one is waited for. */
void server_stop(struct server *s);
void server_free(struct server **s);

#endif
