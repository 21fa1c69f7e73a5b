/*
 * evaluation.h - from the scores of a contest to the figures of a report.
 *
 * Floor      lab/trials
 * Source     docs/evaluation.md; the figures: measures.h, bootstrap.h, lockout.h.
 * Units      as contest.h.
 * Ownership  an evaluation owns its arrays and borrows the names from the data set.
 * Errors     ERR_NOMEM. `out` is then untouched.
 * Threads    no state.
 */
#ifndef LAB_EVALUATION_H
#define LAB_EVALUATION_H

#include "base/err.h"
#include "lab/sets/dataset.h"
#include "lab/statistics/bootstrap.h"
#include "lab/statistics/lockout.h"
#include "lab/statistics/measures.h"
#include "lab/trials/contest.h"
#include "lab/trials/report.h"

#include <stdbool.h>
#include <stddef.h>

struct evaluation {
    struct score_user *users; /* one a model, in the order of the set */
    double *user_eer;
    size_t count;
    double *score; /* what the users point into */
    struct measures measures;
    struct interval interval[FIGURES];
    struct lockout lockout;
    bool llr;        /* scores are log-likelihood ratios: calibration and lockouts have a meaning */
    size_t scored;   /* trials */
    size_t unscored; /* trials that are left out */
    size_t unscored_genuine, unscored_impostor; /* of those that were tried: without evidence */
    double absorbed_impostors;                  /* share; NaN without impostors */
    double failure_to_enrol;                    /* share of models */
};

/* Compute every figure. Trials without a score are left out and counted; where not one has a score every figure
 * but failure_to_enrol is NaN. */
NODISCARD err_t evaluation_new(const struct dataset *set, const struct contest *contest,
                               enum detector detector, struct bootstrap_options options,
                               struct evaluation *out);
void evaluation_free(struct evaluation *e);

/* Fill in what an evaluation knows of a report, which borrows from it. */
void evaluation_report(const struct evaluation *e, bool adapt, struct report *r);

/*
 * Actions until a lockout, as the engine's filter would count them without decay: the risk begins at
 * MEASURES_PRIOR, every trial adds its nats to its logit. A model's genuine trials in their order are
 * one run, and so are those of each impostor.
 */
NODISCARD err_t evaluation_lockout(const struct dataset *set, const struct contest *contest,
                                   struct lockout *out);

#endif
