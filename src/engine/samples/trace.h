/*
 * trace.h - how a pointer or a finger moved between two rests: what strokes and actions are made of.
 *
 * Floor      engine/samples
 * Source     docs/engine/actions.md: after Gamboa and Fred 2004 (mouse), Frank and others 2013 (touch).
 * Units      px, seconds, radians.
 * Ownership  plain value.
 * Errors     false: too few points of different times to speak of a movement.
 * Threads    no shared state.
 *
 * Means are over time, not over points, so that a client that reports more often moves the same.
 */
#ifndef ENGINE_TRACE_H
#define ENGINE_TRACE_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>

enum { TRACE_STEPS_MIN = 3, TRACE_STEPS_MAX = 256 };

struct trace_spread {
    double mean, sd, low, high;
};

struct trace {
    double duration, length, reach; /* along the path; from end to end */
    double direction;               /* of the reach */
    double turned, turned_net;      /* sums of angles, the first of their amounts */
    double sharp;                   /* share of the angles above 30 degrees */
    double beside, beside_mean;     /* largest distance from the line of the reach; signed mean */
    double rising;                  /* seconds until the speed first falls */
    double peak;                    /* where in time the speed is highest, 0..1 */
    double last;                    /* seconds of the last step */
    struct trace_spread vx, vy, speed, gain, spin; /* px/s, px/s2, rad/s */
    size_t steps;
    double step_speed[TRACE_STEPS_MAX]; /* of each step */
    double step_beside[TRACE_STEPS_MAX];
};

/* Of more than TRACE_STEPS_MAX steps, every second, third, ... point is looked at. */
bool trace_of(const canara_point_t *p, size_t n, struct trace *out);

#endif
