/* trees_test.c - hand-made trees, random forests against a plain evaluator, and bytes that lie. */
#include "engine/arithmetic/trees.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 4096, ROOM = 65536, HEAD = TREES_HEAD_BYTES };

/* ---- help ---- */

static void put_u32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i) & 0xffU);
    }
}

/* The checksum bit by bit, as RFC 3720 has it: not the code under test. */
static void seal(uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        if (i >= 28 && i < 32) {
            continue;
        }
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        }
    }
    put_u32(bytes + 28, ~crc);
}

static struct trees_node split(uint16_t feature, float threshold, bool missing_left)
{
    return (struct trees_node){
        .value = threshold, .feature = feature, .is_split = true, .missing_left = missing_left};
}

static struct trees_node leaf(float value)
{
    return (struct trees_node){.value = value};
}

/* Two trees: a bare leaf, and one of depth 2. */
static size_t small_forest(uint8_t *out)
{
    const struct trees_node node[] = {
        leaf(0.5F), split(0, 1.5F, true), leaf(-2.0F), split(1, 0.1F, false),
        leaf(3.0F), leaf(4.0F),
    };
    size_t size = 0;
    assert_int_equal(trees_write(node, ARRAY_LEN(node),
                                 (struct trees_shape){.features = 2, .base = 0.25F}, out, ROOM,
                                 &size),
                     TREES_GOOD);
    return size;
}

/* One random tree, level by level, behind node[n]; returns the nodes in all. */
static size_t grow(struct trees_node *node, size_t n, size_t features, uint64_t *seed)
{
    size_t known = n + 1;
    size_t level_end = known;
    size_t depth = 0;
    for (size_t i = n; i < known; i++) {
        if (i == level_end) {
            depth++;
            level_end = known;
        }
        const bool can = depth < TREES_DEPTH_MAX && known + 2 < NODES && features > 0;
        if (can && random_below(seed, 100) < 62) {
            node[i] = split((uint16_t)random_below(seed, features),
                            (float)random_in(seed, -2.0, 2.0), random_below(seed, 2) == 0);
            known += 2;
        } else {
            node[i] = leaf((float)random_in(seed, -1.0, 1.0));
        }
    }
    return known;
}

/* The plain evaluator: children are found by counting the splits before a node. */
static double plain_margin(const struct trees_node *node, size_t n, double base, const double *x)
{
    double sum = base;
    for (size_t root = 0; root < n;) {
        size_t splits = 0;
        size_t end = root + 1;
        size_t left[NODES];
        for (size_t i = root; i < end; i++) {
            left[i] = root + 1 + 2 * splits;
            splits += node[i].is_split ? 1 : 0;
            end = root + 1 + 2 * splits;
        }
        size_t at = root;
        while (node[at].is_split) {
            const float v = (float)x[node[at].feature];
            const bool goes_left = isnan(v) ? node[at].missing_left : v < node[at].value;
            at = goes_left ? left[at] : left[at] + 1;
        }
        sum += (double)node[at].value;
        root = end;
    }
    return sum;
}

static double number(uint64_t *seed)
{
    static const double special[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, DBL_MAX,
                                     -0.0,        0x1p-1074};
    const uint64_t which = random_below(seed, 40);
    return which < ARRAY_LEN(special) ? special[which] : random_in(seed, -2.5, 2.5);
}

/* ---- cases ---- */

static void a_row_falls_into_the_leaf_that_the_thresholds_name(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    const double nan = (double)NAN;

    const struct {
        const char *row;
        double x[2];
        double want;
    } cases[] = {
        {"left", {1.0, 9.0}, -1.25},
        {"at the threshold: right, then left", {1.5, 0.0}, 3.75},
        {"right, right", {2.0, 0.2}, 4.75},
        {"missing goes left where it is said", {nan, 0.2}, -1.25},
        {"missing goes right where it is said", {2.0, nan}, 4.75},
        {"infinity is beyond all", {inf, inf}, 4.75},
        {"minus infinity is before all", {-inf, nan}, -1.25},
        {"beyond every float is infinity", {DBL_MAX, -DBL_MAX}, 3.75},
        /* 0.1 is a little less than 0.1F, but is compared as a float: not less */
        {"features are compared as floats", {2.0, 0.1}, 4.75},
        {"the next lower float is less", {2.0, 0.09999999}, 3.75},
    };

    uint8_t bytes[ROOM];
    const size_t size = small_forest(bytes);
    struct trees t;
    assert_int_equal(trees_check((span_t){bytes, size}, 2, &t), TREES_GOOD);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_near(trees_margin(&t, cases[i].x), cases[i].want, 0.0, cases[i].row);
    }
}

