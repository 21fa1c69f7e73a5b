#include "lab/people/people.h"

#include "engine/arithmetic/numbers.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdlib.h>

enum { NOVICE_MIN = 5, EACH_MAX = 40 }; /* samples of one person that are pooled at most */

#define SPREAD_MIN        0.02
#define VECTOR_SPREAD_MIN 1e-30F /* model.c: of vectors, whose unit nobody knows */

struct pool {
    double *value;
    size_t count;
};

/* Feature f of EACH_MAX samples, evenly spread over the first `n` of a user. */
static void pour(const struct bank_context *c, size_t user, size_t n, size_t f, struct pool *pool)
{
    const size_t each = n < EACH_MAX ? n : EACH_MAX;
    for (size_t i = 0; i < each; i++) {
        const float x = c->sample[c->first[user] + i * n / each].x[f];
        if (!isnan(x)) {
            pool->value[pool->count++] = (double)x;
        }
    }
}

/* What is below the least is none: nobody differs from others there. */
static float vector_spread(double spread)
{
    return spread < (double)VECTOR_SPREAD_MIN ? 0.0F : (float)spread;
}

static void describe(struct pool *pool, bool vector, float *middle, float *spread)
{
    if (pool->count == 0) {
        *middle = 0.0F;
        *spread = 1.0F; /* nobody has this feature: it will never be compared */
        return;
    }
    numbers_sort(pool->value, pool->count);
    const double m = pool->value[(pool->count - 1) / 2];
    double sum = 0.0;
    for (size_t i = 0; i < pool->count; i++) {
        sum += fabs(pool->value[i] - m);
    }
    *middle = (float)m;
    const double mean = sum / (double)pool->count;
    *spread = vector ? vector_spread(mean) : (float)fmax(mean, SPREAD_MIN);
}

static bool counts(const struct bank_context *c, const bool *in, size_t user)
{
    return in[user] && bank_count(c, user) >= NOVICE_MIN;
}

static size_t novice_samples(size_t n)
{
    return n / 8 > NOVICE_MIN ? n / 8 : NOVICE_MIN;
}

static bool is_vector(const struct bank_context *c)
{
    return c->like.kind == SAMPLE_FEATURES;
}

/* A column varies among people of all ages or it does not; where few novices were alike, they vary as all do. */
static void agree(float *novices, const float *all)
{
    if (!(*novices > 0.0F && *all > 0.0F)) {
        *novices = *all;
    }
}

static void pool_all(const struct bank_context *c, const bool *in, struct pool *pool, float *at)
{
    const size_t n = c->like.count;
    for (size_t age = 0; age < 2; age++) {
        for (size_t f = 0; f < n; f++) {
            pool->count = 0;
            for (size_t u = 0; u < c->users; u++) {
                if (counts(c, in, u)) {
                    const size_t all = bank_count(c, u);
                    pour(c, u, age == 0 ? novice_samples(all) : all, f, pool);
                }
            }
            describe(pool, is_vector(c), &at[2 * age * n + f], &at[(2 * age + 1) * n + f]);
        }
    }
    for (size_t f = 0; f < n && is_vector(c); f++) {
        agree(&at[n + f], &at[3 * n + f]);
    }
}

/* Geometric mean of single people's spreads. Of a vector's column in which nobody varies it is that of `all`, 0 where
 * they do not, either. */
static void usual_spreads(const struct bank_context *c, const struct stages *stages, const bool *in,
                          const float *all, float *out)
{
    for (size_t f = 0; f < c->like.count; f++) {
        double sum = 0.0;
        size_t n = 0;
        for (size_t u = 0; u < c->users; u++) {
            const double spread = counts(c, in, u) ? part_spread(stages_last(stages, u), f) : 0.0;
            if (spread > 0.0) {
                sum += log(spread);
                n++;
            }
        }
        if (is_vector(c)) {
            out[f] = n == 0 || !(all[f] > 0.0F)
                         ? all[f]
                         : fmaxf((float)exp(sum / (double)n), VECTOR_SPREAD_MIN);
        } else {
            out[f] = (float)(n == 0 ? 1.0 : fmax(exp(sum / (double)n), SPREAD_MIN));
        }
    }
}

