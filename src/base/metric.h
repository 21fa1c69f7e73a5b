/*
 * metric.h - numbers that one thread moves and another reads: counters, gauges, histograms.
 *
 * Floor      base
 * Units      counts; histograms take nanoseconds.
 * Ownership  plain memory of the holder; zero-initialised is ready.
 * Errors     none.
 * Threads    the plain verbs have one writer, the _shared ones any number; a metric keeps to one
 *            kind for life. Readers any. Relaxed: each number is right, no two are of one instant.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct counter {
    _Atomic uint64_t n; /* only grows */
} counter_t;

typedef struct gauge {
    _Atomic int64_t n;
} gauge_t;

/* Four buckets to a decade from 10 us to 10 s, and one for everything longer. */
enum { HISTOGRAM_BUCKETS = 26 };

typedef struct histogram {
    _Atomic uint64_t bucket[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_ns;
} histogram_t;

/* What was read from one or more histograms. */
struct histogram_view {
    uint64_t bucket[HISTOGRAM_BUCKETS]; /* each by itself, not cumulative */
    uint64_t count;                     /* all buckets together */
    uint64_t sum_ns;
};

/* Count `n` more; this thread is the only writer. */
void counter_add(counter_t *c, uint64_t n);

/* Count `n` more; any thread. */
void counter_add_shared(counter_t *c, uint64_t n);

uint64_t counter_read(const counter_t *c);

/* Set the gauge; any thread, the last one wins. */
void gauge_set(gauge_t *g, int64_t n);

/* Move the gauge by `n`, up or down; any thread. */
void gauge_add(gauge_t *g, int64_t n);

int64_t gauge_read(const gauge_t *g);

/* Put one duration into its bucket; below zero counts as zero. This thread is the only writer. */
void histogram_observe(histogram_t *h, int64_t ns);

/* The same from any thread. */
void histogram_observe_shared(histogram_t *h, int64_t ns);

/* Add what `h` holds now to `*into`, so that the histograms of many loops become one. */
void histogram_read(const histogram_t *h, struct histogram_view *into);

/* The largest duration that falls into bucket `i`; INT64_MAX for the last. */
int64_t histogram_bound_ns(size_t i);

#endif
