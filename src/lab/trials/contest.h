/*
 * contest.h - every trial of a data set, scored by a detector that knows only what it may.
 *
 * Floor      lab/trials
 * Source     ENGINE: evaluation format; docs/evaluation.md, "Protocol".
 * Units      scores in nats for the detector "full", higher is less likely the owner; the order alone
 *            counts for the others.
 * Ownership  results belong to the contest.
 * Errors     ERR_RANGE: too few people for the background; ERR_FORMAT: bytes that are no model;
 *            ERR_NOMEM, ERR_LIMIT.
 * Threads    contest_run() uses as many as it is told and returns when all are done.
 */
#ifndef LAB_CONTEST_H
#define LAB_CONTEST_H

#include "base/err.h"
#include "base/span.h"
#include "lab/people/bank.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum detector {
    DETECTOR_MANHATTAN,
    DETECTOR_SCALED_MANHATTAN,
    DETECTOR_ONE_CLASS,
    DETECTOR_RATIO,
    DETECTOR_FULL,
    DETECTORS
};

enum background {
    BACKGROUND_NONE,  /* the model that is given, or the built-in one */
    BACKGROUND_FOLDS, /* others of the owner's fold are the impostors, all other folds background */
    BACKGROUND_ALL,   /* everybody enrolled but the owner: the impostors are known (a closed set) */
    BACKGROUND_PAIRS, /* the folds of owner and impostor are left out */
    BACKGROUNDS
};

/* With a background.tsv its sessions alone are the background, less those of owner and impostor. Who is
 * neither owner nor in a trial is in no fold, and never left out. */
struct contest_options {
    enum detector detector;
    enum background background;
    size_t
        folds; /* 2..; fewer are dealt where BACKGROUND_FOLDS would leave somebody alone in his; for BACKGROUND_PAIRS with as many as people: leave two out */
    span_t model;   /* for BACKGROUND_NONE; empty: the built-in one */
    bool adapt;     /* gated updating between trials */
    bool practised; /* the impostors of trials-practised.tsv */
    size_t threads; /* 1..64 */
    void (*progress)(void *ctx, size_t done, size_t all); /* may be NULL; from any thread */
    void *ctx;
    struct bank_reach *
        lack; /* filled with ERR_RANGE: who was left to be background, and who of them does the same
                                thing SCHOOL_SAMPLES times; may be NULL */
};

struct bout {
    uint32_t model, session;
    bool genuine;
    bool tried;    /* false: not part of this background's trials */
    bool scored;   /* false: not tried, or no evidence */
    bool absorbed; /* learnt from (adapt) */
    double score;
};

struct contest {
    struct bout *bout;
    size_t bouts;
    size_t models;
    size_t folds;            /* that people were dealt to */
    _Atomic size_t left_out; /* fields whose people type texts of their own: the most in a model */
    size_t taught;           /* models that were trained on the way: one for each set of teachers */
    uint64_t checksum;       /* of the names of all models that scored */
};

NODISCARD err_t contest_run(const struct dataset *set, const struct contest_options *options,
                            struct contest *out);
void contest_free(struct contest *c);

const char *detector_name(enum detector d);

/* Whether the scores of a detector depend on people in general: no background is learnt for the others. */
bool detector_knows_people(enum detector d);

#endif