static void no_trees_give_the_first_margin(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    size_t size = 0;
    struct trees t;
    assert_int_equal(
        trees_write(NULL, 0, (struct trees_shape){.base = -1.5F}, bytes, sizeof bytes, &size),
        TREES_GOOD);
    assert_int_equal(trees_check((span_t){bytes, size}, 0, &t), TREES_GOOD);
    assert_near(trees_margin(&t, NULL), -1.5, 0.0, "base");
}

/* ---- properties ---- */

static void random_forests_agree_with_a_plain_evaluator_wherever_they_lie(void **state)
{
    (void)state;
    uint64_t seed = 2016;
    static struct trees_node node[NODES];
    static uint8_t room[ROOM + 8];
    for (int round = 0; round < 300; round++) {
        const size_t features = 1 + (size_t)random_below(&seed, TREES_FEATURES_MAX);
        const size_t want = (size_t)random_below(&seed, 60);
        const float base = (float)random_in(&seed, -1.0, 1.0);
        size_t n = 0;
        for (size_t i = 0; i < want && n + 64 < NODES; i++) {
            n = grow(node, n, features, &seed);
        }
        uint8_t *const bytes = room + random_below(&seed, 8); /* any alignment */
        size_t size = 0;
        assert_int_equal(trees_write(node, n,
                                     (struct trees_shape){.features = features, .base = base},
                                     bytes, ROOM, &size),
                         TREES_GOOD);
        struct trees t;
        assert_int_equal(trees_check((span_t){bytes, size}, features, &t), TREES_GOOD);
        for (int row = 0; row < 20; row++) {
            double x[TREES_FEATURES_MAX];
            for (size_t i = 0; i < features; i++) {
                x[i] = number(&seed);
            }
            assert_near(trees_margin(&t, x), plain_margin(node, n, (double)base, x), 0.0, "forest");
        }
    }
}

/* A chain of `depth` splits whose left child goes on; returns its nodes. */
static size_t chain(struct trees_node *node, size_t depth)
{
    size_t n = 0;
    node[n++] = depth > 0 ? split(0, 0.0F, false) : leaf(1.0F);
    for (size_t level = 1; level <= depth; level++) {
        node[n++] = level < depth ? split(0, 0.0F, false) : leaf(1.0F);
        node[n++] = leaf(2.0F);
    }
    return n;
}

static void each_limit_holds_at_its_edge(void **state)
{
    (void)state;
    static uint8_t bytes[TREES_BYTES_MAX + 64];
    static struct trees_node node[TREES_BYTES_MAX / TREES_NODE_BYTES];
    const struct trees_shape one = {.features = 1};
    size_t size = 0;
    struct trees t;
    for (size_t depth = 0; depth <= TREES_DEPTH_MAX + 2; depth++) {
        const size_t n = chain(node, depth);
        assert_int_equal(trees_write(node, n, one, bytes, sizeof bytes, &size),
                         depth <= TREES_DEPTH_MAX ? TREES_GOOD : TREES_BAD_DEPTH);
    }
    for (size_t i = 0; i < TREES_MAX + 1; i++) {
        node[i] = leaf(1.0F);
    }
    assert_int_equal(trees_write(node, TREES_MAX, one, bytes, sizeof bytes, &size), TREES_GOOD);
    assert_int_equal(trees_check((span_t){bytes, size}, 1, &t), TREES_GOOD);
    assert_near(trees_margin(&t, (double[]){0.0}), TREES_MAX, 0.0, "as many trees as may be");
    assert_int_equal(trees_write(node, TREES_MAX + 1, one, bytes, sizeof bytes, &size),
                     TREES_BAD_COUNT);
    const struct trees_node wide[] = {split(255, 0.0F, false), leaf(1.0F), leaf(2.0F)};
    assert_int_equal(
        trees_write(wide, 3, (struct trees_shape){.features = 256}, bytes, ROOM, &size),
        TREES_GOOD);
    assert_int_equal(
        trees_write(wide, 3, (struct trees_shape){.features = 255}, bytes, ROOM, &size),
        TREES_BAD_FEATURES);
    assert_int_equal(
        trees_write(wide, 3, (struct trees_shape){.features = 257}, bytes, ROOM, &size),
        TREES_BAD_FEATURES);
    const size_t whole = HEAD + TREES_ROOT_BYTES + 3 * TREES_NODE_BYTES;
    assert_int_equal(
        trees_write(wide, 3, (struct trees_shape){.features = 256}, bytes, whole, &size),
        TREES_GOOD);
    assert_int_equal(
        trees_write(wide, 3, (struct trees_shape){.features = 256}, bytes, whole - 1, &size),
        TREES_BAD_SIZE);
    assert_int_equal(trees_check((span_t){bytes, TREES_BYTES_MAX + 1}, 256, &t), TREES_BAD_SIZE);
}

