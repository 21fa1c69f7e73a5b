/*
 * bot_acts.h - what one act of a session looks like to who learns machines from people: an entry of keys, a
 * stroke of a finger, a fixed vector.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Learned in the set": moments, memory and places of times; strokes as the
 *            engine has them (strokes.h); von Neumann's ratio (1941).
 * Units      natural logs of milliseconds and of what a screen tells; NaN: missing.
 * Ownership  the columns handed over are borrowed for the call.
 * Errors     none: an event without acts gives none.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_ACTS_H
#define LAB_BOT_ACTS_H

#include "canara.h"

#include <stddef.h>

enum bot_act { BOT_ACT_TYPED, BOT_ACT_STROKE, BOT_ACT_VECTOR, BOT_ACTS };

enum {
    BOT_ACT_COLUMNS = 96, /* of each; what an act has no use for is missing */
    BOT_ACT_KEYS = 64,    /* of one entry; a longer text is as many as it takes */
    BOT_ACT_KEYS_MIN = 4,
    BOT_ACT_PLACES = 24, /* keys of an entry that are looked at one by one */
    BOT_ACT_HOLDS = 25,  /* of an entry: its first column of holds by place, */
    BOT_ACT_GAPS = BOT_ACT_HOLDS + BOT_ACT_PLACES, /* and of pauses; none after them */
};

/* One act. */
struct bot_act_row {
    enum bot_act kind;
    double x[BOT_ACT_COLUMNS];
    const canara_key_t *keys; /* that were typed, or NULL: not an entry, or its intervals alone */
    size_t key_count;
};

typedef void (*bot_act_fn)(void *ctx, const struct bot_act_row *act);

/* Call `fn` for each act of the event. */
void bot_acts_of(const canara_event_t *event, bot_act_fn fn, void *ctx);

/* The columns of keys that were typed one after the other, BOT_ACT_KEYS_MIN to BOT_ACT_KEYS of them. */
void bot_act_typed(const canara_key_t *keys, size_t n, double x[BOT_ACT_COLUMNS]);

#endif