static size_t count_people(const struct bank_context *c, const bool *in)
{
    size_t n = 0;
    for (size_t u = 0; u < c->users; u++) {
        n += counts(c, in, u);
    }
    return n;
}

/* 0 where a vector's column does not vary between people. */
static float single_spread(const struct part *p, const float *usual, size_t f)
{
    const float spread = (float)part_shrunk(p, f);
    if (p->kind != SAMPLE_FEATURES) {
        return spread;
    }
    return usual[f] > 0.0F ? fmaxf(spread, VECTOR_SPREAD_MIN) : 0.0F;
}

/* Profiles of single people, evenly chosen when there are more than a model holds. */
static void choose_cohort(const struct bank_context *c, const struct stages *stages, const bool *in,
                          struct people *p, float *middle, float *spread)
{
    const size_t people = p->population.people;
    const size_t n = c->like.count;
    double usual[SAMPLE_FEATURES_MAX];
    for (size_t f = 0; f < n; f++) {
        usual[f] = (double)p->population.usual[f];
    }
    size_t met = 0;
    size_t kept = 0;
    for (size_t u = 0; u < c->users; u++) {
        if (!counts(c, in, u)) {
            continue;
        }
        const bool chosen = met * p->population.cohort / people == kept;
        met++;
        if (!chosen || kept == p->population.cohort) {
            continue;
        }
        struct part part = *stages_last(stages, u);
        part_shrink(&part, usual);
        for (size_t f = 0; f < n; f++) {
            const double m = part_middle(&part, f);
            middle[kept * n + f] = isnan(m) ? p->population.all[1].middle[f] : (float)m;
            spread[kept * n + f] = single_spread(&part, p->population.usual, f);
        }
        kept++;
    }
    p->population.cohort = (uint16_t)kept;
}

/* Middles and spreads stand one after the other at `at`. */
static struct density density_at(const float *at, size_t n)
{
    return (struct density){.middle = at, .spread = at + n};
}

err_t people_new(const struct bank_context *c, const struct stages *stages, const bool *in,
                 struct people *out)
{
    const size_t people = count_people(c, in);
    if (people < PEOPLE_MIN) {
        return err_new(ERR_RANGE);
    }
    const size_t n = c->like.count;
    const size_t cohort = people < MODEL_COHORT_MAX ? people : MODEL_COHORT_MAX;
    struct people p = {
        .population = {.context = c->like.context,
                       .kind = (uint8_t)c->like.kind,
                       .features = (uint16_t)n,
                       .people = (uint16_t)(people < UINT16_MAX ? people : UINT16_MAX),
                       .cohort = (uint16_t)cohort}};
    struct pool pool = {.value = calloc(people * EACH_MAX, sizeof *pool.value)};
    float *number = calloc((6 + 2 * cohort) * n + people_lanes_floats(n, cohort), sizeof *number);
    if (pool.value == NULL || number == NULL) {
        free(pool.value);
        free(number);
        return err_new(ERR_NOMEM);
    }
    pool_all(c, in, &pool, number);
    usual_spreads(c, stages, in, number + 3 * n, number + 4 * n);
    for (size_t i = 0; i < 2; i++) {
        p.population.all[i] = density_at(number + 2 * i * n, n);
    }
    p.population.usual = number + 4 * n;
    float *member = number + 6 * n;
    choose_cohort(c, stages, in, &p, member, member + cohort * n);
    p.population.cohort_of = density_at(member, cohort * n);
    p.number = number;
    p.weight = number + 5 * n;
    p.lanes = member + 2 * cohort * n;
    people_weigh(&p, &c->like, NULL);
    free(pool.value);
    *out = p;
    return ERR_OK;
}

static size_t type_of(const struct sample *like, size_t f)
{
    return like != NULL ? like->type[f] : f / ((size_t)CANARA_KEY_CLASSES * CANARA_KEY_CLASSES);
}

void people_weigh(struct people *p, const struct sample *like, const double weight[FEATURE_TYPES])
{
    for (size_t f = 0; f < p->population.features; f++) {
        p->weight[f] = weight == NULL ? 1.0F : (float)weight[type_of(like, f)];
    }
    p->population.weight = p->weight;
    people_lanes_lay(&p->population, p->lanes, &p->population.lanes);
}

void people_free(struct people *p)
{
    free(p->number);
    *p = (struct people){.number = NULL};
}
