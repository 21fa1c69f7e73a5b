#include "engine/arithmetic/forest.h"

#include <math.h>
#include <string.h>

/* Leaves that are multiples of this, and no more in sum than a double can count: no sum is rounded. */
#define LEAF_UNIT 0x1p-44
#define SUM_MAX   256.0

/* The thresholds of one feature, ascending, each once. */
struct ladder {
    size_t n;
    float at[FOREST_RANK_MAX];
};

static bool ladder_add(struct ladder *l, float threshold)
{
    size_t i = 0;
    while (i < l->n && l->at[i] < threshold) {
        i++;
    }
    if (i < l->n && !(l->at[i] > threshold)) {
        return true;
    }
    if (l->n == FOREST_RANK_MAX) {
        return false;
    }
    memmove(l->at + i + 1, l->at + i, (l->n - i) * sizeof *l->at);
    l->at[i] = threshold;
    l->n++;
    return true;
}

static size_t ladder_rank(const struct ladder *l, float threshold)
{
    size_t i = 0;
    while (l->at[i] < threshold) {
        i++;
    }
    return i;
}

static bool find_thresholds(const struct trees *t, struct ladder *ladder)
{
    bool good = true;
    for (uint32_t i = 0; i < t->nodes; i++) {
        struct trees_node node;
        (void)trees_node(t, i, &node);
        good = good && (!node.is_split || ladder_add(&ladder[node.feature], node.value));
    }
    return good;
}

/* Features with many thresholds stand together, so that few rows are padded. */
static bool find_places(const struct ladder *ladder, struct forest *f, uint8_t *place_of)
{
    bool taken[FOREST_PLACES] = {false};
    size_t row = 0;
    for (size_t place = 0; place < f->features; place++) {
        size_t most = f->features;
        for (size_t c = 0; c < f->features; c++) {
            most = !taken[c] && (most == f->features || ladder[c].n > ladder[most].n) ? c : most;
        }
        taken[most] = true;
        place_of[most] = (uint8_t)place;
        f->place_feature[place] = (uint8_t)most;
        if (place % FOREST_BAND == 0) { /* the first one of a band has most */
            f->rows[place / FOREST_BAND] = (uint8_t)ladder[most].n;
            row += ladder[most].n;
        }
    }
    return row <= FOREST_ROWS;
}

static void lay_thresholds(const struct ladder *ladder, struct forest *f)
{
    size_t row = 0;
    for (size_t band = 0; band < FOREST_BANDS; band++) {
        for (size_t i = 0; i < f->rows[band]; i++, row++) {
            for (size_t k = 0; k < FOREST_BAND; k++) {
                const size_t place = band * FOREST_BAND + k;
                const struct ladder *l = &ladder[f->place_feature[place]];
                const bool there = place < f->features && i < l->n;
                f->threshold[row][k] = there ? l->at[i] : NAN;
            }
        }
    }
}

/* One tree; `node[p]` is what stands at position p of the whole tree. A leaf stands for all below it. */
static bool lay_tree(const struct trees *t, uint32_t tree, const struct ladder *ladder,
                     const uint8_t *place_of, struct forest *f)
{
    uint32_t node[FOREST_SPLITS + FOREST_LEAVES] = {trees_first(t, tree)};
    for (size_t p = 0; p < FOREST_SPLITS + FOREST_LEAVES; p++) {
        struct trees_node n;
        const uint32_t left = trees_node(t, node[p], &n);
        if (p >= FOREST_SPLITS) {
            f->leaf[tree][p - FOREST_SPLITS] = n.value;
            if (n.is_split) {
                return false;
            }
            continue;
        }
        f->place[p][tree] = n.is_split ? place_of[n.feature] : 0;
        f->rank[p][tree] =
            n.is_split ? (uint8_t)ladder_rank(&ladder[n.feature], n.value) : UINT8_MAX;
        node[2 * p + 1] = n.is_split ? left : node[p];
        node[2 * p + 2] = n.is_split ? left + 1 : node[p];
    }
    return true;
}

static bool sums_are_exact(const struct forest *f)
{
    double sum = fabs(f->base);
    bool exact = !(fabs(f->base / LEAF_UNIT - rint(f->base / LEAF_UNIT)) > 0.0);
    for (size_t t = 0; t < f->trees; t++) {
        double most = 0.0;
        for (size_t i = 0; i < FOREST_LEAVES; i++) {
            const double units = (double)f->leaf[t][i] / LEAF_UNIT;
            exact = exact && !(fabs(units - rint(units)) > 0.0);
            most = fmax(most, fabs((double)f->leaf[t][i]));
        }
        sum += most;
    }
    return exact && sum < SUM_MAX;
}

bool forest_lay(const struct trees *t, struct forest *out)
{
    struct ladder ladder[FOREST_PLACES] = {{.n = 0}};
    uint8_t place_of[FOREST_PLACES] = {0};
    if (t->trees > FOREST_TREES || t->features > FOREST_PLACES || t->features == 0 ||
        !find_thresholds(t, ladder)) {
        return false;
    }
    *out = (struct forest){.trees = t->trees, .features = t->features, .base = t->base};
    if (!find_places(ladder, out, place_of)) {
        return false;
    }
    lay_thresholds(ladder, out);
    for (uint32_t i = 0; i < t->trees; i++) {
        if (!lay_tree(t, i, ladder, place_of, out)) {
            return false;
        }
    }
    return sums_are_exact(out);
}

#if defined(__x86_64__)
bool forest_margin(const struct forest *f, const double *x, double *margin)
{
    return __builtin_cpu_supports("avx2") && forest_margin_avx2(f, x, margin);
}
#else
bool forest_margin(const struct forest *f, const double *x, double *margin)
{
    (void)f;
    (void)x;
    (void)margin;
    return false;
}
#endif
