/* forest_test.c - trees side by side beside the plain walk, to the bit; and what cannot be laid out. */
#include "engine/arithmetic/forest.h"

#include "base/util.h"
#include "engine/machines/bot_learned.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { NODES = 8192, ROOM = 1 << 17, ROWS = 200 };

/* What the tests grow: so many trees and levels, thresholds on so many steps. */
struct plan {
    size_t trees, features, depth, steps;
    float leaf_unit;
};

static size_t grow(struct trees_node *node, size_t n, const struct plan *plan, uint64_t *seed)
{
    size_t known = n + 1;
    size_t level_end = known;
    size_t depth = 0;
    for (size_t i = n; i < known; i++) {
        if (i == level_end) {
            depth++;
            level_end = known;
        }
        node[i] = (struct trees_node){.value = plan->leaf_unit *
                                               (float)((double)random_below(seed, 2001) - 1000.0)};
        if (depth < plan->depth && random_below(seed, 100) < 85) {
            const double step = (double)random_below(seed, plan->steps);
            node[i] = (struct trees_node){.value = (float)(step / (double)plan->steps - 0.5),
                                          .feature = (uint16_t)random_below(seed, plan->features),
                                          .is_split = true,
                                          .missing_left = random_below(seed, 2) == 0};
            known += 2;
        }
    }
    return known;
}

/* The trees lie in `bytes`. */
static struct trees forest_of(const struct plan *plan, uint64_t *seed, uint8_t bytes[ROOM])
{
    static struct trees_node node[NODES];
    struct trees t;
    size_t n = 0;
    size_t size = 0;
    for (size_t i = 0; i < plan->trees; i++) {
        n = grow(node, n, plan, seed);
    }
    const struct trees_shape shape = {.features = plan->features, .base = 0.25F};
    assert_int_equal(trees_write(node, n, shape, bytes, ROOM, &size), TREES_GOOD);
    assert_int_equal(trees_check((span_t){bytes, size}, plan->features, &t), TREES_GOOD);
    return t;
}

/* Anything, and often a threshold itself. */
static double number(const struct trees *t, uint64_t *seed)
{
    static const double special[] = {(double)INFINITY, -(double)INFINITY, DBL_MAX, -0.0, 0x1p-1074};
    const uint64_t which = random_below(seed, 60);
    if (which < ARRAY_LEN(special)) {
        return special[which];
    }
    struct trees_node node = {.value = 0.0F};
    (void)trees_node(t, (uint32_t)random_below(seed, t->nodes), &node);
    return which % 2 == 0 ? (double)node.value : random_in(seed, -1.0, 1.0);
}

static void compare(const struct trees *t, const struct forest *f, uint64_t *seed)
{
    struct trees plain = *t;
    struct trees fast = *t;
    plain.forest = NULL;
    fast.forest = f;
    for (int row = 0; row < ROWS; row++) {
        double x[FOREST_PLACES];
        for (size_t i = 0; i < t->features; i++) {
            x[i] = number(t, seed);
        }
        if (row % 10 == 0) {
            x[random_below(seed, t->features)] = (double)NAN; /* the plain walk's */
        }
        const double want = trees_margin(&plain, x);
        const double got = trees_margin(&fast, x);
        assert_memory_equal(&got, &want, sizeof got);
    }
}

static void random_forests_give_the_bits_of_the_plain_walk(void **state)
{
    (void)state;
    static uint8_t bytes[ROOM];
    static struct forest f;
    uint64_t seed = 4;
    for (int round = 0; round < 200; round++) {
        const struct plan plan = {.trees = random_below(&seed, FOREST_TREES + 1),
                                  .features = 1 + random_below(&seed, FOREST_PLACES),
                                  .depth = random_below(&seed, FOREST_DEPTH + 1),
                                  .steps = 1 + random_below(&seed, 30),
                                  .leaf_unit = 0x1p-12F};
        const struct trees t = forest_of(&plan, &seed, bytes);
        assert_true(forest_lay(&t, &f));
        if (t.nodes > 0) {
            compare(&t, &f, &seed);
        }
    }
}

static void the_shipped_trees_are_laid_out_as_they_are(void **state)
{
    (void)state;
    static struct forest f;
    const struct trees *t = bot_learned_shipped();
    uint64_t seed = 5;
    assert_true(forest_lay(t, &f));
    const struct forest *shipped = t->forest;
    assert_memory_equal(f.place_feature, shipped->place_feature, sizeof f.place_feature);
    assert_memory_equal(f.rows, shipped->rows, sizeof f.rows);
    assert_memory_equal(f.place, shipped->place, sizeof f.place);
    assert_memory_equal(f.rank, shipped->rank, sizeof f.rank);
    assert_memory_equal(f.leaf, shipped->leaf, sizeof f.leaf);
    size_t rows = 0;
    for (size_t b = 0; b < FOREST_BANDS; b++) {
        rows += f.rows[b];
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t k = 0; k < FOREST_BAND; k++) {
            const float a = f.threshold[i][k];
            const float b = shipped->threshold[i][k];
            assert_true(isnan(a) ? isnan(b) : a >= b && a <= b);
        }
    }
    for (int i = 0; i < 20; i++) {
        compare(t, shipped, &seed);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct plan plans[] = {
        {.trees = FOREST_TREES + 1, .features = 3, .depth = 2, .steps = 9, .leaf_unit = 0x1p-12F},
        {.trees = 20, .features = FOREST_PLACES + 1, .depth = 3, .steps = 9, .leaf_unit = 0x1p-12F},
        {.trees = 60, .features = 9, .depth = FOREST_DEPTH + 1, .steps = 9, .leaf_unit = 0x1p-12F},
        {.trees = 120, .features = 1, .depth = 4, .steps = 5000, .leaf_unit = 0x1p-12F},
        {.trees = 120, .features = 40, .depth = 4, .steps = 5000, .leaf_unit = 0x1p-60F},
        {.trees = 120, .features = 40, .depth = 4, .steps = 50, .leaf_unit = 0x1p-2F},
    };

    static uint8_t bytes[ROOM];
    static struct forest f;
    uint64_t seed = 6;
    for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
        const struct trees t = forest_of(&plans[i], &seed, bytes);
        if (forest_lay(&t, &f)) {
            fail_msg("row %zu was laid out", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_forests_give_the_bits_of_the_plain_walk),
        cmocka_unit_test(the_shipped_trees_are_laid_out_as_they_are),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
