#include "engine/arithmetic/trees.h"

#include "base/util.h"
#include "engine/arithmetic/forest.h"
#include "engine/arithmetic/numbers.h"

#include <math.h>

#define DEPTH_SHIFT  24
#define ROOT_MASK    0xffffffU
#define STEP_SHIFT   10
#define LEFT_BIT     0x100U
#define LEAF_WORD    0x200U
#define SLOT_MASK    0x3ffU
#define FEATURE_MASK 0xffU

static const uint8_t magic[4] = {'C', 'B', 'T', 'R'};

_Static_assert(TREES_FEATURES_MAX <= FEATURE_MASK + 1, "a feature fits its bits");
_Static_assert(TREES_BYTES_MAX / TREES_NODE_BYTES <= ROOT_MASK, "a node's number fits its bits");
_Static_assert(TREES_BYTES_MAX / TREES_NODE_BYTES < UINT32_C(1) << (32 - STEP_SHIFT),
               "a step fits its bits");

/* ---- bytes ---- */

/* Byte by byte in the source; one load on machines that allow it. */
static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t load_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static float load_f32(const uint8_t *p)
{
    const uint32_t bits = load_u32(p);
    float f = 0.0F;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void store_u16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v & 0xffU);
    p[1] = (uint8_t)(v >> 8 & 0xffU);
}

static void store_u32(uint8_t *p, uint32_t v)
{
    store_u16(p, v & 0xffffU);
    store_u16(p + 2, v >> 16);
}

static void store_f32(uint8_t *p, float f)
{
    uint32_t bits = 0;
    memcpy(&bits, &f, sizeof bits);
    store_u32(p, bits);
}

/* CRC-32C by half bytes (RFC 3720, appendix B.4): the engine stands on base alone, and this runs
 * once for a model. */
static uint32_t crc_more(uint32_t crc, const uint8_t *p, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 0xfU];
        crc = crc >> 4 ^ table[crc & 0xfU];
    }
    return crc;
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
    const uint32_t head = crc_more(UINT32_MAX, bytes, TREES_HEAD_BYTES - 4);
    return ~crc_more(head, bytes + TREES_HEAD_BYTES, size - TREES_HEAD_BYTES);
}

/* ---- the check ---- */

static enum trees_answer check_head(span_t bytes, size_t features, struct trees *t)
{
    if (bytes.len < TREES_HEAD_BYTES || bytes.len > TREES_BYTES_MAX) {
        return TREES_BAD_SIZE;
    }
    if (memcmp(bytes.ptr, magic, sizeof magic) != 0) {
        return TREES_BAD_MAGIC;
    }
    if (load_u16(bytes.ptr + 4) != TREES_VERSION) {
        return TREES_BAD_VERSION;
    }
    if (load_u32(bytes.ptr + 24) != bytes.len) {
        return TREES_BAD_SIZE;
    }
    if (load_u32(bytes.ptr + 28) != checksum(bytes.ptr, bytes.len)) {
        return TREES_BAD_CHECKSUM;
    }
    t->features = load_u16(bytes.ptr + 6);
    if (t->features != features || features > TREES_FEATURES_MAX) {
        return TREES_BAD_FEATURES;
    }
    t->trees = load_u32(bytes.ptr + 8);
    t->nodes = load_u32(bytes.ptr + 12);
    if (t->trees > TREES_MAX || t->nodes > TREES_BYTES_MAX / TREES_NODE_BYTES) {
        return TREES_BAD_COUNT;
    }
    const size_t roots = (size_t)t->trees * TREES_ROOT_BYTES;
    if (bytes.len != TREES_HEAD_BYTES + roots + (size_t)t->nodes * TREES_NODE_BYTES) {
        return TREES_BAD_SIZE;
    }
    const float base = load_f32(bytes.ptr + 16);
    if (!isfinite(base) || load_u32(bytes.ptr + 20) != 0) {
        return TREES_BAD_NUMBER;
    }
    t->base = (double)base;
    t->root = bytes.ptr + TREES_HEAD_BYTES;
    t->node = t->root + roots;
    return TREES_GOOD;
}

/* Verify node `i`, whose left child, if it is a split, must be node `child`. */
static enum trees_answer check_node(const struct trees *t, uint32_t i, uint32_t child)
{
    const uint8_t *const p = t->node + (size_t)i * TREES_NODE_BYTES;
    const uint32_t word = load_u32(p + 4);
    if (!isfinite(load_f32(p))) {
        return TREES_BAD_NUMBER;
    }
    if (word == LEAF_WORD) {
        return TREES_GOOD;
    }
    if ((word & LEAF_WORD) != 0 || word >> STEP_SHIFT != child - i) {
        return TREES_BAD_SHAPE;
    }
    return (word & FEATURE_MASK) < t->features ? TREES_GOOD : TREES_BAD_FEATURES;
}

