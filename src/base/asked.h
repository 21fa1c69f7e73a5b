/*
 * asked.h - whether somebody wants a long piece of work to end before it is done.
 *
 * Floor      base
 * Ownership  borrowed by whoever works.
 * Threads    asked from the thread that works.
 */
#ifndef BASE_ASKED_H
#define BASE_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASKED_EVERY = 1024 }; /* records: a question costs about a microsecond */

struct asked {
    bool (*to_stop)(void *ctx);
    void *ctx;
};

/* False without anybody who could ask. */
static inline bool asked_to_stop(const struct asked *a)
{
    return a != NULL && a->to_stop(a->ctx);
}

/* The same in a loop: before the first and then each ASKED_EVERY-th of `done`. */
static inline bool asked_now(const struct asked *a, uint64_t done)
{
    return done % ASKED_EVERY == 0 && asked_to_stop(a);
}

#endif
