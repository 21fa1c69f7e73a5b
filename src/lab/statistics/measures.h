/*
 * measures.h - what scores of genuine and impostor trials say about a detector, exactly.
 *
 * Floor      lab/statistics
 * Source     EER and zero-miss rate: Killourhy and Maxion, "Comparing anomaly-detection algorithms
 *            for keystroke dynamics", 2009, and their evaluation script; AUC: Mann and Whitney,
 *            1947; Cllr and its minimum: Brummer and du Preez, "Application-independent evaluation
 *            of speaker detection", 2006; PAV: Ayer and others, 1955; ECE: Naeini, Cooper and
 *            Hauskrecht, 2015; Brier, 1950.
 * Units      a score is the natural log of the likelihood ratio impostor : owner ("nats"); higher
 *            is less likely the owner. EER, AUC, zero-miss and detection need the order only.
 * Ownership  users and their scores are the caller's, borrowed for the call.
 * Errors     ERR_RANGE for a score that is not finite or for no trial at all, ERR_NOMEM; `out` is
 *            then untouched.
 * Threads    no state.
 * Precision  counts are whole numbers and compared as such: ties are exact. Sums run in the order
 *            of the scores, so the order of trials changes no bit.
 */
#ifndef LAB_MEASURES_H
#define LAB_MEASURES_H

#include "base/err.h"
#include "lab/statistics/figures.h"

#include <stddef.h>

#define MEASURES_PRIOR .05 /* of an impostor; the engine's own (FILTER_START) */

/* One user's trials. For bots: one group (a session, a device) of humans and bots each. */
struct score_user {
    const char *model;     /* name; not used by the measures */
    const double *genuine; /* for bots: humans */
    size_t genuine_count;
    const double *impostor; /* for bots: bots */
    size_t impostor_count;
};

struct measures {
    double value[FIGURES]; /* NaN: does not exist (no impostor at all, ...) */
    double mean_eer_sd;    /* over users, n - 1; NaN below two */
    size_t users;          /* that have both kinds of trials */
    size_t genuine;        /* trials */
    size_t impostor;
};

/*
 * Compute every figure. `user_eer` (count long, may be NULL) takes each user's own EER, NaN for one
 * that lacks a kind. If the scores are no likelihood ratios, the caller ignores Cllr, ECE, Brier
 * and the rates (measures_forget_llr()).
 */
NODISCARD err_t measures_compute(const struct score_user *users, size_t count, struct measures *out,
                                 double *user_eer);

/* Set the figures that need likelihood ratios to NaN; FIGURE_CLLR_MIN stays, it needs the order. */
void measures_forget_llr(struct measures *m);

#endif
