/*
 * habit.h - middle and spread of one feature, the newest samples counting most.
 *
 * Floor      engine/people
 * Source     lower weighted median (Edgeworth 1888) and weighted mean absolute deviation about it, each
 *            with weights 2^(-age / half-life) of its own: a middle follows faster than a spread can
 *            be known. docs/engine/keystrokes.md says how the half-lives were chosen.
 * Units      those of the feature.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_HABIT_H
#define ENGINE_HABIT_H

#include <stddef.h>

#define HABIT_SPREAD_MIN 0.02 /* of features whose units are known */

enum { HABIT_SAMPLES_MAX = 64 };

typedef struct habit {
    double middle;
    double spread;
} habit_t;

/* 2^(-age / half_life) for ages 0 to n - 1; n is at most HABIT_SAMPLES_MAX. */
void habit_weights(double *weight, size_t n, double half_life);

/* Weights of samples by age, newest first. */
struct habit_weights {
    double middle[HABIT_SAMPLES_MAX];
    double spread[HABIT_SAMPLES_MAX];
};

/* Of n >= 1 values, newest first, n at most HABIT_SAMPLES_MAX; the spread is `least` at least. NaN values are
 * left out, and with none left both members are NaN. */
habit_t habit_of(const double *x, const struct habit_weights *weights, size_t n, double least);

#endif
