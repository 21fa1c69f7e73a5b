/*
 * bot_motion.h - the shape of a movement, whoever and whatever recorded it.
 *
 * Floor      engine/machines
 * Source     docs/engine/bots.md. Smoothness by ratios of differences: Balasubramanian et al., "On the
 *            analysis of movement smoothness", 2015; slow where it bends: Lacquaniti, Terzuolo and
 *            Viviani, "The law relating the kinematic and figural aspects of drawing movements", 1983.
 * Units      milliseconds, px; the features have none.
 * Errors     none; a path too short or too small to tell has no features.
 * Threads    no shared state.
 */
#ifndef ENGINE_BOT_MOTION_H
#define ENGINE_BOT_MOTION_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>

/* What is measured of a series of moves; all within [-2, 2]. */
enum bot_move_feature {
    MOVE_STEP_CHANGE,    /* mean of |s2 - s1| / (s1 + s2), s a step's length */
    MOVE_SPEED_CHANGE,   /* the same of speeds, less MOVE_STEP_CHANGE: who follows the clock? */
    MOVE_TIME_CHANGE,    /* the same of the steps' durations */
    MOVE_TIME_TELLS,     /* correlation of the changes of step and of duration */
    MOVE_TIME_SLOPE,     /* slope of the former over the latter: 1 when a hand moves on meanwhile */
    MOVE_STEP_SPREAD,    /* mean of |s - mean s| / (s + mean s) */
    MOVE_TIME_SPREAD,    /* the same of durations */
    MOVE_BEND_CHANGE,    /* mean of |b2 - b1| / (|b1| + |b2|), b the sine of a turn */
    MOVE_STEP_MEMORY,    /* autocorrelation of the changes of step */
    MOVE_SPEED_MEMORY,   /* the same of speed */
    MOVE_TIME_MEMORY,    /* the same of duration */
    MOVE_TURN,           /* mean of (1 - cosine) / 2 of a turn */
    MOVE_BEND,           /* mean of |sine| of a turn */
    MOVE_TURN_MEMORY,    /* autocorrelation of the sines: a hand goes on bending the same way */
    MOVE_SLOW_IN_BENDS,  /* correlation of relative speed and turn */
    MOVE_SPEED_SPREAD,   /* mean of |v - mean v| / (v + mean v) */
    MOVE_FAST_REVERSALS, /* mean relative speed around turns of over a right angle */
    MOVE_RESTS,          /* share of steps of no length */
    MOVE_SAME_STEPS,     /* share of steps that repeat the one before */
    MOVE_SAME_TIMES,     /* share of durations within 2 % of the one before */
    MOVE_ROUGHNESS,      /* differences of second order of position over steps, compressed */
    MOVE_JERK,           /* third order over second, the same way */
    MOVE_ASIDE, /* share of the second differences that lies across the way: 1/2 of white noise */
    MOVE_ROUGH_WHEN_FAST, /* correlation of second differences and speed: a hand's noise grows with it */
    MOVE_SPEED_FLIPS, /* share of changes of speed that undo the one before */
    MOVE_FEATURES
};

/* The same of three series: moves of 2 px or more, of three mean steps or more, and positions every 50 ms. */
enum bot_motion_series { MOTION_RAW, MOTION_THINNED, MOTION_EVEN, MOTION_SERIES };

#define BOT_MOTION_UNEVEN 30.0

enum {
    BOT_MOTION_EVENNESS = MOTION_SERIES * MOVE_FEATURES, /* 1 / (1 + bot_motion_step_spread()) */
    BOT_MOTION_FEATURES,
    BOT_MOTION_MIN_POINTS = 12 /* fewer tell nothing */
};

/* Features of one path, series by series; `spread` is its bot_motion_step_spread(). Coordinates are rounded
 * to whole px first, and of a path of more than 640 points the beginning is looked at. False, and `f`
 * untouched, when the path has fewer than BOT_MOTION_MIN_POINTS points or stays within a few px. */
bool bot_motion_features(const canara_point_t *p, size_t n, double spread,
                         double f[BOT_MOTION_FEATURES]);

/* How even the steps are: the least relative spread of step lengths, rounding to px taken off, over
 * windows of 12 to 32 moves that turn by 45 degrees in sum, as a multiple of what no person stayed
 * below. Under 1 a program set the steps: a recorder's follow the hand's speed. BOT_MOTION_UNEVEN when
 * no window counts. Steps of double length, two reports in one, are left out. */
double bot_motion_step_spread(const canara_point_t *p, size_t n);

/* The same, and in part[0..parts) of each of so many parts of equal size by itself: part k begins at
 * point k n / parts. */
double bot_motion_step_spreads(const canara_point_t *p, size_t n, size_t parts, double *part);

#endif
