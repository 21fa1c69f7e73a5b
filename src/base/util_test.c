#include "base/util.h"

#include "tests/support/unit.h"

#include <math.h>

static void sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    size_t out = 7;
    assert_true(size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_true(size_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    out = 7;
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_false(size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, 7);
    assert_int_equal(size_min(3, 4), 3);
    assert_int_equal(size_max(3, 4), 4);
}

static void bits_are_compared_not_values(void **state)
{
    (void)state;
    assert_true(same_bits(0.1, 0.1));
    assert_false(same_bits(0.0, -0.0));
    assert_true(same_bits((double)NAN, (double)NAN));
    assert_false(same_bits(1.0, nextafter(1.0, 2.0)));
}

static void only_ascii_letters_become_lower(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char got = ascii_lower((char)c);
        const bool upper = c >= 'A' && c <= 'Z';
        assert_int_equal((unsigned char)got, upper ? c + 32 : c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(bits_are_compared_not_values),
        cmocka_unit_test(only_ascii_letters_become_lower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
