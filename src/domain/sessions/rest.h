/*
 * rest.h - a session that nobody uses gives up what only scoring needs.
 *
 * Floor      domain/sessions
 * Source     docs/decisions/0041.
 * Ownership  a mind, packed or not, is a block of its shard.
 * Errors     no memory, or the store is away: the session stays as it is.
 * Threads    the owner of the shard.
 *
 * Everything else about it stays in place: timers, counts, block, challenge, its socket. Its mind
 * comes back to the bit, at once and without the store; its profile, of the pinned revision, when
 * the next event or decision is scored: by a worker (sleepers.h), or on the spot.
 */
#ifndef DOMAIN_REST_H
#define DOMAIN_REST_H

#include "domain/sessions/live.h"
#include "domain/sessions/sleepers.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether it has something to give up; one that sleeps since a start has not. */
bool live_may_rest(const struct live *live);

/* Lay it to rest; false: no memory, or a ticket is good still. */
bool live_rest(struct shard *s, struct live *live);

/* Have its profile here, so that it can be scored. Blocks when it is away; false: it stays so. */
bool live_fetch(struct shard *s, struct live *live);

/* The same with what a worker has read. */
void live_fetched(struct shard *s, struct live *live, waking_t *w);

/* Pack the mind, if there is memory for it. */
void mind_put_away(struct shard *s, struct live *live);

/* Free it, packed or not. */
void mind_drop(struct shard *s, struct live *live);

/* A mind as it was packed. */
void mind_unpack(const uint8_t *packed, struct mind *out);

#endif