/* ---- bad input ---- */

static void a_writer_refuses_what_is_no_forest(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    size_t size = 77;
    const struct trees_shape one = {.features = 1};
    const struct trees_node half[] = {split(0, 0.0F, false), leaf(1.0F)};
    assert_int_equal(trees_write(half, 2, one, bytes, ROOM, &size), TREES_BAD_COUNT);
    const struct trees_node nan[] = {leaf(NAN)};
    assert_int_equal(trees_write(nan, 1, one, bytes, ROOM, &size), TREES_BAD_NUMBER);
    const struct trees_node inf[] = {split(0, INFINITY, false), leaf(1.0F), leaf(1.0F)};
    assert_int_equal(trees_write(inf, 3, one, bytes, ROOM, &size), TREES_BAD_NUMBER);
    const struct trees_node good[] = {leaf(1.0F)};
    assert_int_equal(
        trees_write(good, 1, (struct trees_shape){.features = 1, .base = NAN}, bytes, ROOM, &size),
        TREES_BAD_NUMBER);
    assert_int_equal(size, 77);
}

static void every_single_change_of_a_byte_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    const size_t size = small_forest(bytes);
    struct trees t = {.trees = 99};
    for (size_t i = 0; i < size; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            bytes[i] ^= (uint8_t)flip;
            assert_int_not_equal(trees_check((span_t){bytes, size}, 2, &t), TREES_GOOD);
            bytes[i] ^= (uint8_t)flip;
        }
    }
    assert_int_equal(t.trees, 99); /* untouched */
    assert_int_equal(trees_check((span_t){bytes, size}, 2, &t), TREES_GOOD);
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    const size_t size = small_forest(bytes);
    struct trees t;
    for (size_t len = 0; len < size; len++) {
        uint8_t *const cut = malloc(len + 1); /* so that reading too far is seen */
        assert_non_null(cut);
        memcpy(cut, bytes, len);
        assert_int_not_equal(trees_check((span_t){cut, len}, 2, &t), TREES_GOOD);
        if (len >= HEAD) { /* and when it says so itself, with a right checksum */
            put_u32(cut + 24, (uint32_t)len);
            seal(cut, len);
            assert_int_not_equal(trees_check((span_t){cut, len}, 2, &t), TREES_GOOD);
        }
        free(cut);
    }
    bytes[size] = 0;
    assert_int_equal(trees_check((span_t){bytes, size + 1}, 2, &t), TREES_BAD_SIZE);
    assert_int_equal(trees_check((span_t){NULL, 0}, 2, &t), TREES_BAD_SIZE);
}

