/*
 * llr.h - figures of scores as likelihood ratios: Cllr, Brier, reliability, rates at a risk.
 *
 * Floor      lab/statistics
 * Source     as measures.h.
 * Units      natural log likelihood ratios; posteriors at equal priors.
 * Ownership  llr_build() gives terms that belong to one ladder; the holder calls llr_deinit().
 * Errors     ERR_NOMEM.
 * Threads    no state.
 *
 * What depends on the score alone is computed once a step, so that weighing again costs sums only.
 */
#ifndef LAB_LLR_H
#define LAB_LLR_H

#include "base/err.h"
#include "lab/statistics/ladder.h"

#include <stddef.h>
#include <stdint.h>

enum { LLR_BINS = 15 };

struct llr_term {
    double cost_genuine;  /* ln(1 + e^s) */
    double cost_impostor; /* ln(1 + e^-s) */
    double p;             /* posterior of an impostor */
    uint32_t bin;
};

struct llr_bin {
    double predicted; /* sums over the bin of w p, w y and w, where each class weighs one half */
    double observed;
    double weight;
    uint64_t genuine, impostor; /* trials */
};

/* One term for each step, in its order. */
NODISCARD err_t llr_build(const struct ladder *l, struct llr_term **out);

void llr_deinit(struct llr_term **terms);

double llr_cllr(const struct ladder *l, const struct llr_term *terms); /* bits */
double llr_brier(const struct ladder *l, const struct llr_term *terms);

/* Fill the reliability bins; the ladder MUST have both kinds. */
void llr_bins(const struct ladder *l, const struct llr_term *terms, struct llr_bin out[LLR_BINS]);

double llr_ece(const struct ladder *l, const struct llr_term *terms);

/* Where the risk sigma(logit(MEASURES_PRIOR) + s) reaches `risk`. */
double llr_threshold(double risk);

/* The risk of a score. */
double llr_risk(double nats);

/* Shares of genuine flagged (s >= threshold) and of impostors not flagged; NaN without trials. */
double llr_frr(const struct ladder *l, double threshold);
double llr_far(const struct ladder *l, double threshold);

#endif
