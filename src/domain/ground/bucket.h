/*
 * bucket.h - so much at once, and then one each share of the window.
 *
 * Floor      domain/ground
 * Source     ITU-T I.371 (1996), annex A: the generic cell rate algorithm. What is kept of a bucket is when it
 *            will be empty; each use fills it by its share of the window.
 * Units      mono_t; `wait_s` in whole seconds, rounded up.
 * Ownership  one moment, the caller's; 0 is an empty bucket.
 * Errors     none.
 * Threads    whoever holds the moment.
 */
#ifndef DOMAIN_BUCKET_H
#define DOMAIN_BUCKET_H

#include "base/clock.h"
#include "domain/ground/rules.h"

#include <stdbool.h>
#include <stdint.h>

/* True when there is room for one use more; else `*wait_s` (1 or more) says when there will be. Charges
 * nothing. A count of 0 has room for all. */
bool bucket_has_room(mono_t empty, throttle_t limit, mono_t now, uint32_t *wait_s);

/* The same, and one use is charged when there is room. */
bool bucket_take(mono_t *empty, throttle_t limit, mono_t now, uint32_t *wait_s);

#endif
