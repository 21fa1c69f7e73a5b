/*
 * smallest.h - the three smallest of many floats, some at a time.
 *
 * Floor      engine (may use: base)
 * Units      none.
 * Ownership  plain values.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_SMALLEST_H
#define ENGINE_SMALLEST_H

#include "engine/beside.h"
#include "engine/lanes.h"
#include "engine/numbers.h"

/* The three smallest of each lane by itself. */
struct smallest {
    lanes_t value[BESIDE_NEAREST];
};

static inline struct smallest smallest_none(void)
{
    const lanes_t far = lanes_of(BESIDE_FAR);
    return (struct smallest){{far, far, far}};
}

static inline void smallest_offer(struct smallest *s, lanes_t x)
{
    for (size_t i = 0; i < BESIDE_NEAREST; i++) {
        const lanes_t larger = lanes_max(s->value[i], x);
        s->value[i] = lanes_min(s->value[i], x);
        x = larger;
    }
}

/* Put x into its place among the smallest so far, ascending. */
static inline void smallest_put(float smallest[BESIDE_NEAREST], float x)
{
    if (x >= smallest[BESIDE_NEAREST - 1]) {
        return;
    }
    size_t i = BESIDE_NEAREST - 1;
    for (; i > 0 && smallest[i - 1] > x; i--) {
        smallest[i] = smallest[i - 1];
    }
    smallest[i] = x;
}

/* Of all lanes together, ascending; BESIDE_FAR where there are not three. */
static inline void smallest_of_all(const struct smallest *s, float out[BESIDE_NEAREST])
{
    for (size_t i = 0; i < BESIDE_NEAREST; i++) {
        out[i] = BESIDE_FAR;
    }
    for (size_t i = 0; i < BESIDE_NEAREST; i++) {
        float SCRATCH lane[LANES];
        lanes_store(lane, s->value[i]);
        for (size_t k = 0; k < LANES; k++) {
            smallest_put(out, lane[k]);
        }
    }
}

#endif
