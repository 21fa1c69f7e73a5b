/*
 * scripted_clock.h - a clock that moves when the test says so.
 *
 * Floor      tests
 * Units      milliseconds; the monotonic clock starts at 1000 s.
 * Ownership  held by the test; hand out `&c.face`.
 * Threads    any: both times are atomic.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_CLOCK_H
#define TESTS_SUPPORT_SCRIPTED_CLOCK_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stdint.h>

struct scripted_clock {
    struct clock face;
    _Atomic int64_t mono_ns;
    _Atomic int64_t wall_ms;
};

/* Begin with the wall clock at `wall_ms`. */
void scripted_clock_init(struct scripted_clock *c, int64_t wall_ms);

/* Time passes: both clocks go on. */
void scripted_clock_pass(struct scripted_clock *c, int64_t ms);

/* The operator sets the wall clock, forward or back; the monotonic one does not notice. */
void scripted_clock_set_wall(struct scripted_clock *c, int64_t by_ms);

#endif
