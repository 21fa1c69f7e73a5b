/* part_test.h - parts for the tests of parts: features that are all alike. */
#ifndef ENGINE_PART_TEST_H
#define ENGINE_PART_TEST_H

#include "engine/arithmetic/numbers.h"
#include "engine/people/part.h"

static inline struct sample sample_at(size_t count, double x)
{
    struct sample s = {.kind = SAMPLE_KEYS, .count = count};
    sample_name(&s, "keys", (canara_text_t){"pin", 3}, FNV_START + count);
    for (size_t f = 0; f < count; f++) {
        s.x[f] = x;
    }
    return s;
}

static inline struct part begun(size_t count)
{
    struct part p;
    const struct sample s = sample_at(count, 0.0);
    part_begin(&p, &s);
    return p;
}

static inline void accept_all(struct part *p, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample s = sample_at(p->features, x[i]);
        part_accept(p, &s);
    }
}

static inline void shrink(struct part *p)
{
    double usual[SAMPLE_FEATURES_MAX];
    for (size_t f = 0; f < p->features; f++) {
        usual[f] = 0.1;
    }
    part_shrink(p, usual);
}

/* A part that knows twenty samples about 0 with a deviation of 0.1. */
static inline struct part settled(size_t count)
{
    struct part p = begun(count);
    for (int i = 0; i < 20; i++) {
        accept_all(&p, (const double[]){i % 2 == 0 ? 0.1 : -0.1}, 1);
    }
    part_refresh(&p, false);
    shrink(&p);
    return p;
}

static inline struct part anchored(size_t count)
{
    struct part p = settled(count);
    part_anchor(&p);
    return p;
}

#endif
