/* bot_lean_test.c - the order of strokes that no rule tells anything of. */
#include "lab/bots/bot_lean.h"

#include "base/rng.h"
#include "engine/machines/path.h"
#include "tests/support/unit.h"

#include <math.h>

enum { POINTS = 24 };

/* A swipe; a drawn one is straight, even and pressed by white noise. */
static void swipe(struct rng *r, bool drawn, canara_point_t p[POINTS])
{
    for (int i = 0; i < POINTS; i++) {
        const double u = (double)i / (POINTS - 1);
        const double s = drawn ? u : u * u * (3.0 - 2.0 * u);
        const double noise = drawn ? rng_normal(r) : 4.0 * sin(3.0 * u);
        p[i] = (canara_point_t){.t_ms = 12.0 * i,
                                .x = 200.0 + (drawn ? 0.0 : 80.0 * u * (1.0 - u)),
                                .y = 700.0 - 400.0 * s,
                                .pressure = 0.5 + 0.04 * noise,
                                .buttons = i == 0            ? PATH_TOUCH_DOWN
                                           : i + 1 == POINTS ? PATH_TOUCH_UP
                                                             : PATH_TOUCH_MOVE};
    }
}

static double lean_of(bool drawn)
{
    const struct bot_habits none = {.taps = 0};
    struct bot_lean lean = {0.0, 0};
    struct rng r;
    rng_seed(&r, 3);
    for (int i = 0; i < 5; i++) {
        canara_point_t p[POINTS];
        swipe(&r, drawn, p);
        bot_lean_add(&lean, p, POINTS);
    }
    assert_int_equal(lean.strokes, 5);
    return bot_lean_of(&lean, &none);
}

static void drawn_swipes_lean_further_than_a_hand_s(void **state)
{
    (void)state;
    assert_true(lean_of(true) > 0.5);
    assert_true(lean_of(false) < 0.0);
}

static void habits_lean_within_bounds_and_more_with_more_of_them(void **state)
{
    const struct bot_lean none = {0.0, 0};
    double before = 0.0;
    (void)state;
    assert_near(bot_lean_of(&none, &(struct bot_habits){.taps = 0}), 0.0, 0.0, "nobody");
    for (uint16_t i = 1; i < 50; i++) {
        const struct bot_habits h = {.quick = {.part = i, .all = 50}};
        const double lean = bot_lean_of(&none, &h);
        assert_true(lean > before && lean <= BOT_LEAN_MAX);
        before = lean;
    }
}

static void odd_points_are_passed_over(void **state)
{
    const struct bot_habits none = {.taps = 0};
    const canara_point_t far[3] = {{.x = 1e300}, {.x = -1e300, .buttons = 1}, {.buttons = 2}};
    const canara_point_t still[6] = {{.t_ms = 5.0}};
    struct bot_lean lean = {0.0, 0};
    (void)state;
    bot_lean_add(&lean, far, 3);
    assert_int_equal(lean.strokes, 0);
    bot_lean_add(&lean, still, 6);
    bot_lean_add(&lean, still, 0);
    assert_true(isfinite(bot_lean_of(&lean, &none)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_swipes_lean_further_than_a_hand_s),
        cmocka_unit_test(habits_lean_within_bounds_and_more_with_more_of_them),
        cmocka_unit_test(odd_points_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
