/*
 * beside_body.h - the body of beside_any() and beside_avx2(): the same text for four floats an
 * instruction and for eight, included by the two files that give it its name.
 *
 * Floor      engine (may use: base)
 * Precision  people are laid out eight to a group and summed up four by four, however wide the
 *            processor is: the bits do not depend on it.
 */
#ifndef ENGINE_BESIDE_BODY_H
#define ENGINE_BESIDE_BODY_H

#include "engine/beside.h"
#include "engine/lanes.h"
#include "engine/model.h"
#include "engine/numbers.h"
#include "engine/smallest.h"

#include <math.h>
#include <string.h>

#define LOWEST 80.0F /* e^-80 is nothing beside 1 */

enum {
    FOLD_EVERY = 6, /* (5e5)^6 is 2^114: it fits a float */
    PARTS = LANES_GROUP / LANES,
    OTHERS_MAX = LANES_FIRST + MODEL_COHORT_MAX + LANES_GROUP,
    SUMMED = 4
};

/* Everybody of a population: log density, and distance. */
struct others {
    float log[OTHERS_MAX];
    float near[OTHERS_MAX];
};

/* Some people, while a sample is gone through. */
struct some {
    lanes_t product;
    lanes_t distance;
    lanes_int_t exponent;
};

static inline void some_add(struct some *some, lanes_t x, const float *middle)
{
    const lanes_t gap = x - lanes_load(middle);
    const lanes_t z = lanes_abs(gap * lanes_load(middle + LANES_GROUP)); /* over sqrt(2) */
    const lanes_t cut = lanes_min(z, lanes_of((float)(BESIDE_Z_MAX * M_SQRT1_2)));
    some->distance += lanes_min(z, lanes_of((float)(BESIDE_CAP * M_SQRT1_2)));
    some->product *= cut * cut + 1.0F;
}

/* A group of people. The product of FOLD_EVERY factors stays within a float. */
static inline void beside_group(const struct beside_sample *s, const float *habit,
                                struct some group[PARTS])
{
    for (size_t k = 0; k < PARTS; k++) {
        group[k] = (struct some){.product = lanes_of(1.0F)};
    }
    for (size_t i = 0; i < s->n;) {
        const size_t end = s->n - i < FOLD_EVERY ? s->n : i + FOLD_EVERY;
        for (; i < end; i++) {
            const float *at = habit + (size_t)LANES_HABIT * s->at[i];
            const lanes_t x = lanes_of(s->x[i]);
            for (size_t k = 0; k < PARTS; k++) {
                some_add(&group[k], x, at + k * LANES);
            }
        }
        for (size_t k = 0; k < PARTS; k++) {
            group[k].exponent += lanes_take_exponent(&group[k].product);
        }
    }
}

static inline void some_end(const struct some *some, size_t n, lanes_t spreads, float *log_of,
                            float *near)
{
    const lanes_t log_product =
        __builtin_convertvector(some->exponent, lanes_t) * 0.693147181F + lanes_log(some->product);
    lanes_store(log_of, -1.5F * log_product - spreads);
    lanes_store(near, some->distance * ((float)M_SQRT2 / (float)n));
}

static inline void beside_all(const struct population *pop, const struct beside_sample *s,
                              struct others *out)
{
    const struct lanes *l = &pop->lanes;
    const size_t n = pop->features;
    size_t g = 0;
    do { /* there is always a group: all people stand in the first */
        struct some SCRATCH group[PARTS];
        beside_group(s, l->habit + g * n * LANES_HABIT, group);
        for (size_t k = 0; k < PARTS; k++) {
            const size_t at = g * LANES_GROUP + k * LANES;
            lanes_t spreads = lanes_load(l->log_sum + at);
            for (size_t i = 0; i < s->missing; i++) {
                spreads -=
                    lanes_load(l->log_spread + (g * n + s->not_at[i]) * LANES_GROUP + k * LANES);
            }
            some_end(&group[k], s->n, spreads, out->log + at, out->near + at);
        }
    } while (++g < l->groups);
}

/* Places of a population that are no single people: they must not be met among them. */
static inline void leave_out(size_t cohort, size_t places, struct others *o)
{
    for (size_t c = 0; c < LANES_FIRST; c++) {
        o->log[c] = -BESIDE_FAR;
        o->near[c] = BESIDE_FAR;
    }
    for (size_t c = LANES_FIRST + cohort; c < places; c++) {
        o->log[c] = -BESIDE_FAR;
        o->near[c] = BESIDE_FAR;
    }
}

static inline float highest(const struct others *o, size_t places)
{
    lanes_t most = lanes_of(-BESIDE_FAR);
    for (size_t c = 0; c < places; c += LANES) {
        most = lanes_max(most, lanes_load(o->log + c));
    }
    float high = most[0];
    for (size_t k = 1; k < LANES; k++) {
        high = most[k] > high ? most[k] : high;
    }
    return high;
}

/* The logs become what each of them adds. */
static inline double sum_up(struct others *o, size_t places, float high)
{
    for (size_t c = 0; c < places; c += LANES) {
        const lanes_t below = (high - lanes_load(o->log + c)) * (float)(1.0 / BESIDE_T);
        lanes_store(o->log + c, lanes_exp(-lanes_min(below, lanes_of(LOWEST))));
    }
    float sum[SUMMED] = {0.0F};
    for (size_t c = 0; c < places; c += SUMMED) {
        for (size_t k = 0; k < SUMMED; k++) {
            sum[k] += o->log[c + k];
        }
    }
    return ((double)sum[0] + (double)sum[1]) + ((double)sum[2] + (double)sum[3]);
}

static inline void find_nearest(const struct others *o, size_t places, float out[BESIDE_NEAREST])
{
    struct smallest least = smallest_none();
    for (size_t c = 0; c < places; c += LANES) {
        smallest_offer(&least, lanes_load(o->near + c));
    }
    smallest_of_all(&least, out);
}

static inline void beside_body(const struct population *pop, const struct beside_sample *s,
                               struct beside *out)
{
    struct others SCRATCH o;
    beside_all(pop, s, &o);
    out->all[0] = o.log[0];
    out->all[1] = o.log[1];
    if (pop->cohort == 0) {
        return;
    }
    const size_t places = pop->lanes.groups * LANES_GROUP;
    leave_out(pop->cohort, places, &o);
    find_nearest(&o, places, out->nearest);
    out->high = highest(&o, places);
    out->mixture = sum_up(&o, places, out->high);
}

#endif
