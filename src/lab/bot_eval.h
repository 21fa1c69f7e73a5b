/*
 * bot_eval.h - score the human and bot sessions of a data set with the engine's bot part.
 *
 * Floor      lab (may use: base, codec, engine)
 * Units      nats. A score is the peak of B over the session; sessions that never gave B a nat are
 *            ordered below 0 by their learned evidence, their typing (bot_typed.h) and their strokes
 *            (bot_lean.h), which also order sessions of equal nats, by hundredths above them.
 * Ownership  folds belong to the caller: bot_folds_free().
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

/* How one session is judged. */
struct bot_judge {
    const struct trees *trees; /* the learned part */
    enum bot_parts parts;
    const bool *replayed; /* of each event of the set: another session has done it; NULL: none */
};

/* Score of one session. */
double bot_eval_session(const struct dataset *set, size_t session, const struct bot_judge *judge);

/* The same of one movement. */
double bot_eval_path(const canara_point_t *path, size_t n, const struct bot_judge *judge);

/* Families of bots against devices of people, none of whom was learned from. A user of the set is one
 * family or device. */
struct bot_fold {
    size_t families, devices;      /* how many */
    uint32_t family, device;       /* the first of each, users of the set */
    size_t bots, people;           /* sessions */
    double auc;                    /* NaN, like the others, without sessions of both */
    double people_met, bots_met;   /* share whose B exceeds a nat */
    double at_far_001, at_far_010; /* share of bots above 99 % and 90 % of the people */
};

enum { BOT_FOLDS_MAX = 4096 };

struct bot_folds {
    struct bot_fold *at;
    size_t count;      /* 0: nothing was left out */
    uint64_t checksum; /* of the trees that scored */
};

/* Who is left out of what is learned. */
enum bot_leave {
    BOT_LEAVE_NOBODY, /* the detector that ships */
    BOT_LEAVE_PAIRS,  /* every fold of families with every fold of devices */
    BOT_LEAVE_FOLDS   /* the folds of one number together; fewer fits, each device scored once */
};

struct bot_eval_options {
    enum bot_parts parts;
    enum bot_leave leave;
    size_t folds;                 /* that families and devices are dealt to, each; 2 or more */
    const struct dataset *others; /* more people to learn from, or NULL */
    const bool *replayed;         /* as struct bot_judge */
    void (*progress)(void *ctx, size_t done, size_t all); /* may be NULL */
    void *ctx;
};

/* Whether families and devices can be left out: the set has several of both. */
bool bot_eval_can_leave_out(const struct dataset *set);

/* Whether there are movements of a pointer to learn from, of people and of machines. */
bool bot_eval_can_learn(const struct dataset *set);

/* Score every trial of dataset_bot_trials(set), in its order, into `score`: by trees that have seen
 * neither the family nor the device (the mean over the folds it was left out of; own generators and
 * `others` are always learned from, which takes canara-boost), or by the shipped ones. */
NODISCARD err_t bot_eval_run(const struct dataset *set, const struct bot_eval_options *options,
                             double *score, struct bot_folds *folds, char why[BOOST_WHY_BYTES]);
void bot_folds_free(struct bot_folds *folds);

/* Sessions whose B ever reaches `nats`, as a share of those labelled so (people: also enrolments and
 * genuine trials of a set of people). */
double bot_eval_share(const struct dataset *set, enum dataset_label label, double nats);

#endif
