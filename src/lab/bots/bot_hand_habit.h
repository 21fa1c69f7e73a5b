/*
 * bot_hand_habit.h - how a machine of bot_hand.h keeps time and shakes, and its drifting movements.
 *
 * Floor      lab/bots
 * Source     smooth: sums of harmonics and moving averages of noise, as generative networks draw; memory:
 *            second order autoregression of velocity, as recurrent networks draw; perlin: Perlin, "An
 *            image synthesizer", SIGGRAPH 1985, in one dimension.
 * Units      milliseconds, px.
 * Ownership  the caller's array of BOT_HAND_POINTS.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_HAND_HABIT_H
#define LAB_BOT_HAND_HABIT_H

#include "lab/bots/bot_hand.h"

#include <stdbool.h>

#define BOT_HAND_PI 3.14159265358979323846

struct bot_habit {
    struct rng *rng;
    double pause_ms; /* between two moves */
    double jitter;   /* relative, of the pause */
    int law;         /* of the pause: 0 constant, 1 uniform, 2 normal, 3 exponential */
    double shake_px; /* white noise of places */
    bool whole;      /* places are whole px */
    size_t n;
    double t;
    canara_point_t *out;
};

double bot_habit_between(struct rng *r, double low, double high);

struct bot_habit bot_habit_of(struct rng *rng, canara_point_t *out);

/* Report a place, and wait. */
void bot_habit_put(struct bot_habit *h, double x, double y);

void drift_smooth(struct bot_habit *h);
void drift_memory(struct bot_habit *h);
void drift_perlin(struct bot_habit *h);

/* bot_hand_art.c */
void art_latent(struct bot_habit *h);
void art_corrections(struct bot_habit *h);
void art_drawn(struct bot_habit *h);
void art_tween(struct bot_habit *h);
void art_rounded(struct bot_habit *h);

#endif
