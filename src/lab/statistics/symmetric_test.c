/* symmetric_test.c - two matrices made diagonal by the same axes, or refused. */
#include "lab/statistics/symmetric.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

/* m = a a' / n, of n columns of noise. */
static void draw(uint64_t *seed, size_t n, size_t columns, double *m)
{
    double a[SYMMETRIC_MAX * SYMMETRIC_MAX] = {0};
    assert_true(columns <= SYMMETRIC_MAX);
    for (size_t i = 0; i < n * columns; i++) {
        a[i] = random_in(seed, -1.0, 1.0);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i * n + j] = 0.0;
            for (size_t k = 0; k < columns; k++) {
                m[i * n + j] += a[i * columns + k] * a[j * columns + k] / (double)columns;
            }
        }
    }
}

/* v_p' m v_q. */
static double between_axes(const double *m, const double *v, size_t n, size_t p, size_t q)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            sum += v[i * n + p] * m[i * n + j] * v[j * n + q];
        }
    }
    return sum;
}

static void both_are_diagonal_along_the_axes(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (size_t n = 1; n <= SYMMETRIC_MAX; n += 3) {
        double within[SYMMETRIC_MAX * SYMMETRIC_MAX];
        double between[SYMMETRIC_MAX * SYMMETRIC_MAX];
        double kept[SYMMETRIC_MAX * SYMMETRIC_MAX];
        double axes[SYMMETRIC_MAX * SYMMETRIC_MAX];
        double value[SYMMETRIC_MAX];
        draw(&seed, n, SYMMETRIC_MAX, within);
        draw(&seed, n, 1 + n / 2, between); /* of less than full rank */
        for (size_t i = 0; i < n; i++) {
            within[i * n + i] += 0.05;
        }
        memcpy(kept, between, sizeof kept);
        assert_true(symmetric_both(within, between, n, axes, value));
        for (size_t p = 0; p < n; p++) {
            assert_true(p == 0 || value[p] <= value[p - 1]);
            for (size_t q = 0; q < n; q++) {
                assert_near(between_axes(within, axes, n, p, q), p == q ? 1.0 : 0.0, 1e-9,
                            "within");
                assert_near(between_axes(kept, axes, n, p, q), p == q ? value[p] : 0.0, 1e-9,
                            "between");
            }
        }
    }
}

static void a_matrix_that_is_not_definite_is_refused(void **state)
{
    (void)state;
    double between[4] = {1.0, 0.0, 0.0, 1.0};
    double axes[4];
    double value[2];
    const double flat[4] = {1.0, 1.0, 1.0, 1.0};
    const double nothing[4] = {NAN, 0.0, 0.0, 1.0};
    assert_false(symmetric_both(flat, between, 2, axes, value));
    assert_false(symmetric_both(nothing, between, 2, axes, value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_are_diagonal_along_the_axes),
        cmocka_unit_test(a_matrix_that_is_not_definite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
