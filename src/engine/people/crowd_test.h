/* crowd_test.h - a small crowd for tests: standard normal features, edges evenly spaced. */
#ifndef ENGINE_CROWD_TEST_H
#define ENGINE_CROWD_TEST_H

#include "engine/people/crowd.h"
#include "tests/support/random.h"

#include <math.h>
#include <string.h>

enum { TEST_FEATURES = 6, TEST_ROWS = 400, TEST_AXES = 4 };

struct test_crowd {
    struct crowd crowd;
    uint8_t edges[TEST_FEATURES];
    float edge[TEST_FEATURES * CROWD_EDGES];
    uint8_t row[TEST_ROWS * TEST_FEATURES];
    float share[TEST_FEATURES * CROWD_COARSE];
    float level[TEST_FEATURES * CROWD_BINS], to[TEST_FEATURES * CROWD_AXES_MAX], between[TEST_AXES];
};

/* A sample about `middle`; one feature in twenty is missing. */
static inline void test_sample(struct sample *s, uint64_t *seed, double middle)
{
    memset(s, 0, sizeof *s);
    s->kind = SAMPLE_FEATURES;
    s->context = 77;
    s->count = TEST_FEATURES;
    for (size_t f = 0; f < TEST_FEATURES; f++) {
        const double x = random_in(seed, -1.0, 1.0) + random_in(seed, -1.0, 1.0);
        s->x[f] = random_below(seed, 20) == 0 ? NAN : x + (f < 3 ? middle : 0.0);
    }
}

/* Four axes, each the difference of two features. */
static inline void test_axes(struct test_crowd *t)
{
    for (size_t f = 0; f < TEST_FEATURES; f++) {
        for (size_t b = 1; b < t->edges[f] + 2U; b++) {
            t->level[f * CROWD_BINS + b] = ((float)b - 0.5F * (float)(t->edges[f] + 2)) / 8.0F;
        }
        for (size_t k = 0; k < TEST_AXES; k++) {
            t->to[f * CROWD_AXES_MAX + k] = f == k ? 1.0F : (f == k + 2 ? -0.5F : 0.0F);
        }
    }
    for (size_t k = 0; k < TEST_AXES; k++) {
        t->between[k] = 1.5F - 0.3F * (float)k;
    }
    t->crowd.axes = TEST_AXES;
    t->crowd.level = t->level;
    t->crowd.to = t->to;
    t->crowd.between = t->between;
}

/* Forty people, of whom nobody's middle is far from the others'. */
static inline void test_crowd_alike(struct test_crowd *t)
{
    t->crowd.people = 40;
    for (size_t k = 0; k < TEST_AXES; k++) {
        t->between[k] = 0.05F;
    }
}

static inline void test_crowd(struct test_crowd *t, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    for (size_t f = 0; f < TEST_FEATURES; f++) {
        t->edges[f] = f == 5 ? 3 : CROWD_EDGES;
        for (size_t i = 0; i < t->edges[f]; i++) {
            t->edge[f * CROWD_EDGES + i] = -1.5F + 0.1F * (float)i;
        }
    }
    t->crowd = (struct crowd){.context = 77,
                              .kind = SAMPLE_FEATURES,
                              .features = TEST_FEATURES,
                              .people = 20,
                              .rows = TEST_ROWS,
                              .edges = t->edges,
                              .edge = t->edge};
    for (size_t i = 0; i < TEST_ROWS; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        test_sample(&s, &seed, 0.0);
        crowd_bins(&t->crowd, &s, bins);
        memcpy(t->row + i * TEST_FEATURES, bins, TEST_FEATURES);
    }
    t->crowd.row = t->row;
    test_axes(t);
    crowd_index(&t->crowd, t->share);
    for (size_t b = 0; b < CROWD_BUCKETS; b++) {
        t->crowd.fusion[b] = (struct fusion){.scale = {1.0, 1.0, 1.0, 1.0, 1.0},
                                             .weight = {0.1, b > 0 ? 0.5 : 0.0, 0.3},
                                             .high = 1e3,
                                             .limit = 4.0,
                                             .impostor = 0.5,
                                             .owner = -0.5,
                                             .variance = 1.0,
                                             .run = 5.0,
                                             .ceiling = FUSION_SURE,
                                             .floor = FUSION_SURE};
    }
}

#endif
