/*
 * self.h - how near a stroke or an action comes to the person's own, where other people are no measure for him.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md, "Held against himself": nearest neighbour of scaled features.
 * Units      distances: a feature's mean, in the person's own spreads, each cut at LENS_CAP.
 * Ownership  plain value without a pointer in it.
 * Errors     false: too little to compare.
 * Threads    no shared state.
 */
#ifndef ENGINE_SELF_H
#define ENGINE_SELF_H

#include "engine/people/crowd.h"
#include "engine/people/lens.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SELF_MIDDLE_MAX 1e6F
#define SELF_SPREAD_MIN 0.05F /* of features whose units are known */
#define SELF_SPREAD_MAX 1e6F

enum { SELF_ROOM = 3480 }; /* bytes of rows: 116 of 30 features */

struct self {
    float middle[CROWD_FEATURES_MAX]; /* median of all rows */
    float spread
        [CROWD_FEATURES_MAX]; /* mean absolute deviation about it; 0: a vector's column that never varied */
    uint16_t rows;            /* kept, evenly of all, the newest first */
    uint8_t row[SELF_ROOM + LENS_TAIL]; /* lens_byte() of each feature; 0: missing */
};

/* All that is known of one person, the newest first; NaN: missing. */
struct self_rows {
    const float *value; /* count x features */
    size_t count, features;
    bool
        vectors; /* of any unit: a spread has no floor, and a column that never varied says nothing */
};

/* Rows of so many features that are kept at most. */
size_t self_rows_max(size_t features);

/* `rows` has at least one row. False: no memory; `out` is as it was. */
bool self_learn(const struct self_rows *rows, struct self *out);

/* The logarithm of the distance to the nearest row. False when fewer than half of the features that vary are there. */
bool self_score(const struct self *s, const struct sample *x, double *out);

/* From that score, as SCORE_NEAREST, to nats where `known` rows are known. */
void self_fusion(size_t known, struct fusion *out);

#endif
