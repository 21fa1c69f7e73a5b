/*
 * act_copies.h - the acts of a set's machines that nearly copy an act of a person, and those that they copy.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Learned in the set": who sends people's own entries again is not told from
 *            people by what entries are like, and what is learned of the copies is learned of those they copy,
 *            left out or not.
 * Ownership  act_copies_deinit() ends them; data sets are only read.
 * Errors     ERR_NOMEM.
 * Threads    no shared state.
 * Precision  same sets: same copies.
 */
#ifndef LAB_ACT_COPIES_H
#define LAB_ACT_COPIES_H

#include "base/err.h"
#include "lab/bots/act_walk.h"
#include "lab/bots/bot_acts.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ACT_COPIES_PEOPLE = 16384, /* acts of people of a kind that are compared, evenly; fewer */
    ACT_COPIES_SCALE = 1024    /* of them give the scale */
};

struct act_copies {
    size_t *first; /* one a session, and one more: where its acts begin in `copy` */
    bool *copy;
    size_t machines[BOT_ACTS]; /* acts of machines that would be learned from */
    size_t copies[BOT_ACTS];   /* of them */
};

/* Find the acts of machines of `set` that are nearer to an act of any person of `people` than half of what
 * people's acts, by the median, are from the nearest other act of a person. Only those are looked at that
 * act_walk() takes of act_lesson_share(). Where `people` is `set`, the acts that are copied are marked as well:
 * who learned them would take their copies for people. */
NODISCARD err_t act_copies_find(const struct dataset *people, const struct dataset *set,
                                struct act_copies *out);
void act_copies_deinit(struct act_copies *c);

/* Whether this act nearly copies one of a person, or is copied itself. */
bool act_copies_has(const struct act_copies *c, const struct act_met *met);

/* Whether more than half of the acts of that kind are: what is left says little of the set's machines. */
bool act_copies_are_most(const struct act_copies *c, enum bot_act kind);

#endif
