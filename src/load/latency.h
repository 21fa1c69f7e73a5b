/*
 * latency.h - how long things took, in buckets that grow with the value.
 *
 * Floor      load
 * Source     the idea of HdrHistogram (Tene 2012): each octave in 128 steps, so that a figure read
 *            back is at most 1/128 above what was put in, from nanoseconds to an hour.
 * Units      nanoseconds.
 * Ownership  a value of 38 kB.
 * Errors     none; what is longer than LATENCY_MAX_NS is counted there, and `max_ns` is exact.
 * Threads    one.
 */
#ifndef LOAD_LATENCY_H
#define LOAD_LATENCY_H

#include <stdint.h>

enum {
    LATENCY_STEP_BITS = 7,
    LATENCY_TOP_BITS = 42, /* 73 minutes */
    LATENCY_BUCKETS = (LATENCY_TOP_BITS - LATENCY_STEP_BITS + 1) << LATENCY_STEP_BITS
};

#define LATENCY_MAX_NS ((INT64_C(1) << LATENCY_TOP_BITS) - 1)

struct latency {
    uint64_t count;
    int64_t max_ns;
    double sum_ns;
    uint64_t bucket[LATENCY_BUCKETS];
};

/* Count one; a negative time (a clock that stepped) counts as 0. */
void latency_add(struct latency *l, int64_t ns);

/* The least time within which this share (0..1) of all was done, rounded up to its bucket's end but
 * never above the longest. 0 when nothing was counted. */
int64_t latency_at(const struct latency *l, double share);

#endif
