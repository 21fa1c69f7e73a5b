/*
 * bot_habits.h - what the reaches, clicks, taps and swipes of a session have in common.
 *
 * Floor      engine/machines
 * Source     docs/engine/bots.md. A hand does nothing twice in the same way (Schmidt et al., "Motor-output
 *            variability", 1979); joints turn, so that its reaches are arcs (Morasso, 1981).
 * Units      milliseconds, px.
 * Errors     none; what has no strokes has no habits.
 * Threads    no shared state; one pass over the points.
 */
#ifndef ENGINE_BOT_HABITS_H
#define ENGINE_BOT_HABITS_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of some count; before the count is full both are halved, so that old ones fade. */
struct bot_share {
    uint16_t part, all;
};

/* How long what came so far took, in the mean and by squares about it. */
struct bot_lasts {
    float mean, squares;
};

/* Of one session. */
struct bot_habits {
    struct bot_lasts tap_ms, swipe_ms;
    int16_t ends[4];           /* where the newest swipe landed and was lifted, in halves of a px */
    struct bot_share straight; /* of the reaches of a pointer, of six places and 100 px or more */
    struct bot_share quick;    /* presses of a button and taps that no finger makes */
    struct bot_share jumps;    /* of the movements that begin after a rest: over with one report */
    uint8_t taps, swipes;      /* behind tap_ms and swipe_ms */
    uint8_t straight_swipes;
    uint8_t spare; /* 0: no padding */
};

/* What the newest event has shown, beside what was known. */
struct bot_shown {
    bool straight; /* one more straight reach or swipe, and most of three or more are */
    bool quick; /* one more press that no finger makes; three quarters, four at least, are such */
    bool even;  /* one more tap or swipe, and all of ten taps or eight swipes last the same time */
    bool jumps; /* one more jump, and a quarter of all movements and three at least are */
    bool again; /* a swipe landed and was lifted where the one before was */
};

/* Count what `n` points of a pointer, of which there is one at least, do. */
struct bot_shown bot_habits_point(struct bot_habits *h, const canara_point_t *p, size_t n);

/* The same of a finger's. */
struct bot_shown bot_habits_touch(struct bot_habits *h, const canara_point_t *p, size_t n);

#endif
