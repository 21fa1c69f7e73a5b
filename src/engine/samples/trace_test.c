/* trace_test.c - paths whose lengths, turns and peaks are known; paths of no use. */
#include "engine/samples/trace.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

#define PI 3.14159265358979323846

enum { POINTS = 200 };

static void a_line_is_a_line(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    struct trace t;
    for (size_t i = 0; i < POINTS; i++) {
        p[i] =
            (canara_point_t){.t_ms = 10.0 * (double)i, .x = 3.0 * (double)i, .y = 4.0 * (double)i};
    }
    assert_true(trace_of(p, POINTS, &t));
    assert_near(t.duration, 1.99, 1e-9, "duration");
    assert_near(t.length, 995.0, 1e-9, "length");
    assert_near(t.reach, 995.0, 1e-9, "reach");
    assert_near(t.direction, atan2(4.0, 3.0), 1e-12, "direction");
    assert_near(t.turned, 0.0, 1e-9, "turned");
    assert_near(t.beside, 0.0, 1e-9, "beside");
    assert_near(t.speed.mean, 500.0, 1e-6, "speed");
    assert_near(t.speed.sd, 0.0, 1e-2, "spread of speed");
    assert_near(t.vx.mean, 300.0, 1e-6, "vx");
}

static void a_circle_turns_once_and_ends_where_it_began(void **state)
{
    (void)state;
    canara_point_t p[POINTS + 1];
    struct trace t;
    for (size_t i = 0; i <= POINTS; i++) {
        const double a = 2.0 * PI * (double)i / POINTS;
        p[i] = (canara_point_t){.t_ms = 5.0 * (double)i, .x = 100.0 * cos(a), .y = 100.0 * sin(a)};
    }
    assert_true(trace_of(p, POINTS + 1, &t));
    assert_near(t.length, 200.0 * PI, 0.1, "length");
    assert_near(t.reach, 0.0, 1e-9, "reach");
    assert_near(t.turned_net, 2.0 * PI, 0.05, "once round");
    assert_near(t.turned, t.turned_net, 1e-9, "always the same way");
    assert_near(t.sharp, 0.0, 0.0, "no corner");
}

/* Means are over time: who reports more often moves the same. */
static void reporting_twice_as_often_changes_little(void **state)
{
    (void)state;
    canara_point_t p[2 * POINTS];
    canara_point_t half[POINTS];
    struct trace t;
    struct trace u;
    for (size_t i = 0; i < (size_t)2 * POINTS; i++) {
        const double s = (double)i / (2.0 * POINTS);
        p[i] = (canara_point_t){
            .t_ms = 1000.0 * s, .x = 600.0 * s * s * (3.0 - 2.0 * s), .y = 80.0 * sin(PI * s)};
        half[i / 2] = p[i];
    }
    assert_true(trace_of(p, (size_t)2 * POINTS, &t));
    assert_true(trace_of(half, POINTS, &u));
    assert_near(t.length, u.length, 0.02 * t.length, "length");
    assert_near(t.speed.mean, u.speed.mean, 0.02 * t.speed.mean, "speed");
    assert_near(t.peak, u.peak, 0.02, "peak");
    assert_near(t.beside, u.beside, 0.02 * t.beside, "beside");
    assert_near(t.peak, 0.5, 0.05, "fastest in the middle");
}

static void too_little_is_no_movement(void **state)
{
    (void)state;
    canara_point_t p[8] = {{0}};
    struct trace t;
    assert_false(trace_of(p, 0, &t));
    assert_false(trace_of(p, 1, &t));
    assert_false(trace_of(p, 8, &t)); /* all of one instant */
    for (size_t i = 0; i < 8; i++) {
        p[i].t_ms = 8.0 * (double)i;
    }
    assert_false(trace_of(p, TRACE_STEPS_MIN, &t));
    assert_true(trace_of(p, TRACE_STEPS_MIN + 1, &t)); /* time passed, though nothing moved */
    assert_near(t.length, 0.0, 0.0, "length");
}

static void any_path_has_finite_numbers_and_bounded_steps(void **state)
{
    (void)state;
    static canara_point_t p[2048];
    struct trace t;
    uint64_t seed = 7;
    for (int round = 0; round < 300; round++) {
        const size_t n = 1 + (size_t)random_below(&seed, 2048);
        const double reach = exp(random_in(&seed, -3.0, 20.0));
        double at = 0.0;
        for (size_t i = 0; i < n; i++) {
            p[i] = (canara_point_t){.t_ms = at,
                                    .x = random_in(&seed, -reach, reach),
                                    .y = random_in(&seed, -reach, reach)};
            at += random_below(&seed, 4) == 0 ? -1.0 : random_in(&seed, 0.0, 40.0);
        }
        if (trace_of(p, n, &t)) {
            assert_in_range(t.steps, TRACE_STEPS_MIN, TRACE_STEPS_MAX);
            assert_true(isfinite(t.length) && isfinite(t.turned) && isfinite(t.speed.sd));
            assert_true(isfinite(t.gain.high) && isfinite(t.spin.low) && isfinite(t.beside_mean));
            assert_true(t.peak >= 0.0 && t.peak <= 1.0 && t.sharp >= 0.0 && t.sharp <= 1.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_line),
        cmocka_unit_test(a_circle_turns_once_and_ends_where_it_began),
        cmocka_unit_test(reporting_twice_as_often_changes_little),
        cmocka_unit_test(too_little_is_no_movement),
        cmocka_unit_test(any_path_has_finite_numbers_and_bounded_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
