#include "engine/machines/bot_motion.h"

#include "base/rng.h"
#include "engine/machines/bot_learned.h"
#include "engine/session/rules.h"
#include "engine/session/session_state.h"
#include "tests/support/unit.h"

#include <math.h>

#define PI 3.14159265358979323846

enum { POINTS = 120 };

/* A curve by formula: `even` in steps of one length whatever the clock says, or with the speed of a
 * hand, which slows down where it turns. */
static void draw(canara_point_t p[POINTS], bool even, struct rng *rng)
{
    double t = 0.0;
    double a = 0.0;
    for (size_t i = 0; i < POINTS; i++) {
        p[i] = (canara_point_t){
            .t_ms = t, .x = round(500.0 + 150.0 * cos(a)), .y = round(400.0 + 150.0 * sin(a))};
        t += 16.0 + (even ? 30.0 * rng_double(rng) : 0.0);
        a += even ? 0.05 : 0.05 * (1.0 + 0.6 * sin(3.0 * a) + 0.2 * rng_normal(rng));
    }
}

static bool features(const canara_point_t *p, size_t n, double f[BOT_MOTION_FEATURES])
{
    return bot_motion_features(p, n, bot_motion_step_spread(p, n), f);
}

static void a_curve_in_even_steps_is_a_machines(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        draw(p, true, &rng);
        assert_true(bot_motion_step_spread(p, POINTS) < 1.0);
        draw(p, false, &rng);
        assert_true(bot_motion_step_spread(p, POINTS) > 1.0);
    }
}

/* Even for some moves in the middle, like a hand before and behind. */
static void parts_know_what_lies_within_them(void **state)
{
    (void)state;

    enum { LONG = 3 * POINTS };

    canara_point_t p[LONG];
    double part[3];
    struct rng rng;
    rng_seed(&rng, 8);
    for (size_t k = 0; k < 3; k++) {
        draw(p + k * POINTS, k == 1, &rng);
        for (size_t i = 0; i < POINTS; i++) {
            p[k * POINTS + i].t_ms += 8000.0 * (double)k;
        }
    }
    const double whole = bot_motion_step_spreads(p, LONG, 3, part);
    assert_true(part[0] > 1.0 && part[1] < 1.0 && part[2] > 1.0);
    assert_true(whole <= part[0] && whole <= part[1] && whole <= part[2]);
    assert_near(whole, bot_motion_step_spread(p, LONG), 0.0, "with or without parts");
    assert_near(bot_motion_step_spreads(p, POINTS, 1, part), part[0], 0.0, "one part is the whole");
    assert_near(part[0], bot_motion_step_spread(p, POINTS), 0.0, "and the same again");
}

static void straight_and_short_and_small_paths_have_no_even_steps(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
        p[i] = (canara_point_t){.t_ms = 16.0 * (double)i, .x = 9.0 * (double)i};
    }
    assert_true(bot_motion_step_spread(p, POINTS) >= BOT_MOTION_UNEVEN);
    struct rng rng;
    rng_seed(&rng, 3);
    draw(p, true, &rng);
    assert_true(bot_motion_step_spread(p, 12) >= BOT_MOTION_UNEVEN);
    for (size_t i = 0; i < POINTS; i++) {
        p[i].x = round(p[i].x / 10.0);
        p[i].y = round(p[i].y / 10.0);
    }
    assert_true(bot_motion_step_spread(p, POINTS) >= BOT_MOTION_UNEVEN);
}

static void features_do_not_know_where_or_which_way_round(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[BOT_MOTION_FEATURES];
    double g[BOT_MOTION_FEATURES];
    struct rng rng;
    rng_seed(&rng, 4);
    draw(p, false, &rng);
    assert_true(features(p, POINTS, f));
    for (size_t i = 0; i < POINTS; i++) { /* moved, turned by 90 degrees and later */
        const double x = p[i].x;
        p[i].x = 3000.0 - p[i].y;
        p[i].y = 77.0 + x;
        p[i].t_ms += 4096.0;
    }
    assert_true(features(p, POINTS, g));
    for (size_t i = 0; i < BOT_MOTION_FEATURES; i++) {
        assert_near(g[i], f[i], 1e-9, "the same feature");
    }
}

static void features_barely_know_the_scale(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[BOT_MOTION_FEATURES];
    double g[BOT_MOTION_FEATURES];
    struct rng rng;
    rng_seed(&rng, 5);
    draw(p, false, &rng);
    assert_true(features(p, POINTS, f));
    for (size_t i = 0; i < POINTS; i++) {
        p[i].x *= 2.0;
        p[i].y *= 2.0;
    }
    assert_true(features(p, POINTS, g));
    for (size_t i = 0; i < BOT_MOTION_EVENNESS; i++) {
        assert_near(g[i], f[i], 0.25, "nearly the same feature");
    }
}

