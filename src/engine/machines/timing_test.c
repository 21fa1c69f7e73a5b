/* timing_test.c - fast, regular and gridded series; timers that excuse them. */
#include "engine/machines/timing.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

static void few_values_give_nothing_away(void **state)
{
    (void)state;
    const double same[9] = {50, 50, 50, 50, 50, 50, 50, 50, 50};
    assert_false(timing_is_regular(same, 9));
    assert_false(timing_is_on_grid(same, 9));
    assert_false(timing_is_fast(same, 0, TIMING_FAST_MS, 0));
    assert_false(timing_is_regular(same, 0));
}

static void more_than_three_in_ten_must_be_fast(void **state)
{
    (void)state;
    const double three[10] = {10, 10, 10, 90, 90, 90, 90, 90, 90, 90};
    const double four[10] = {10, 10, 10, 10, 90, 90, 90, 90, 90, 90};
    assert_false(timing_is_fast(three, 10, TIMING_FAST_MS, 8));
    assert_true(timing_is_fast(four, 10, TIMING_FAST_MS, 8));
}

static void series_are_regular_unless_a_timer_explains_it(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        double ms[12];
        bool regular;
    } cases[] = {
        {"constant", {50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50}, true},
        {"nearly constant", {120, 121, 119, 120, 122, 118, 120, 121, 120, 119, 120, 120}, true},
        {"two values", {90, 90, 131, 90, 90, 90, 90, 90, 131, 90, 90, 90}, true},
        {"a key held down", {33, 34, 33, 33, 34, 33, 33, 34, 33, 33, 33, 34}, false},
        {"time blurred to 100 ms",
         {100, 100, 200, 100, 100, 100, 100, 200, 100, 100, 100, 100},
         false},
        {"64 Hz", {94, 94, 125, 94, 94, 94, 94, 125, 94, 94, 94, 94}, false},
        {"a hand", {120, 180, 95, 140, 260, 88, 133, 170, 105, 210, 99, 151}, false},
        {"nothing but zeros: fast, not regular", {0}, false},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        if (timing_is_regular(cases[c].ms, 12) != cases[c].regular) {
            fail_msg("%s", cases[c].row);
        }
    }
}

static void holds_are_even_unless_the_clock_is_blurred(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        double ms[12];
        bool even;
    } cases[] = {
        {"slept for 60 ms", {60, 61, 60, 60, 61, 60, 62, 60, 60, 61, 60, 60}, true},
        {"a machine's hand", {60, 61, 55, 60, 66, 60, 62, 60, 60, 61, 51, 60}, false},
        {"time blurred to 100 ms",
         {100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100},
         false},
        {"soft keys that are let go at once", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
        {"soft keys that report no release", {0}, false},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        if (timing_is_even(cases[c].ms, 12) != cases[c].even) {
            fail_msg("%s", cases[c].row);
        }
        assert_false(timing_is_even(cases[c].ms, TIMING_REGULAR_MIN - 1));
    }
}

static void scaled_and_shuffled_hands_stay_hands(void **state)
{
    (void)state;
    uint64_t seed = 53;
    double ms[TIMING_SERIES_MAX];
    for (int round = 0; round < 500; round++) {
        const size_t n = 10 + (size_t)random_below(&seed, TIMING_SERIES_MAX - 9);
        const double pace = random_in(&seed, 80.0, 2000.0);
        for (size_t i = 0; i < n; i++) {
            ms[i] = pace * exp(random_in(&seed, -0.5, 0.5));
        }
        assert_false(timing_is_regular(ms, n));
        assert_false(timing_is_on_grid(ms, n));
    }
}

static void a_grid_needs_a_step_no_platform_has(void **state)
{
    (void)state;

    static const struct {
        double step;
        bool grid;
    } cases[] = {{1.0, false},  {4.0, false}, {5.0, true},  {8.0, false},   {10.0, false},
                 {16.0, false}, {20.0, true}, {25.0, true}, {100.0, false}, {16.667, false}};

    static const double ticks[11] = {7, 9, 5, 12, 8, 6, 20, 11, 13, 7, 10};
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        double ms[11];
        for (size_t i = 0; i < 11; i++) {
            ms[i] = cases[c].step * ticks[i];
        }
        assert_int_equal(timing_is_on_grid(ms, 11), cases[c].grid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_values_give_nothing_away),
        cmocka_unit_test(more_than_three_in_ten_must_be_fast),
        cmocka_unit_test(series_are_regular_unless_a_timer_explains_it),
        cmocka_unit_test(holds_are_even_unless_the_clock_is_blurred),
        cmocka_unit_test(scaled_and_shuffled_hands_stay_hands),
        cmocka_unit_test(a_grid_needs_a_step_no_platform_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
