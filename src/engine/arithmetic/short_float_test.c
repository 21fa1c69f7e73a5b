/* short_float_test.c - every code is its value's, values keep their order, and come back within their precision. */
#include "engine/arithmetic/short_float.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

static void every_code_is_that_of_its_value(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        assert_int_equal(short_code(short_value((uint16_t)code)), code);
    }
    for (unsigned code = 0; code <= UINT8_MAX; code++) {
        assert_int_equal(tiny_code(tiny_value((uint8_t)code)), code);
    }
}

static void values_come_back_within_their_precision_and_in_order(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        const double x = ldexp(random_in(&seed, -1.0, 1.0), (int)random_below(&seed, 100) - 66);
        const double more = x + fabs(x) * random_in(&seed, 0.0, 0.01);
        assert_true(fabs(short_value(short_code(x)) - x) <= fabs(x) / 512.0 + SHORT_LEAST);
        assert_true(short_value(short_code(x)) <= short_value(short_code(more)));
        const double y = ldexp(random_in(&seed, -1.0, 1.0), (int)random_below(&seed, 14) - 4);
        assert_true(fabs(tiny_value(tiny_code(y)) - y) <= fmax(fabs(y) / 16.0, 0x1p-8));
        assert_true(tiny_value(tiny_code(y)) <= tiny_value(tiny_code(y + 0.1)));
    }
}

static void what_is_beyond_becomes_the_end_and_what_is_none_is_none(void **state)
{
    (void)state;
    assert_true(isnan(short_value(short_code(NAN))) && isnan(tiny_value(tiny_code(-NAN))));
    assert_near(short_value(short_code(-INFINITY)), -0x1.ffp36, 0.0, "short");
    assert_near(tiny_value(tiny_code(1e300)), TINY_MOST, 0.0, "tiny");
    assert_int_equal(short_code(-0.0), 0);
    assert_int_equal(tiny_code(-1e-9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_that_of_its_value),
        cmocka_unit_test(values_come_back_within_their_precision_and_in_order),
        cmocka_unit_test(what_is_beyond_becomes_the_end_and_what_is_none_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
