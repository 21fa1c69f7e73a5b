/* bot_habits_test.c - reaches, clicks, taps and swipes, as hands and scripts make them. */
#include "engine/machines/bot_habits.h"

#include "base/util.h"
#include "engine/machines/bot_motion.h"
#include "engine/machines/path.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

enum { ROOM = 2048 };

/* Points in a row. */
struct path {
    canara_point_t p[ROOM];
    size_t n;
    double t;
};

static void put(struct path *l, double x, double y, unsigned buttons)
{
    l->p[l->n++] = (canara_point_t){.t_ms = l->t, .x = x, .y = y, .buttons = buttons};
}

/* A reach of 20 moves over 400 px by a smooth law, which bows to the side by so many px. */
static void reach(struct path *l, double bow)
{
    for (int i = 0; i <= 20; i++) {
        const double u = i / 20.0;
        const double s = u * u * (3.0 - 2.0 * u);
        put(l, round(100.0 + 400.0 * s), round(200.0 + 4.0 * bow * s * (1.0 - s) + 90.0 * s), 0);
        l->t += 16.0;
    }
    l->t += 500.0;
}

static void press(struct path *l, double ms)
{
    const canara_point_t at = l->n > 0 ? l->p[l->n - 1] : (canara_point_t){.x = 10.0};
    l->t += 300.0;
    put(l, at.x, at.y, 0);
    l->t += 1.0;
    put(l, at.x, at.y, 1);
    l->t += ms;
    put(l, at.x, at.y, 0);
}

/* What a finger does between two places; equal ones are a tap. */
static void stroke(struct path *l, const double at[4], double ms, double bow)
{
    const bool tap = fabs(at[0] - at[2]) + fabs(at[1] - at[3]) < 1.0;
    const int moves = tap ? 1 : 15;
    for (int i = 0; i <= moves; i++) {
        const double u = (double)i / moves;
        put(l, at[0] + u * u * (at[2] - at[0]) + 4.0 * bow * u * (1.0 - u),
            at[1] + u * u * (at[3] - at[1]),
            i == 0 ? PATH_TOUCH_DOWN : (i == moves ? PATH_TOUCH_UP : PATH_TOUCH_MOVE));
        l->t += ms / moves;
    }
    l->t += 700.0;
}

static struct session_state sees(struct path *l, enum canara_event_kind kind)
{
    const canara_event_t event = {
        .kind = kind, .has = CANARA_F_POINTS, .of.path = {.points = l->p, .count = (uint32_t)l->n}};
    struct session_state s;
    filter_begin(&s, T0);
    bots_look(&s, &event, T0 + (int64_t)l->t);
    return s;
}

static void three_straight_reaches_are_a_script_and_bowed_ones_a_hand(void **state)
{
    static const struct {
        double bow[5];
        size_t reaches;
        double nats;
        const char *row;
    } cases[] = {
        {{0, 0, 0}, 3, 2.0, "three straight"},
        {{0, 0}, 2, 0.0, "two may happen"},
        {{0, 8, 0, 8, 0}, 5, 2.0, "most are"},
        {{8, 12, 5, 9, 20}, 5, 0.0, "bowed"},
    };

    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct path l = {.n = 0};
        for (size_t i = 0; i < cases[c].reaches; i++) {
            reach(&l, cases[c].bow[i]);
        }
        const struct session_state s = sees(&l, CANARA_POINTER);
        assert_near(s.bot[BOT_STRAIGHT_REACHES], cases[c].nats, 0.0, cases[c].row);
        assert_int_equal(s.habits.straight.all, cases[c].reaches);
    }
}

