/* axes_test.c - what axes say of rows: the owner's are his, of few little is said, and of nothing nothing. */
#include "engine/profile/axes.h"

#include "engine/people/crowd_test.h"
#include "tests/support/unit.h"

#include <math.h>

enum { ROWS = 200 };

struct desk {
    struct test_crowd t;
    uint8_t row[ROWS * TEST_FEATURES];
    double weight[ROWS];
};

static void begin(struct desk *d, double middle, uint64_t seed)
{
    test_crowd(&d->t, 3);
    for (size_t i = 0; i < ROWS; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        test_sample(&s, &seed, middle);
        crowd_bins(&d->t.crowd, &s, bins);
        memcpy(d->row + i * TEST_FEATURES, bins, TEST_FEATURES);
        d->weight[i] = 1.0;
    }
}

static struct axes_own learn(const struct desk *d, size_t n)
{
    struct axes_own own;
    axes_learn(&d->t.crowd, &(struct axes_rows){.row = d->row, .weight = d->weight, .count = n},
               &own);
    return own;
}

static double mean_of(const struct desk *d, const struct axes_own *own, const uint8_t *row,
                      size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double one = axes_score(&d->t.crowd, own, row + i * TEST_FEATURES);
        assert_true(fabs(one) <= AXES_CLIP);
        sum += one;
    }
    return sum / (double)n;
}

static void rows_of_the_owner_are_his_and_others_are_not(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, 1.0, 21);
    const struct axes_own own = learn(&d, ROWS / 2);
    const uint8_t *later = d.row + (size_t)ROWS / 2 * TEST_FEATURES;
    assert_true(mean_of(&d, &own, later, ROWS / 2) < 0.0);
    assert_true(mean_of(&d, &own, d.t.row, TEST_ROWS) > 0.0);
}

static void the_more_is_known_the_nearer_is_the_middle_to_the_rows(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, 1.0, 22);
    for (size_t n = 1; n <= ROWS; n *= 10) {
        const struct axes_own own = learn(&d, n);
        double mean[TEST_AXES] = {0.0};
        for (size_t i = 0; i < n; i++) {
            float y[CROWD_AXES_MAX];
            axes_place(&d.t.crowd, d.row + i * TEST_FEATURES, y);
            for (size_t k = 0; k < TEST_AXES; k++) {
                mean[k] += (double)y[k] / (double)n;
            }
        }
        for (size_t k = 0; k < TEST_AXES; k++) {
            const double between = (double)d.t.between[k];
            const double part = (double)own.middle[k] / mean[k];
            assert_true(part > 0.0 && part < 1.0);
            assert_true(part > (n == 1 ? 0.3 : between / (between + 0.2)));
            assert_true(own.spread[k] >= AXES_SPREAD_MIN && (double)own.spread[k] < 2.0 + between);
        }
    }
}

static void the_weight_of_all_rows_together_does_not_count(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, 0.5, 23);
    const struct axes_own one = learn(&d, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        d.weight[i] = 7.0;
    }
    const struct axes_own seven = learn(&d, ROWS);
    for (size_t k = 0; k < TEST_AXES; k++) {
        assert_near((double)one.middle[k], (double)seven.middle[k], 1e-6, "middle");
        assert_near((double)one.spread[k], (double)seven.spread[k], 1e-6, "spread");
    }
}

static void without_rows_or_axes_nothing_is_said(void **state)
{
    (void)state;
    struct desk d;
    begin(&d, 0.5, 24);
    const struct axes_own nobody = learn(&d, 0);
    for (size_t i = 0; i < TEST_ROWS; i++) {
        assert_near(axes_score(&d.t.crowd, &nobody, d.t.row + i * TEST_FEATURES), 0.0, 1e-6,
                    "nobody");
    }
    const struct axes_own own = learn(&d, ROWS);
    d.t.crowd.axes = 0;
    assert_near(axes_score(&d.t.crowd, &own, d.row), 0.0, 0.0, "no axes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_the_owner_are_his_and_others_are_not),
        cmocka_unit_test(the_more_is_known_the_nearer_is_the_middle_to_the_rows),
        cmocka_unit_test(the_weight_of_all_rows_together_does_not_count),
        cmocka_unit_test(without_rows_or_axes_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
