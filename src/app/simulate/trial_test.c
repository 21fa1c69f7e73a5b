/* trial_test.c - figures with intervals, tapes, and the session filter on made-up evidence. */
#include "app/simulate/trial.h"

#include "app/simulate/trial_filter.h"
#include "lab/sets/tape.h"
#include "tests/support/unit.h"

#include <math.h>

static void a_mean_lies_in_its_interval_and_nobody_is_not_zero(void **state)
{
    (void)state;
    double values[50];
    struct trial_figure f = {.people = 0};
    for (int i = 0; i < 50; i++) {
        values[i] = i % 2 == 0 ? 1.0 : (i % 5 == 0 ? (double)NAN : 0.0);
    }
    assert_ok(trial_estimate(values, 50, TRIAL_MEAN, 7, &f));
    assert_int_equal(f.people, 45);
    assert_near(f.value, 25.0 / 45.0, 1e-12, "mean of those who count");
    assert_true(f.ci.lo < f.value && f.value < f.ci.hi);
    struct trial_figure again = {.people = 0};
    assert_ok(trial_estimate(values, 50, TRIAL_MEAN, 7, &again));
    assert_memory_equal(&f.ci, &again.ci, sizeof f.ci);

    const double nobody[] = {(double)NAN, (double)NAN};
    assert_ok(trial_estimate(nobody, 2, TRIAL_MEDIAN, 7, &f));
    assert_true(isnan(f.value) && isnan(f.ci.lo) && f.people == 0);
}

static void never_is_a_value_of_a_median(void **state)
{
    (void)state;
    const double most[] = {1.0, (double)INFINITY, (double)INFINITY};
    const double few[] = {1.0, 2.0, (double)INFINITY, 3.0};
    struct trial_figure f = {.people = 0};
    assert_ok(trial_estimate(most, 3, TRIAL_MEDIAN, 1, &f));
    assert_true(isinf(f.value));
    assert_ok(trial_estimate(few, 4, TRIAL_MEDIAN, 1, &f));
    assert_near(f.value, 2.5, 1e-12, "the middle of four");
}

static void goals_are_kept_or_missed(void **state)
{
    (void)state;
    struct trial_figure f = {.value = 0.5, .goal = TRIAL_AT_MOST, .limit = 0.5};
    assert_true(trial_is_met(&f));
    f.limit = 0.4;
    assert_false(trial_is_met(&f));
    f.goal = TRIAL_AT_LEAST;
    assert_true(trial_is_met(&f));
    f.value = (double)NAN;
    assert_false(trial_is_met(&f));
    f.goal = TRIAL_NO_GOAL;
    assert_true(trial_is_met(&f));
}

static void the_filter_keeps_its_goals(void **state)
{
    (void)state;
    struct trial_report r = {.count = 0};
    assert_ok(trial_filter_run(&(struct trial_filter){.seed = 5, .people = 300, .apart = 1.0}, &r));
    assert_int_equal(r.count, 3);
    assert_true(r.figure[0].ci.lo <= 0.03); /* challenges an hour */
    assert_true(r.figure[1].value <= 5.0);  /* minutes */
    assert_true(r.figure[2].value <= 0.10); /* missed */
    struct trial_report wide = {.count = 0};
    assert_ok(
        trial_filter_run(&(struct trial_filter){.seed = 5, .people = 300, .apart = 1.5}, &wide));
    for (size_t i = 0; i < 3; i++) { /* people further apart: better in every respect */
        assert_true(wide.figure[i].value <= r.figure[i].value);
    }
}

/* An event that says its pointer's clicks are a machine's. */
static canara_event_t clicks(double rate)
{
    return (canara_event_t){.kind = CANARA_RAPID_CLICKS,
                            .has = (uint32_t)CANARA_F_CLICKS_PER_SECOND,
                            .of.clicks = {.clicks_per_second = rate}};
}

static void a_tape_counts_from_where_it_is_told_and_only_owners_answer(void **state)
{
    (void)state;
    struct tape t;
    struct tape_result r;
    const canara_event_t calm = clicks(1.0);
    const canara_event_t wild = clicks(30.0);
    tape_init(&t);
    assert_int_equal(tape_length(&t), 0);
    assert_ok(tape_event(&t, &calm, 0));
    assert_ok(tape_fact(&t, CANARA_FACT_NEW_DEVICE, 500));
    assert_ok(tape_event(&t, &wild, 1000));
    assert_ok(tape_event(&t, &calm, 2000));
    assert_int_equal(tape_length(&t), 2000);
    assert_ok(tape_play(&t, &(struct tape_play){.begin_ms = 1000000}, &r));
    assert_int_equal(r.challenges + r.blocks, 1);
    assert_int_equal(r.stopped_ms, 1000);
    assert_ok(tape_play(
        &t, &(struct tape_play){.begin_ms = 1000000, .from_ms = 1001, .whole = true}, &r));
    assert_int_equal(r.stopped_ms, -1);
    assert_ok(tape_play(&t, &(struct tape_play){.begin_ms = 1000000, .owner = true}, &r));
    assert_true(r.risk_peak >= 0.7);
    tape_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_lies_in_its_interval_and_nobody_is_not_zero),
        cmocka_unit_test(never_is_a_value_of_a_median),
        cmocka_unit_test(goals_are_kept_or_missed),
        cmocka_unit_test(the_filter_keeps_its_goals),
        cmocka_unit_test(a_tape_counts_from_where_it_is_told_and_only_owners_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
