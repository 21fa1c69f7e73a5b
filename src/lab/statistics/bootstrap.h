/*
 * bootstrap.h - how sure a figure is: 95 % intervals by drawing users again.
 *
 * Floor      lab/statistics
 * Source     Efron, "Bootstrap methods: another look at the jackknife", 1979; percentile interval:
 *            Efron and Tibshirani 1993, chapter 13; users drawn, not trials, since the trials of one
 *            user depend on each other: Bolle, Ratha and Pankanti, "Error analysis of pattern
 *            recognition systems: the subsets bootstrap", 2004. Generator: base/rng.h. Quantile:
 *            Hyndman and Fan 1996, type 7.
 * Ownership  users and scores are the caller's, borrowed for the call.
 * Errors     ERR_RANGE as measures_compute(), ERR_NOMEM; `out` is then untouched.
 * Threads    no state.
 * Precision  same users, replicates and seed: same bits.
 *
 * The scores are sorted once; a replicate is a walk over the sorted scores with each user's weight.
 */
#ifndef LAB_BOOTSTRAP_H
#define LAB_BOOTSTRAP_H

#include "base/err.h"
#include "lab/statistics/figures.h"
#include "lab/statistics/measures.h"

#include <stddef.h>
#include <stdint.h>

enum { BOOTSTRAP_REPLICATES = 1000 };

struct bootstrap_options {
    size_t replicates; /* 1..1000000 */
    uint64_t seed;
};

/* A 95 % interval; NaN twice when the figure does not exist. */
struct interval {
    double lo, hi;
};

/* Intervals of every figure. Replicates in which a figure does not exist are left out of it. */
NODISCARD err_t bootstrap_measures(const struct score_user *users, size_t count,
                                   struct bootstrap_options options, struct interval out[FIGURES]);

struct bootstrap_difference {
    double mean; /* of a - b; negative: a is better when they are error rates */
    struct interval interval;
    double p; /* two-sided: twice the smaller share of replicates on either side of 0, <= 1 */
    size_t users;
};

/* Compare two results over the same users, paired: a[i] and b[i] are the same user's EER. */
NODISCARD err_t bootstrap_paired(const double *a, const double *b, size_t count,
                                 struct bootstrap_options options,
                                 struct bootstrap_difference *out);

#endif
