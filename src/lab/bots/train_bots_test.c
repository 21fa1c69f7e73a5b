#include "lab/bots/train_bots.h"

#include "base/util.h"
#include "lab/bots/boost_client.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
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

/* Skip, and say why, where the optional program was not built. */
static void need_boost(void)
{
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
}

static struct bot_lesson *lesson_of(uint64_t seed)
{
    struct bot_lesson *lesson = NULL;
    struct rng rng;
    canara_point_t p[POINTS];
    assert_false(failed(bot_lesson_new(seed, &lesson)));
    rng_seed(&rng, 11);
    for (size_t i = 0; i < 200; i++) {
        drawn_by_hand(&rng, p);
        assert_false(failed(bot_lesson_add(lesson, p, POINTS, false)));
    }
    for (size_t i = 0; i < 200; i++) {
        canara_point_t q[BOT_HAND_POINTS];
        const enum bot_hand hand = i % 2 == 0 ? BOT_HAND_STEPS : BOT_HAND_SMOOTH;
        bot_lesson_next(lesson);
        assert_false(failed(bot_lesson_add(lesson, q, bot_hand_move(hand, &rng, q), true)));
    }
    return lesson;
}

static void fit(uint64_t seed, struct buf *trees)
{
    char why[BOOST_WHY_BYTES] = "";
    struct bot_lesson *lesson = lesson_of(seed);
    buf_init(trees, TREES_BYTES_MAX);
    if (failed(bot_lesson_fit(lesson, trees, why))) {
        fail_msg("%s", why);
    }
    bot_lesson_free(&lesson);
}

static void the_same_lesson_gives_the_same_bits(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(buf_deinit) struct buf a;
    CLEANUP(buf_deinit) struct buf b;
    fit(1, &a);
    fit(1, &b);
    assert_int_equal(buf_span(&a).len, buf_span(&b).len);
    assert_memory_equal(buf_span(&a).ptr, buf_span(&b).ptr, buf_span(&a).len);
}

static void add(const struct trees *trees, const canara_point_t *p, size_t n, struct bot_sum *sum)
{
    struct bot_windows w;
    bot_windows_begin(&w, p, n);
    bot_learned_add(trees, &w, sum);
}

static void people_unseen_get_nothing_and_machines_unseen_do(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(buf_deinit) struct buf bytes;
    struct trees trees;
    fit(1, &bytes);
    assert_int_equal(trees_check(buf_span(&bytes), BOT_COLUMNS, &trees), TREES_GOOD);
    struct rng rng;
    rng_seed(&rng, 99);
    canara_point_t p[BOT_HAND_POINTS];
    size_t people = 0;
    size_t machines = 0;
    for (size_t i = 0; i < 200; i++) {
        struct bot_sum person = {0.0, 0.0};
        struct bot_sum machine = {0.0, 0.0};
        drawn_by_hand(&rng, p);
        add(&trees, p, POINTS, &person);
        add(&trees, p, bot_hand_move(BOT_HAND_MEMORY, &rng, p), &machine);
        people += bot_learned_nats(&person) > 0.0;
        machines += bot_learned_nats(&machine) > 0.0;
    }
    assert_true(people <= 10);
    assert_true(machines >= 120);
}

static void one_side_alone_is_no_lesson(void **state)
{
    (void)state;
    CLEANUP(buf_deinit) struct buf bytes;
    struct bot_lesson *lesson = NULL;
    char why[BOOST_WHY_BYTES] = "";
    buf_init(&bytes, TREES_BYTES_MAX);
    assert_false(failed(bot_lesson_new(1, &lesson)));
    assert_int_equal(bot_lesson_fit(lesson, &bytes, why).code, ERR_RANGE);
    assert_string_equal(why, "movements of a pointer are needed, of people and of machines");
    assert_false(failed(bot_lesson_add_hands(lesson, BOT_HANDS)));
    assert_int_equal(bot_lesson_fit(lesson, &bytes, why).code, ERR_RANGE);
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
