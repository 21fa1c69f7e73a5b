#include "engine/profile/grow.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP 0.05 /* chosen on two of six folds of the Antal strokes ... */
#define STEP_MANY \
    0.10 /* ... and on the held-out last training sessions of Balabit: a long step is
                        * for many rows, which no tree of a hundred can be fitted to too well */
#define RIDGE    0.3
#define GAIN_MIN 1e-9

enum { ROWS_MIN = 10, NO_CUT = 255, MANY = 500 };

/* Sums of gradients, and of curvatures with the number of rows, as whole numbers: any order and any
 * difference of two gives the same bits. With weights up to 1 of 65,535 rows neither runs over. */
typedef int64_t sums_t __attribute__((vector_size(16)));

#define G_STEP 0x1p40
#define H_STEP 0x1p30

enum { COUNT_BITS = 16 };

struct table {
    sums_t at[CROWD_FEATURES_MAX][CROWD_BINS];
};

struct bin_sum {
    double g, h, n;
};

struct growing {
    const struct grow_rows *rows;
    size_t all;
    double other_weight;
    double step;
    double *f, *g, *h;
    uint8_t *node;       /* of each row, at this depth */
    struct table *table; /* of each node of a tree but its leaves, as in struct tree */
};

static const uint8_t *row_of(const struct growing *t, size_t i)
{
    const struct grow_rows *r = t->rows;
    return i < r->own ? r->own_row + i * r->features : r->other_row + (i - r->own) * r->features;
}

static double weight_of(const struct growing *t, size_t i)
{
    return i < t->rows->own ? t->rows->own_weight[i] : t->other_weight;
}

static void differentiate(struct growing *t)
{
    for (size_t i = 0; i < t->all; i++) {
        const double w = weight_of(t, i);
        const double p = 1.0 / (1.0 + exp(-t->f[i]));
        t->g[i] = w * (p - (i < t->rows->own ? 1.0 : 0.0));
        t->h[i] = w * p * (1.0 - p);
        t->node[i] = 0;
    }
}

static struct bin_sum sum_of(sums_t s)
{
    const int64_t count = (int64_t)((uint64_t)s[1] & ((1U << COUNT_BITS) - 1U));
    return (struct bin_sum){
        .g = (double)s[0] / G_STEP, .h = (double)(s[1] >> COUNT_BITS) / H_STEP, .n = (double)count};
}

static sums_t sums_from(double g, double h)
{
    const int64_t whole = (int64_t)whole_px(h * H_STEP);
    return (sums_t){(int64_t)whole_px(g * G_STEP), (int64_t)((uint64_t)whole << COUNT_BITS) + 1};
}

/* Add up the rows of those nodes of a depth for which `wanted` is true. */
static void add_rows(struct growing *t, size_t first, const bool *wanted)
{
    const size_t features = t->rows->features;
    for (size_t i = 0; i < t->all; i++) {
        if (!wanted[t->node[i]]) {
            continue;
        }
        const uint8_t *row = row_of(t, i);
        const sums_t one = sums_from(t->g[i], t->h[i]);
        struct table *table = &t->table[first + t->node[i]];
        for (size_t f = 0; f < features; f++) {
            table->at[f][row[f]] += one;
        }
    }
}

/* What a node has and one of its children has not, the other one has. */
static void subtract(struct growing *t, size_t parent, size_t counted, size_t other)
{
    for (size_t f = 0; f < t->rows->features; f++) {
        for (size_t b = 0; b < CROWD_BINS; b++) {
            t->table[other].at[f][b] = t->table[parent].at[f][b] - t->table[counted].at[f][b];
        }
    }
}

/* The tables of `nodes` nodes from `first` on. Of two children the smaller is counted. */
static void count(struct growing *t, size_t first, size_t nodes)
{
    bool wanted[GROW_LEAVES] = {true};
    if (nodes > 1) {
        size_t rows[GROW_LEAVES] = {0};
        for (size_t i = 0; i < t->all; i++) {
            rows[t->node[i]]++;
        }
        for (size_t k = 0; k < nodes; k += 2) {
            wanted[k] = rows[k] < rows[k + 1];
            wanted[k + 1] = !wanted[k];
        }
    }
    memset(t->table + first, 0, nodes * sizeof *t->table);
    add_rows(t, first, wanted);
    for (size_t k = 0; k < nodes && nodes > 1; k += 2) {
        const size_t counted = first + k + (wanted[k] ? 0 : 1);
        subtract(t, (first + k - 1) / 2, counted, first + k + (wanted[k] ? 1 : 0));
    }
}

