/*
 * forest.h - boosted trees of little depth, laid out so that 32 of them are walked at once.
 *
 * Floor      engine/arithmetic
 * Source     comparisons by the rank of a feature among its thresholds, and trees side by side, as in Lucchese
 *            and others, "QuickScorer: a fast algorithm to rank documents with additive ensembles of
 *            regression trees", SIGIR 2015; ranks are looked up by shuffles of bytes.
 * Units      nats.
 * Ownership  a struct forest is static storage, or belongs to who laid it out.
 * Errors     false when trees cannot be laid out so.
 * Threads    no shared state.
 * Precision  the margins are those of trees_margin() to the bit: forest_lay() takes only leaves whose sums
 *            are exact in a double, in whatever order.
 */
#ifndef ENGINE_FOREST_H
#define ENGINE_FOREST_H

#include "engine/arithmetic/trees.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FOREST_TREES = 128,
    FOREST_ABREAST = 32, /* trees */
    FOREST_DEPTH = 4,
    FOREST_SPLITS = (1 << FOREST_DEPTH) - 1, /* of a whole tree, level by level */
    FOREST_LEAVES = 1 << FOREST_DEPTH,
    FOREST_PLACES = 80, /* for features, in bands of eight */
    FOREST_BAND = 8,
    FOREST_BANDS = FOREST_PLACES / FOREST_BAND,
    FOREST_ROWS = 320, /* of eight thresholds */
    FOREST_RANK_MAX = 254
};

/* A feature stands at a place; its rank is the number of its thresholds that are not above it. A split sends
 * left what has no more than its rank. Where a branch ends early, all splits and leaves below are alike. */
struct forest {
    size_t trees, features;
    double base;
    uint8_t place_feature[FOREST_PLACES];      /* which feature stands there; 0 where none does */
    uint8_t rows[FOREST_BANDS];                /* of thresholds of a band */
    float threshold[FOREST_ROWS][FOREST_BAND]; /* ascending in each column; NaN behind the last */
    uint8_t place[FOREST_SPLITS][FOREST_TREES];
    uint8_t rank[FOREST_SPLITS][FOREST_TREES];
    float leaf[FOREST_TREES][FOREST_LEAVES];
};

/* Lay the trees out; false, and `out` is of no use, when they are too many or too deep, or have too many
 * features or thresholds, or when sums of their leaves would be rounded. */
bool forest_lay(const struct trees *t, struct forest *out);

#if defined(__x86_64__)
/* The margin of x[0..features), none of which is NaN; for processors with AVX2. False when one is. */
bool forest_margin_avx2(const struct forest *f, const double *x, double *margin);
#endif

/* The same with what this processor has; false when it has nothing for it, or a number is NaN. */
bool forest_margin(const struct forest *f, const double *x, double *margin);

#endif
