/*
 * bot_eval.h - score the human and bot sessions of a data set, families and devices left out of what is learned.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md.
 * Units      those of bot_judge.h.
 * Ownership  folds belong to the caller: bot_folds_free().
 * Errors     ERR_NOMEM; ERR_RANGE when the set has no such trials, or a fold has nothing to learn; those of
 *            boost_train(); all but the first with a line in `why`.
 * Threads    no state.
 */
#ifndef LAB_BOT_EVAL_H
#define LAB_BOT_EVAL_H

#include "base/err.h"
#include "lab/bots/bot_judge.h"
#include "lab/bots/train_bots.h"

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
    size_t count;            /* 0: nothing was left out */
    uint64_t checksum;       /* of the trees that scored */
    size_t copies[BOT_ACTS]; /* acts of machines not learned from: act_copies.h */
    bool by_hand[BOT_ACTS];  /* not learned, since most of the machines' are */
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

/* Whether families and devices can be left out: the set has a family, and several devices. (Of one family
 * nothing is learned: own generators and scripts are machines enough.) */
bool bot_eval_can_leave_out(const struct dataset *set);

/* What both people and machines of the set do, so that it can be learned from. */
struct bot_learnable {
    bool moves; /* of a pointer */
    bool
        acts; /* entries of keys; strokes or vectors, which no script of ours makes, of several families */
};

struct bot_learnable bot_eval_learnable(const struct dataset *set);

/* Score every trial of dataset_bot_trials(set), in its order, into `score`: by trees that have seen
 * neither the family nor the device (the mean over the folds it was left out of; own generators, scripts
 * and `others` are always learned from, which takes canara-boost), or by the shipped ones. */
NODISCARD err_t bot_eval_run(const struct dataset *set, const struct bot_eval_options *options,
                             double *score, struct bot_folds *folds, char why[BOOST_WHY_BYTES]);
void bot_folds_free(struct bot_folds *folds);

/* Sessions whose B ever reaches `nats`, as a share of those labelled so (people: also enrolments and
 * genuine trials of a set of people). */
double bot_eval_share(const struct dataset *set, enum dataset_label label, double nats);

#endif
