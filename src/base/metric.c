#include "base/metric.h"

/* 10 us * 10^(i/4), rounded to whole nanoseconds. */
static const int64_t bounds_ns[HISTOGRAM_BUCKETS] = {
    10000,      17783,      31623,      56234,       100000,    177828,    316228,
    562341,     1000000,    1778279,    3162278,     5623413,   10000000,  17782794,
    31622777,   56234133,   100000000,  177827941,   316227766, 562341325, 1000000000,
    1778279410, 3162277660, 5623413252, 10000000000, INT64_MAX};

/* One writer: a load and a store cost less than a locked add. */
static void add_alone(_Atomic uint64_t *n, uint64_t more)
{
    const uint64_t before = atomic_load_explicit(n, memory_order_relaxed);
    atomic_store_explicit(n, before + more, memory_order_relaxed);
}

static void add_shared(_Atomic uint64_t *n, uint64_t more)
{
    (void)atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

void counter_add(counter_t *c, uint64_t n)
{
    add_alone(&c->n, n);
}

void counter_add_shared(counter_t *c, uint64_t n)
{
    add_shared(&c->n, n);
}

uint64_t counter_read(const counter_t *c)
{
    return atomic_load_explicit(&c->n, memory_order_relaxed);
}

void gauge_set(gauge_t *g, int64_t n)
{
    atomic_store_explicit(&g->n, n, memory_order_relaxed);
}

void gauge_add(gauge_t *g, int64_t n)
{
    (void)atomic_fetch_add_explicit(&g->n, n, memory_order_relaxed);
}

int64_t gauge_read(const gauge_t *g)
{
    return atomic_load_explicit(&g->n, memory_order_relaxed);
}

static size_t bucket_of(int64_t ns)
{
    size_t low = 0;
    size_t high = HISTOGRAM_BUCKETS - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (ns <= bounds_ns[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void histogram_observe(histogram_t *h, int64_t ns)
{
    const int64_t kept = ns > 0 ? ns : 0;
    add_alone(&h->bucket[bucket_of(kept)], 1);
    add_alone(&h->sum_ns, (uint64_t)kept);
}

void histogram_observe_shared(histogram_t *h, int64_t ns)
{
    const int64_t kept = ns > 0 ? ns : 0;
    add_shared(&h->bucket[bucket_of(kept)], 1);
    add_shared(&h->sum_ns, (uint64_t)kept);
}

void histogram_read(const histogram_t *h, struct histogram_view *into)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const uint64_t n = atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
        into->bucket[i] += n;
        into->count += n;
    }
    into->sum_ns += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}

int64_t histogram_bound_ns(size_t i)
{
    return bounds_ns[i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1];
}
