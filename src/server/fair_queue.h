/*
 * fair_queue.h - what waits for a worker: addresses in turn, and within one its parties in turn.
 *
 * Floor      server
 * Source     turns: J. Nagle, RFC 970, 1985; who makes room: longest queue drop, B. Suter et al.,
 *            "Design considerations for supporting TCP with per-flow queueing", 1998.
 * Units      jobs.
 * Ownership  the holder calls fair_queue_deinit(); what is queued stays its owner's and is only
 *            linked here, from a fair_queue_put() to the end of its work.
 * Errors     ERR_NOMEM and ERR_LIMIT at the start: all memory is taken there.
 * Threads    one at a time.
 *
 * Jobs of one party alone are served first come, first served. Finding a party looks at those that
 * wait or work: at most the limit of the queue and one for each worker.
 */
#ifndef SERVER_FAIR_QUEUE_H
#define SERVER_FAIR_QUEUE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of whatever waits. */
typedef struct queued {
    uint64_t address, party; /* whose it is, as far as that is known; else 0 */
    bool alone;              /* no two such of one party are worked on at a time */

    struct share *share; /* the queue's */
    struct queued *next, *before;
} queued_t;

/* What an address has in here, or one party of it. */
struct share {
    uint64_t key;
    struct share *above;         /* of a party its address, of an address the root */
    struct share *next, *before; /* those beside it, round and round */
    struct share *turn;          /* of those below it, who is next; NULL: none */
    struct queued *first, *last; /* of a party: what waits, the oldest first */
    size_t waiting, busy;        /* jobs of it, and of all below it */
    bool alone;                  /* of a party: one is worked on that is to be alone */
};

struct fair_queue {
    struct share root;
    struct share *shares, *unused;
    size_t limit;
};

/* Room for `limit` jobs that wait while at most `workers` others are worked on. */
NODISCARD err_t fair_queue_init(struct fair_queue *q, size_t limit, size_t workers);

/* Nothing waits in it any more. */
void fair_queue_deinit(struct fair_queue *q);

/* Let it wait. In a full queue the newest job of the longest share makes room, when it is longer
 * even then than the one that `job` adds to: addresses are compared, then parties of the same
 * address. `*out` is that job, otherwise NULL. False: there is no room. */
bool fair_queue_put(struct fair_queue *q, struct queued *job, struct queued **out);

/* The next one that may be worked on; NULL: none. Behind its work comes fair_queue_done(). */
struct queued *fair_queue_take(struct fair_queue *q);

/* The work on a job has ended; `was` is a copy, for by now it may be gone. */
void fair_queue_done(struct fair_queue *q, queued_t was);

/* Take out all that waits; a list by `next`, for nobody to work on. */
struct queued *fair_queue_clear(struct fair_queue *q);

#endif
