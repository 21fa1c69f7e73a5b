/*
 * ladder.h - all scores of an evaluation, sorted once, with how many trials stand on each.
 *
 * Floor      lab/statistics
 * Source     as measures.h.
 * Units      as measures.h.
 * Ownership  ladder_build() copies; the holder calls ladder_deinit().
 * Errors     ERR_RANGE for a score that is not finite, no trial, or more than LADDER_TRIALS;
 *            ERR_NOMEM. `out` is then untouched.
 * Threads    one ladder, one thread at a time.
 * Precision  operating points are compared as whole numbers (products below 2^64): ties are exact.
 *
 * A step is one distinct score. A threshold flags every trial on its step and above, so the
 * operating points of the ROC lie between steps, and tied trials are never told apart.
 */
#ifndef LAB_LADDER_H
#define LAB_LADDER_H

#include "base/err.h"
#include "lab/statistics/measures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LADDER_TRIALS = 1 << 26 };

struct ladder_trial {
    double score;
    uint32_t step;
    uint32_t user     : 31;
    uint32_t impostor : 1;
};

struct ladder_step {
    double score;
    uint64_t genuine; /* trials by weight */
    uint64_t impostor;
};

struct ladder {
    struct ladder_trial *trial; /* highest score first */
    size_t trials;
    struct ladder_step *step; /* highest score first */
    size_t steps;
    uint64_t genuine; /* sums over the steps */
    uint64_t impostor;
};

/* Sort the trials of all users; every user weighs one. */
NODISCARD err_t ladder_build(const struct score_user *users, size_t count, struct ladder *out);

void ladder_deinit(struct ladder *l);

/* Let user u's trials count `weight[u]` times each (NULL: once). */
void ladder_weigh(struct ladder *l, const uint32_t *weight);

/* Both kinds of trials are there; else the figures below are NaN. */
bool ladder_has_both(const struct ladder *l);

double ladder_eer(const struct ladder *l);
double ladder_auc(const struct ladder *l);

/* Share of genuine trials flagged by the highest threshold that no impostor passes. */
double ladder_zero_miss(const struct ladder *l);

/* Share of impostor trials flagged by the lowest threshold with <= `percent` of genuine flagged. */
double ladder_detection(const struct ladder *l, unsigned percent);

/* One block of the isotonic fit: all its steps have the posterior odds impostor : genuine. */
struct pav_block {
    uint64_t genuine, impostor;
    size_t steps;
};

/*
 * Fit odds that never rise from step to step downwards (pool adjacent violators) into `blocks`,
 * room for one a step; returns their number. Steps of weight 0 join the block before them.
 */
size_t ladder_pav(const struct ladder *l, struct pav_block *blocks);

/* Cllr in bits after the best monotone calibration; `blocks` as above. */
double ladder_cllr_min(const struct ladder *l, struct pav_block *blocks);

#endif
