/*
 * beside_body.h - the body of beside_any() and beside_avx2(): the same text for four floats an
 * instruction and for eight, included by the two files that give it its name.
 *
 * Floor      engine/people
 * Precision  people are laid out eight to a group and summed up four by four, however wide the
 *            processor is: the bits do not depend on it.
 */
#ifndef ENGINE_BESIDE_BODY_H
#define ENGINE_BESIDE_BODY_H

#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"
#include "engine/people/beside.h"
#include "engine/people/model.h"
#include "engine/people/smallest.h"

#include <math.h>
#include <string.h>

#define LOWEST 80.0F /* e^-80 is nothing beside 1 */

enum {
    FOLD_EVERY = 6, /* (5e5)^6 is 2^114: it fits a float */
    PARTS = PEOPLE_LANES_GROUP / LANES,
    OTHERS_MAX = PEOPLE_LANES_FIRST + MODEL_COHORT_MAX + PEOPLE_LANES_GROUP,
    SUMMED = 4
};

/* Everybody of a population: log density, and distance. At first the product of the factors without its
 * powers of two, which stand apart, in the place of its logarithm. */
struct others {
    float log[OTHERS_MAX];
    float near[OTHERS_MAX];
    int32_t exponent[OTHERS_MAX];
};

typedef float summed_t __attribute__((vector_size(4 * SUMMED)));

/* Some people, while a sample is gone through. */
struct some {
    lanes_t product;
    lanes_t distance;
    lanes_int_t exponent;
};

static inline void some_add(struct some *some, lanes_t x, const float *middle)
{
    const lanes_t gap = x - lanes_load(middle);
    const lanes_t z = lanes_abs(gap * lanes_load(middle + PEOPLE_LANES_GROUP)); /* over sqrt(2) */
    const lanes_t cut = lanes_min(z, lanes_of((float)(BESIDE_Z_MAX * M_SQRT1_2)));
    some->distance += lanes_min(z, lanes_of((float)(BESIDE_CAP * M_SQRT1_2)));
    some->product *= cut * cut + 1.0F;
}