/* Verify the tree that begins at node `first`; `*end` is the node behind its last. */
static enum trees_answer check_tree(const struct trees *t, uint32_t first, uint32_t *end,
                                    uint32_t *depth)
{
    uint32_t known =
        first + 1; /* behind the last node that has a parent: here the next children go */
    uint32_t level_end = known;
    uint32_t levels = 0;
    for (uint32_t i = first; i < known; i++) {
        if (known > t->nodes) {
            return TREES_BAD_COUNT;
        }
        if (i == level_end) {
            level_end = known;
            levels++;
        }
        const enum trees_answer a = check_node(t, i, known);
        if (a != TREES_GOOD) {
            return a;
        }
        known += load_u32(t->node + (size_t)i * TREES_NODE_BYTES + 4) == LEAF_WORD ? 0 : 2;
    }
    *end = known;
    *depth = levels;
    return levels <= TREES_DEPTH_MAX ? TREES_GOOD : TREES_BAD_DEPTH;
}

enum trees_answer trees_check(span_t bytes, size_t features, struct trees *out)
{
    struct trees t = {0};
    const enum trees_answer head = check_head(bytes, features, &t);
    if (head != TREES_GOOD) {
        return head;
    }
    uint32_t next = 0;
    for (uint32_t i = 0; i < t.trees; i++) {
        const uint32_t root = load_u32(t.root + (size_t)i * TREES_ROOT_BYTES);
        if ((root & ROOT_MASK) != next) {
            return TREES_BAD_SHAPE;
        }
        uint32_t depth = 0;
        const enum trees_answer a = check_tree(&t, next, &next, &depth);
        if (a != TREES_GOOD) {
            return a;
        }
        if (root >> DEPTH_SHIFT != depth) {
            return TREES_BAD_SHAPE;
        }
    }
    if (next != t.nodes) {
        return TREES_BAD_COUNT;
    }
    *out = t;
    return TREES_GOOD;
}

/* ---- the walk ---- */

/*
 * A row as the walk reads it, by the low bits of a node: each feature twice, missing as infinity where
 * missing goes right and as minus infinity where it goes left (thresholds are finite); then what a
 * leaf compares itself with, to go left by no step and so stay.
 */
struct row {
    float slot[LEAF_WORD + 1];
};

enum { ABREAST = 8 }; /* trees walked side by side: their steps overlap */

/* One step for every level, whether or not a leaf was reached before: so the only branch is the count
 * of levels, which processors foresee. */
static void walk(const uint8_t *p[ABREAST], uint32_t depth, const struct row *row)
{
    for (uint32_t level = 0; level < depth; level++) {
#pragma GCC unroll 8
        for (size_t k = 0; k < ABREAST; k++) {
            const uint32_t word = load_u32(p[k] + 4);
            const uint32_t right = (uint32_t) !(row->slot[word & SLOT_MASK] < load_f32(p[k]));
            p[k] += ((size_t)(word >> STEP_SHIFT) + right) * TREES_NODE_BYTES;
        }
    }
}

/* The leaves of `n` trees from tree `first` on, added to `sum` in their order. */
static double add_leaves(const struct trees *t, uint32_t first, uint32_t n, const struct row *row,
                         double sum)
{
    const uint8_t *p[ABREAST];
    uint32_t depth = 0;
    for (uint32_t k = 0; k < ABREAST; k++) { /* the last one again in places that are left over */
        const uint32_t tree = first + (k < n ? k : n - 1);
        const uint32_t root = load_u32(t->root + (size_t)tree * TREES_ROOT_BYTES);
        p[k] = t->node + (size_t)(root & ROOT_MASK) * TREES_NODE_BYTES;
        depth = root >> DEPTH_SHIFT > depth ? root >> DEPTH_SHIFT : depth;
    }
    walk(p, depth, row);
    for (uint32_t k = 0; k < n; k++) {
        sum += (double)load_f32(p[k]);
    }
    return sum;
}

double trees_margin(const struct trees *t, const double *x)
{
    double margin = 0.0;
    if (t->forest != NULL && forest_margin(t->forest, x, &margin)) {
        return margin;
    }
    struct row SCRATCH row;
    for (uint32_t i = 0; i < t->features; i++) {
        const float f = (float)x[i];
        const bool missing = isnan(f);
        row.slot[i] = missing ? INFINITY : f;
        row.slot[i | LEFT_BIT] = missing ? -INFINITY : f;
    }
    row.slot[LEAF_WORD] = -INFINITY;
    double sum = t->base;
    for (uint32_t i = 0; i < t->trees; i += ABREAST) {
        const uint32_t left = t->trees - i;
        sum = add_leaves(t, i, left < ABREAST ? left : ABREAST, &row, sum);
    }
    return sum;
}

uint32_t trees_first(const struct trees *t, uint32_t tree)
{
    return load_u32(t->root + (size_t)tree * TREES_ROOT_BYTES) & ROOT_MASK;
}

