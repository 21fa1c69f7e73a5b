#include "load/latency.h"

#include <stddef.h>

#define STEPS (INT64_C(1) << LATENCY_STEP_BITS)

/* Below two times STEPS a bucket is one nanosecond wide; above, each octave has STEPS buckets. */
static size_t bucket_of(int64_t ns)
{
    if (ns < STEPS) {
        return (size_t)ns;
    }
    const int top = 63 - __builtin_clzll((unsigned long long)ns);
    const int shift = top - LATENCY_STEP_BITS;
    return (size_t)(((int64_t)shift << LATENCY_STEP_BITS) + (ns >> shift));
}

/* The longest time that falls into this bucket. */
static int64_t end_of(size_t bucket)
{
    const int64_t b = (int64_t)bucket;
    if (b < 2 * STEPS) {
        return b;
    }
    const int64_t shift = (b >> LATENCY_STEP_BITS) - 1;
    return ((STEPS + (b & (STEPS - 1)) + 1) << shift) - 1;
}

void latency_add(struct latency *l, int64_t ns)
{
    const int64_t at_least = ns < 0 ? 0 : ns;
    const int64_t kept = at_least > LATENCY_MAX_NS ? LATENCY_MAX_NS : at_least;
    l->bucket[bucket_of(kept)] += 1;
    l->count += 1;
    l->sum_ns += (double)at_least;
    l->max_ns = at_least > l->max_ns ? at_least : l->max_ns;
}

int64_t latency_at(const struct latency *l, double share)
{
    const double wanted = share * (double)l->count;
    uint64_t seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += l->bucket[i];
        if (seen > 0 && (double)seen >= wanted) {
            const int64_t end = end_of(i);
            return end < l->max_ns ? end : l->max_ns;
        }
    }
    return l->max_ns;
}
