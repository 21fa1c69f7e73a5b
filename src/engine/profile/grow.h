/*
 * grow.h - small boosted trees that tell one person's rows of bins from everybody else's.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md: Newton boosting with histograms (Friedman 2001; Chen and
 *            Guestrin 2016). Depth, number, step and ridge: chosen on two of six folds of the Antal
 *            strokes, 2026.
 * Units      leaves in 1/8192 of a nat before calibration, positive for the owner.
 * Ownership  everything is borrowed; grow() frees what it takes from the heap.
 * Errors     false: no memory.
 * Threads    no shared state.
 * Precision  double; the same rows in the same order give the same trees.
 */
#ifndef ENGINE_GROW_H
#define ENGINE_GROW_H

#include "engine/people/crowd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GROW_TREES = 100,
    GROW_DEPTH = 3,
    GROW_LEAVES = 1 << GROW_DEPTH,
    GROW_NODES = GROW_LEAVES - 1
};

/* A row goes right at a node when its bin is above the cut: from
 * node k to 2k + 1 or, to the right, 2k + 2. */
struct tree {
    uint8_t feature[GROW_NODES];
    uint8_t cut[GROW_NODES];
    int16_t leaf[GROW_LEAVES];
};

#define TREE_LEAF 8192.0

struct grow_rows {
    size_t features;
    size_t own, others;
    const uint8_t *own_row;   /* own x features bins */
    const double *own_weight; /* > 0 */
    const uint8_t *other_row; /* share the weight of the own ones evenly */
};

bool grow(const struct grow_rows *rows, struct tree out[GROW_TREES]);

/* Sum of the leaves, in nats. */
double trees_sum(const struct tree tree[GROW_TREES], const uint8_t *bins);

#endif
