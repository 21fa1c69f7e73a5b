/*
 * trees.h - boosted trees: the checked walk over a compact binary form, and its writer.
 *
 * Floor      engine/arithmetic
 * Source     Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
 *            Statistics 29, 2001; the training and its semantics are those of Chen and Guestrin,
 *            "XGBoost: a scalable tree boosting system", KDD 2016 (binary:logistic).
 * Units      margins in nats: the log odds that the label is 1.
 * Ownership  struct trees borrows the bytes that trees_check() took; they must live as long and
 *            must not change. Nothing is allocated.
 * Errors     an answer for each way in which bytes can be wrong; the walk itself cannot fail.
 * Threads    no shared state.
 * Precision  features are rounded to float before the comparison, since training compares floats
 *            (x < threshold goes left); beyond the largest float they become infinite. The leaves
 *            are summed in double, in the order of the trees.
 *
 * The form, little-endian, walked where it lies (any alignment):
 *    0  u8[4]  "CBTR"                    16  f32  margin before the first tree
 *    4  u16    version, 1                20  u32  0
 *    6  u16    features                  24  u32  bytes in all
 *    8  u32    trees                     28  u32  CRC-32C of bytes 0..27 and 32..end
 *   12  u32    nodes                     32  u32  per tree: first node | depth << 24
 *   then per node f32 (threshold, or a leaf's value) and u32: feature | missing goes left << 8 |
 *   steps to the left child << 10; the right child stands behind the left one; a leaf has 1 << 9.
 * The nodes of a tree stand level by level, so that the children of its k-th split can only be its
 * nodes 2k + 1 and 2k + 2: a cycle or a shared child cannot be written, and one forest has one form.
 */
#ifndef ENGINE_TREES_H
#define ENGINE_TREES_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREES_BYTES_MAX ((size_t)1 << 20) /* keeps the walk within a second level cache */

enum {
    TREES_VERSION = 1,
    TREES_MAX = 2000,
    TREES_DEPTH_MAX = 12, /* splits between the root and a leaf */
    TREES_FEATURES_MAX = 256,
    TREES_HEAD_BYTES = 32,
    TREES_NODE_BYTES = 8,
    TREES_ROOT_BYTES = 4,
};

enum trees_answer {
    TREES_GOOD,
    TREES_BAD_SIZE,     /* shorter or longer than its head says, or than the limits allow */
    TREES_BAD_MAGIC,    /* not trees at all */
    TREES_BAD_VERSION,  /* of another version */
    TREES_BAD_CHECKSUM, /* damaged */
    TREES_BAD_FEATURES, /* made for another number of features, or a split on one beyond them */
    TREES_BAD_COUNT,    /* too many trees, or fewer or more nodes than the trees have */
    TREES_BAD_SHAPE,    /* a child, a root or a leaf that does not stand where it must */
    TREES_BAD_DEPTH,    /* deeper than TREES_DEPTH_MAX */
    TREES_BAD_NUMBER,   /* a threshold, leaf or first margin that is not finite */
};

struct forest;

/* A checked forest, only from trees_check(). */
struct trees {
    const uint8_t *root;
    const uint8_t *node;
    uint32_t trees;
    uint32_t nodes;
    uint32_t features;
    double base; /* nats */
    const struct forest
        *forest; /* the same, laid out for walking faster (engine/arithmetic/forest.h); NULL: not */
};

/* One node for trees_write(). */
struct trees_node {
    float value;       /* threshold of a split, nats of a leaf */
    uint16_t feature;  /* of a split */
    bool is_split;     /* its children follow in the order of the splits */
    bool missing_left; /* where NaN goes */
};

/* Verify everything about `bytes`; on TREES_GOOD alone `*out` is set and safe to walk with any x of
 * `features` numbers. */
NODISCARD enum trees_answer trees_check(span_t bytes, size_t features, struct trees *out);

/* The margin of x[0..features), in nats; NaN = missing. Finite for every x. */
double trees_margin(const struct trees *t, const double *x);

/* The first node of a tree, which is one of t->trees. */
uint32_t trees_first(const struct trees *t, uint32_t tree);

/* What node `i` says, which is one of t->nodes. Returns its left child, before the right one; of a leaf
 * itself. */
uint32_t trees_node(const struct trees *t, uint32_t i, struct trees_node *out);

/* A few words for a person about an answer. */
const char *trees_answer_text(enum trees_answer a);

/* What trees_write() needs besides the nodes. */
struct trees_shape {
    size_t features;
    float base; /* nats before the first tree */
};

/* Write `n` nodes (trees one after the other, each level by level) to out[0..cap); `*size` is set on
 * TREES_GOOD. Refuses what trees_check() would refuse. */
NODISCARD enum trees_answer trees_write(const struct trees_node *node, size_t n,
                                        struct trees_shape shape, uint8_t *out, size_t cap,
                                        size_t *size);

#endif
