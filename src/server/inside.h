/*
 * inside.h - the server's own structure, shared by the files of this floor and nobody else.
 *
 * Floor      server
 * Ownership  the server's; workers and pools are freed after their threads have ended.
 * Threads    what is neither atomic nor behind the mutex of its own type is set before threads start.
 */
#ifndef SERVER_INSIDE_H
#define SERVER_INSIDE_H

#include "server/guests.h"
#include "server/news.h"
#include "server/pool.h"
#include "server/server.h"
#include "server/worker.h"

#include <stdatomic.h>

struct server {
    struct server_config config;
    struct courier courier;
    struct pool *cold, *hash;
    struct news_stock *news;
    struct guests guests;
    struct guests shaking; /* handshakes under way */
    struct shard *shards[SERVER_LOOPS_MAX];
    atomic_bool draining;
    _Atomic(const char *) drained_by; /* whoever asked first: a static word */
    atomic_bool serving;
    atomic_uint awake;        /* loops that still have a connection, or no order to stop */
    atomic_uint pressed;      /* loops that are behind: pressure.h */
    atomic_size_t travelling; /* calls and connections on their way between threads */
    int drain_fd;             /* eventfd: readable once a stop was asked for */
    unsigned workers;
    struct worker *worker[SERVER_LOOPS_MAX];
};

/* Begin a clean stop; `by` is a static word. Any thread. False: it had begun. */
bool server_drain(struct server *s, const char *by);

static inline struct worker *server_owner(struct server *s, uuid_t session)
{
    return s->worker[uuid_hash(session) % s->workers];
}

#endif
