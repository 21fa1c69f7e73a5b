#include "lab/people/axes_fit.h"

#include "engine/arithmetic/numbers.h"
#include "lab/people/crowding.h"
#include "lab/statistics/normal.h"
#include "lab/statistics/symmetric.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { EACH_MAX = 600, N_MAX = CROWD_FEATURES_MAX };

#define EDGE        1e-3 /* of all that are below or above: no level is further out */
#define NOISE       1e-4 /* variance that a feature has at least */
#define APART       0.05 /* of what features of one person have in common that is taken for chance */
#define PEOPLE_LIKE 5.0  /* people, for what middles of people have in common */
#define BETWEEN_MIN 1e-3

static_assert((int)N_MAX <= (int)SYMMETRIC_MAX, "every crowd has its axes");

struct fit {
    const struct crowd *crowd;
    const float *level;
    size_t n;
    double people, shortness;     /* how many, and the sum of 1 / samples */
    double sum[N_MAX];            /* of people's means ... */
    double square[N_MAX * N_MAX]; /* ... of their products ... */
    double within[N_MAX * N_MAX]; /* ... and of their covariances */
};

uint16_t axes_of(size_t features)
{
    return (uint16_t)(features < CROWD_AXES_MAX ? features : CROWD_AXES_MAX);
}

/* The normal deviate of the middle of each bin, by its share of the rows that have one. */
static void set_levels(const struct crowd *c, float *level)
{
    for (size_t f = 0; f < c->features; f++) {
        double count[CROWD_BINS] = {0.0};
        double all = 0.0;
        for (size_t r = 0; r < c->rows; r++) {
            count[c->row[r * c->features + f]] += 1.0;
        }
        for (size_t b = 1; b < CROWD_BINS; b++) {
            all += count[b];
        }
        double below = 0.0;
        for (size_t b = 1; b < CROWD_BINS && all > 0.0; b++) {
            const double p = clip((below + 0.5 * count[b]) / all, EDGE, 1.0 - EDGE);
            level[f * CROWD_BINS + b] = (float)normal_deviate(p);
            below += count[b];
        }
    }
}

/* One person's mean and covariance. */
static void add_person(struct fit *t, const struct bank_context *c, size_t user)
{
    const size_t all = bank_count(c, user);
    const size_t each = all < EACH_MAX ? all : EACH_MAX;
    double mean[N_MAX] = {0.0};
    double product[N_MAX * N_MAX] = {0.0};
    for (size_t i = 0; i < each; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        double x[N_MAX];
        bank_sample(c, user, i * all / each, &s);
        crowd_bins(t->crowd, &s, bins);
        for (size_t f = 0; f < t->n; f++) {
            x[f] = (double)t->level[f * CROWD_BINS + bins[f]];
            mean[f] += x[f];
            for (size_t g = 0; g <= f; g++) {
                product[f * t->n + g] += x[f] * x[g];
            }
        }
    }
    const double n = (double)each;
    t->people += 1.0;
    t->shortness += 1.0 / n;
    for (size_t f = 0; f < t->n; f++) {
        t->sum[f] += mean[f] / n;
        for (size_t g = 0; g <= f; g++) {
            const double both = mean[f] * mean[g] / n;
            t->square[f * t->n + g] += both / n;
            t->within[f * t->n + g] += (product[f * t->n + g] - both) / (n - 1.0);
        }
    }
}

/* From sums to covariances, with what is not known well drawn towards none. */
static void finish(struct fit *t, double *between)
{
    const size_t n = t->n;
    const double like = PEOPLE_LIKE / (PEOPLE_LIKE + t->people);
    for (size_t f = 0; f < n; f++) {
        for (size_t g = 0; g <= f; g++) {
            const size_t at = f * n + g;
            const double inside = t->within[at] / t->people;
            const double mean = t->sum[f] * t->sum[g] / t->people;
            const double gap = (t->square[at] - mean) / (t->people - 1.0);
            const double outside = gap - inside * t->shortness / t->people;
            t->within[at] = f == g ? inside + NOISE : (1.0 - APART) * inside;
            between[at] = f == g ? outside : (1.0 - like) * outside;
            t->within[g * n + f] = t->within[at];
            between[g * n + f] = between[at];
        }
    }
}

static void hand_over(const double *axes, const double *value, size_t n, const struct crowd *crowd,
                      const struct crowd_arrays *out)
{
    for (size_t k = 0; k < crowd->axes; k++) {
        out->between[k] = (float)(value[k] > BETWEEN_MIN ? value[k] : BETWEEN_MIN);
        for (size_t f = 0; f < n; f++) {
            out->to[f * CROWD_AXES_MAX + k] = (float)axes[f * n + k];
        }
    }
}

err_t axes_fit(const struct bank_context *c, const bool *in, const struct crowd *crowd,
               const struct crowd_arrays *out)
{
    struct fit *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->crowd = crowd;
    t->level = out->level;
    t->n = crowd->features;
    set_levels(crowd, out->level);
    for (size_t u = 0; u < c->users; u++) {
        if (in[u] && bank_count(c, u) >= CROWDING_SAMPLES_MIN) {
            add_person(t, c, u);
        }
    }
    double between[N_MAX * N_MAX];
    double axes[N_MAX * N_MAX];
    double value[N_MAX];
    finish(t, between);
    MUST(symmetric_both(t->within, between, t->n, axes, value));
    hand_over(axes, value, t->n, crowd, out);
    free(t);
    return ERR_OK;
}
