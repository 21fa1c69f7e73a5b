/*
 * timing.h - what a series of intervals gives away.
 *
 * Floor      engine/machines
 * Source     docs/engine/README.md, "Rules"; entropy after Shannon 1948.
 * Units      milliseconds.
 * Errors     none; a series too short to judge gives nothing away.
 * Threads    no shared state.
 */
#ifndef ENGINE_TIMING_H
#define ENGINE_TIMING_H

#include <stdbool.h>
#include <stddef.h>

enum {
    TIMING_SERIES_MAX = 512, /* intervals judged together */
    TIMING_FAST_MIN = 8,     /* keys or intervals for "superhuman" */
    TIMING_REGULAR_MIN = 10  /* intervals for "regular" and "grid" */
};

#define TIMING_FAST_MS      25.0 /* down to down: below is faster than hands */
#define TIMING_FAST_HOLD_MS 15.0
#define TIMING_FAST_SHARE   0.30
#define TIMING_CV_MIN       0.05 /* standard deviation over mean */
#define TIMING_EVEN_CV      0.03 /* of holds: .05 is the least of honest entries of MEU and MOBIKEY */
#define TIMING_BIN_MS       8.0
#define TIMING_ENTROPY_MIN  1.0 /* bits */

/* There are at least `min_n`, and more than TIMING_FAST_SHARE of them are below `below_ms`. */
bool timing_is_fast(const double *ms, size_t n, double below_ms, size_t min_n);

/* Nearly constant, or in nearly one bin, and no timer of a platform explains it. n is at most
 * TIMING_SERIES_MAX. */
bool timing_is_regular(const double *ms, size_t n);

/* Holds of a program that waits so long each time: ten or more, of TIMING_FAST_HOLD_MS or more in the
 * mean, within TIMING_EVEN_CV, and not of a clock that is blurred to 100 ms. */
bool timing_is_even(const double *ms, size_t n);

/* All values are whole multiples of a step of 5 ms or more that no platform's timer has. */
bool timing_is_on_grid(const double *ms, size_t n);

#endif
