/*
 * bot_seen.h - whether the detector of machines that ships has learned from a data set.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md. The least hashes of a set stand for all of it: Broder, "On the
 *            resemblance and containment of documents", 1997.
 * Ownership  the shipped table is static storage.
 * Errors     ERR_NOMEM; ERR_IO of the stream.
 * Threads    no state.
 *
 * A figure on what was learned from is no figure. Names of sets can be changed, so movements tell: of
 * every person, device and family that was learned from the table keeps the BOT_SEEN_EACH least hashes
 * of its movements, from which no movement can be told.
 */
#ifndef LAB_BOT_SEEN_H
#define LAB_BOT_SEEN_H

#include "base/err.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { BOT_SEEN_EACH = 16 };

struct bot_seen {
    const uint64_t *hash; /* ascending */
    size_t count;
};

/* Of what the shipped trees have learned from. */
struct bot_seen bot_seen_shipped(void);

/* Whether any movement of the set's human and bot trials is in the table. */
bool bot_seen_any(const struct bot_seen *seen, const struct dataset *set);

/* Append the hashes of what bot_lesson_add_set() learns from the set, to be sorted by the caller.
 * `*hash` is grown, and freed by the caller. */
NODISCARD err_t bot_seen_add(const struct dataset *set, uint64_t **hash, size_t *count);

/* Write sorted hashes as the C source that ships, bot_seen_table.c. */
NODISCARD err_t bot_seen_print(const struct bot_seen *seen, FILE *to);

#endif
