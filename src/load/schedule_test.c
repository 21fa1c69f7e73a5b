/* schedule_test.c - a fixed rate is kept, with and without a ramp. */
#include "load/schedule.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/util.h"
#include "tests/support/unit.h"

static void moments_of_plain_rates(void **state)
{
    (void)state;

    static const struct {
        double rate, ramp;
        uint64_t n;
        int64_t ns;
    } rows[] = {
        {1, 0, 0, 0},
        {1, 0, 5, 5 * NS_PER_S},
        {1000, 0, 1500, 1500 * NS_PER_MS},
        {1000, 2, 0, 0},
        {1000, 2, 250, NS_PER_S},      /* a quarter of the ramp's 1000, at half its time */
        {1000, 2, 1000, 2 * NS_PER_S}, /* its end */
        {1000, 2, 2000, 3 * NS_PER_S},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct schedule s = {.per_second = rows[i].rate, .ramp_s = rows[i].ramp};
        assert_int_equal(schedule_time(&s, rows[i].n), rows[i].ns);
        assert_int_equal(schedule_due(&s, rows[i].ns), rows[i].n + 1);
    }
    const struct schedule s = {.per_second = 10};
    assert_int_equal(schedule_due(&s, -1), 0);
    assert_int_equal(schedule_due(&s, 0), 1);
}

static void what_is_due_and_when_agree(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3);
    for (int i = 0; i < 3000; i++) {
        const struct schedule s = {.per_second = 0.1 + (double)rng_below(&rng, 2000000) / 3.0,
                                   .ramp_s = i % 2 == 0 ? 0.0 : (double)rng_below(&rng, 100) / 7.0};
        const int64_t t = (int64_t)rng_below(&rng, 600) * NS_PER_S + (int64_t)rng_below(&rng, 999);
        const uint64_t n = schedule_due(&s, t);
        assert_true(schedule_time(&s, n) > t);
        assert_true(n == 0 || schedule_time(&s, n - 1) <= t);
        assert_true(schedule_time(&s, n + 1) >= schedule_time(&s, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_plain_rates),
        cmocka_unit_test(what_is_due_and_when_agree),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
