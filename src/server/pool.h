/*
 * pool.h - workers that may block, behind a queue that is never longer than its limit and is fair
 *          to those who wait: fair_queue.h.
 *
 * Floor      server
 * Ownership  pool_new/pool_free; a job is intrusive and belongs to the pool from a successful
 *            pool_post() until its `run`, its `drop` or its `refuse` is called: one of them, once.
 * Errors     a full queue refuses at once, the one who posts or the one with the longest backlog:
 *            the caller answers 503 with Retry-After.
 * Threads    post from any; stop and free from one.
 */
#ifndef SERVER_POOL_H
#define SERVER_POOL_H

#include "base/clock.h"
#include "base/err.h"
#include "server/fair_queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
    queued_t queued; /* `address`, `party` and `alone` are the caller's to set */
    bool first;      /* goes before others, and has the reserved places besides */

    struct fair_queue *lane; /* the pool's */
    mono_t posted;
    /* `waited_ms` says how long it stood in the queue. */
    void (*run)(struct job *self, int64_t waited_ms);
    /* It will never be run: the pool was stopped first. In the thread of pool_stop(). */
    void (*drop)(struct job *self);
    /* It will never be run: its place is another's, who has less waiting. In the thread that posts
     * that one; it holds no lock. */
    void (*refuse)(struct job *self);
};

struct pool;

struct pool_config {
    const char *name; /* of its threads, at most 15 bytes */
    unsigned workers; /* >= 1 */
    size_t queue;     /* most jobs that wait; those being run do not count */
    size_t reserved;  /* so many more that go first; 0: none does */
    int nice;         /* 0..19: how far the workers step back behind the loops */
    const struct clock *clock;
};

NODISCARD err_t pool_new(const struct pool_config *config, struct pool **out);

/* Drop what is queued, let end what runs, and join; posts are refused from here on. Stopping twice is
 * fine. Pools whose jobs post to each other are all stopped before the first one is freed. */
void pool_stop(struct pool *p);

/* Stop it, if nobody has. */
void pool_free(struct pool **p);

/* False when there is no place for it or the pool was stopped; the job is then still the caller's. */
bool pool_post(struct pool *p, struct job *job);

size_t pool_depth(struct pool *p);
size_t pool_busy(struct pool *p);

/* Jobs that got no place, or had to give theirs. */
uint64_t pool_refused(struct pool *p);

#endif
