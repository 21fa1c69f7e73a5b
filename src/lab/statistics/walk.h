/*
 * walk.h - everything that measures and bootstrap share: sorted scores, terms, users' own rates.
 *
 * Floor      lab/statistics
 * Ownership  walk_init() copies what it needs; the holder calls walk_deinit().
 * Errors     as ladder_build(); `out` is then untouched.
 * Threads    one walk, one thread at a time.
 */
#ifndef LAB_WALK_H
#define LAB_WALK_H

#include "base/err.h"
#include "lab/statistics/figures.h"
#include "lab/statistics/ladder.h"
#include "lab/statistics/llr.h"

#include <stddef.h>
#include <stdint.h>

struct walk {
    struct ladder ladder;
    struct llr_term *terms;
    struct pav_block *blocks;
    size_t users;
    double *eer;       /* one a user, NaN without both kinds */
    double *zero_miss; /* the same */
};

NODISCARD err_t walk_init(const struct score_user *users, size_t count, struct walk *out);
void walk_deinit(struct walk *w);

/* Every figure, with each user's weight (NULL: one each). */
void walk_figures(struct walk *w, const uint32_t *weight, double out[FIGURES]);

#endif
