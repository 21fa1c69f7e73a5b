/* bot_rows_test.c - rows of people and machines, and what trees learn of them. */
#include "lab/bots/bot_rows.h"

#include "base/rng.h"
#include "base/util.h"
#include "engine/arithmetic/trees.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { COLUMNS = 2, EACH = 200 };

static void add(struct bot_rows *r, double a, double b, uint32_t group, bool machine)
{
    assert_false(failed(bot_rows_add(r, (const double[COLUMNS]){a, b}, group, machine)));
}

static void rows_are_kept_as_they_came(void **state)
{
    (void)state;
    CLEANUP(bot_rows_deinit) struct bot_rows r;
    bot_rows_begin(&r, COLUMNS);
    for (uint32_t i = 0; i < 10000; i++) { /* more than fit at first */
        add(&r, i, -(double)i, i % 7, i % 2 == 1);
    }
    assert_int_equal(r.rows, 10000);
    assert_int_equal(r.groups, 7);
    for (size_t i = 0; i < r.rows; i++) {
        assert_true(r.x[2 * i] == (float)i && r.x[2 * i + 1] == -(float)i);
        assert_true(r.group[i] == i % 7 && r.machine[i] == (i % 2 == 1));
    }
}

static void one_side_alone_is_no_lesson(void **state)
{
    (void)state;
    CLEANUP(bot_rows_deinit) struct bot_rows r;
    CLEANUP(buf_deinit) struct buf trees;
    char why[BOOST_WHY_BYTES] = "";
    const struct boost_params params = bot_rows_params();
    buf_init(&trees, TREES_BYTES_MAX);
    bot_rows_begin(&r, COLUMNS);
    assert_false(bot_rows_of_both(&r));
    add(&r, 1.0, 2.0, 0, true);
    assert_false(bot_rows_of_both(&r));
    assert_int_equal(bot_rows_fit(&r, &params, &trees, why).code, ERR_RANGE);
    assert_string_equal(why, "nothing to learn of people, or nothing of machines");
    add(&r, 1.0, 2.0, 1, false);
    assert_true(bot_rows_of_both(&r));
}

/* A column that only people's clients fill in would tell clients apart, not people and machines. */
static void a_column_that_one_side_hardly_has_is_taken_from_both(void **state)
{
    (void)state;
    CLEANUP(bot_rows_deinit) struct bot_rows r;
    bot_rows_begin(&r, COLUMNS);
    for (uint32_t i = 0; i < 10; i++) {
        add(&r, 1.0, i < 5 ? 1.0 : (double)NAN, 0, false);
        add(&r, i < 4 ? 1.0 : (double)NAN, 1.0, 1, true);
    }
    bot_rows_even_out(&r, 0, 0.5);
    for (size_t i = 0; i < r.rows; i++) {
        assert_true(isnan(r.x[i * COLUMNS])); /* four of ten machines: gone, of people too */
        assert_true(isnan(r.x[i * COLUMNS + 1]) == (!r.machine[i] && i >= 10)); /* half: stays */
    }
}

/* What own scripts tell is what people's clients told: it says nothing of what other machines tell. */
static void scripts_do_not_speak_for_machines_where_there_are_others(void **state)
{
    (void)state;
    for (uint32_t scripts_alone = 0; scripts_alone < 2; scripts_alone++) {
        CLEANUP(bot_rows_deinit) struct bot_rows r;
        bot_rows_begin(&r, COLUMNS);
        for (uint32_t i = 0; i < 10; i++) {
            add(&r, 1.0, 1.0, 5, false);
            add(&r, 1.0, 1.0, 2, true); /* a script */
            if (scripts_alone == 0 && i < 3) {
                add(&r, (double)NAN, 1.0, 6, true);
            }
        }
        bot_rows_even_out(&r, 5, 0.5);
        assert_true(isnan(r.x[0]) == (scripts_alone == 0));
        assert_true(isfinite(r.x[1]));
    }
}

static double margin(const struct trees *t, double a)
{
    return trees_margin(t, (const double[COLUMNS]){a, 0.0});
}

/* A machine with a hundred times the rows of another does not drown it, nor do machines drown people. */
static void everybody_is_heard_and_both_sides_weigh_the_same(void **state)
{
    (void)state;
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
    CLEANUP(bot_rows_deinit) struct bot_rows r;
    CLEANUP(buf_deinit) struct buf bytes;
    struct trees trees;
    struct rng rng;
    char why[BOOST_WHY_BYTES] = "";
    struct boost_params params = bot_rows_params();
    params.min_child = 1.0;
    rng_seed(&rng, 3);
    buf_init(&bytes, TREES_BYTES_MAX);
    bot_rows_begin(&r, COLUMNS);
    for (size_t i = 0; i < EACH; i++) {
        add(&r, rng_normal(&rng), rng_normal(&rng), 0, false);
    }
    for (size_t i = 0; i < (size_t)20 * EACH; i++) {
        const bool rare = i % 100 == 0;
        add(&r, (rare ? -6.0 : 6.0) + rng_normal(&rng), rng_normal(&rng), rare ? 1 : 2, true);
    }
    if (failed(bot_rows_fit(&r, &params, &bytes, why))) {
        fail_msg("%s", why);
    }
    assert_int_equal(trees_check(buf_span(&bytes), COLUMNS, &trees), TREES_GOOD);
    assert_true(margin(&trees, 6.0) > 2.0);
    assert_true(margin(&trees, -6.0) > 1.0);
    assert_true(margin(&trees, 0.0) < -2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_kept_as_they_came),
        cmocka_unit_test(one_side_alone_is_no_lesson),
        cmocka_unit_test(a_column_that_one_side_hardly_has_is_taken_from_both),
        cmocka_unit_test(scripts_do_not_speak_for_machines_where_there_are_others),
        cmocka_unit_test(everybody_is_heard_and_both_sides_weigh_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
