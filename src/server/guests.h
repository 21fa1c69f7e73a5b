/*
 * guests.h - how many connections each client address, and each neighbourhood, holds over all loops.
 *
 * Floor      server
 * Ownership  guests_init/guests_deinit.
 * Threads    any; one mutex, held for a table look-up.
 */
#ifndef SERVER_GUESTS_H
#define SERVER_GUESTS_H

#include "base/err.h"
#include "base/hash_map.h"
#include "net/address.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct guests {
    pthread_mutex_t mutex;
    struct map64 count;
    uint32_t limit; /* per address, a /32 or /64; 0 = none */
    uint64_t wide;  /* per neighbourhood, a /24 or /48 that is not this machine's; 0 = none */
};

void guests_init(struct guests *g, uint32_t limit, uint64_t wide);
void guests_deinit(struct guests *g);

/* Count one more connection of this address; false at its limit, or at that of its neighbourhood. */
bool guests_enter(struct guests *g, const struct peer_address *peer);

/* One connection less; only after guests_enter() said true for the same address. */
void guests_leave(struct guests *g, const struct peer_address *peer);

#endif
