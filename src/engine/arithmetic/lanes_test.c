/* lanes_test.c - logarithm and exponential of lanes beside the C library's. */
#include "engine/arithmetic/lanes.h"

#include "tests/support/unit.h"

#include <math.h>

static void logs_and_exponentials_are_within_a_float(void **state)
{
    (void)state;
    for (int i = 1; i <= 40000; i++) {
        const float x = (float)exp(-60.0 + 0.003 * i);
        const lanes_t y = lanes_log(lanes_of(x));
        const double right = log((double)x);
        assert_true(fabs((double)y[0] - right) <= 2e-7 * fmax(1.0, fabs(right)));
    }
    for (int i = 0; i <= 40000; i++) {
        const float x = -0.002F * (float)i;
        const lanes_t y = lanes_exp(lanes_of(x));
        assert_true(fabs((double)y[3] / exp((double)x) - 1.0) <= 2e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_and_exponentials_are_within_a_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