uint32_t trees_node(const struct trees *t, uint32_t i, struct trees_node *out)
{
    const uint8_t *const p = t->node + (size_t)i * TREES_NODE_BYTES;
    const uint32_t word = load_u32(p + 4);
    *out = (struct trees_node){.value = load_f32(p),
                               .feature = (uint16_t)(word & FEATURE_MASK),
                               .is_split = (word & LEAF_WORD) == 0,
                               .missing_left = (word & LEFT_BIT) != 0};
    return i + (word >> STEP_SHIFT);
}

const char *trees_answer_text(enum trees_answer a)
{
    static const char *const text[] = {
        [TREES_GOOD] = "good",
        [TREES_BAD_SIZE] = "the size is not what its head says, or beyond the limit",
        [TREES_BAD_MAGIC] = "these are no trees",
        [TREES_BAD_VERSION] = "trees of another version",
        [TREES_BAD_CHECKSUM] = "the checksum does not fit: damaged",
        [TREES_BAD_FEATURES] = "made for another number of features",
        [TREES_BAD_COUNT] = "too many trees, or not as many nodes as the trees have",
        [TREES_BAD_SHAPE] = "a child, root or leaf does not stand where it must",
        [TREES_BAD_DEPTH] = "a tree is deeper than the limit",
        [TREES_BAD_NUMBER] = "a number is not finite",
    };
    return (size_t)a < ARRAY_LEN(text) ? text[a] : "unknown";
}

/* ---- the writer ---- */

/* Count the trees; false when the last one is not whole. */
static bool count_trees(const struct trees_node *node, size_t n, size_t *trees)
{
    size_t known = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == known) {
            count++;
            known++;
        }
        known += node[i].is_split ? 2 : 0;
    }
    *trees = count;
    return known == n;
}

static uint32_t pack(const struct trees_node *node, size_t step)
{
    return node->is_split ? (uint32_t)step << STEP_SHIFT | (node->missing_left ? LEFT_BIT : 0U) |
                                (node->feature & FEATURE_MASK)
                          : LEAF_WORD;
}

/* Write roots and nodes; the caller made sure that they fit. */
static void write_body(const struct trees_node *node, size_t n, uint8_t *root, uint8_t *out)
{
    size_t known = 0;
    size_t level_end = 0;
    uint32_t depth = 0;
    uint8_t *next_root = root;
    for (size_t i = 0; i < n; i++) {
        if (i == known) { /* a root */
            known++;
            level_end = known;
            depth = 0;
            next_root += TREES_ROOT_BYTES;
            store_u32(next_root - TREES_ROOT_BYTES, (uint32_t)i);
        } else if (i == level_end) {
            level_end = known;
            depth = depth < UINT8_MAX ? depth + 1 : depth;
            next_root[-1] = (uint8_t)depth;
        }
        store_f32(out + i * TREES_NODE_BYTES, node[i].value);
        store_u32(out + i * TREES_NODE_BYTES + 4, pack(node + i, known - i));
        known += node[i].is_split ? 2 : 0;
    }
}

enum trees_answer trees_write(const struct trees_node *node, size_t n, struct trees_shape shape,
                              uint8_t *out, size_t cap, size_t *size)
{
    size_t trees = 0;
    if (!count_trees(node, n, &trees) || trees > TREES_MAX ||
        n > TREES_BYTES_MAX / TREES_NODE_BYTES) {
        return TREES_BAD_COUNT;
    }
    for (size_t i = 0; i < n; i++) {
        if (node[i].is_split && node[i].feature >= shape.features) {
            return TREES_BAD_FEATURES;
        }
    }
    const size_t whole = TREES_HEAD_BYTES + trees * TREES_ROOT_BYTES + n * TREES_NODE_BYTES;
    if (whole > cap || whole > TREES_BYTES_MAX) {
        return TREES_BAD_SIZE;
    }
    if (shape.features > TREES_FEATURES_MAX) {
        return TREES_BAD_FEATURES;
    }
    memset(out, 0, TREES_HEAD_BYTES);
    memcpy(out, magic, sizeof magic);
    store_u16(out + 4, TREES_VERSION);
    store_u16(out + 6, (uint32_t)shape.features);
    store_u32(out + 8, (uint32_t)trees);
    store_u32(out + 12, (uint32_t)n);
    store_f32(out + 16, shape.base);
    store_u32(out + 24, (uint32_t)whole);
    uint8_t *const root = out + TREES_HEAD_BYTES;
    write_body(node, n, root, root + trees * TREES_ROOT_BYTES);
    store_u32(out + 28, checksum(out, whole));

    struct trees unused;
    const enum trees_answer a = trees_check((span_t){out, whole}, shape.features, &unused);
    if (a == TREES_GOOD) {
        *size = whole;
    }
    return a;
}
