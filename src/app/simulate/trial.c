#include "app/simulate/trial.h"

#include "base/rng.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <string.h>

/* A median in which "never" may stand: no interpolation with infinity. */
static double statistic_of(double *values, size_t count, enum trial_statistic statistic)
{
    if (statistic == TRIAL_MEAN) {
        double sum = 0.0;
        for (size_t i = 0; i < count; i++) {
            sum += values[i];
        }
        return sum / (double)count;
    }
    numbers_sort(values, count);
    const double low = values[(count - 1) / 2];
    const double high = values[count / 2];
    return isinf(high) ? high : 0.5 * (low + high);
}

static double end_of(const double *sorted, double q)
{
    return sorted[(size_t)lround(q * (TRIAL_REPLICATES - 1))];
}

err_t trial_estimate(const double *values, size_t count, enum trial_statistic statistic,
                     uint64_t seed, struct trial_figure *out)
{
    CLEANUP(numbers_free) double *held = numbers_new(count + 1);
    CLEANUP(numbers_free) double *drawn = numbers_new(count + 1);
    CLEANUP(numbers_free) double *replicate = numbers_new(TRIAL_REPLICATES);
    if (held == NULL || drawn == NULL || replicate == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            held[n++] = values[i];
        }
    }
    out->people = n;
    out->value = NAN;
    out->ci = (struct interval){NAN, NAN};
    if (n == 0) {
        return ERR_OK;
    }
    struct rng r;
    rng_seed(&r, seed);
    for (size_t k = 0; k < TRIAL_REPLICATES; k++) {
        for (size_t i = 0; i < n; i++) {
            drawn[i] = held[rng_below(&r, n)];
        }
        replicate[k] = statistic_of(drawn, n, statistic);
    }
    numbers_sort(replicate, TRIAL_REPLICATES);
    out->value = statistic_of(held, n, statistic);
    out->ci = (struct interval){end_of(replicate, 0.025), end_of(replicate, 0.975)};
    return ERR_OK;
}

err_t trial_report_add(struct trial_report *r, const struct trial_add *what, const double *values,
                       size_t count, uint64_t seed)
{
    MUST(r->count < TRIAL_FIGURES_MAX);
    struct trial_figure f = {.measure = what->measure,
                             .name = what->name,
                             .unit = what->unit,
                             .goal = what->goal,
                             .limit = what->limit};
    TRY(trial_estimate(values, count, what->statistic, seed, &f));
    r->figure[r->count++] = f;
    return ERR_OK;
}

bool trial_is_met(const struct trial_figure *f)
{
    switch (f->goal) {
    case TRIAL_NO_GOAL: return true;
    case TRIAL_AT_MOST: return f->value <= f->limit;
    case TRIAL_AT_LEAST: return f->value >= f->limit;
    }
    return false;
}