static void a_lie_under_a_right_checksum_is_named(void **state)
{
    (void)state;
    const size_t roots = HEAD;
    const size_t nodes = HEAD + 2 * TREES_ROOT_BYTES;

    const struct {
        const char *row;
        size_t at;
        uint32_t value;
        enum trees_answer want;
    } cases[] = {
        {"magic", 0, 0, TREES_BAD_MAGIC},
        {"version 2", 4, 2 | 2U << 16, TREES_BAD_VERSION},
        {"three features", 4, 1 | 3U << 16, TREES_BAD_FEATURES},
        {"one tree", 8, 1, TREES_BAD_SIZE},
        {"no end of trees", 8, UINT32_MAX, TREES_BAD_COUNT},
        {"no end of nodes", 12, UINT32_MAX, TREES_BAD_COUNT},
        {"one node more", 12, 7, TREES_BAD_SIZE},
        {"first margin is NaN", 16, 0x7fc00000, TREES_BAD_NUMBER},
        {"something in the empty place", 20, 1, TREES_BAD_NUMBER},
        {"size", 24, 4, TREES_BAD_SIZE},
        {"first root elsewhere", roots, 1, TREES_BAD_SHAPE},
        {"first tree deeper", roots, 1U << 24, TREES_BAD_SHAPE},
        {"second root elsewhere", roots + 4, 2 | 2U << 24, TREES_BAD_SHAPE},
        {"second tree flatter", roots + 4, 1 | 1U << 24, TREES_BAD_SHAPE},
        {"second tree without end", roots + 4, 1 | 255U << 24, TREES_BAD_SHAPE},
        {"leaf is infinite", nodes, 0x7f800000, TREES_BAD_NUMBER},
        {"threshold is NaN", nodes + 8, 0xffc00000, TREES_BAD_NUMBER},
        {"neither leaf nor split", nodes + 4, 0, TREES_BAD_SHAPE},
        {"a leaf with a step", nodes + 4, 1U << 10 | 1U << 9, TREES_BAD_SHAPE},
        {"a leaf with a feature", nodes + 4, 1U << 9 | 1, TREES_BAD_SHAPE},
        {"a leaf that is a split", nodes + 4, 2U << 10, TREES_BAD_SHAPE},
        {"a split that is a leaf", nodes + 8 + 4, 1U << 9, TREES_BAD_SHAPE},
        {"feature beyond", nodes + 8 + 4, 1U << 10 | 2, TREES_BAD_FEATURES},
        {"its own child", nodes + 24 + 4, 0x101, TREES_BAD_SHAPE},
        {"a shared child", nodes + 8 + 4, 2U << 10 | 0x100, TREES_BAD_SHAPE},
        {"a child before it", nodes + 24 + 4, 0x3fffffU << 10, TREES_BAD_SHAPE},
        {"a child far beyond the end", nodes + 24 + 4, 0x3ffffeU << 10, TREES_BAD_SHAPE},
        {"a last leaf with children", nodes + 40 + 4, 1U << 10, TREES_BAD_COUNT},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t bytes[ROOM];
        const size_t size = small_forest(bytes);
        struct trees t;
        put_u32(bytes + cases[i].at, cases[i].value);
        seal(bytes, size);
        const enum trees_answer got = trees_check((span_t){bytes, size}, 2, &t);
        if (got != cases[i].want) {
            fail_msg("%s: got '%s', want '%s'", cases[i].row, trees_answer_text(got),
                     trees_answer_text(cases[i].want));
        }
    }
}

static void random_damage_under_a_right_checksum_never_hurts(void **state)
{
    (void)state;
    uint64_t seed = 4;
    size_t good = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[ROOM];
        const size_t size = small_forest(bytes);
        const uint64_t changes = 1 + random_below(&seed, 3);
        for (uint64_t i = 0; i < changes; i++) {
            bytes[random_below(&seed, size)] ^= (uint8_t)(1U << random_below(&seed, 8));
        }
        put_u32(bytes + 24, (uint32_t)size);
        seal(bytes, size);
        struct trees t;
        if (trees_check((span_t){bytes, size}, 2, &t) == TREES_GOOD) {
            const double x[2] = {number(&seed), number(&seed)};
            assert_true(isfinite(trees_margin(&t, x)));
            good++;
        }
    }
    assert_true(good > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_falls_into_the_leaf_that_the_thresholds_name),
        cmocka_unit_test(no_trees_give_the_first_margin),
        cmocka_unit_test(random_forests_agree_with_a_plain_evaluator_wherever_they_lie),
        cmocka_unit_test(each_limit_holds_at_its_edge),
        cmocka_unit_test(a_writer_refuses_what_is_no_forest),
        cmocka_unit_test(every_single_change_of_a_byte_is_noticed),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(a_lie_under_a_right_checksum_is_named),
        cmocka_unit_test(random_damage_under_a_right_checksum_never_hurts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