/* Features `i` to `stop` of a group of people. The product of FOLD_EVERY factors stays within a float. */
static inline void beside_group(const struct beside_sample *s, const float *habit, size_t i,
                                size_t stop, struct some group[PARTS])
{
    for (size_t k = 0; k < PARTS; k++) {
        group[k] = (struct some){.product = lanes_of(1.0F)};
    }
    while (i < stop) {
        const size_t end = stop - i < FOLD_EVERY ? stop : i + FOLD_EVERY;
        for (; i < end; i++) {
            const float *at = habit + (size_t)PEOPLE_LANES_HABIT * s->at[i];
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

/* ln of a product whose powers of two stand apart. */
static inline lanes_t log_of(lanes_t product, lanes_int_t exponent)
{
    const lanes_t twos = __builtin_convertvector(exponent, lanes_t) * 0.693147181F;
    return twos + lanes_log(product);
}

static inline void go_through(const struct population *pop, const struct beside_sample *s,
                              struct others *out)
{
    const struct people_lanes *l = &pop->lanes;
    size_t g = 0;
    do { /* there is always a group: all people stand in the first */
        struct some SCRATCH group[PARTS];
        beside_group(s, l->habit + g * pop->features * PEOPLE_LANES_HABIT, 0, s->n, group);
        for (size_t k = 0; k < PARTS; k++) {
            const size_t at = g * PEOPLE_LANES_GROUP + k * LANES;
            lanes_store(out->log + at, group[k].product);
            lanes_store(out->near + at, group[k].distance);
            lanes_int_store(out->exponent + at, group[k].exponent);
        }
    } while (++g < l->groups);
}

/* ln of the spreads of the features that are there. */
static inline lanes_t spreads_at(const struct population *pop, const struct beside_sample *s,
                                 size_t at)
{
    const struct people_lanes *l = &pop->lanes;
    const size_t n = pop->features;
    const size_t g = at / PEOPLE_LANES_GROUP;
    lanes_t spreads = lanes_load(l->log_sum + at);
    for (size_t i = 0; i < s->missing; i++) {
        spreads -= lanes_load(l->log_spread + (g * n + s->not_at[i]) * PEOPLE_LANES_GROUP +
                              at % PEOPLE_LANES_GROUP);
    }
    return spreads;
}

/* A loop of its own: the processor then works on several logarithms at a time, each of which is one
 * long chain. */
static inline void take_logs(const struct population *pop, const struct beside_sample *s,
                             struct others *o)
{
    const size_t places = pop->lanes.groups * PEOPLE_LANES_GROUP;
    const float share = (float)M_SQRT2 / (float)s->n;
    for (size_t at = 0; at < places; at += LANES) {
        const lanes_t log_product =
            log_of(lanes_load(o->log + at), lanes_int_load(o->exponent + at));
        lanes_store(o->log + at, -1.5F * log_product - spreads_at(pop, s, at));
        lanes_store(o->near + at, lanes_load(o->near + at) * share);
    }
}

/* The same where features do not all count alike: run by run, each with its own weight. */
static inline void weigh_group(const struct beside_sample *s, const float *habit,
                               lanes_t log[PARTS], lanes_t near[PARTS])
{
    size_t from = 0;
    for (size_t r = 0; r < s->runs; r++) {
        struct some SCRATCH group[PARTS];
        const float weight = s->run[r].weight;
        beside_group(s, habit, from, s->run[r].end, group);
        for (size_t k = 0; k < PARTS; k++) {
            log[k] += weight * log_of(group[k].product, group[k].exponent);
            near[k] += weight * group[k].distance;
        }
        from = s->run[r].end;
    }
}

static inline void go_through_weighed(const struct population *pop, const struct beside_sample *s,
                                      struct others *o)
{
    const struct people_lanes *l = &pop->lanes;
    const float share = (float)M_SQRT2 / (float)s->total;
    size_t g = 0;
    do {
        lanes_t log[PARTS] = {lanes_of(0.0F)};
        lanes_t near[PARTS] = {lanes_of(0.0F)};
        weigh_group(s, l->habit + g * pop->features * PEOPLE_LANES_HABIT, log, near);
        for (size_t k = 0; k < PARTS; k++) {
            const size_t at = g * PEOPLE_LANES_GROUP + k * LANES;
            lanes_store(o->log + at, -1.5F * log[k] - spreads_at(pop, s, at));
            lanes_store(o->near + at, near[k] * share);
        }
    } while (++g < l->groups);
}

/* One run of weight 1, as most samples are. */
static inline bool is_even(const struct beside_sample *s)
{
    return s->runs == 1 && !(s->run[0].weight < 1.0F || s->run[0].weight > 1.0F);
}

/* Places of a population that are no single people: they must not be met among them. */
static inline void leave_out(size_t cohort, size_t places, struct others *o)
{
    for (size_t c = 0; c < PEOPLE_LANES_FIRST; c++) {
        o->log[c] = -BESIDE_FAR;
        o->near[c] = BESIDE_FAR;
    }
    for (size_t c = PEOPLE_LANES_FIRST + cohort; c < places; c++) {
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
    summed_t sum = {0.0F};
    for (size_t c = 0; c < places; c += SUMMED) {
        summed_t some;
        memcpy(&some, o->log + c, sizeof some);
        sum += some;
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
    if (is_even(s)) {
        go_through(pop, s, &o);
        take_logs(pop, s, &o);
    } else {
        go_through_weighed(pop, s, &o);
    }
    out->all[0] = o.log[0];
    out->all[1] = o.log[1];
    if (pop->cohort == 0) {
        return;
    }
    const size_t places = pop->lanes.groups * PEOPLE_LANES_GROUP;
    leave_out(pop->cohort, places, &o);
    find_nearest(&o, places, out->nearest);
    out->high = highest(&o, places);
    out->mixture = sum_up(&o, places, out->high);
}

#endif
