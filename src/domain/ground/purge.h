/*
 * purge.h - rows of the store that nobody needs any more: ended sessions and decisions after 90 days, devices
 * after a year, refresh tokens that have expired.
 *
 * Floor      domain/ground
 * Units      mono_t; PURGE_BATCH in rows of each table.
 * Ownership  a plain value.
 * Errors     none: a turn that fails is logged and given up until the next one.
 * Threads    one at a time; it writes to the store like everybody else.
 *
 * A turn takes what is due, batch by batch, each in a transaction of its own with a pause behind it for
 * those who wait to write. It ends when nothing is left, or when a tenth of the time between two turns is
 * over: then the next one goes on.
 */
#ifndef DOMAIN_PURGE_H
#define DOMAIN_PURGE_H

#include "base/clock.h"
#include "domain/ground/service.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PURGE_BATCH = 1000,
    PURGE_PAUSE_MS = 10,   /* between two batches */
    PURGE_SHARE = 10,      /* a turn takes so much of the time between two: the tenth part, */
    PURGE_LEAST_MS = 1000, /* and at least this */
};

typedef struct purge {
    int64_t every_ms;
    mono_t at;    /* the next call that does something; PURGE_PAUSE_MS may pass before it */
    mono_t until; /* of this turn */
    uint64_t gone;
    bool goes_on; /* in the middle of a turn */
} purge_t;

/* The first turn comes `every_s` seconds from `now`. */
void purge_init(purge_t *p, uint32_t every_s, mono_t now);

/* From purge->at on: one batch of each table. */
void purge_some(purge_t *p, struct service *svc, mono_t now);

#endif
