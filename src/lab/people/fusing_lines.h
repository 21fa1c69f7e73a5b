/*
 * fusing_lines.h - trials of owners of whom more and less is known, and the lines from scores to nats through them.
 *
 * Each of FUSION_LINES has a number of known samples for its middle; a trial counts for the two lines about it, the
 * more the nearer it is. Where that leaves a line is where it is said to be: people with 50 samples have no trial
 * behind 50.
 *
 * Floor      lab/people
 * Source     local likelihood: Tibshirani and Hastie 1987; docs/engine/calibration.md.
 * Units      nats.
 * Ownership  trials own their rows: fusing_trials_deinit().
 * Errors     ERR_NOMEM; ERR_RANGE: too few trials for any line.
 * Threads    no state.
 * Precision  deterministic: the order of the trials is the order of the sums.
 */
#ifndef LAB_FUSING_LINES_H
#define LAB_FUSING_LINES_H

#include "base/err.h"
#include "engine/people/evidence.h"

#include <stddef.h>
#include <stdint.h>

struct calibration;

struct fusing_trial {
    double score[SCORES];
    uint32_t side;  /* a number of its own for each owner's own trials, and for those of others */
    uint16_t known; /* samples of the owner's */
    uint8_t label;  /* 1: of another */
};

/* Zeros: none. */
struct fusing_trials {
    struct fusing_trial *trial;
    size_t count, cap;
    uint32_t sides; /* the one that is being tried */
};

NODISCARD err_t fusing_trials_add(struct fusing_trials *t, const double score[SCORES], size_t known,
                                  uint8_t label);
void fusing_trials_deinit(struct fusing_trials *t);

/* A line without trials of its own is its neighbour's. */
NODISCARD err_t fusing_lines_fit(const struct fusing_trials *t, struct fusion_lines *out);

/* What the evidence of these trials is worth, for who wants to know. */
NODISCARD err_t fusing_lines_tell(const struct fusing_trials *t, const struct fusion_lines *lines,
                                  unsigned kind, struct calibration *to);

#endif
