#include "engine/evidence.h"

#include "engine/lanes.h"
#include "engine/model.h"
#include "engine/numbers.h"

#include <math.h>
#include <string.h>

/* Constants chosen on MEU and MOBIKEY: docs/engine/keystrokes.md has the trials. */
#define CAP           LENS_CAP /* deviations at which one feature is cut */
#define AGE_COST      0.3   /* deviations a feature that a sample PART_RING old is further away */
#define PRESENT_SHARE 0.70  /* of the features that the profile knows */
#define COHORT_T      10.0  /* temperature of the mixture of single people */
#define POPULATION_T  4.0   /* of the two populations */
#define Z_MAX         1e3   /* factors of 1 + z^2 / 2 must stay within their type */
#define FAR_AWAY      1e9F  /* more than anything is */
#define LOWEST        80.0F /* e^-80 is nothing beside 1 */

/* (5e5 * 1e2)^(3/2) to the 16th is 1e184, (5e5)^6 is 2^114. */
enum {
    NEAREST = 3,
    LOG_EVERY = 16,
    FOLD_EVERY = 6,
    OTHERS_MAX = LANES_FIRST + MODEL_COHORT_MAX + LANES_GROUP
};

size_t fusion_bucket(size_t n)
{
    return n < 10 ? 0 : (n < 20 ? 1 : (n < 50 ? 2 : 3));
}

/* A sample beside a profile; only the features that both have. */
struct pair {
    size_t n;
    size_t known;     /* features that the profile has */
    size_t missing;   /* features that are not compared */
    double one_class; /* sum over features of the distance in the user's spreads */
    double own;       /* log density */
    uint8_t at[SAMPLE_FEATURES_MAX];
    uint8_t not_at[SAMPLE_FEATURES_MAX];
    float x[SAMPLE_FEATURES_MAX];
    struct lens_mark mark;
};

static_assert(SAMPLE_FEATURES_MAX <= UINT8_MAX, "the number of a feature is a byte");

/* Sum over features of ln of Student's t with two degrees of freedom, without its constant:
 * -1.5 ln((1 + z^2 / 2) spread^(2/3)). One logarithm serves LOG_EVERY factors. */
struct density_sum {
    double sum;
    double product;
    double scale;
    unsigned n;
};

static void density_close(struct density_sum *d)
{
    d->sum -= log(d->product * sqrt(d->product) * d->scale);
    d->product = 1.0;
    d->scale = 1.0;
    d->n = 0;
}

static void density_add(struct density_sum *d, double gap, double spread)
{
    const double z = clip(gap / spread, -Z_MAX, Z_MAX);
    d->product *= 1.0 + 0.5 * z * z;
    d->scale *= spread;
    if (++d->n == LOG_EVERY) {
        density_close(d);
    }
}

static void lay_side_by_side(const struct part *p, const struct sample *s, struct pair *out)
{
    struct part_habit SCRATCH h;
    struct density_sum own = {.product = 1.0, .scale = 1.0};
    part_habit(p, &h);
    lens_clear(&out->mark, p->features);
    out->n = 0;
    out->known = 0;
    out->missing = 0;
    out->one_class = 0.0;
    for (size_t f = 0; f < p->features; f++) {
        const bool known = !isnan(h.middle[f]);
        out->known += known;
        if (!known || isnan(s->x[f])) {
            out->not_at[out->missing++] = (uint8_t)f;
            continue;
        }
        const double gap = s->x[f] - (double)h.middle[f];
        const double z = clip(gap / (double)h.spread[f], -CAP, CAP);
        lens_put(&out->mark, f, z);
        out->one_class += fabs(z);
        density_add(&own, gap, (double)h.shrunk[f]);
        out->at[out->n] = (uint8_t)f;
        out->x[out->n++] = (float)s->x[f];
    }
    density_close(&own);
    out->own = own.sum;
}

/* Everybody of a population beside the sample: log density as above, and scaled Manhattan. */
struct others {
    float log[OTHERS_MAX];
    float near[OTHERS_MAX];
};

/* Four people, while a sample is gone through. */
struct four {
    lanes_t product;
    lanes_t distance;
    lanes_int_t exponent;
};

static inline void four_add(struct four *four, lanes_t x, const float *middle)
{
    const lanes_t gap = x - lanes_load(middle);
    const lanes_t z = lanes_abs(gap * lanes_load(middle + LANES_GROUP)); /* over sqrt(2) */
    const lanes_t cut = lanes_min(z, lanes_of((float)(Z_MAX * M_SQRT1_2)));
    four->distance += lanes_min(z, lanes_of((float)(CAP * M_SQRT1_2)));
    four->product *= cut * cut + 1.0F;
}

