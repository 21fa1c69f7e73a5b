/*
 * bot_eval.h - score the human and bot sessions of a data set with the engine's bot part.
 *
 * Floor      lab (may use: base, codec, engine)
 * Units      nats. A score is the peak of B over the session; sessions that never gave B a nat are
 *            ordered below 0 by their learned evidence.
 * Errors     ERR_NOMEM; ERR_RANGE when the set has no such trials, or a fold has nothing to learn; those of
 *            boost_train(); all but the first with a line in `why`.
 * Threads    no state.
 */
#ifndef LAB_BOT_EVAL_H
#define LAB_BOT_EVAL_H

#include "base/err.h"
#include "lab/dataset.h"
#include "lab/train_bots.h"

/* Which parts of the evidence count. */
enum bot_parts { BOT_PART_RULES = 1, BOT_PART_LEARNED = 2, BOT_PART_ALL = 3 };

/* Score of one session under trees. */
double bot_eval_session(const struct dataset *set, size_t session, const struct trees *trees,
                        enum bot_parts parts);

/* One family of bots against one device of people, both left out of what was learned. */
struct bot_fold {
    uint32_t family, device; /* users of the set */
    size_t bots, people;
    double auc;
    double people_met, bots_met;   /* share whose B exceeds a nat */
    double at_far_001, at_far_010; /* share of bots above 99 % and 90 % of the people */
};

enum { BOT_FOLDS_MAX = 64 };

struct bot_folds {
    struct bot_fold at[BOT_FOLDS_MAX];
    size_t count; /* 0: nothing was left out */
};

struct bot_eval_options {
    const struct dataset *others; /* more people to learn from, or NULL */
    enum bot_parts parts;
    bool shipped; /* the detector that ships, even where others could be left out */
};

/* Whether a run leaves families and devices out: the set has several of both, and it is not forbidden. */
bool bot_eval_leaves_out(const struct dataset *set, const struct bot_eval_options *options);

/* Score every trial of dataset_bot_trials(set), in its order, into `score`: by trees that have seen
 * neither the family nor the device (the mean over the folds it was left out of; own generators and
 * `others` are always learned from, which takes canara-boost), else by the shipped ones. */
NODISCARD err_t bot_eval_run(const struct dataset *set, const struct bot_eval_options *options,
                             double *score, struct bot_folds *folds, char why[BOOST_WHY_BYTES]);

/* Sessions whose B ever reaches `nats`, as a share of those labelled so (people: also enrolments and
 * genuine trials of a set of people). */
double bot_eval_share(const struct dataset *set, enum dataset_label label, double nats);

#endif
