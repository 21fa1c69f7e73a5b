/*
 * bot_eval.h - score the human and bot sessions of a data set with the engine's bot part.
 *
 * Floor      lab (may use: base, codec, engine)
 * Units      nats. A score is the peak of B over the session; sessions that never gave B a nat are
 *            ordered below 0 by their learned evidence.
 * Errors     ERR_NOMEM; ERR_RANGE when the set has no such trials, or a fold has nothing to learn.
 * Threads    no state.
 */
#ifndef LAB_BOT_EVAL_H
#define LAB_BOT_EVAL_H

#include "base/err.h"
#include "lab/dataset.h"
#include "lab/train_bots.h"

/* Which parts of the evidence count. */
enum bot_parts { BOT_PART_RULES = 1, BOT_PART_LEARNED = 2, BOT_PART_ALL = 3 };

/* Score of one session under a table. */
double bot_eval_session(const struct dataset *set, size_t session, const struct bot_table *table,
                        enum bot_parts parts);

/* One family of bots against one device of people, both left out of what was learned. */
struct bot_fold {
    uint32_t family, device; /* users of the set */
    size_t bots, people;
    double auc;
    double people_met, bots_met;   /* share whose B exceeds a nat */
    double at_far_001, at_far_010; /* share of bots above 99 % and 90 % of the people */
};

enum { BOT_FOLDS_MAX = 256 };

/* Every family against every device. `others` (may be NULL) are more people to learn from; own
 * generators are always learned from. Returns the folds through `out` and `count`. */
NODISCARD err_t bot_eval_folds(const struct dataset *set, const struct dataset *others,
                               enum bot_parts parts, struct bot_fold out[BOT_FOLDS_MAX],
                               size_t *count);

/* Sessions whose B ever reaches `nats`, as a share of those labelled so (people: also enrolments and
 * genuine trials of a set of people). */
double bot_eval_share(const struct dataset *set, enum dataset_label label, double nats);

#endif
