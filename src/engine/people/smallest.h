/*
 * smallest.h - the three smallest of many floats, some at a time.
 *
 * Floor      engine/people
 * Units      none.
 * Ownership  plain values.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_SMALLEST_H
#define ENGINE_SMALLEST_H

#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"
#include "engine/people/beside.h"

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

/* Let a stand before b in every lane. */
static inline void smallest_order(lanes_t *a, lanes_t *b)
{
    const lanes_t larger = lanes_max(*a, *b);
    *a = lanes_min(*a, *b);
    *b = larger;
}

/* The three smallest of two times three, each ascending: those of a that are beaten by the rest of b
 * from its other end leave (Batcher 1968, the half-cleaner). */
static inline void smallest_merge(struct smallest *s, lanes_t b0, lanes_t b1, lanes_t b2)
{
    s->value[0] = lanes_min(s->value[0], b2);
    s->value[1] = lanes_min(s->value[1], b1);
    s->value[2] = lanes_min(s->value[2], b0);
    smallest_order(&s->value[0], &s->value[1]);
    smallest_order(&s->value[1], &s->value[2]);
    smallest_order(&s->value[0], &s->value[1]);
}

/* Of all lanes together, ascending; BESIDE_FAR where there are not three. */
static inline void smallest_of_all(const struct smallest *of, float out[BESIDE_NEAREST])
{
    struct smallest s = *of;
#if defined(__AVX2__)
    smallest_merge(&s, lanes_turn4(s.value[0]), lanes_turn4(s.value[1]), lanes_turn4(s.value[2]));
#endif
    smallest_merge(&s, lanes_turn2(s.value[0]), lanes_turn2(s.value[1]), lanes_turn2(s.value[2]));
    smallest_merge(&s, lanes_turn1(s.value[0]), lanes_turn1(s.value[1]), lanes_turn1(s.value[2]));
    for (size_t i = 0; i < BESIDE_NEAREST; i++) {
        out[i] = s.value[i][0];
    }
}

#endif