static void four_end(const struct four *four, const struct pair *pair, const float *spreads,
                     float *log_of, float *near)
{
    const lanes_t log_product =
        __builtin_convertvector(four->exponent, lanes_t) * 0.693147181F + lanes_log(four->product);
    lanes_store(log_of, -1.5F * log_product - lanes_load(spreads));
    lanes_store(near, four->distance * ((float)M_SQRT2 / (float)pair->n));
}

/* A group of people. The product of FOLD_EVERY factors stays within a float. */
static void beside_group(const struct pair *pair, const float *habit, struct four group[2])
{
    struct four a = {.product = lanes_of(1.0F)};
    struct four b = a;
    for (size_t i = 0; i < pair->n;) {
        const size_t end = pair->n - i < FOLD_EVERY ? pair->n : i + FOLD_EVERY;
        for (; i < end; i++) {
            const float *at = habit + (size_t)LANES_HABIT * pair->at[i];
            const lanes_t x = lanes_of(pair->x[i]);
            four_add(&a, x, at);
            four_add(&b, x, at + LANES);
        }
        a.exponent += lanes_take_exponent(&a.product);
        b.exponent += lanes_take_exponent(&b.product);
    }
    group[0] = a;
    group[1] = b;
}

static void beside_all(const struct population *pop, const struct pair *pair, struct others *out)
{
    const struct lanes *l = &pop->lanes;
    const size_t n = pop->features;
    size_t g = 0;
    do { /* there is always a group: all people stand in the first */
        struct four group[2];
        float spreads[LANES_GROUP];
        memcpy(spreads, l->log_sum + g * LANES_GROUP, sizeof spreads);
        for (size_t i = 0; i < pair->missing; i++) {
            const float *log_spread = l->log_spread + (g * n + pair->not_at[i]) * LANES_GROUP;
            for (size_t k = 0; k < LANES_GROUP; k++) {
                spreads[k] -= log_spread[k];
            }
        }
        beside_group(pair, l->habit + g * n * LANES_HABIT, group);
        for (size_t k = 0; k < 2; k++) {
            const size_t at = g * LANES_GROUP + k * LANES;
            four_end(&group[k], pair, spreads + k * LANES, out->log + at, out->near + at);
        }
    } while (++g < l->groups);
}

/* t ln(mean of e^(a/t), e^(b/t)) */
static double soft_max(double a, double b, double t)
{
    const double high = fmax(a, b);
    return high + t * log(0.5 * exp((a - high) / t) + 0.5 * exp((b - high) / t));
}

/* The three smallest of four streams, ascending, each stream by itself. */
struct smallest {
    lanes_t value[NEAREST];
};

static struct smallest smallest_none(void)
{
    return (struct smallest){{lanes_of(FAR_AWAY), lanes_of(FAR_AWAY), lanes_of(FAR_AWAY)}};
}

static inline void offer(struct smallest *s, lanes_t x)
{
    for (size_t i = 0; i < NEAREST; i++) {
        const lanes_t larger = lanes_max(s->value[i], x);
        s->value[i] = lanes_min(s->value[i], x);
        x = larger;
    }
}

/* Mean of the three smallest of all streams together, of fewer where there are not three. */
static double mean_of(const struct smallest *s)
{
    struct smallest all = smallest_none();
    for (size_t i = 0; i < NEAREST; i++) {
        for (size_t k = 0; k < LANES; k++) {
            offer(&all, lanes_of(s->value[i][k]));
        }
    }
    double sum = 0.0;
    size_t n = 0;
    for (; n < NEAREST && all.value[n][0] < FAR_AWAY; n++) {
        sum += (double)all.value[n][0];
    }
    return n == 0 ? CAP : sum / (double)n;
}

/* To the nearest of the ring, four ages at a time. */
static double nearest(const struct lens *l, const struct pair *pair)
{
    struct smallest best = smallest_none();
    const float share = (float)(1.0 / (LENS_STEP * (double)pair->n));
    for (size_t first = 0; first < l->count; first += LANES) {
        float distance[LANES] = {FAR_AWAY, FAR_AWAY, FAR_AWAY, FAR_AWAY};
        const size_t n = l->count - first < LANES ? l->count - first : LANES;
        for (size_t i = 0; i < n; i++) {
            distance[i] = (float)lens_distance(l, first + i, &pair->mark) * share +
                          (float)(AGE_COST / PART_RING) * (float)(first + i);
        }
        offer(&best, lanes_load(distance));
    }
    return mean_of(&best);
}

