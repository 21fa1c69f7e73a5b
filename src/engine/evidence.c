#include "engine/evidence.h"

#include "engine/model.h"
#include "engine/numbers.h"

#include <math.h>

#define CAP           4.0  /* deviations at which one feature is cut */
#define PRESENT_SHARE 0.70 /* of the features that the profile knows */
#define COHORT_T      10.0 /* temperature of the mixture of single people */
#define POPULATION_T  4.0  /* of the two populations */
#define YOUNG_NATS    0.5  /* that each known sample lets one sample say */

enum { NEAREST = 5, LOG_EVERY = 8 };

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
    double middle[SAMPLE_FEATURES_MAX];
    double one_over[SAMPLE_FEATURES_MAX]; /* of the user's own spread */
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
        out->one_over[out->n] = 1.0 / part_spread(p, f);
        out->shrunk[out->n] = part_shrunk(p, f);
        out->n++;
    }
}

/* Sum of ln of Student's t with two degrees of freedom, without its constant: logs are taken of
 * products of a few features, each factor within 1 and 1e20. */
static double t_log_density(const double *x, const double *middle, const double *spread, size_t n)
{
    double sum = 0.0;
    double product = 1.0;
    double scale = 1.0;
    for (size_t i = 0; i < n; i++) {
        const double z = clip((x[i] - middle[i]) / spread[i], -1e6, 1e6);
        product *= 1.0 + 0.5 * z * z;
        scale *= spread[i];
        if (i % LOG_EVERY == LOG_EVERY - 1) {
            sum -= 1.5 * log(product) + log(scale);
            product = 1.0;
            scale = 1.0;
        }
    }
    return sum - 1.5 * log(product) - log(scale);
}

static double density_of(const struct pair *pair, const float *middle, const float *spread)
{
    double m[SAMPLE_FEATURES_MAX];
    double b[SAMPLE_FEATURES_MAX];
    for (size_t i = 0; i < pair->n; i++) {
        m[i] = (double)middle[pair->at[i]];
        b[i] = (double)spread[pair->at[i]];
    }
    return t_log_density(pair->x, m, b, pair->n);
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
        sum += fmin(fabs(pair->x[i] - pair->middle[i]) * pair->one_over[i], CAP);
    }
    return sum / (double)pair->n;
}

static double to_entry(const struct part *p, const struct pair *pair, size_t slot)
{
    double sum = 0.0;
    for (size_t i = 0; i < pair->n; i++) {
        const double cell = part_cell(p, slot, pair->at[i]);
        const double a = clip((pair->x[i] - pair->middle[i]) * pair->one_over[i], -CAP, CAP);
        const double b = clip((cell - pair->middle[i]) * pair->one_over[i], -CAP, CAP);
        sum += isnan(cell) ? CAP : fabs(a - b);
    }
    return sum / (double)pair->n;
}

static double nearest(const struct part *p, const struct pair *pair)
{
    double best[NEAREST];
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++) {
        const double d = to_entry(p, pair, p->order[i]);
        size_t at = n < NEAREST ? n++ : NEAREST;
        while (at > 0 && best[at - 1] > d) {
            if (at < NEAREST) {
                best[at] = best[at - 1];
            }
            at--;
        }
        if (at < NEAREST) {
            best[at] = d;
        }
    }
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += best[i];
    }
    return n == 0 ? CAP : sum / (double)n;
}

static double cohort(const struct population *pop, const struct pair *pair, double own)
{
    if (pop->cohort == 0) {
        return 0.0;
    }
    double of[MODEL_COHORT_MAX];
    double high = -INFINITY;
    for (size_t c = 0; c < pop->cohort; c++) {
        of[c] = density_of(pair, pop->cohort_middle + c * pop->features,
                           pop->cohort_spread + c * pop->features);
        high = fmax(high, of[c]);
    }
    double sum = 0.0;
    for (size_t c = 0; c < pop->cohort; c++) {
        sum += exp((of[c] - high) / COHORT_T);
    }
    return high + COHORT_T * log(sum / pop->cohort) - own;
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
    const double own = t_log_density(pair.x, pair.middle, pair.shrunk, pair.n);
    const double novices = density_of(&pair, pop->middle[0], pop->spread[0]);
    const double all = density_of(&pair, pop->middle[1], pop->spread[1]);
    out[SCORE_RATIO] = soft_max(novices - own, all - own, POPULATION_T) / n;
    out[SCORE_ONE_CLASS] = one_class(&pair);
    out[SCORE_NEAREST] = nearest(p, &pair);
    out[SCORE_COHORT] = cohort(pop, &pair, own) / n;
    return true;
}

double evidence_fuse(const struct fusion *f, const double score[SCORES], size_t samples)
{
    double sum = f->bias;
    for (size_t i = 0; i < SCORES; i++) {
        sum += f->weight[i] * (score[i] - f->mean[i]) / f->scale[i];
    }
    const double limit = fmin(f->limit, YOUNG_NATS * (double)samples);
    return clip(sum, -limit, limit);
}
