/*
 * trial.h - figures of simulated trials: a mean, share or median over people, and how sure it is.
 *
 * Floor      app/simulate
 * Source     95 % intervals by drawing people again: bootstrap.h.
 * Units      as the figure says.
 * Ownership  a report is a plain value; names and units are static storage.
 * Errors     ERR_NOMEM.
 * Threads    no state.
 * Precision  same people, same seed: same bits.
 */
#ifndef LAB_TRIAL_H
#define LAB_TRIAL_H

#include "base/err.h"
#include "lab/statistics/bootstrap.h"

#include <stddef.h>
#include <stdint.h>

enum { TRIAL_FIGURES_MAX = 96, TRIAL_REPLICATES = 1000 };

enum trial_statistic { TRIAL_MEAN, TRIAL_MEDIAN };

/* What a figure is held against. */
enum trial_goal { TRIAL_NO_GOAL, TRIAL_AT_MOST, TRIAL_AT_LEAST };

struct trial_figure {
    const char *measure; /* what was done: "takeover" */
    const char *name;    /* what was counted: "minutes until the challenge" */
    const char *unit;    /* "", "min", "1/h" */
    double value;        /* NaN: nobody to count */
    struct interval ci;
    size_t people;
    enum trial_goal goal;
    double limit; /* of the goal */
};

struct trial_report {
    struct trial_figure figure[TRIAL_FIGURES_MAX];
    size_t count;
};

/* Work out mean or median of one value a person; NaN in `values` leaves the person out. Infinity is a
 * value for a median ("never"). */
NODISCARD err_t trial_estimate(const double *values, size_t count, enum trial_statistic statistic,
                               uint64_t seed, struct trial_figure *out);

/* Add a figure of these words; a full report MUST NOT be added to. */
struct trial_add {
    const char *measure, *name, *unit;
    enum trial_statistic statistic;
    enum trial_goal goal;
    double limit;
};

NODISCARD err_t trial_report_add(struct trial_report *r, const struct trial_add *what,
                                 const double *values, size_t count, uint64_t seed);

/* True when there is no goal or the value keeps it. */
bool trial_is_met(const struct trial_figure *f);

#endif
