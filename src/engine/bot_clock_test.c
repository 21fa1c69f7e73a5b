#include "engine/bot_clock.h"

#include "base/rng.h"
#include "tests/support/unit.h"

#include <math.h>

enum { POINTS = 100 };

/* Reports that keep a clock of 16 ms, each a little late, or whose intervals are drawn one by one. */
static void walk(canara_point_t p[POINTS], bool clock, struct rng *rng)
{
    double t = 1000.0;
    for (size_t i = 0; i < POINTS; i++) {
        const double late = clock ? 1.5 * rng_double(rng) : 0.0;
        p[i] = (canara_point_t){.t_ms = t + late,
                                .x = round(400.0 + 3.0 * (double)i + 2.0 * rng_double(rng)),
                                .y = 300.0 + (double)i};
        t += clock ? (rng_below(rng, 10) == 0 ? 32.0 : 16.0) : 5.0 + 18.0 * rng_double(rng);
    }
}

static void drawn_times_keep_no_clock(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[CLOCK_FEATURES];
    double g[CLOCK_FEATURES];
    struct rng rng;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        rng_seed(&rng, seed);
        walk(p, true, &rng);
        bot_clock_features(p, POINTS, f);
        walk(p, false, &rng);
        bot_clock_features(p, POINTS, g);
        assert_true(f[CLOCK_OFF_BEAT] < 0.07 && g[CLOCK_OFF_BEAT] > 0.12);
        assert_true(f[CLOCK_LATE_MEMORY] < -0.2);
        assert_true(f[CLOCK_SCATTER] < g[CLOCK_SCATTER]);
    }
}

static void features_of_any_path_are_finite(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[CLOCK_FEATURES];
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t round_no = 0; round_no < 2000; round_no++) {
        const double scale = exp(40.0 * rng_double(&rng) - 10.0);
        double t = 0.0;
        for (size_t i = 0; i < POINTS; i++) {
            t += scale * (rng_double(&rng) - 0.1);
            p[i] = (canara_point_t){.t_ms = t, .x = scale * rng_double(&rng)};
        }
        bot_clock_features(p, rng_below(&rng, POINTS + 1), f);
        for (size_t i = 0; i < CLOCK_FEATURES; i++) {
            assert_true(fabs(f[i]) <= 4.0);
        }
        (void)bot_clock_leaps(p, POINTS);
    }
}

static void a_leap_is_from_a_quiet_path_to_a_rest(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    struct rng rng;
    rng_seed(&rng, 4);
    walk(p, true, &rng);
    assert_false(bot_clock_leaps(p, POINTS));
    p[POINTS - 1].x += 250.0;
    assert_true(bot_clock_leaps(p, POINTS));
    assert_false(bot_clock_leaps(p, 9));
    p[POINTS - 1].t_ms += 400.0; /* time enough to go there unseen */
    assert_false(bot_clock_leaps(p, POINTS));
    walk(p, true, &rng);
    for (size_t i = 60; i < POINTS; i++) {
        p[i].x += 250.0; /* goes on from there: reports were lost */
    }
    assert_false(bot_clock_leaps(p, POINTS));
    for (size_t i = 61; i < POINTS; i++) {
        p[i].t_ms += 500.0;
    }
    assert_true(bot_clock_leaps(p, POINTS));
}

static void reports_of_no_movement_are_counted_between_buttons(void **state)
{
    (void)state;
    canara_point_t p[POINTS] = {0};
    for (size_t i = 0; i < POINTS; i++) {
        p[i].t_ms = 16.0 * (double)i;
    }
    assert_true(bot_clock_is_still(p, POINTS));
    assert_false(bot_clock_is_still(p, 20));
    for (size_t i = 0; i < POINTS; i++) {
        p[i].buttons = i % 2; /* a quick finger on the button */
    }
    assert_false(bot_clock_is_still(p, POINTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_times_keep_no_clock),
        cmocka_unit_test(features_of_any_path_are_finite),
        cmocka_unit_test(a_leap_is_from_a_quiet_path_to_a_rest),
        cmocka_unit_test(reports_of_no_movement_are_counted_between_buttons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
