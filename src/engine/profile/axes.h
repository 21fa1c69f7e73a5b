/*
 * axes.h - a row of bins along the axes on which people differ most from each other and least from
 *          themselves.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md: two-covariance model (Prince and Elder 2007) on the axes that make both
 *            covariances diagonal (Ioffe 2006), with tails (Kenny 2010) and a spread of the person's own.
 * Units      deviations of one person about his middle, as people have them on average; nats before
 *            calibration, positive against the owner.
 * Ownership  everything is borrowed.
 * Errors     none.
 * Threads    no shared state.
 * Precision  float for places, double for sums; the same rows in the same order give the same bits.
 */
#ifndef ENGINE_AXES_H
#define ENGINE_AXES_H

#include "engine/people/crowd.h"

#include <stddef.h>
#include <stdint.h>

#define AXES_CLIP       16.0
#define AXES_MIDDLE_MAX 1e6F
#define AXES_SPREAD_MIN 1e-4F
#define AXES_SPREAD_MAX 1e7F

/* What is known of one person on each axis of a crowd. */
struct axes_own {
    float middle[CROWD_AXES_MAX];
    float spread
        [CROWD_AXES_MAX]; /* variance about it: his own, and how little the middle is known; > 0 */
};

/* Rows of one person. */
struct axes_rows {
    const uint8_t *row;   /* count x features bins */
    const double *weight; /* >= 0 */
    size_t count;
};

/* Where a row lies on each of the crowd's axes. */
void axes_place(const struct crowd *c, const uint8_t *bins, float out[CROWD_AXES_MAX]);

/* Without rows: everybody's middle and spread. */
void axes_learn(const struct crowd *c, const struct axes_rows *rows, struct axes_own *out);

/* How far the person is from everybody: the root of the mean over axes of the square of his middle, in what middles of
 * so many rows deviate among the people of the crowd. 1 is usual; 0 without rows or axes. */
double axes_apart(const struct crowd *c, const struct axes_rows *rows);

/* How much likelier a row is as somebody's than as the owner's; within AXES_CLIP, 0 without axes. */
double axes_score(const struct crowd *c, const struct axes_own *own, const uint8_t *bins);

#endif