static void four_presses_that_no_finger_makes_are_a_script(void **state)
{
    static const struct {
        double ms[5];
        size_t presses;
        double nats;
        const char *row;
    } cases[] = {
        {{0, 1, 10, 4}, 4, 2.0, "at once"},           {{0, 1, 2}, 3, 0.0, "three: a driver may"},
        {{80, 95, 70, 90, 84}, 5, 0.0, "a hand"},     {{0, 1, 90, 2, 3}, 5, 2.0, "most of them"},
        {{0, 90, 100, 2, 3}, 5, 0.0, "half of them"},
    };

    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct path l = {.n = 0};
        struct path taps = {.n = 0};
        for (size_t i = 0; i < cases[c].presses; i++) {
            const double at[4] = {60.0 + 31.0 * (double)i, 300.0, 60.0 + 31.0 * (double)i, 300.0};
            press(&l, cases[c].ms[i]);
            stroke(&taps, at, cases[c].ms[i], 0.0);
        }
        assert_near(sees(&l, CANARA_POINTER).bot[BOT_QUICK_PRESS], cases[c].nats, 0.0,
                    cases[c].row);
        assert_near(sees(&taps, CANARA_TOUCH).bot[BOT_QUICK_PRESS], cases[c].nats, 0.0,
                    cases[c].row);
    }
}

static void who_goes_from_rest_to_rest_in_one_report_jumps(void **state)
{
    (void)state;
    struct path jumps = {.n = 0};
    struct path lost = {.n = 0}; /* a remote screen: the rest of each movement is told */
    for (int i = 0; i < 6; i++) {
        put(&jumps, 300.0 * (i % 2), 40.0 * i, 0);
        put(&lost, 300.0 * (i % 2), 40.0 * i, 0);
        lost.t += 110.0;
        put(&lost, 300.0 * (i % 2) + 9.0, 40.0 * i, 0);
        jumps.t += 800.0;
        lost.t += 800.0;
    }
    assert_near(sees(&jumps, CANARA_POINTER).bot[BOT_JUMPS], 2.0, 0.0, "a script");
    assert_near(sees(&lost, CANARA_POINTER).bot[BOT_JUMPS], 0.0, 0.0, "reports lost");
}

static void a_swipe_that_comes_again_to_the_px_was_no_finger(void **state)
{
    (void)state;
    struct path same = {.n = 0};
    struct path near = {.n = 0};
    for (int i = 0; i < 4; i++) {
        const double off = i == 0 ? 0.0 : 3.0 * i;
        const double at[4] = {200.0, 700.0, 204.0, 300.0};
        const double by_hand[4] = {200.0 + off, 700.0 - off, 204.0, 300.0 + off};
        stroke(&same, at, 200.0 + 40.0 * i, 6.0);
        stroke(&near, by_hand, 200.0 + 40.0 * i, 6.0);
    }
    const struct session_state s = sees(&same, CANARA_TOUCH);
    assert_near(s.bot[BOT_SAME_SWIPE], 3.0, 0.0, "the same");
    assert_near(sees(&near, CANARA_TOUCH).bot[BOT_SAME_SWIPE], 0.0, 0.0, "some px beside");
}

/* Taps or swipes, whose durations are 120 ms and up to two steps more: only the last of them tells, and of equal ones alone. */
static void assert_timer(bool taps, double step, bool told)
{
    struct path l = {.n = 0};
    const int enough = taps ? 10 : 8;
    for (int i = 0; i < enough; i++) {
        const double x = 40.0 + 9.0 * i;
        const double at[4] = {x, 700.0, x, taps ? 700.0 : 300.0 + 5.0 * i};
        stroke(&l, at, 120.0 + step * (i % 3), 9.0);
        const struct session_state s = sees(&l, CANARA_TOUCH);
        const double want = told && i + 1 == enough ? 1.5 : 0.0;
        assert_near(s.bot[BOT_EVEN_HOLDS], want, 0.0, taps ? "taps" : "swipes");
    }
}

static void ten_taps_or_eight_swipes_of_one_duration_are_a_timer(void **state)
{
    (void)state;
    assert_timer(true, 0.5, true);
    assert_timer(false, 0.5, true);
    assert_timer(true, 12.0, false);
    assert_timer(false, 12.0, false);
}

