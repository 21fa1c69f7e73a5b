/*
 * crowd_run.h - how far samples of one session say the same again.
 *
 * Floor      lab/people
 * Source     docs/engine/calibration.md, "V". The search: Dowell and Jarratt, "A modified regula falsi method
 *            for computing the root of an equation", 1971.
 * Units      nats; a run in samples: of PERSON_RUN alike samples of a session so many say the same.
 * Ownership  everything is borrowed for the call.
 * Errors     ERR_RANGE when there are no sessions of one side, or a sum is no number.
 * Threads    no state.
 */
#ifndef LAB_CROWD_RUN_H
#define LAB_CROWD_RUN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CROWD_RUN_MAX 10.0 /* nothing new in a second sample */

/* Sessions: the sum of the weighed evidence of each, of how many samples, and whether they are another's. */
struct run_blocks {
    double *sum, *size;
    uint8_t *label;
    double *heard; /* what the filter would hear of each with the run that was looked at last */
    size_t count;
};

/* The line through what is heard: bias + slope heard. */
struct session_line {
    double bias, slope;
    double ceiling, floor; /* where odd sessions end it */
};

NODISCARD err_t crowd_run_line(const struct run_blocks *b, double run, struct session_line *out);

/* The run from 1 to CROWD_RUN_MAX at which the line has slope 1: samples are then discounted as they should be.
 * The end that is nearer to it where there is none between. */
NODISCARD err_t crowd_run_search(const struct run_blocks *b, double *out);

#endif
