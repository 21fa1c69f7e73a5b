/*
 * act_walk.h - the acts of people and machines of a data set, a limited number of each user, evenly.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Learned in the set".
 * Ownership  the set is only read; an act is borrowed for the call.
 * Errors     ERR_NOMEM; those of the function that is called.
 * Threads    no shared state.
 */
#ifndef LAB_ACT_WALK_H
#define LAB_ACT_WALK_H

#include "base/err.h"
#include "lab/bots/bot_acts.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACT_LESSON_PER_USER = 400, /* acts of a kind of one person, device or family, evenly; fewer */
    ACT_LESSON_PER_SET = 40000 /* where a set has so many users that this would be more in all */
};

/* An act, and where it was met. */
struct act_met {
    const struct bot_act_row *act;
    size_t session;
    size_t number; /* of the session's acts, from 0, walked over or not */
    uint32_t user;
    bool machine;
};

typedef err_t (*act_walk_fn)(void *ctx, const struct act_met *met);

/* How many acts of a kind of each user of a set of so many are learned from; 1 at least. */
size_t act_lesson_share(size_t users);

/* Call `fn` for `most` acts of each kind of each user, evenly chosen, in the order of the set. Sessions that
 * bot_labels.h knows nothing of are passed over, and those of the users for whom `without` is true (NULL:
 * nobody's). */
NODISCARD err_t act_walk(const struct dataset *set, size_t most, const bool *without,
                         act_walk_fn fn, void *ctx);

#endif
