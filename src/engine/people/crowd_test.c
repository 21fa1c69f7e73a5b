/* crowd_test.c - codes, bins, and a crowd's bytes there and back. */
#include "engine/people/crowd_test.h"

#include "base/util.h"
#include "engine/people/crowds.h"
#include "engine/samples/cell.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { ROOM = 1 << 16 };

static double kept(enum sample_kind kind, double x, double base)
{
    return cell_value(kind, cell_code(kind, x, base), base);
}

static void a_code_gives_back_its_value_within_its_precision(void **state)
{
    (void)state;
    uint64_t seed = 1;
    assert_true(isnan(kept(SAMPLE_FEATURES, NAN, 0.0)));
    assert_true(isnan(kept(SAMPLE_STROKE, NAN, 0.0)));
    for (int i = 0; i < 100000; i++) {
        const double base = random_in(&seed, -1e6, 1e6);
        const double x =
            base + ldexp(random_in(&seed, -1.0, 1.0), (int)random_below(&seed, 60) - 30);
        const double back = kept(SAMPLE_FEATURES, x, base);
        assert_true(fabs(back - x) <= fabs(x - base) / 512.0 + 1e-9);
        const double y = random_in(&seed, -7.9, 7.9);
        assert_true(fabs(kept(SAMPLE_ACTION, y, 0.0) - y) <= 1.0 / 32.0);
    }
    assert_near(kept(SAMPLE_FEATURES, 0.0, 0.0), 0.0, 0.0, "zero");
    assert_near(kept(SAMPLE_FEATURES, 1e4, 1e4), 1e4, 0.0, "the base itself");
    assert_near(kept(SAMPLE_STROKE, -1e300, 0.0), -7.9375, 0.0, "low");
}

static void codes_keep_the_order_of_values(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        const double a = random_in(&seed, -9.0, 9.0);
        const double b = a + random_in(&seed, 0.0, 0.1);
        for (int k = 0; k < 2; k++) {
            const enum sample_kind kind = k == 0 ? SAMPLE_FEATURES : SAMPLE_STROKE;
            assert_true(kept(kind, a, 0.0) <= kept(kind, b, 0.0));
        }
    }
}

static void a_bin_counts_the_edges_below(void **state)
{
    (void)state;
    struct test_crowd t;
    uint64_t seed = 3;
    test_crowd(&t, 3);
    for (int i = 0; i < 2000; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        test_sample(&s, &seed, 0.0);
        crowd_bins(&t.crowd, &s, bins);
        for (size_t f = 0; f < TEST_FEATURES; f++) {
            const double x = cell_kept(s.kind, s.x[f]);
            size_t below = 0;
            for (size_t e = 0; e < t.edges[f]; e++) {
                below += (double)t.edge[f * CROWD_EDGES + e] < x;
            }
            assert_int_equal(bins[f], isnan(x) ? 0 : below + 1);
            assert_true(crowd_coarse(&t.crowd, f, bins[f]) <= crowd_coarse_bins(&t.crowd, f));
        }
    }
}

static void shares_are_positive_and_sum_to_one(void **state)
{
    (void)state;
    struct test_crowd t;
    test_crowd(&t, 4);
    for (size_t f = 0; f < TEST_FEATURES; f++) {
        double sum = 0.0;
        for (size_t b = 0; b < CROWD_COARSE; b++) {
            assert_true(t.share[f * CROWD_COARSE + b] > 0.0F);
            sum += (double)t.share[f * CROWD_COARSE + b];
        }
        assert_near(sum, 1.0, 1e-5, "sum");
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written through a cursor */
static size_t write_two(uint8_t *bytes, struct test_crowd *t)
{
    test_crowd(t, 5);
    struct crowd two[2] = {t->crowd, t->crowd};
    two[1].context = 78;
    struct byte_writer w = {.at = bytes, .left = ROOM};
    crowds_write(&w, two, 2);
    assert_false(w.failed);
    assert_true(ROOM - w.left <= 4 + 2 * crowd_size(&t->crowd));
    return ROOM - w.left;
}

static void crowds_come_back_as_they_were_written(void **state)
{
    (void)state;
    struct test_crowd t;
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    const size_t size = write_two(bytes, &t);
    struct crowds c;
    assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = size}, &c), CANARA_OK);
    assert_int_equal(c.count, 2);
    const struct crowd *found = crowds_of(&c, 78, SAMPLE_FEATURES, TEST_FEATURES);
    assert_ptr_equal(found, &c.crowd[1]);
    assert_null(crowds_of(&c, 78, SAMPLE_FEATURES, TEST_FEATURES + 1));
    assert_null(crowds_of(&c, 79, SAMPLE_FEATURES, TEST_FEATURES));
    assert_int_equal(found->id, t.crowd.id);
    assert_memory_equal(found->row, t.row, sizeof t.row);
    assert_memory_equal(found->share, t.share, sizeof t.share);
    crowds_free(&c);
    assert_null(c.crowd);
    free(bytes);
}

static void every_cut_is_refused_and_no_damage_hurts(void **state)
{
    (void)state;
    struct test_crowd t;
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    const size_t size = write_two(bytes, &t);
    struct crowds c;
    for (size_t cut = 1; cut < size; cut += 7) {
        assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = cut}, &c),
                         CANARA_BAD_FORMAT);
    }
    uint64_t seed = 6;
    for (int i = 0; i < 3000; i++) {
        const size_t at = random_below(&seed, i % 2 == 0 ? 1000 : size);
        const uint8_t was = bytes[at];
        bytes[at] = (uint8_t)random_u64(&seed);
        if (crowds_read((struct byte_reader){.at = bytes, .left = size}, &c) == CANARA_OK) {
            for (size_t r = 0; r < (size_t)c.crowd[0].rows * c.crowd[0].features; r++) {
                assert_true(c.crowd[0].row[r] < CROWD_BINS);
            }
            crowds_free(&c);
        }
        bytes[at] = was;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_gives_back_its_value_within_its_precision),
        cmocka_unit_test(codes_keep_the_order_of_values),
        cmocka_unit_test(a_bin_counts_the_edges_below),
        cmocka_unit_test(shares_are_positive_and_sum_to_one),
        cmocka_unit_test(crowds_come_back_as_they_were_written),
        cmocka_unit_test(every_cut_is_refused_and_no_damage_hurts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
