/*
 * bot_hand.h - machines that move a pointer, written after the public recipes, to train and test on.
 *
 * Floor      lab/bots
 * Source     pynput and pyautogui scripts (steps with delays); Bezier curves with easing, as ghost-cursor
 *            draws them; WindMouse, B. J. Land 2005; minimum jerk, Flash and Hogan 1985;
 *            sigma-lognormal, Plamondon 1995; noise on a smooth spline, as generative networks make.
 * Units      milliseconds, px.
 * Ownership  the caller's array; nothing is kept.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_HAND_H
#define LAB_BOT_HAND_H

#include "base/rng.h"
#include "canara.h"

#include <stddef.h>

enum bot_hand {
    BOT_HAND_STEPS,       /* straight lines in equal steps */
    BOT_HAND_BEZIER,      /* cubic curves with an easing and jitter */
    BOT_HAND_MIN_JERK,    /* the smoothest reach, with white noise */
    BOT_HAND_WIND,        /* WindMouse */
    BOT_HAND_LOGNORMAL,   /* overlapping lognormal strokes */
    BOT_HAND_SPLINE,      /* a spline through noisy points, followed at any speed */
    BOT_HAND_CURVE,       /* circles and waves by formula, with jitter */
    BOT_HAND_SMOOTH,      /* low harmonics and moving averages of noise */
    BOT_HAND_MEMORY,      /* autoregressive steps */
    BOT_HAND_PERLIN,      /* reaches with smooth noise aside and in pace */
    BOT_HAND_LATENT,      /* a smooth map of a latent line, as generative networks draw */
    BOT_HAND_CORRECTIONS, /* reaches of minimum jerk that miss and are corrected */
    BOT_HAND_DRAWN,       /* velocity that forgets, drawn to a goal */
    BOT_HAND_TWEEN,       /* arcs by the laws of animation libraries */
    BOT_HAND_ROUNDED,     /* polygons with rounded corners at a wandering pace */
    BOT_HANDS
};

enum { BOT_HAND_POINTS = 512 };

/* One movement of a machine with habits drawn from `rng`. Returns how many points, at least 16. */
size_t bot_hand_move(enum bot_hand hand, struct rng *rng, canara_point_t out[BOT_HAND_POINTS]);

/* The path as another recorder would have told it: other times, other density of px. Both people and
 * machines go through it, so that nothing is learnt of recorders. `out` has room for `n`; never finer
 * than the path itself in substance. Returns how many points were reported, at most `n`. */
size_t bot_hand_record(const canara_point_t *path, size_t n, struct rng *rng, canara_point_t *out);

/* Stable name. */
const char *bot_hand_name(enum bot_hand hand);

#endif