static double worth(double g, double h)
{
    return g * g / (h + RIDGE);
}

struct cut {
    double gain;
    uint8_t feature, bin;
};

static void cut_feature(const sums_t sum[CROWD_BINS], size_t f, struct cut *best)
{
    sums_t whole = {0, 0};
    for (size_t b = 0; b < CROWD_BINS; b++) {
        whole += sum[b];
    }
    const struct bin_sum all = sum_of(whole);
    sums_t below = {0, 0};
    for (size_t b = 0; b + 1 < CROWD_BINS; b++) {
        below += sum[b];
        const struct bin_sum left = sum_of(below);
        if (left.n < ROWS_MIN || sum_of(sum[b]).n < 0.5) {
            continue;
        }
        if (all.n - left.n < ROWS_MIN) {
            return;
        }
        const double gain =
            worth(left.g, left.h) + worth(all.g - left.g, all.h - left.h) - worth(all.g, all.h);
        if (gain > best->gain) {
            *best = (struct cut){.gain = gain, .feature = (uint8_t)f, .bin = (uint8_t)b};
        }
    }
}

static void cut_nodes(const struct growing *t, size_t first, size_t nodes, struct tree *out)
{
    for (size_t k = 0; k < nodes; k++) {
        struct cut best = {.gain = GAIN_MIN, .feature = 0, .bin = NO_CUT};
        for (size_t f = 0; f < t->rows->features; f++) {
            cut_feature(t->table[first + k].at[f], f, &best);
        }
        out->feature[first + k] = best.feature;
        out->cut[first + k] = best.bin;
    }
}

static void send_down(struct growing *t, size_t first, const struct tree *tree)
{
    for (size_t i = 0; i < t->all; i++) {
        const size_t k = t->node[i];
        const uint8_t bin = row_of(t, i)[tree->feature[first + k]];
        t->node[i] = (uint8_t)(2 * k + (bin > tree->cut[first + k]));
    }
}

static void fill_leaves(struct growing *t, struct tree *out)
{
    double g[GROW_LEAVES] = {0.0};
    double h[GROW_LEAVES] = {0.0};
    for (size_t i = 0; i < t->all; i++) {
        g[t->node[i]] += t->g[i];
        h[t->node[i]] += t->h[i];
    }
    for (size_t k = 0; k < GROW_LEAVES; k++) {
        out->leaf[k] = to_int16(-t->step * g[k] / (h[k] + RIDGE) * TREE_LEAF);
    }
    for (size_t i = 0; i < t->all; i++) {
        t->f[i] += (double)out->leaf[t->node[i]] / TREE_LEAF;
    }
}

static void grow_one(struct growing *t, struct tree *out)
{
    differentiate(t);
    for (size_t depth = 0; depth < GROW_DEPTH; depth++) {
        const size_t nodes = (size_t)1 << depth;
        count(t, nodes - 1, nodes);
        cut_nodes(t, nodes - 1, nodes, out);
        send_down(t, nodes - 1, out);
    }
    fill_leaves(t, out);
}

bool grow(const struct grow_rows *rows, struct tree out[GROW_TREES])
{
    struct growing t = {.rows = rows,
                        .all = rows->own + rows->others,
                        .step = rows->own >= MANY ? STEP_MANY : STEP};
    double own = 0.0;
    for (size_t i = 0; i < rows->own; i++) {
        own += rows->own_weight[i];
    }
    t.other_weight = rows->others == 0 ? 0.0 : own / (double)rows->others;
    t.f = calloc(3 * t.all + 1, sizeof *t.f);
    t.node = calloc(t.all + 1, sizeof *t.node);
    t.table = calloc(GROW_NODES, sizeof *t.table);
    const bool room = t.f != NULL && t.node != NULL && t.table != NULL;
    if (room) {
        t.g = t.f + t.all;
        t.h = t.g + t.all;
        for (size_t i = 0; i < GROW_TREES; i++) {
            grow_one(&t, &out[i]);
        }
    }
    free(t.f);
    free(t.node);
    free(t.table);
    return room;
}

double trees_sum(const struct tree tree[GROW_TREES], const uint8_t *bins)
{
    int32_t sum = 0;
    for (size_t i = 0; i < GROW_TREES; i++) {
        const struct tree *t = &tree[i];
        size_t k = 0;
        for (size_t depth = 0; depth < GROW_DEPTH; depth++) {
            k = 2 * k + 1 + (bins[t->feature[k]] > t->cut[k]);
        }
        sum += t->leaf[k - GROW_NODES];
    }
    return sum / TREE_LEAF;
}
