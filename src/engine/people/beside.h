/*
 * beside.h - a sample beside all people of a population at once.
 *
 * Floor      engine/people
 * Source     docs/engine/keystrokes.md: log density of Student's t with two degrees of freedom, and
 *            scaled Manhattan.
 * Units      logs of densities without their constant; distances are a feature's mean, in spreads; in both a feature
 *            counts as its weight says.
 * Ownership  everything is the caller's.
 * Errors     none.
 * Threads    no shared state.
 * Precision  float, within 1e-4 of the same in double (lens_test.c); beside_any() and beside_avx2() give
 *            the same bits.
 */
#ifndef ENGINE_BESIDE_H
#define ENGINE_BESIDE_H

#include "engine/people/lens.h"
#include "engine/samples/sample.h"

#include <stdint.h>

#define BESIDE_CAP   LENS_CAP /* deviations at which one feature is cut */
#define BESIDE_Z_MAX 1e3      /* factors of 1 + z^2 / 2 must stay within their type */
#define BESIDE_T     10.0     /* temperature of the mixture of single people */
#define BESIDE_FAR   1e9F     /* more than any distance or log is */

enum { BESIDE_NEAREST = 3 };

struct population;

/* Features on end that count alike. */
struct beside_run {
    size_t end; /* place in `at` behind the last of them */
    float weight;
};

/* The features of a sample that are compared, and those that are not. */
struct beside_sample {
    size_t n;
    size_t missing;
    size_t runs;  /* at least 1 when n is */
    double total; /* of the weights of what is compared */
    uint8_t at[SAMPLE_FEATURES_MAX];
    uint8_t not_at[SAMPLE_FEATURES_MAX];
    float x[SAMPLE_FEATURES_MAX]; /* n of them */
    struct beside_run run[SAMPLE_FEATURES_MAX];
};

/* Nothing yet. */
static inline void beside_clear(struct beside_sample *s)
{
    s->n = 0;
    s->missing = 0;
    s->runs = 0;
    s->total = 0.0;
}

/* Feature f, behind all that are there, is compared; beside_all_alike() when all are there. */
static inline void beside_put(struct beside_sample *s, size_t f, double x)
{
    s->at[s->n] = (uint8_t)f;
    s->x[s->n++] = (float)x;
}

static inline void beside_all_alike(struct beside_sample *s)
{
    s->runs = 1;
    s->run[0] = (struct beside_run){s->n, 1.0F};
    s->total = (double)s->n;
}

/* The same with a weight of its own. */
static inline void beside_put_weighed(struct beside_sample *s, size_t f, double x, float weight)
{
    const float last = s->runs > 0 ? s->run[s->runs - 1].weight : 0.0F; /* no weight is 0 */
    beside_put(s, f, x);
    s->runs += last < weight || last > weight ? 1 : 0;
    s->run[s->runs - 1] = (struct beside_run){s->n, weight};
    s->total += (double)weight;
}

struct beside {
    float all[2];   /* log density of all people: novices, and of all ages */
    float high;     /* highest log density of a single person */
    double mixture; /* sum over single people of e^((log - high) / BESIDE_T), >= 1 */
    float nearest
        [BESIDE_NEAREST]; /* distances of the nearest single people, ascending; BESIDE_FAR: none */
};

/* The last three are set when the population has single people. */
typedef void beside_fn(const struct population *pop, const struct beside_sample *s,
                       struct beside *out);

beside_fn beside_any; /* on any processor */

#if defined(__x86_64__)
beside_fn beside_avx2; /* eight people an instruction */
#endif

/* The fastest that this processor has. */
beside_fn *beside_best(void);

#endif
