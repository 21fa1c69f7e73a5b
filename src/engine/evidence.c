#include "engine/evidence.h"

#include "engine/model.h"
#include "engine/numbers.h"

#include <math.h>

/* Constants chosen on MEU and MOBIKEY: docs/engine/keystrokes.md has the trials. */
#define CAP           4.0  /* deviations at which one feature is cut */
#define AGE_COST      0.3  /* deviations a feature that a sample PART_RING old is further away */
#define PRESENT_SHARE 0.70 /* of the features that the profile knows */
#define COHORT_T      10.0 /* temperature of the mixture of single people */
#define POPULATION_T  4.0  /* of the two populations */
#define Z_MAX         1e3  /* sixteen factors of 1 + z^2 / 2 must stay within a double */

enum { NEAREST = 3, LOG_EVERY = 16 };

size_t fusion_bucket(size_t n)
{
    return n < 10 ? 0 : (n < 20 ? 1 : (n < 50 ? 2 : 3));
}

/* A sample beside a profile, as plain numbers; only the features that both have. */
struct pair {
    size_t n;
    size_t known; /* features that the profile has */
    uint16_t at[SAMPLE_FEATURES_MAX];
    double x[SAMPLE_FEATURES_MAX];
    double z[SAMPLE_FEATURES_MAX]; /* in the user's own spreads about his middle */
    double middle[SAMPLE_FEATURES_MAX];
    double shrunk[SAMPLE_FEATURES_MAX];
};

static void lay_side_by_side(const struct part *p, const struct sample *s, struct pair *out)
{
    out->n = 0;
    out->known = 0;
    for (size_t f = 0; f < p->features; f++) {
        const double middle = part_middle(p, f);
        if (isnan(middle)) {
            continue;
        }
        out->known++;
        if (isnan(s->x[f])) {
            continue;
        }
        out->at[out->n] = (uint16_t)f;
        out->x[out->n] = s->x[f];
        out->middle[out->n] = middle;
        out->z[out->n] = clip((s->x[f] - middle) / part_spread(p, f), -CAP, CAP);
        out->shrunk[out->n] = part_shrunk(p, f);
        out->n++;
    }
}

/* Sum over features of ln of Student's t with two degrees of freedom, without its constant:
 * -1.5 ln((1 + z^2 / 2) spread^(2/3)). One logarithm serves LOG_EVERY factors. */
static double own_log_density(const struct pair *pair)
{
    double sum = 0.0;
    double product = 1.0;
    double scale = 1.0;
    for (size_t i = 0; i < pair->n; i++) {
        const double z = clip((pair->x[i] - pair->middle[i]) / pair->shrunk[i], -Z_MAX, Z_MAX);
        product *= 1.0 + 0.5 * z * z;
        scale *= pair->shrunk[i];
        if (i % LOG_EVERY == LOG_EVERY - 1) {
            sum -= 1.5 * log(product) + log(scale);
            product = 1.0;
            scale = 1.0;
        }
    }
    return sum - 1.5 * log(product) - log(scale);
}

/* The same of other people, whose arrays begin at `from`. */
static double density_log(const struct pair *pair, const struct density *d, size_t from)
{
    const float *middle = d->middle + from;
    const float *inverse = d->inverse + from;
    const float *factor = d->factor + from;
    double sum = 0.0;
    double product = 1.0;
    for (size_t i = 0; i < pair->n; i++) {
        const size_t f = pair->at[i];
        const double z = clip((pair->x[i] - (double)middle[f]) * (double)inverse[f], -Z_MAX, Z_MAX);
        product *= (1.0 + 0.5 * z * z) * (double)factor[f];
        if (i % LOG_EVERY == LOG_EVERY - 1) {
            sum += log(product);
            product = 1.0;
        }
    }
    return -1.5 * (sum + log(product));
}

/* t ln(mean of e^(a/t), e^(b/t)) */
static double soft_max(double a, double b, double t)
{
    const double high = fmax(a, b);
    return high + t * log(0.5 * exp((a - high) / t) + 0.5 * exp((b - high) / t));
}

static double one_class(const struct pair *pair)
{
    double sum = 0.0;
    for (size_t i = 0; i < pair->n; i++) {
        sum += fabs(pair->z[i]);
    }
    return sum / (double)pair->n;
}

