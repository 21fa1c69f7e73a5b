#include "lab/statistics/bootstrap.h"

#include "base/rng.h"
#include "lab/statistics/numbers.h"
#include "lab/statistics/walk.h"

#include <math.h>
#include <stdlib.h>

enum { REPLICATES_MAX = 1000000 };

static bool good(struct bootstrap_options options)
{
    return options.replicates >= 1 && options.replicates <= REPLICATES_MAX;
}

static void weights_free(uint32_t **p)
{
    free(*p);
    *p = NULL;
}

/* How often each of `count` users is drawn in `count` draws with replacement. */
static void draw(struct rng *r, uint32_t *weight, size_t count)
{
    for (size_t u = 0; u < count; u++) {
        weight[u] = 0;
    }
    for (size_t u = 0; u < count; u++) {
        weight[rng_below(r, count)]++;
    }
}

/* Percentile interval of the values that exist; sorts them to the front. */
static struct interval interval_of(double *value, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(value[i])) {
            value[n++] = value[i];
        }
    }
    if (n == 0) {
        return (struct interval){NAN, NAN};
    }
    numbers_sort(value, n);
    return (struct interval){numbers_quantile(value, n, .025), numbers_quantile(value, n, .975)};
}

err_t bootstrap_measures(const struct score_user *users, size_t count,
                         struct bootstrap_options options, struct interval out[FIGURES])
{
    if (!good(options)) {
        return err_new(ERR_RANGE);
    }
    CLEANUP(walk_deinit) struct walk w = {0};
    TRY(walk_init(users, count, &w));
    const size_t n = options.replicates;
    CLEANUP(numbers_free) double *replicate = numbers_new(n * FIGURES); /* a row a figure */
    CLEANUP(weights_free) uint32_t *weight = calloc(count, sizeof *weight);
    if (replicate == NULL || weight == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    struct rng r;
    rng_seed(&r, options.seed);
    for (size_t i = 0; i < n; i++) {
        double value[FIGURES];
        draw(&r, weight, count);
        walk_figures(&w, weight, value);
        for (size_t f = 0; f < FIGURES; f++) {
            replicate[f * n + i] = value[f];
        }
    }
    for (size_t f = 0; f < FIGURES; f++) {
        out[f] = interval_of(replicate + f * n, n);
    }
    return ERR_OK;
}

/* a - b of the users that have both; returns their number. */
static size_t differences(const double *a, const double *b, size_t count, double *out)
{
    size_t n = 0;
    for (size_t u = 0; u < count; u++) {
        const double d = a[u] - b[u];
        if (isfinite(d)) {
            out[n++] = d;
        }
    }
    return n;
}

static double weighted_mean(const double *value, const uint32_t *weight, size_t n)
{
    double sum = 0.0;
    for (size_t u = 0; u < n; u++) {
        sum += (weight == NULL ? 1 : weight[u]) * value[u];
    }
    return sum / (double)n;
}

/* With one added to count and number, so that p is never 0 (Davison and Hinkley 1997, 4.2). */
static double two_sided(const double *replicate, size_t n)
{
    size_t low = 1;
    size_t high = 1;
    for (size_t i = 0; i < n; i++) {
        low += replicate[i] <= 0.0 ? 1 : 0;
        high += replicate[i] >= 0.0 ? 1 : 0;
    }
    return fmin(1.0, 2.0 * (double)(low < high ? low : high) / (double)(n + 1));
}

err_t bootstrap_paired(const double *a, const double *b, size_t count,
                       struct bootstrap_options options, struct bootstrap_difference *out)
{
    CLEANUP(numbers_free) double *d = numbers_new(count);
    CLEANUP(numbers_free) double *replicate = numbers_new(good(options) ? options.replicates : 0);
    CLEANUP(weights_free) uint32_t *weight = calloc(count + 1, sizeof *weight);
    if (d == NULL || replicate == NULL || weight == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    const size_t n = differences(a, b, count, d);
    if (n == 0 || !good(options)) {
        return err_new(ERR_RANGE);
    }
    struct rng r;
    rng_seed(&r, options.seed);
    for (size_t i = 0; i < options.replicates; i++) {
        draw(&r, weight, n);
        replicate[i] = weighted_mean(d, weight, n);
    }
    out->mean = weighted_mean(d, NULL, n);
    out->p = two_sided(replicate, options.replicates);
    out->interval = interval_of(replicate, options.replicates);
    out->users = n;
    return ERR_OK;
}
