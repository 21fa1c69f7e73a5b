/*
 * train_bots.h - learn the trees that tell machines' movements from people's.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md. boost_client.h does the fit; every movement is also told twice more by
 *            other recorders (bot_hand_record), people's and machines' alike.
 * Ownership  a lesson owns its rows; bot_lesson_free() ends it. Data sets are only read.
 * Errors     ERR_NOMEM; ERR_RANGE when people or machines are missing; those of boost_train().
 * Threads    one at a time per lesson.
 * Precision  same sets in the same order, same seed: same bits.
 */
#ifndef LAB_TRAIN_BOTS_H
#define LAB_TRAIN_BOTS_H

#include "base/err.h"
#include "engine/machines/bot_learned.h"
#include "lab/bots/boost_files.h"
#include "lab/bots/bot_hand.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    BOT_LESSON_PER_USER =
        400, /* movements of one person, device or family, evenly over its events */
    BOT_LESSON_PER_HAND = 1000 /* of each own generator */
};

struct bot_lesson;

NODISCARD err_t bot_lesson_new(uint64_t seed, struct bot_lesson **out);
void bot_lesson_free(struct bot_lesson **lesson);

/* Learn from a set: trials say who is a person and who is a machine; in a set of people, enrolments
 * are. Sessions of the users for whom `without` is true are left out (NULL: nobody's). */
NODISCARD err_t bot_lesson_add_set(struct bot_lesson *lesson, const struct dataset *set,
                                   const bool *without);

/* Learn from the machines of bot_hand.h but `without` (BOT_HANDS: from all). */
NODISCARD err_t bot_lesson_add_hands(struct bot_lesson *lesson, int without);

/* Learn from one movement; too short ones are passed over. */
NODISCARD err_t bot_lesson_add(struct bot_lesson *lesson, const canara_point_t *path, size_t n,
                               bool machine);

/* What is added from now on is of somebody else: everybody weighs the root of what was seen of him. */
void bot_lesson_next(struct bot_lesson *lesson);

/* Ask canara-boost for trees over bot_windows_columns(), appended to `trees`. */
NODISCARD err_t bot_lesson_fit(const struct bot_lesson *lesson, struct buf *trees,
                               char why[BOOST_WHY_BYTES]);

/* Write checked trees as the C source that ships, bot_learned_trees.c: as they are, and laid out as a
 * forest (engine/arithmetic/forest.h). ERR_FORMAT when they cannot be. */
NODISCARD err_t bot_trees_print(span_t bytes, FILE *to);

#endif
