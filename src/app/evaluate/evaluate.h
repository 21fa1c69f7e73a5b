/*
 * evaluate.h - what the parts of canara evaluate share. Inner part of cmd_evaluate.c.
 *
 * Floor      app/evaluate
 * Ownership  a run borrows the command line and owns the rest.
 * Errors     exit codes, after one line on stderr.
 * Threads    one.
 */
#ifndef APP_EVALUATE_H
#define APP_EVALUATE_H

#include "app/cli/progress.h"
#include "base/buf.h"
#include "base/err.h"
#include "canara.h"
#include "engine/people/model.h"
#include "lab/bots/bot_eval.h"
#include "lab/sets/dataset.h"
#include "lab/trials/contest.h"
#include "lab/trials/evaluation.h"
#include "lab/trials/report.h"

#include <stdbool.h>
#include <stdint.h>

enum { EVALUATE_NAME_BYTES = 96 };

/* The command line, as it came; NULL for what was not given. */
struct evaluate_given {
    const char *dir, *detector, *adapt, *background, *impostors;
    const char *json_file, *scores, *det, *reliability, *against, *model, *trees, *others;
    bool json;
    int64_t seed, replicates, threads;
};

/* The scores of bots and people, by user or by session. */
struct evaluated_bots {
    struct bot_folds folds;
    struct report_fold *fold;
    struct score_user *group;
    size_t groups;
    double *score;       /* what the groups point into */
    double *trial_score; /* of each trial, in the order of the set */
    bool *replayed;
};

/* Everything that one run holds. */
struct evaluate_run {
    const struct evaluate_given *given;
    struct dataset *set, *others;
    struct contest_options options;
    struct bank_reach lack;               /* why the background could not be learnt */
    bool is_taught;                       /* a background is learnt on the way */
    char background[EVALUATE_NAME_BYTES]; /* as the report names it */
    char model_name[MODEL_NAME_BYTES];
    struct buf model_bytes; /* of --model; empty without */
    struct contest contest;
    struct evaluation evaluation;
    struct evaluated_bots bots;
    struct report_past past;
    struct report report;
    mono_t begin;
};

/* One line on stderr, and the exit code for it. */
int evaluate_wrong(const char *about, const char *what);
int evaluate_broken(const char *about, const char *what);

/* What a failure of the world is called. */
const char *evaluate_words(err_t e, char words[96]);

/* The draws that the command line asks for. */
static inline struct bootstrap_options evaluate_draw(const struct evaluate_run *r)
{
    return (struct bootstrap_options){.replicates = (size_t)r->given->replicates,
                                      .seed = (uint64_t)r->given->seed};
}

/* Score a set of humans and bots, and fill in the report but for what every report has. */
int evaluate_bots(struct evaluate_run *r);
void evaluated_bots_deinit(struct evaluated_bots *b);

#endif
