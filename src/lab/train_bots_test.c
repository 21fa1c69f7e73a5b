#include "lab/train_bots.h"

#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { POINTS = 120 };

/* Somebody: slow where it bends, never twice the same, told by a recorder of 60 Hz. */
static void drawn_by_hand(struct rng *rng, canara_point_t p[POINTS])
{
    const double bow = 0.4 + rng_double(rng);
    const double beat = 1.0 + 3.0 * rng_double(rng);
    double a = 2.0 * PI * rng_double(rng);
    double drift = 0.0;
    for (size_t i = 0; i < POINTS; i++) {
        drift = 0.95 * drift + 0.02 * rng_normal(rng);
        p[i] = (canara_point_t){.t_ms = 16.0 * (double)i,
                                .x = round(500.0 + 200.0 * cos(a)),
                                .y = round(400.0 + 200.0 * bow * sin(a))};
        a += 0.06 * (1.0 + 0.5 * sin(beat * a) + drift);
    }
}

static struct bot_lesson *lesson_of(uint64_t seed)
{
    struct bot_lesson *lesson = NULL;
    struct rng rng;
    canara_point_t p[POINTS];
    assert_false(failed(bot_lesson_new(seed, &lesson)));
    rng_seed(&rng, 11);
    for (size_t i = 0; i < 300; i++) {
        drawn_by_hand(&rng, p);
        assert_false(failed(bot_lesson_add(lesson, p, POINTS, false)));
    }
    assert_false(failed(bot_lesson_add_hands(lesson)));
    return lesson;
}

static void the_same_lesson_gives_the_same_bits(void **state)
{
    (void)state;
    struct bot_table t[2];
    for (size_t i = 0; i < 2; i++) {
        struct bot_lesson *lesson = lesson_of(1);
        assert_false(failed(bot_lesson_fit(lesson, &t[i])));
        bot_lesson_free(&lesson);
    }
    assert_memory_equal(&t[0], &t[1], sizeof t[0]);
}

static void people_unseen_get_nothing_and_machines_unseen_do(void **state)
{
    (void)state;
    struct bot_table t;
    struct bot_lesson *lesson = lesson_of(1);
    assert_false(failed(bot_lesson_fit(lesson, &t)));
    bot_lesson_free(&lesson);
    struct rng rng;
    rng_seed(&rng, 99);
    double f[BOT_MOTION_FEATURES];
    canara_point_t p[BOT_HAND_POINTS];
    size_t people = 0;
    size_t machines = 0;
    for (size_t i = 0; i < 200; i++) {
        drawn_by_hand(&rng, p);
        assert_true(bot_motion_features(p, POINTS, f));
        people += bot_table_nats(&t, f) > 0.0;
        const size_t n = bot_hand_move(BOT_HAND_WIND, &rng, p);
        machines += bot_motion_features(p, n, f) && bot_table_nats(&t, f) > 0.0;
    }
    assert_true(people <= 10);
    assert_true(machines >= 150);
}

static void one_side_alone_is_no_lesson(void **state)
{
    (void)state;
    struct bot_lesson *lesson = NULL;
    struct bot_table t;
    assert_false(failed(bot_lesson_new(1, &lesson)));
    assert_int_equal(bot_lesson_fit(lesson, &t).code, ERR_RANGE);
    assert_false(failed(bot_lesson_add_hands(lesson)));
    assert_int_equal(bot_lesson_fit(lesson, &t).code, ERR_RANGE);
    bot_lesson_free(&lesson);
    assert_null(lesson);
}

static void every_hand_moves_in_order_and_within_bounds(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    canara_point_t p[BOT_HAND_POINTS];
    canara_point_t q[BOT_HAND_POINTS];
    for (int hand = 0; hand < BOT_HANDS; hand++) {
        for (size_t i = 0; i < 100; i++) {
            const size_t n = bot_hand_move((enum bot_hand)hand, &rng, p);
            const size_t m = bot_hand_record(p, n, &rng, q);
            assert_true(n >= 16 && n <= BOT_HAND_POINTS && m <= n);
            for (size_t k = 1; k < n; k++) {
                assert_true(p[k].t_ms >= p[k - 1].t_ms && fabs(p[k].x) < 1e5 && fabs(p[k].y) < 1e5);
            }
            for (size_t k = 1; k < m; k++) {
                assert_true(q[k].t_ms >= q[k - 1].t_ms);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_lesson_gives_the_same_bits),
        cmocka_unit_test(people_unseen_get_nothing_and_machines_unseen_do),
        cmocka_unit_test(one_side_alone_is_no_lesson),
        cmocka_unit_test(every_hand_moves_in_order_and_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
