/*
 * scripted_clock.h - a clock that stands still until a test moves it.
 *
 * Floor      tests (may use: base)
 * Units      as in base/clock.h.
 * Ownership  a value of the caller; hand out `&c.face`. It may lie in shared memory: then a child
 *            process that was forked off sees it move.
 * Threads    any thread may read while one moves it.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_CLOCK_H
#define TESTS_SUPPORT_SCRIPTED_CLOCK_H

#include "base/clock.h"

#include <stdatomic.h>

#define SCRIPTED_WALL_MS INT64_C(1772357400000) /* 2026-03-01T09:30:00Z */
#define SCRIPTED_MONO_NS (3600 * NS_PER_S)      /* up for an hour */

struct scripted_clock {
    struct clock face;
    _Atomic int64_t mono_ns;
    _Atomic int64_t wall_ms;
};

/* Begin at 2026-03-01T09:30:00Z, one hour after the boot. */
void scripted_clock_init(struct scripted_clock *c);

/* Let time pass: both clocks move on by the same time. */
void scripted_clock_pass(struct scripted_clock *c, int64_t ms);

/* Set the wall clock as an operator does; the monotonic one does not notice. */
void scripted_clock_set_wall(struct scripted_clock *c, wall_t to);

#endif
