/* habit_test.c - middle and spread: known values, properties, missing values. */
#include "engine/people/habit.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

/* With the same weights for both. */
static habit_t of(const double *x, const double *weight, size_t n)
{
    struct habit_weights w = {{0}, {0}};
    memcpy(w.middle, weight, n * sizeof *weight);
    memcpy(w.spread, weight, n * sizeof *weight);
    return habit_of(x, &w, n, HABIT_SPREAD_MIN);
}

static void middle_and_spread_have_weights_of_their_own(void **state)
{
    (void)state;
    const double x[] = {1.0, 5.0, 5.0};
    const struct habit_weights w = {.middle = {9.0, 1.0, 1.0}, .spread = {1.0, 1.0, 2.0}};
    const habit_t h = habit_of(x, &w, 3, HABIT_SPREAD_MIN);
    assert_near(h.middle, 1.0, 1e-12, "middle");
    assert_near(h.spread, 3.0, 1e-12, "spread");
}

static void known_values_have_known_habits(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        size_t n;
        double x[5], weight[5], middle, spread;
    } cases[] = {
        {"one value", 1, {3.0}, {1.0}, 3.0, HABIT_SPREAD_MIN},
        {"the lower of two", 2, {4.0, 2.0}, {1.0, 1.0}, 2.0, 1.0},
        {"odd number", 3, {9.0, 1.0, 2.0}, {1.0, 1.0, 1.0}, 2.0, 8.0 / 3.0},
        {"weight decides", 3, {9.0, 1.0, 2.0}, {5.0, 1.0, 1.0}, 9.0, 15.0 / 7.0},
        {"missing left out", 3, {NAN, 1.0, 2.0}, {9.0, 1.0, 1.0}, 1.0, 0.5},
        {"equal values", 4, {2.0, 2.0, 2.0, 2.0}, {1.0, 1.0, 1.0, 1.0}, 2.0, HABIT_SPREAD_MIN},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const habit_t h = of(cases[i].x, cases[i].weight, cases[i].n);
        assert_near(h.middle, cases[i].middle, 1e-12, cases[i].what);
        assert_near(h.spread, cases[i].spread, 1e-12, cases[i].what);
    }
}

static void nothing_there_is_no_number(void **state)
{
    (void)state;
    const double x[] = {NAN, NAN};
    const double weight[] = {1.0, 1.0};
    const habit_t h = of(x, weight, 2);
    assert_true(isnan(h.middle) && isnan(h.spread));
}

static void weights_halve_with_the_half_life(void **state)
{
    (void)state;
    double weight[HABIT_SAMPLES_MAX];
    habit_weights(weight, HABIT_SAMPLES_MAX, 15.0);
    assert_near(weight[0], 1.0, 0.0, "newest");
    assert_near(weight[15], 0.5, 1e-12, "a half-life");
    assert_near(weight[30], 0.25, 1e-12, "two");
}

/* No order of the same pairs, and no shift of all values, changes more than it should. */
static void order_does_not_matter_and_a_shift_moves_the_middle_alone(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        double x[HABIT_SAMPLES_MAX];
        double weight[HABIT_SAMPLES_MAX];
        double y[HABIT_SAMPLES_MAX];
        double back[HABIT_SAMPLES_MAX];
        const size_t n = 1 + (size_t)random_below(&seed, HABIT_SAMPLES_MAX);
        for (size_t i = 0; i < n; i++) {
            x[i] = random_in(&seed, -3.0, 3.0);
            weight[i] = random_in(&seed, 0.1, 1.0);
        }
        for (size_t i = 0; i < n; i++) {
            y[i] = x[n - 1 - i] + 1.0;
            back[i] = weight[n - 1 - i];
        }
        const habit_t a = of(x, weight, n);
        const habit_t b = of(y, back, n);
        assert_near(b.middle, a.middle + 1.0, 1e-9, "middle");
        assert_near(b.spread, a.spread, 1e-9, "spread");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_have_known_habits),
        cmocka_unit_test(middle_and_spread_have_weights_of_their_own),
        cmocka_unit_test(nothing_there_is_no_number),
        cmocka_unit_test(weights_halve_with_the_half_life),
        cmocka_unit_test(order_does_not_matter_and_a_shift_moves_the_middle_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
