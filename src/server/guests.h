/*
 * guests.h - how many connections each client address holds, over all loops.
 *
 * Floor      server
 * Ownership  guests_init/guests_deinit.
 * Threads    any; one mutex, held for a table look-up.
 */
#ifndef SERVER_GUESTS_H
#define SERVER_GUESTS_H

#include "base/err.h"
#include "base/hash_map.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct guests {
    pthread_mutex_t mutex;
    struct map64 count;
    uint32_t limit; /* per address; 0 = none */
};

void guests_init(struct guests *g, uint32_t limit);
void guests_deinit(struct guests *g);

/* Count one more connection of this address (its narrow key); false at the limit. */
bool guests_enter(struct guests *g, uint64_t address);

/* One connection less; only after guests_enter() said true. */
void guests_leave(struct guests *g, uint64_t address);

#endif
