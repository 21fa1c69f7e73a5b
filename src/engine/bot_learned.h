/*
 * bot_learned.h - what was learned of the movements of people and machines, as one table of numbers.
 *
 * Floor      engine (may use: base)
 * Source     docs/engine/bots.md: logistic regression of standardised features and their distances
 *            from what is ordinary, made by src/lab/train_bots.c.
 * Units      nats, positive for a machine.
 * Ownership  the shipped table is static storage.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_BOT_LEARNED_H
#define ENGINE_BOT_LEARNED_H

#include "engine/bot_motion.h"

#define BOT_LEARNED_MAX 3.0 /* nats of one event, and of a session */

enum { BOT_COLUMNS = 31 };

/* One feature: z = clip((f - centre) / spread, +-4) adds along * z + away * |z|. */
struct bot_column {
    double centre, spread; /* of people */
    double along, away;
};

/* `bias` includes the honest centre: 99 of 100 movements of people that were learned from are <= 0. */
struct bot_table {
    double bias;
    struct bot_column column[BOT_COLUMNS];
};

/* Which of the features the columns are: those a recorder cannot make by itself. */
size_t bot_column_feature(size_t column);

/* Nats of one movement, before any limit. Finite for any finite features. */
double bot_table_nats(const struct bot_table *t, const double f[BOT_MOTION_FEATURES]);

/* The table that ships. */
const struct bot_table *bot_table_shipped(void);

#endif
