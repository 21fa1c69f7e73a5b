/*
 * pool.h - workers that may block, behind a queue that is never longer than its limit.
 *
 * Floor      server
 * Ownership  pool_new/pool_free; a job is intrusive and belongs to the pool from a successful
 *            pool_post() until its `run` is called.
 * Errors     a full queue refuses at once: the caller answers 503 with Retry-After.
 * Threads    post from any.
 */
#ifndef SERVER_POOL_H
#define SERVER_POOL_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
    struct job *next;
    mono_t posted;
    /* `waited_ms` says how long it stood in the queue. */
    void (*run)(struct job *self, int64_t waited_ms);
};

struct pool;

struct pool_config {
    const char *name; /* of its threads, at most 15 bytes */
    unsigned workers; /* >= 1 */
    size_t queue;     /* most jobs that wait; those being run do not count */
    int nice;         /* 0..19: how far the workers step back behind the loops */
    const struct clock *clock;
};

NODISCARD err_t pool_new(const struct pool_config *config, struct pool **out);

/* Run what is queued, then join. */
void pool_free(struct pool **p);

/* False when the queue is full; the job is then still the caller's. */
bool pool_post(struct pool *p, struct job *job);

size_t pool_depth(struct pool *p);
size_t pool_busy(struct pool *p);
uint64_t pool_refused(struct pool *p);

#endif
