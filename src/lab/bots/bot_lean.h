/*
 * bot_lean.h - the order of sessions that no rule tells anything of: how much a finger's strokes look made.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Sessions without a nat". Set by hand, since nobody has real strokes with
 *            their points here: it orders sessions, and is no evidence that a server weighs.
 * Units      about nats; a hand is below 0.
 * Errors     none.
 * Threads    no state.
 */
#ifndef LAB_BOT_LEAN_H
#define LAB_BOT_LEAN_H

#include "engine/session/session_state.h"

#include <stddef.h>

#define BOT_LEAN_MAX 4.0 /* either way */

/* Sums over the strokes of a session. */
struct bot_lean {
    double sum;
    size_t strokes;
};

/* Add the strokes of one event of a finger; coordinates that are not sane are passed over. */
void bot_lean_add(struct bot_lean *lean, const canara_point_t *p, size_t n);

/* What strokes and habits say, within BOT_LEAN_MAX; 0 of who did nothing. */
double bot_lean_of(const struct bot_lean *lean, const struct bot_habits *habits);

#endif
