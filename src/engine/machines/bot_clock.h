/*
 * bot_clock.h - what the times and places of a pointer's reports say of whoever made them.
 *
 * Floor      engine/machines
 * Source     docs/engine/bots.md. A mouse, a browser and a remote screen report by a clock: intervals are
 *            multiples of its period, and a late report makes the next interval shorter. Times that a
 *            program draws one by one keep no clock.
 * Units      milliseconds, px.
 * Errors     none; too few points give nothing away.
 * Threads    no shared state.
 */
#ifndef ENGINE_BOT_CLOCK_H
#define ENGINE_BOT_CLOCK_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>

enum bot_clock_feature {
    CLOCK_OFF_BEAT,    /* mean distance to a multiple of the best period, as a share of it */
    CLOCK_LATE_MEMORY, /* autocorrelation of these distances: below 0 when lateness is made up for */
    CLOCK_SCATTER,     /* entropy of the intervals in bins of 2 ms, over that of all different */
    CLOCK_MEMORY,      /* autocorrelation of the intervals */
    CLOCK_SPREAD,      /* standard deviation over mean of the intervals, at most 4 */
    CLOCK_BURSTS,      /* share of intervals under 4 ms */
    CLOCK_STILL,       /* share of reports that report no movement */
    CLOCK_FEATURES
};

/* All finite. With fewer than 8 intervals under 300 ms the times say nothing: a clock is presumed. */
void bot_clock_features(const canara_point_t *p, size_t n, double f[CLOCK_FEATURES]);

/* What came behind a leap. */
enum bot_leap {
    BOT_LEAP_NONE, /* there was none, or the movement went on: reports were lost */
    BOT_LEAP_OPEN, /* the path ends, and the pointer has not stirred yet */
    BOT_LEAP_RESTS /* it did not stir for BOT_LEAP_REST_MS */
};

#define BOT_LEAP_REST_MS 300.0

/* The pointer leapt: after 8 quiet intervals one report within 70 ms is over 60 px away, over four times
 * as far as any of the 8 before, and the pointer rests there. A hand cannot; set_position(x, y) does. The
 * end of a path is no rest: clients cut a movement wherever a message is full. */
enum bot_leap bot_clock_leaps(const canara_point_t *p, size_t n);

/* Index of the first point that is elsewhere, n when none is. */
size_t bot_clock_stirs(const canara_point_t *p, size_t n, double x, double y);

/* Of 20 or more reports that change no button, over six in ten report no movement: what moves nothing
 * makes no report. */
bool bot_clock_is_still(const canara_point_t *p, size_t n);

#endif
