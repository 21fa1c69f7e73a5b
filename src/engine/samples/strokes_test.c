/* strokes_test.c - what becomes one stroke or action, and features that do not follow the client. */
#include "engine/samples/strokes.h"

#include "engine/profile/samples_of.h"
#include "engine/samples/cell.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { POINTS = 600, SAMPLES = 64 };

struct seen {
    size_t count;
    struct sample s[SAMPLES];
};

static void keep(void *ctx, const struct sample *s)
{
    struct seen *seen = ctx;
    assert_true(seen->count < SAMPLES);
    seen->s[seen->count++] = *s;
}

static void look(enum canara_event_kind kind, const canara_point_t *p, size_t n, struct seen *out)
{
    const canara_event_t event = {
        .kind = kind, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = n}};
    struct sample work;
    out->count = 0;
    samples_of(&event, &work, keep, out);
}

/* A reach with a bell-shaped speed (Flash and Hogan 1985), a point every `step_ms`. */
static size_t reach(canara_point_t *p, double from_ms, double step_ms, double height)
{
    size_t n = 0;
    const int steps = (int)(600.0 / step_ms);
    for (int i = 0; i <= steps; i++) {
        const double t = i * step_ms;
        const double u = t / 600.0;
        const double way = u * u * u * (10.0 - 15.0 * u + 6.0 * u * u);
        p[n++] = (canara_point_t){.t_ms = from_ms + t,
                                  .x = 100.0 + 400.0 * way,
                                  .y = 300.0 + height * sin(3.14159265358979 * way),
                                  .pressure = 0.4,
                                  .area = 0.2};
    }
    return n;
}

static void a_move_with_a_click_a_drag_and_a_pause_are_told_apart(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct seen seen;
    size_t n = reach(p, 0.0, 10.0, 20.0);
    p[n++] = (canara_point_t){.t_ms = 700.0, .x = 500.0, .y = 300.0, .buttons = 1};
    p[n++] = (canara_point_t){.t_ms = 780.0, .x = 500.0, .y = 300.0};
    const size_t drag = n;
    n += reach(p + n, 1000.0, 10.0, 5.0);
    for (size_t i = drag; i + 1 < n; i++) {
        p[i].buttons = 1;
    }
    n += reach(p + n, 2000.0, 10.0, -30.0);
    n += reach(p + n, 20000.0, 10.0, 30.0);
    look(CANARA_POINTER, p, n, &seen);
    assert_int_equal(seen.count, 4);
    const double kinds[] = {2.0, 4.0, 0.0, 0.0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen.s[i].kind, SAMPLE_ACTION);
        assert_near(seen.s[i].x[0], kinds[i], 0.0, "kind");
        assert_true(seen.s[i].context == seen.s[0].context && seen.s[i].count == seen.s[0].count);
    }
    assert_true(isnan(seen.s[0].x[1]) && seen.s[1].x[1] < 0.0 && seen.s[3].x[1] > 2.0);
}

static void a_stroke_goes_from_landing_to_lift(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct seen seen;
    size_t n = 0;
    for (size_t k = 0; k < 3; k++) {
        const size_t first = n;
        n += reach(p + n, 1000.0 * (double)k, 15.0, 10.0 * (double)k);
        for (size_t i = first; i < n; i++) {
            p[i].buttons = i == first ? 0 : (i + 1 == n ? 2 : 1);
        }
    }
    look(CANARA_TOUCH, p, n, &seen);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.s[0].kind, SAMPLE_STROKE);
    assert_true(isnan(seen.s[0].x[0]) && !isnan(seen.s[1].x[0]));
    assert_true(seen.s[0].count <= 30);
}

static void a_client_that_reports_more_often_moves_the_same(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct seen slow;
    static struct seen fast;
    for (int touch = 0; touch < 2; touch++) {
        const enum canara_event_kind kind = touch == 0 ? CANARA_POINTER : CANARA_TOUCH;
        size_t n = reach(p, 0.0, 20.0, 40.0);
        for (size_t i = 1; touch == 1 && i < n; i++) {
            p[i].buttons = 1;
        }
        look(kind, p, n, &slow);
        n = reach(p, 0.0, 8.0, 40.0);
        for (size_t i = 1; touch == 1 && i < n; i++) {
            p[i].buttons = 1;
        }
        look(kind, p, n, &fast);
        size_t near = 0;
        for (size_t f = 0; f < slow.s[0].count; f++) {
            near += (size_t)(isnan(slow.s[0].x[f]) || fabs(slow.s[0].x[f] - fast.s[0].x[f]) < 0.35);
        }
        assert_true(near * 100 >= slow.s[0].count * 85);
    }
}

static void no_place_on_the_screen_is_in_it(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct seen here;
    static struct seen there;
    const size_t n = reach(p, 0.0, 10.0, 40.0);
    look(CANARA_POINTER, p, n, &here);
    for (size_t i = 0; i < n; i++) {
        p[i].x += 700.0;
        p[i].y -= 100.0;
    }
    look(CANARA_POINTER, p, n, &there);
    for (size_t f = 0; f < here.s[0].count; f++) {
        const double x = here.s[0].x[f];
        assert_true(isnan(x) || fabs(x - there.s[0].x[f]) < 1e-6);
    }
}

static void any_points_give_finite_features_or_none(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct seen seen;
    uint64_t seed = 5;
    for (int turn = 0; turn < 3000; turn++) {
        const size_t n = 1 + random_below(&seed, 40);
        const double size = ldexp(1.0, (int)random_below(&seed, 40) - 10);
        double t = 0.0;
        for (size_t i = 0; i < n; i++) {
            t += random_in(&seed, -1.0, 1.0) * (double)random_below(&seed, 300);
            p[i] = (canara_point_t){.t_ms = t,
                                    .x = random_in(&seed, -size, size),
                                    .y = random_in(&seed, -size, size),
                                    .pressure = random_in(&seed, 0.0, 100.0),
                                    .area = random_in(&seed, 0.0, 1000.0),
                                    .buttons = (uint32_t)random_below(&seed, 3)};
        }
        look(turn % 2 == 0 ? CANARA_POINTER : CANARA_TOUCH, p, n, &seen);
        for (size_t i = 0; i < seen.count; i++) {
            for (size_t f = 0; f < seen.s[i].count; f++) {
                assert_true(!isinf(seen.s[i].x[f]));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_move_with_a_click_a_drag_and_a_pause_are_told_apart),
        cmocka_unit_test(a_stroke_goes_from_landing_to_lift),
        cmocka_unit_test(a_client_that_reports_more_often_moves_the_same),
        cmocka_unit_test(no_place_on_the_screen_is_in_it),
        cmocka_unit_test(any_points_give_finite_features_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
