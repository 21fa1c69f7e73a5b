/*
 * train_acts.h - learn trees that tell machines' entries, strokes and vectors from people's.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Learned in the set". Beside the machines of the sets, what people typed is
 *            typed again by the scripts of bot_typist.h, so that an unseen one is known by its like.
 * Ownership  a lesson owns its rows; act_lesson_free() ends it. Data sets are only read. Trees borrow the
 *            bytes of their struct act_trees.
 * Errors     ERR_NOMEM, ERR_LIMIT; those of boost_train(), with a line in `why`.
 * Threads    one at a time per lesson.
 * Precision  same sets in the same order, same seed: same bits.
 */
#ifndef LAB_TRAIN_ACTS_H
#define LAB_TRAIN_ACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/arithmetic/trees.h"
#include "lab/bots/act_copies.h"
#include "lab/bots/act_walk.h"
#include "lab/bots/boost_files.h"
#include "lab/bots/bot_acts.h"
#include "lab/bots/bot_typist.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stdint.h>

/* Trees of each kind of act; `learned` says of which there are any. */
struct act_trees {
    bool learned[BOT_ACTS];
    struct trees trees[BOT_ACTS];
    struct buf bytes[BOT_ACTS];
};

struct act_lesson;

NODISCARD err_t act_lesson_new(uint64_t seed, struct act_lesson **out);
void act_lesson_free(struct act_lesson **lesson);

/* Learn from a set: bot_labels.h says whose a session is. Sessions of the users for whom `without` is true
 * are left out (NULL: nobody's). What people typed is typed again, each entry by one script, in turn, of those
 * that need nobody else's times. Acts of `copies` (of this set, or NULL) are not learned from, and a kind of
 * which most of machines' are is not learned. */
NODISCARD err_t act_lesson_add_set(struct act_lesson *lesson, const struct dataset *set,
                                   const bool *without, const struct act_copies *copies);

/* Grow trees for each kind of act of which people and machines have shown some. */
NODISCARD err_t act_lesson_fit(struct act_lesson *lesson, struct act_trees *out,
                               char why[BOOST_WHY_BYTES]);

/* No trees yet; room for them. */
void act_trees_init(struct act_trees *t);
void act_trees_deinit(struct act_trees *t);

#endif
