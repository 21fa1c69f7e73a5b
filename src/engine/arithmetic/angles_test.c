/* angles_test.c - beside atan2(): all directions, axes, nothing, the small and the large. */
#include "engine/arithmetic/angles.h"

#include "base/rng.h"
#include "engine/arithmetic/numbers.h"
#include "tests/support/unit.h"

#include <math.h>

enum { MANY = 20000 };

static void axes_and_diagonals_are_where_they_are(void **state)
{
    (void)state;

    static const double way[] = {0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 1e-9, -1e-9, 1e9, -1e9};

    enum { WAYS = sizeof way / sizeof *way };

    for (size_t i = 0; i < WAYS; i++) {
        for (size_t k = 0; k < WAYS; k++) {
            const double y[2] = {way[i], way[k]};
            const double x[2] = {way[k], way[i]};
            double out[2];
            angles_of(y, x, 2, out);
            for (size_t m = 0; m < 2; m++) {
                const bool nothing = !(fabs(y[m]) + fabs(x[m]) > 0.0);
                assert_near(out[m], nothing ? 0.0 : atan2(y[m], x[m]), 1e-15, "angle");
            }
        }
    }
}

static void any_direction_is_that_of_the_library(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < MANY; i++) {
        double y[2];
        double x[2];
        double out[2];
        for (size_t k = 0; k < 2; k++) {
            const double size = exp(20.0 * rng_double(&rng) - 10.0);
            y[k] = size * rng_normal(&rng);
            x[k] = size * rng_normal(&rng);
        }
        angles_of(y, x, 2, out);
        assert_near(out[0], atan2(y[0], x[0]), 1e-15, "angle");
        assert_near(out[1], atan2(y[1], x[1]), 1e-15, "angle");
    }
}

/* Whatever compiler and processor. */
static void the_same_directions_have_the_same_checksum_everywhere(void **state)
{
    (void)state;
    struct rng rng;
    uint64_t sum = FNV_START;
    rng_seed(&rng, 6);
    for (int i = 0; i < MANY; i++) {
        const double y[2] = {rng_double(&rng) - 0.5, 40.0 * (rng_double(&rng) - 0.5)};
        const double x[2] = {rng_double(&rng) - 0.5, rng_double(&rng) - 0.5};
        double out[2];
        angles_of(y, x, 2, out);
        sum = fnv_add(sum, out, sizeof out);
    }
    assert_int_equal(sum, UINT64_C(0x6e319233b0047581));
}

static void an_odd_number_fills_a_whole_group(void **state)
{
    (void)state;
    const double y[4] = {1.0, 2.0, 3.0, 4.0};
    const double x[4] = {1.0, -1.0, 2.0, 5.0};
    double out[4] = {9.0, 9.0, 9.0, 9.0};
    angles_of(y, x, 3, out);
    for (size_t i = 0; i < 4; i++) {
        assert_near(out[i], atan2(y[i], x[i]), 1e-15, "angle");
    }
    angles_of(y, x, 0, out);
    assert_near(out[0], atan2(1.0, 1.0), 1e-15, "nothing asked, nothing told");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_and_diagonals_are_where_they_are),
        cmocka_unit_test(any_direction_is_that_of_the_library),
        cmocka_unit_test(the_same_directions_have_the_same_checksum_everywhere),
        cmocka_unit_test(an_odd_number_fills_a_whole_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
