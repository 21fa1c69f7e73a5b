/*
 * people_lanes.h - all people of a population side by side, as lanes.h goes through them.
 *
 * Floor      engine/people
 * Source     docs/engine/keystrokes.md.
 * Units      those of the population's features.
 * Ownership  the numbers belong to whoever laid them out.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_PEOPLE_LANES_H
#define ENGINE_PEOPLE_LANES_H

#include "engine/people/beside.h"

#include <stddef.h>

/* The people of a population, eight to a group: first the two of all people, then the cohort; the
 * places that are left over have an inverse of 0. For each group and feature a row of eight middles
 * and eight times 1 / (sqrt(2) spread), 0 where a vector's column does not vary; the logs of the
 * spreads apart, each times what its feature counts, which only what is missing needs. */
struct people_lanes {
    size_t groups;
    const float *habit;      /* groups x features x 16 */
    const float *log_spread; /* groups x features x 8 */
    const float *log_sum;    /* groups x 8: of log_spread over all features */
    beside_fn *beside;       /* who goes through them */
};

enum {
    PEOPLE_LANES_GROUP = 8,                      /* people in a group */
    PEOPLE_LANES_HABIT = 2 * PEOPLE_LANES_GROUP, /* numbers of a feature */
    PEOPLE_LANES_FIRST = 2                       /* people before the cohort */
};

/* Floats that people_lanes_lay() needs for so many features and members of the cohort. */
size_t people_lanes_floats(size_t features, size_t cohort);

/* Lay out what a population has as arrays. `at` is borrowed as long as the lanes are used. */
void people_lanes_lay(const struct population *pop, float *at, struct people_lanes *out);

#endif
