/*
 * some_of.h - some of many, evenly chosen.
 *
 * Floor      lab/statistics
 * Errors     none.
 * Threads    no state.
 */
#ifndef LAB_SOME_OF_H
#define LAB_SOME_OF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether number `i` is among `most` of `all`, which MUST NOT be 0. Of any `all` numbers in a row `most` are, as far
 * apart as can be, and all where there are no more; a row that begins one later has others at the same places. */
static inline bool some_of(size_t i, size_t most, size_t all)
{
    MUST(all > 0);
    return i * most % all < most;
}

#endif