static void features_of_any_path_are_bounded(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[BOT_MOTION_FEATURES];
    struct rng rng;
    rng_seed(&rng, 6);
    for (size_t round_no = 0; round_no < 2000; round_no++) {
        const double reach = exp(30.0 * rng_double(&rng) - 9.0);
        const double time = exp(40.0 * rng_double(&rng) - 9.0);
        double t = 0.0;
        for (size_t i = 0; i < POINTS; i++) {
            t += time * (rng_double(&rng) - 0.1);
            p[i] = (canara_point_t){.t_ms = t,
                                    .x = reach * (rng_double(&rng) - 0.5),
                                    .y = rng_below(&rng, 2) == 0 ? 0.0 : reach * rng_double(&rng)};
        }
        if (!features(p, POINTS, f)) {
            continue;
        }
        for (size_t i = 0; i < BOT_MOTION_FEATURES; i++) {
            assert_true(f[i] >= -2.0 && f[i] <= 2.0);
        }
        struct bot_sum sum = {0.0, 0.0};
        struct bot_windows w;
        bot_windows_begin(&w, p, POINTS);
        bot_learned_add(bot_learned_shipped(), &w, &sum);
        assert_true(isfinite(sum.margin) && sum.windows <= 2.0);
        assert_true(bot_learned_nats(&sum) >= 0.0 && bot_learned_nats(&sum) <= 3.0);
    }
}

static void too_little_has_no_features(void **state)
{
    (void)state;
    canara_point_t p[POINTS] = {0};
    double f[BOT_MOTION_FEATURES] = {7.0};
    assert_false(features(p, 0, f));
    assert_false(features(p, BOT_MOTION_MIN_POINTS - 1, f));
    assert_false(features(p, POINTS, f));
    p[3].x = 1e300;
    assert_false(features(p, POINTS, f));
    assert_near(f[0], 7.0, 0.0, "untouched");
}

static void weighed_evidence_stays_within_its_value_and_never_lowers_the_rest(void **state)
{
    (void)state;
    struct session_state s = {0};
    rule_weigh_bot(&s, BOT_LEARNED_MOTION, 0.0, 1.0);
    assert_near(s.bot[BOT_LEARNED_MOTION], 1.0, 1e-12, "given");
    s.bot[BOT_LEARNED_MOTION] *= 0.25; /* a proof */
    rule_weigh_bot(&s, BOT_LEARNED_MOTION, 1.0, 0.5);
    assert_near(s.bot[BOT_LEARNED_MOTION], 0.0, 0.0, "never below 0");
    struct rng rng;
    rng_seed(&rng, 7);
    double before = 0.0;
    for (size_t i = 0; i < 1000; i++) {
        const double after = 3.0 * rng_double(&rng);
        rule_weigh_bot(&s, BOT_LEARNED_MOTION, before, after);
        before = after;
        assert_true(s.bot[BOT_LEARNED_MOTION] >= 0.0 && s.bot[BOT_LEARNED_MOTION] <= 3.0);
    }
}

static void few_windows_are_worth_little(void **state)
{
    (void)state;
    assert_near(bot_learned_nats(&(struct bot_sum){0.0, 0.0}), 0.0, 0.0, "nothing seen");
    assert_near(bot_learned_nats(&(struct bot_sum){1.5, 1.0}), 0.0, 0.0, "zero");
    assert_near(bot_learned_nats(&(struct bot_sum){-50.0, 9.0}), 0.0, 0.0, "a person");
    double last = 0.0;
    for (size_t n = 1; n <= 5; n++) {
        const double nats =
            bot_learned_nats(&(struct bot_sum){.margin = 8.0 * (double)n, .windows = (double)n});
        assert_true(nats >= last && nats < (n < 3 ? (double)n : 3.0));
        last = nats;
    }
    assert_true(last > 2.5);
}

static void the_shipped_trees_are_sound(void **state)
{
    (void)state;
    const struct trees *t = bot_learned_shipped();
    struct trees checked;
    const uint8_t *const head = t->root - TREES_HEAD_BYTES;
    const size_t size = TREES_HEAD_BYTES + (size_t)t->trees * TREES_ROOT_BYTES +
                        (size_t)t->nodes * TREES_NODE_BYTES;
    assert_int_equal(trees_check((span_t){head, size}, BOT_COLUMNS, &checked), TREES_GOOD);
    assert_ptr_equal(checked.root, t->root);
    assert_ptr_equal(checked.node, t->node);
    assert_int_equal(checked.trees, t->trees);
    assert_int_equal(checked.nodes, t->nodes);
    assert_int_equal(checked.features, t->features);
    assert_near(checked.base, t->base, 0.0, "base");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_in_even_steps_is_a_machines),
        cmocka_unit_test(parts_know_what_lies_within_them),
        cmocka_unit_test(straight_and_short_and_small_paths_have_no_even_steps),
        cmocka_unit_test(features_do_not_know_where_or_which_way_round),
        cmocka_unit_test(features_barely_know_the_scale),
        cmocka_unit_test(features_of_any_path_are_bounded),
        cmocka_unit_test(too_little_has_no_features),
        cmocka_unit_test(weighed_evidence_stays_within_its_value_and_never_lowers_the_rest),
        cmocka_unit_test(few_windows_are_worth_little),
        cmocka_unit_test(the_shipped_trees_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
