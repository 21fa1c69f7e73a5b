/*
 * bot_learned.h - what was learned of the movements of people and machines: boosted trees over windows.
 *
 * Floor      engine/machines
 * Source     docs/engine/bots.md; made by src/lab/bots/train_bots.c. Trees: Friedman 2001 (engine/arithmetic/trees.h).
 * Units      nats, positive for a machine.
 * Ownership  the shipped trees are static storage.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_BOT_LEARNED_H
#define ENGINE_BOT_LEARNED_H

#include "engine/arithmetic/trees.h"
#include "engine/machines/bot_clock.h"
#include "engine/machines/bot_motion.h"

#define BOT_LEARNED_MAX    3.0  /* nats of a session */
#define BOT_LEARNED_ENOUGH 24.0 /* windows */
#define BOT_LEARNED_ZERO   2.5  /* mean margin that is worth nothing: docs/engine/bots.md */

enum { BOT_COLUMNS = 72, BOT_WINDOW_POINTS = 64, BOT_WINDOWS_MAX = 32 };

/* Margins of the windows of one or more paths. */
struct bot_sum {
    double margin, windows;
};

/* A path cut into windows of equal size, of about BOT_WINDOW_POINTS points. */
struct bot_windows {
    const canara_point_t *p;
    size_t n, count;
    double spread; /* bot_motion_step_spread() of the whole path */
    double spread_of[BOT_WINDOWS_MAX];
};

/* Cut; the points are borrowed. */
void bot_windows_begin(struct bot_windows *w, const canara_point_t *p, size_t n);

/* The columns of window `at`; false when it is too short or too small to tell. */
bool bot_windows_columns(const struct bot_windows *w, size_t at, double x[BOT_COLUMNS]);

/* Add the margins of the windows; of one of them once BOT_LEARNED_ENOUGH count: the mean hardly moves by
 * then, and cannot be worth more. */
void bot_learned_add(const struct trees *trees, const struct bot_windows *w, struct bot_sum *sum);

/* Nats of a sum: what its mean is above zero, limited smoothly by one nat a window and
 * BOT_LEARNED_MAX in all. Never below 0. */
double bot_learned_nats(const struct bot_sum *sum);

/* The trees that ship. */
const struct trees *bot_learned_shipped(void);

#endif
