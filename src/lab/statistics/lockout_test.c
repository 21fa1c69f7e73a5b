/* lockout_test.c - the first event at the threshold counts; runs never locked out are set apart. */
#include "lab/statistics/lockout.h"

#include "base/rng.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <math.h>

static void the_first_event_at_the_threshold_locks_out(void **state)
{
    (void)state;

    static const struct {
        double risk[4];
        size_t count, want;
    } cases[] = {
        {{0}, 0, 0},
        {{.9}, 1, 1},
        {{.89999}, 1, 0},
        {{.1, .95, .2, .99}, 4, 2},
        {{.1, .2, .3, .9}, 4, 4},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct risk_run run = {cases[c].risk, cases[c].count};
        assert_int_equal(lockout_first(run), cases[c].want);
    }
}

static void means_are_over_users_and_over_those_locked_out(void **state)
{
    (void)state;
    static const double at_1[] = {1};
    static const double at_3[] = {0, 0, 1};
    static const double never[] = {0, 0, 0, 0};
    const struct risk_run first[] = {{at_1, 1}, {at_3, 3}, {never, 4}};
    const struct risk_run second[] = {{at_3, 3}, {never, 4}};
    const struct lockout_user users[] = {{second, 2, first, 3}, {&first[2], 1, second, 2}};
    const struct lockout got = lockout_compute(users, 2);
    assert_near(got.ania, 2.5, 0.0, "ania"); /* (1 + 3)/2 and 3 */
    assert_near(got.anga, 3.0, 0.0, "anga");
    assert_int_equal(got.never_detected, 2);
    assert_int_equal(got.impostor_runs, 5);
    assert_int_equal(got.genuine_locked, 1);
    assert_int_equal(got.genuine_runs, 3);
}

static void a_higher_risk_never_locks_out_later(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    for (int round = 0; round < 500; round++) {
        double low[20];
        double high[20];
        for (size_t i = 0; i < 20; i++) {
            low[i] = rng_double(&r);
            high[i] = low[i] + (1.0 - low[i]) * .3 * rng_double(&r);
        }
        const size_t late = lockout_first((struct risk_run){low, 20});
        const size_t early = lockout_first((struct risk_run){high, 20});
        assert_true(late == 0 || (early > 0 && early <= late));
    }
}

static void without_a_lockout_there_is_no_mean(void **state)
{
    (void)state;
    const struct lockout none = lockout_compute(NULL, 0);
    assert_true(isnan(none.anga) && isnan(none.ania));
    assert_int_equal(none.never_detected, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_event_at_the_threshold_locks_out),
        cmocka_unit_test(means_are_over_users_and_over_those_locked_out),
        cmocka_unit_test(a_higher_risk_never_locks_out_later),
        cmocka_unit_test(without_a_lockout_there_is_no_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