/* Places of a population that are no single people: they must not be met among them. */
static void leave_out(const struct population *pop, struct others *o)
{
    const size_t end = LANES_FIRST + (size_t)pop->cohort;
    for (size_t c = 0; c < pop->lanes.groups * LANES_GROUP; c++) {
        if (c < LANES_FIRST || c >= end) {
            o->log[c] = -FAR_AWAY;
            o->near[c] = FAR_AWAY;
        }
    }
}

/* How likely the single other people make the sample: the log of the mixture. */
static double cohort_log(const struct population *pop, const struct others *o)
{
    const size_t places = pop->lanes.groups * LANES_GROUP;
    lanes_t highest = lanes_of(-FAR_AWAY);
    for (size_t c = 0; c < places; c += LANES) {
        highest = lanes_max(highest, lanes_load(o->log + c));
    }
    const float low = highest[0] > highest[1] ? highest[0] : highest[1];
    const float top = highest[2] > highest[3] ? highest[2] : highest[3];
    const float high = low > top ? low : top;
    lanes_t sum = lanes_of(0.0F);
    for (size_t c = 0; c < places; c += LANES) {
        const lanes_t below = (high - lanes_load(o->log + c)) * (float)(1.0 / COHORT_T);
        sum += lanes_exp(-lanes_min(below, lanes_of(LOWEST)));
    }
    const double all = ((double)sum[0] + (double)sum[1]) + ((double)sum[2] + (double)sum[3]);
    return (double)high + COHORT_T * log(all / pop->cohort);
}

static double nearest_others(const struct population *pop, const struct others *o)
{
    struct smallest best = smallest_none();
    for (size_t c = 0; c < pop->lanes.groups * LANES_GROUP; c += LANES) {
        offer(&best, lanes_load(o->near + c));
    }
    return mean_of(&best);
}

/* Side by side, when there is enough of both. */
static bool compare(const struct lens *l, const struct sample *s, struct pair *out)
{
    if (l->count < EVIDENCE_SAMPLES_MIN) {
        return false;
    }
    lay_side_by_side(l->part, s, out);
    return out->n > 0 && (double)out->n >= PRESENT_SHARE * (double)out->known;
}

bool evidence_one_class(const struct lens *l, const struct sample *s, double out[SCORES])
{
    struct pair SCRATCH pair;
    if (!compare(l, s, &pair)) {
        return false;
    }
    out[SCORE_ONE_CLASS] = pair.one_class / (double)pair.n;
    out[SCORE_NEAREST] = nearest(l, &pair);
    return true;
}

bool evidence_scores(const struct lens *l, const struct population *pop, const struct sample *s,
                     double out[SCORES])
{
    struct pair SCRATCH pair;
    struct others SCRATCH others;
    if (!compare(l, s, &pair)) {
        return false;
    }
    const double n = (double)pair.n;
    beside_all(pop, &pair, &others);
    out[SCORE_RATIO] =
        soft_max((double)others.log[0] - pair.own, (double)others.log[1] - pair.own, POPULATION_T) /
        n;
    out[SCORE_ONE_CLASS] = pair.one_class / n;
    out[SCORE_NEAREST] = nearest(l, &pair);
    out[SCORE_COHORT] = 0.0;
    out[SCORE_RIVALS] = 0.0;
    if (pop->cohort > 0) {
        leave_out(pop, &others);
        out[SCORE_COHORT] = (cohort_log(pop, &others) - pair.own) / n;
        out[SCORE_RIVALS] = out[SCORE_ONE_CLASS] - nearest_others(pop, &others);
    }
    return true;
}

double evidence_limit(const struct fusion *f, size_t samples)
{
    return fmin(f->limit, EVIDENCE_YOUNG_NATS * (double)samples);
}

double evidence_fuse(const struct fusion *f, const double score[SCORES], size_t samples)
{
    double sum = f->bias;
    for (size_t i = 0; i < SCORES; i++) {
        sum += f->weight[i] * clip((score[i] - f->mean[i]) / f->scale[i], FUSION_LOW, f->high);
    }
    const double limit = evidence_limit(f, samples);
    return clip(sum, -limit, limit);
}
