/*
 * train_bots.h - learn the table that tells machines' movements from people's.
 *
 * Floor      lab (may use: base, codec, engine)
 * Source     docs/engine/bots.md. logistic.h does the fit; every movement is also told once more by
 *            another recorder (bot_hand_record), people's and machines' alike.
 * Ownership  a lesson owns its rows; bot_lesson_free() ends it. Data sets are only read.
 * Errors     ERR_NOMEM; ERR_RANGE when people or machines are missing.
 * Threads    one at a time per lesson.
 * Precision  same sets in the same order, same seed: same bits.
 */
#ifndef LAB_TRAIN_BOTS_H
#define LAB_TRAIN_BOTS_H

#include "base/err.h"
#include "engine/bot_learned.h"
#include "lab/bot_hand.h"
#include "lab/dataset.h"

#include <stdint.h>
#include <stdio.h>

enum {
    BOT_LESSON_PER_USER =
        400, /* movements of one person, device or family, evenly over its events */
    BOT_LESSON_PER_HAND = 300 /* of each own generator */
};

struct bot_lesson;

NODISCARD err_t bot_lesson_new(uint64_t seed, struct bot_lesson **out);
void bot_lesson_free(struct bot_lesson **lesson);

/* Learn from a set: trials say who is a person and who is a machine; in a set of people, enrolments
 * are. Sessions of users `without[0]` and `without[1]` are left out (DATASET_NO_USER: nobody). */
NODISCARD err_t bot_lesson_add_set(struct bot_lesson *lesson, const struct dataset *set,
                                   const uint32_t without[2]);

/* Learn from the machines of bot_hand.h. */
NODISCARD err_t bot_lesson_add_hands(struct bot_lesson *lesson);

/* Learn from one movement; too short ones are passed over. */
NODISCARD err_t bot_lesson_add(struct bot_lesson *lesson, const canara_point_t *path, size_t n,
                               bool machine);

NODISCARD err_t bot_lesson_fit(const struct bot_lesson *lesson, struct bot_table *out);

/* Write the table as the C source that ships, bot_learned_table.c. */
NODISCARD err_t bot_table_print(const struct bot_table *table, FILE *to);

#endif
