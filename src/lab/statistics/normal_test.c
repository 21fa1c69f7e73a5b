/* normal_test.c - the deviate turns the normal distribution round; quantiles by hand. */
#include "lab/statistics/normal.h"

#include "base/util.h"
#include "lab/statistics/numbers.h"
#include "tests/support/unit.h"

#include <math.h>

static void the_deviate_gives_the_share_back(void **state)
{
    (void)state;
    static const double shares[] = {1e-300, 1e-30, 1e-12, 1e-7,  .001, .02425, .075, .0751,
                                    .2,     .5,    .8,    .9249, .925, .97575, .999, 1 - 1e-9};
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        const double back = .5 * erfc(-normal_deviate(shares[i]) / sqrt(2.0));
        assert_near(back / shares[i], 1.0, 2e-12, "share");
    }
    assert_near(normal_deviate(.975), 1.959963984540054, 1e-15, "97.5 %");
}

static void the_deviate_rises(void **state)
{
    (void)state;
    double last = normal_deviate(1e-6);
    for (int i = 2; i < 100000; i++) {
        const double now = normal_deviate(i * 1e-5);
        assert_true(now > last);
        last = now;
    }
}

static void quantiles_lie_between_the_neighbours(void **state)
{
    (void)state;
    double values[] = {3, 1, 2, 10};
    numbers_sort(values, ARRAY_LEN(values));

    static const struct {
        double q, want;
    } cases[] = {{0, 1}, {1, 10}, {.5, 2.5}, {1.0 / 3, 2}, {.025, 1.075}, {.9, 7.9}};

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        assert_near(numbers_quantile(values, ARRAY_LEN(values), cases[c].q), cases[c].want, 1e-14,
                    "quantile");
    }
    assert_near(numbers_quantile(values, 1, .7), 1.0, 0.0, "one value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deviate_gives_the_share_back),
        cmocka_unit_test(the_deviate_rises),
        cmocka_unit_test(quantiles_lie_between_the_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
