/* path_test.c - machines' lines, leaps and lattices; people's reaches left alone. */
#include "engine/machines/path.h"

#include "base/util.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

#define T0 INT64_C(1750000000000)

enum { POINTS = 120 };

static void line(canara_point_t p[POINTS], double step_x, double step_y, double dt)
{
    for (int i = 0; i < POINTS; i++) {
        p[i] = (canara_point_t){.t_ms = dt * i, .x = step_x * i, .y = step_y * i};
    }
}

/* A reach with the bell-shaped speed of an arm (minimum jerk), tremor and whole px. */
static size_t reach(canara_point_t p[POINTS], uint64_t *seed)
{
    const double dx = random_in(seed, -900.0, 900.0);
    const double dy = random_in(seed, -500.0, 500.0);
    const size_t n = 20 + (size_t)random_below(seed, POINTS - 20);
    for (size_t i = 0; i < n; i++) {
        const double u = (double)i / (double)(n - 1);
        const double way = u * u * u * (10.0 - 15.0 * u + 6.0 * u * u);
        p[i] = (canara_point_t){.t_ms = 8.0 * (double)i,
                                .x = round(500.0 + dx * way + random_in(seed, -0.6, 0.6)),
                                .y = round(400.0 + dy * way + random_in(seed, -0.6, 0.6))};
    }
    return n;
}

static void a_line_of_constant_speed_is_a_machine(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    line(p, 7.0, 3.5, 8.0);
    assert_true(path_pointer_is_straight(p, POINTS));
    assert_false(path_pointer_is_straight(p, 9));  /* too few */
    assert_false(path_pointer_is_straight(p, 40)); /* too short a time */
    for (int i = 60; i < POINTS; i++) {            /* a corner: two lines */
        p[i].x = p[59].x;
        p[i].y = p[59].y + 9.0 * (i - 59);
    }
    assert_true(path_pointer_is_straight(p, POINTS));
    line(p, 7.0, 3.5, 8.0);
    for (int i = 0; i < POINTS; i++) { /* bent */
        p[i].y += 30.0 * sin(0.05 * i);
    }
    assert_false(path_pointer_is_straight(p, POINTS));
}

static void reaches_of_people_are_left_alone(void **state)
{
    (void)state;
    uint64_t seed = 23;
    canara_point_t p[POINTS];
    for (int round = 0; round < 3000; round++) {
        const size_t n = reach(p, &seed);
        assert_false(path_pointer_is_straight(p, n));
        assert_false(path_is_on_grid(p, n));
        assert_false(path_times_go_back(p, n, false));
    }
}

static void swipes_of_a_script_are_seen(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    line(p, 0.0, 12.0, 16.0);
    for (int i = 0; i < 20; i++) {
        p[i].buttons = i == 0 ? PATH_TOUCH_DOWN : (i == 19 ? PATH_TOUCH_UP : PATH_TOUCH_MOVE);
        p[i].pressure = 1.0;
    }
    assert_true(path_touch_is_straight(p, 20));
    assert_true(path_touch_is_synthetic(p, 20));
    p[7].pressure = 0.8;
    assert_false(path_touch_is_synthetic(p, 20));
}

static void taps_that_never_move_are_synthetic_from_the_third_on(void **state)
{
    (void)state;
    canara_point_t p[6];
    for (int i = 0; i < 6; i++) {
        p[i] = (canara_point_t){.t_ms = 300.0 * i,
                                .x = i < 2 ? 0.0 : (i < 4 ? 50.0 : 100.0),
                                .y = 9.0,
                                .buttons = i % 2 == 0 ? PATH_TOUCH_DOWN : PATH_TOUCH_UP};
    }
    assert_true(path_touch_is_synthetic(p, 6));
    assert_false(path_touch_is_synthetic(p, 4));
    p[3].x += 0.25;
    assert_false(path_touch_is_synthetic(p, 6));
}

static void a_lattice_is_a_machine(void **state)
{
    (void)state;
    uint64_t seed = 31;
    canara_point_t p[POINTS];
    for (int i = 0; i < POINTS; i++) {
        p[i] = (canara_point_t){.t_ms = 20.0 * i,
                                .x = 10.0 * (double)random_below(&seed, 90),
                                .y = 10.0 * (double)random_below(&seed, 60)};
    }
    assert_true(path_is_on_grid(p, POINTS));
    p[50].x += 1.0;
    assert_false(path_is_on_grid(p, POINTS));
}

static void times_may_go_back_between_fingers_but_not_within_a_stroke(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    line(p, 1.0, 1.0, 8.0);
    p[30].t_ms = 10.0;
    assert_false(path_times_go_back(p, POINTS, false)); /* a clock set once */
    p[60].t_ms = 10.0;
    assert_true(path_times_go_back(p, POINTS, false));
    p[30].buttons = PATH_TOUCH_DOWN;
    for (int i = 0; i < POINTS; i++) {
        p[i].buttons = i == 30 || i == 60 ? PATH_TOUCH_DOWN : PATH_TOUCH_MOVE;
    }
    assert_false(path_times_go_back(p, POINTS, true));
}

static struct session_state point(struct session_state s, const canara_point_t *p, size_t n)
{
    const canara_event_t e = {
        .kind = CANARA_POINTER, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = n}};
    bots_look(&s, &e, T0 + 60000);
    return s;
}