/* The smallest few of a stream, ascending. */
struct smallest {
    double value[NEAREST];
    size_t n;
};

static void offer(struct smallest *s, double x)
{
    if (s->n == NEAREST && x >= s->value[NEAREST - 1]) {
        return;
    }
    size_t at = s->n < NEAREST ? s->n++ : NEAREST - 1;
    while (at > 0 && s->value[at - 1] > x) {
        s->value[at] = s->value[at - 1];
        at--;
    }
    s->value[at] = x;
}

static double mean_of(const struct smallest *s)
{
    double sum = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->value[i];
    }
    return s->n == 0 ? CAP : sum / (double)s->n;
}

static double nearest(const struct part *p, const struct pair *pair)
{
    struct smallest best = {.n = 0};
    double row[SAMPLE_FEATURES_MAX];
    for (size_t age = 0; age < p->count; age++) {
        part_row(p, p->order[age], CAP, row);
        double sum = 0.0;
        for (size_t i = 0; i < pair->n; i++) {
            const double gap = fabs(pair->z[i] - row[pair->at[i]]);
            sum += isnan(gap) ? CAP : gap;
        }
        offer(&best, sum / (double)pair->n + AGE_COST * (double)age / PART_RING);
    }
    return mean_of(&best);
}

static double manhattan_to(const struct pair *pair, const struct density *d, size_t from)
{
    double sum = 0.0;
    for (size_t i = 0; i < pair->n; i++) {
        const size_t f = from + pair->at[i];
        sum += fmin(fabs((pair->x[i] - (double)d->middle[f]) * (double)d->inverse[f]), CAP);
    }
    return sum / (double)pair->n;
}

/* Beside single other people: how likely they make the sample, and how near it is to them. */
static void beside_others(const struct population *pop, const struct pair *pair, double own,
                          double *likely, double *near)
{
    double of[MODEL_COHORT_MAX];
    double high = -INFINITY;
    struct smallest best = {.n = 0};
    for (size_t c = 0; c < pop->cohort; c++) {
        const size_t from = c * pop->features;
        of[c] = density_log(pair, &pop->cohort_of, from);
        high = fmax(high, of[c]);
        offer(&best, manhattan_to(pair, &pop->cohort_of, from));
    }
    double sum = 0.0;
    for (size_t c = 0; c < pop->cohort; c++) {
        sum += exp((of[c] - high) / COHORT_T);
    }
    *likely = high + COHORT_T * log(sum / pop->cohort) - own;
    *near = mean_of(&best);
}

/* Side by side, when there is enough of both. */
static bool compare(const struct part *p, const struct sample *s, struct pair *out)
{
    if (p->count < EVIDENCE_SAMPLES_MIN) {
        return false;
    }
    lay_side_by_side(p, s, out);
    return out->n > 0 && (double)out->n >= PRESENT_SHARE * (double)out->known;
}

bool evidence_one_class(const struct part *p, const struct sample *s, double out[SCORES])
{
    struct pair pair;
    if (!compare(p, s, &pair)) {
        return false;
    }
    out[SCORE_ONE_CLASS] = one_class(&pair);
    out[SCORE_NEAREST] = nearest(p, &pair);
    return true;
}

bool evidence_scores(const struct part *p, const struct population *pop, const struct sample *s,
                     double out[SCORES])
{
    struct pair pair;
    if (!compare(p, s, &pair)) {
        return false;
    }
    const double n = (double)pair.n;
    const double own = own_log_density(&pair);
    const double novices = density_log(&pair, &pop->all[0], 0);
    const double all = density_log(&pair, &pop->all[1], 0);
    out[SCORE_RATIO] = soft_max(novices - own, all - own, POPULATION_T) / n;
    out[SCORE_ONE_CLASS] = one_class(&pair);
    out[SCORE_NEAREST] = nearest(p, &pair);
    out[SCORE_COHORT] = 0.0;
    out[SCORE_RIVALS] = 0.0;
    if (pop->cohort > 0) {
        double likely = 0.0;
        double near = 0.0;
        beside_others(pop, &pair, own, &likely, &near);
        out[SCORE_COHORT] = likely / n;
        out[SCORE_RIVALS] = out[SCORE_ONE_CLASS] - near;
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