static void strokes_are_even_by_themselves_and_not_across_the_gap_between_two(void **state)
{
    (void)state;
    struct path l = {.n = 0};
    for (int k = 0; k < 6; k++) { /* flicks at the same speed, to and fro, of seven moves each */
        for (int i = 0; i <= 7; i++) {
            put(&l, 100.0 + 25.0 * k, 300.0 + (k % 2 == 0 ? 20.0 * i : 140.0 - 20.0 * i),
                i == 0 ? PATH_TOUCH_DOWN : (i == 7 ? PATH_TOUCH_UP : PATH_TOUCH_MOVE));
            l.t += 8.0;
        }
        l.t += 600.0;
    }
    assert_true(bot_motion_step_spread(l.p, l.n) < 1.0); /* what the rule was asked before */
    assert_near(sees(&l, CANARA_TOUCH).bot[BOT_EVEN_STEPS], 0.0, 0.0, "none is long enough");
}

/* Any split between movements tells the same in the end. */
static void events_cut_between_movements_count_the_same(void **state)
{
    (void)state;
    struct path l = {.n = 0};
    struct bot_habits whole = {.taps = 0};
    struct bot_habits cut = {.taps = 0};
    for (int i = 0; i < 9; i++) {
        const size_t first = l.n;
        const double at[4] = {100.0 + i, 700.0, 150.0 + i, i % 3 == 0 ? 700.0 : 300.0};
        stroke(&l, at, 100.0 + 30.0 * i, i % 2);
        (void)bot_habits_touch(&cut, l.p + first, l.n - first);
    }
    (void)bot_habits_touch(&whole, l.p, l.n);
    assert_memory_equal(&whole, &cut, sizeof whole);
}

static void counts_never_overflow_and_keep_their_share(void **state)
{
    (void)state;
    struct bot_habits h = {.taps = 0};
    for (int round = 0; round < 3000; round++) {
        struct path l = {.n = 0};
        for (int i = 0; i < 30; i++) {
            const double x = 40.0 + 9.0 * i + round % 7;
            const double at[4] = {x, 700.0, x, i % 10 == 0 ? 300.0 : 700.0};
            stroke(&l, at, 80.0 + 7.0 * (i % 6), i % 30 == 0 ? 0.0 : 9.0);
        }
        const struct bot_shown shown = bot_habits_touch(&h, l.p, l.n);
        assert_false(shown.straight || shown.quick || shown.even);
    }
    assert_true(h.swipes > 0 && 2U * h.straight_swipes < h.swipes);
    assert_true(h.taps > 0 && h.quick.part == 0);
}

/* Numbers that an event may hold, however odd: nothing breaks, and B stays within what rules give. */
static void bad_paths_are_survived(void **state)
{
    static const double odd[] = {0.0, -1e9, 1e9, 1e308, -1e308, 1e15, 0.5, 3e4, -3e4};
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct path l = {.n = 0};
        const size_t n = 1 + random_below(&seed, 60);
        for (size_t i = 0; i < n; i++) {
            l.p[i] = (canara_point_t){.t_ms = odd[random_below(&seed, ARRAY_LEN(odd))],
                                      .x = odd[random_below(&seed, ARRAY_LEN(odd))],
                                      .y = odd[random_below(&seed, ARRAY_LEN(odd))],
                                      .buttons = (uint32_t)random_below(&seed, 3)};
        }
        l.n = n;
        const struct session_state s = sees(&l, round % 2 == 0 ? CANARA_POINTER : CANARA_TOUCH);
        for (size_t r = 0; r < BOT_RULES; r++) {
            assert_true(s.bot[r] >= 0.0 && s.bot[r] <= bot_rule_row((enum bot_rule)r)->nats);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_straight_reaches_are_a_script_and_bowed_ones_a_hand),
        cmocka_unit_test(four_presses_that_no_finger_makes_are_a_script),
        cmocka_unit_test(who_goes_from_rest_to_rest_in_one_report_jumps),
        cmocka_unit_test(a_swipe_that_comes_again_to_the_px_was_no_finger),
        cmocka_unit_test(ten_taps_or_eight_swipes_of_one_duration_are_a_timer),
        cmocka_unit_test(strokes_are_even_by_themselves_and_not_across_the_gap_between_two),
        cmocka_unit_test(events_cut_between_movements_count_the_same),
        cmocka_unit_test(counts_never_overflow_and_keep_their_share),
        cmocka_unit_test(bad_paths_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