static void a_press_far_away_without_a_way_there_is_a_machine(void **state)
{
    (void)state;
    static const canara_point_t walk[] = {{.t_ms = 0.0, .x = 10.0, .y = 10.0},
                                          {.t_ms = 90.0, .x = 30.0, .y = 12.0},
                                          {.t_ms = 150.0, .x = 30.0, .y = 12.0, .buttons = 1},
                                          {.t_ms = 220.0, .x = 30.0, .y = 12.0}};
    static const canara_point_t leap[] = {{.t_ms = 0.0, .x = 400.0, .y = 300.0, .buttons = 1},
                                          {.t_ms = 70.0, .x = 400.0, .y = 300.0}};
    struct session_state s;
    filter_begin(&s, T0);
    s = point(s, leap, 2); /* no pointer has been seen to move: perhaps a finger */
    assert_near(s.bot[BOT_CLICK_WITHOUT_MOVEMENT], 0.0, 0.0, "unknown before");
    s = point(s, walk, 4);
    assert_near(s.bot[BOT_CLICK_WITHOUT_MOVEMENT], 0.0, 0.0, "walked there");
    s = point(s, walk + 2, 2);
    assert_near(s.bot[BOT_CLICK_WITHOUT_MOVEMENT], 0.0, 0.0, "again at the same place");
    s = point(s, leap, 2);
    assert_near(s.bot[BOT_CLICK_WITHOUT_MOVEMENT], 2.0, 0.0, "leapt");
}

static void absurd_coordinates_give_nothing_away(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    line(p, 1e300, 1e300, 8.0);
    struct session_state s;
    filter_begin(&s, T0);
    s = point(s, p, POINTS);
    for (int r = 0; r < BOT_RULES; r++) {
        assert_near(s.bot[r], 0.0, 0.0, "bots");
    }
}

/* Whether a movement ends between b and c, with every length reckoned. */
static bool ends(const canara_point_t *a, const canara_point_t *b, const canara_point_t *c)
{
    const double dt = c->t_ms - b->t_ms;
    const double step = hypot(c->x - b->x, c->y - b->y);
    if (!(dt > 0.0) || dt > 200.0 || b->buttons != c->buttons || !(step > 0.0)) {
        return true;
    }
    if (a == NULL) {
        return false;
    }
    const double before = hypot(b->x - a->x, b->y - a->y);
    const double dot = (b->x - a->x) * (c->x - b->x) + (b->y - a->y) * (c->y - b->y);
    return before >= 3.0 && step >= 3.0 && dot < 0.94 * before * step;
}

/* A line of 100 px and 400 ms or more, at one speed. */
static bool is_line(const canara_point_t *p, size_t n)
{
    const double chord = n > 0 ? hypot(p[n - 1].x - p[0].x, p[n - 1].y - p[0].y) : 0.0;
    if (n < 10 || p[n - 1].t_ms - p[0].t_ms < 400.0 || chord < 100.0) {
        return false;
    }
    double length = 0.0;
    double speed = 0.0;
    double squares = 0.0;
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        const double step = hypot(p[i].x - p[i - 1].x, p[i].y - p[i - 1].y);
        const double beside = fabs((p[n - 1].x - p[0].x) * (p[i].y - p[0].y) -
                                   (p[n - 1].y - p[0].y) * (p[i].x - p[0].x)) /
                              chord;
        if (!(dt > 0.0) || beside >= 1.0) {
            return false;
        }
        length += step;
        speed += step / dt / (double)(n - 1);
        squares += (step / dt) * (step / dt) / (double)(n - 1);
    }
    return length <= 1.01 * chord && sqrt(fmax(squares - speed * speed, 0.0)) < 0.05 * speed;
}

static bool by_the_book(const canara_point_t *p, size_t n)
{
    size_t first = 0;
    for (size_t i = 1; i <= n; i++) {
        const bool second = i < first + 2;
        if (i < n && !ends(second ? NULL : &p[i - 2], &p[i - 1], &p[i])) {
            continue;
        }
        if (is_line(p + first, i - first)) {
            return true;
        }
        first = !second && i < n && p[i].t_ms > p[i - 1].t_ms ? i - 1 : i;
    }
    return false;
}

/* Straight, even runs between turns of all angles, pauses, presses and reports of no movement. */
static void draw_runs(canara_point_t p[POINTS], uint64_t *seed)
{
    double heading = 0.0;
    double x = 0.0;
    double y = 0.0;
    double t = 0.0;
    double speed = 9.0;
    for (size_t i = 0; i < POINTS; i++) {
        const bool turns = random_below(seed, 50) == 0;
        heading += turns ? random_in(seed, -1.0, 1.0) : 0.0;
        speed = turns ? random_in(seed, 1.0, 12.0) : speed;
        x += speed * cos(heading);
        y += speed * sin(heading);
        t += random_below(seed, 150) == 0 ? 250.0 : 8.0;
        p[i] = (canara_point_t){
            .t_ms = t, .x = x, .y = y, .buttons = (uint32_t)(random_below(seed, 200) == 0)};
    }
}

static void turns_without_a_root_are_turns_with_one(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    uint64_t seed = 18;
    size_t straight = 0;
    for (int i = 0; i < 4000; i++) {
        draw_runs(p, &seed);
        const size_t n = (size_t)random_below(&seed, POINTS + 1);
        const bool want = by_the_book(p, n);
        assert_int_equal(path_pointer_is_straight(p, n), want);
        straight += want;
    }
    assert_true(straight > 400 && straight < 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_constant_speed_is_a_machine),
        cmocka_unit_test(reaches_of_people_are_left_alone),
        cmocka_unit_test(swipes_of_a_script_are_seen),
        cmocka_unit_test(taps_that_never_move_are_synthetic_from_the_third_on),
        cmocka_unit_test(a_lattice_is_a_machine),
        cmocka_unit_test(times_may_go_back_between_fingers_but_not_within_a_stroke),
        cmocka_unit_test(a_press_far_away_without_a_way_there_is_a_machine),
        cmocka_unit_test(absurd_coordinates_give_nothing_away),
        cmocka_unit_test(turns_without_a_root_are_turns_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
