/* evaluation_test.c - scores by model, lockouts as the filter counts them, shares. */
#include "lab/trials/evaluation.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

/* Sessions "0-0" and so on: user, entry. */
static struct dataset *people(size_t users, size_t entries)
{
    struct dataset *set = NULL;
    assert_ok(dataset_blank(&set));
    const struct dataset_event event = {.event = {.kind = CANARA_SCROLL}};
    for (size_t u = 0; u < users; u++) {
        for (size_t e = 0; e < entries; e++) {
            char email[64];
            char session[64];
            (void)snprintf(email, sizeof email, "u%zu@canara.example", u);
            (void)snprintf(session, sizeof session, "%zu-%zu", u, e);
            assert_ok(dataset_take(set, email, session, &event));
        }
    }
    return set;
}

static struct bout bout(uint32_t session, bool genuine, double score)
{
    return (struct bout){.session = session, .genuine = genuine, .scored = true, .score = score};
}

static void nats_add_up_to_a_lockout(void **state)
{
    (void)state;
    CLEANUP(dataset_close) struct dataset *set = people(3, 4);
    /* logit .05 = -2.944, logit .9 = 2.197: 5.142 nats lock out. */
    struct bout b[] = {
        bout(0, true, -1.0), bout(4, false, 2.6), bout(1, true, 3.0),  bout(8, false, 1.0),
        bout(5, false, 2.6), bout(2, true, 3.2),  bout(9, false, 1.0), bout(10, false, 30.0),
    };
    b[7].scored = false;
    const struct contest c = {.bout = b, .bouts = ARRAY_LEN(b), .models = 1};
    struct lockout got;
    assert_ok(evaluation_lockout(set, &c, &got));
    assert_near(got.anga, 3.0, 0.0, "anga"); /* -1 + 3 + 3.2 = 5.2 */
    assert_near(got.ania, 2.0, 0.0, "ania"); /* 2.6 + 2.6 */
    assert_int_equal(got.genuine_runs, 1);
    assert_int_equal(got.impostor_runs, 2);
    assert_int_equal(got.never_detected, 1); /* the third person gave 2 */
}

static void no_evidence_ever_counts_for_more_than_the_filter_keeps(void **state)
{
    (void)state;
    CLEANUP(dataset_close) struct dataset *set = people(2, 4);
    struct bout b[] = {bout(4, false, -1e6), bout(5, false, 23.0)};
    const struct contest c = {.bout = b, .bouts = ARRAY_LEN(b), .models = 1};
    struct lockout got;
    assert_ok(evaluation_lockout(set, &c, &got)); /* from -20.72 up to 2.28 */
    assert_near(got.ania, 2.0, 0.0, "ania");
}

static void where_nothing_is_scored_no_figure_exists(void **state)
{
    (void)state;
    CLEANUP(dataset_close) struct dataset *set = people(1, 1);
    const struct contest none = {.models = 0};
    struct evaluation e = {.count = 77};
    struct report r;
    assert_ok(evaluation_new(set, &none, DETECTOR_FULL, (struct bootstrap_options){10, 1}, &e));
    assert_int_equal(e.count, 0);
    assert_int_equal(e.scored, 0);
    report_init(&r);
    evaluation_report(&e, false, &r);
    for (size_t f = 0; f < FIGURES; f++) {
        assert_true(isnan(r.measures.value[f]) && isnan(r.interval[f].lo));
    }
    assert_true(isnan(r.anga) && isnan(r.ania) && isnan(r.never_detected));
    evaluation_free(&e);
}

static void a_blank_set_takes_whole_sessions_of_one_user(void **state)
{
    (void)state;
    CLEANUP(dataset_close) struct dataset *set = people(2, 3);
    const struct dataset_event event = {.event = {.kind = CANARA_SCROLL}};
    assert_int_equal(dataset_users(set), 2);
    assert_int_equal(dataset_sessions(set), 6);
    assert_int_equal(dataset_models(set), 0);
    assert_string_equal(dataset_about(set)->name, "");
    assert_err(dataset_take(set, "u0@canara.example", "0-0", &event), ERR_FORMAT);
    assert_err(dataset_take(set, "u0@canara.example", "1-2", &event), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nats_add_up_to_a_lockout),
        cmocka_unit_test(no_evidence_ever_counts_for_more_than_the_filter_keeps),
        cmocka_unit_test(where_nothing_is_scored_no_figure_exists),
        cmocka_unit_test(a_blank_set_takes_whole_sessions_of_one_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
