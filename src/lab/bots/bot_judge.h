/*
 * bot_judge.h - how much a session looks like a machine's: the engine's bot part, and what orders sessions
 * that it says nothing of.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md.
 * Units      nats. A score is the peak of B over the session; sessions that never gave B a nat are
 *            ordered below 0 by their learned evidence, their typing (bot_typed.h), their strokes
 *            (bot_lean.h) and what was learned of acts (train_acts.h), which also order sessions of equal
 *            nats, by hundredths above them.
 * Ownership  sets and trees are borrowed for the call.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_JUDGE_H
#define LAB_BOT_JUDGE_H

#include "engine/machines/bot_learned.h"
#include "lab/bots/train_acts.h"
#include "lab/sets/dataset.h"

/* Which parts of the evidence count. */
enum bot_parts { BOT_PART_RULES = 1, BOT_PART_LEARNED = 2, BOT_PART_ALL = 3 };

/* How one session is judged. */
struct bot_judge {
    const struct trees *trees; /* the learned part */
    enum bot_parts parts;
    const bool *replayed; /* of each event of the set: another session has done it; NULL: none */
    const struct act_trees *acts; /* learned of entries, strokes and vectors; NULL: nothing */
};

/* Score of one session. */
double bot_eval_session(const struct dataset *set, size_t session, const struct bot_judge *judge);

/* The same of one movement. */
double bot_eval_path(const canara_point_t *path, size_t n, const struct bot_judge *judge);

#endif
