/* measure_test.c - the measurements on two people: what must hold for anybody holds for them. */
#include "app/simulate/measure.h"

#include "app/simulate/measure_print.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 2, MODEL_PEOPLE = 14, MODEL_SESSIONS = 8 };

static int setup(void **state)
{
    struct measure *m = calloc(1, sizeof *m);
    assert_non_null(m);
    assert_ok(measure_init(m, 11, PEOPLE));
    assert_ok(measure_prepare(m, MODEL_PEOPLE, MODEL_SESSIONS));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    measure_deinit(*state);
    free(*state);
    return 0;
}

static const struct trial_figure *figure(const struct trial_report *r, const char *measure,
                                         const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->figure[i].measure, measure) == 0 && strcmp(r->figure[i].name, name) == 0) {
            return &r->figure[i];
        }
    }
    fail_msg("no figure %s: %s", measure, name);
    return NULL;
}

static void names_are_found_and_others_are_not(void **state)
{
    (void)state;
    static const char names[] = MEASURE_NAMES;
    size_t lines = 0;
    for (const char *at = names; at != NULL && *at != '\0'; at = strchr(at, '\n') + 1) {
        char name[16] = "";
        (void)memccpy(name, at, ' ', sizeof name - 1);
        name[strcspn(name, " ")] = '\0';
        assert_non_null(measure_find(name));
        lines++;
    }
    assert_int_equal(lines, 9);
    assert_null(measure_find("all"));
    assert_null(measure_find(""));
}

static void a_replay_is_always_caught_from_twelve_events_on(void **state)
{
    struct trial_report r = {.count = 0};
    assert_ok(measure_run(*state, measure_find("replay"), &r));
    assert_near(figure(&r, "replay", "caught within 12 events, from any place")->value, 1.0, 0.0,
                "caught");
    assert_near(figure(&r, "replay", "honest sessions that match")->value, 0.0, 0.0, "honest");
    assert_near(figure(&r, "replay", "a match blocks the session")->value, 1.0, 0.0, "blocks");
}

static void honest_people_are_never_blocked_however_odd(void **state)
{
    struct trial_report r = {.count = 0};
    assert_ok(measure_run(*state, measure_find("honest"), &r));
    assert_near(figure(&r, "honest", "blocks per genuine hour")->value, 0.0, 0.0, "blocks");
    assert_ok(measure_run(*state, measure_find("unusual"), &r));
    size_t kinds = 0;
    for (size_t i = 0; i < r.count; i++) {
        if (strcmp(r.figure[i].name, "sessions blocked") == 0) {
            assert_near(r.figure[i].value, 0.0, 0.0, r.figure[i].measure);
            kinds++;
        }
    }
    assert_int_equal(kinds, 9);
}

static void thieves_do_worse_than_owners(void **state)
{
    struct trial_report r = {.count = 0};
    assert_ok(measure_run(*state, measure_find("login"), &r));
    assert_ok(measure_run(*state, measure_find("takeover"), &r));
    assert_true(figure(&r, "login", "thief challenged or blocked, the owner's device")->value >
                figure(&r, "login", "owner challenged or blocked, his device")->value);
    assert_true(figure(&r, "takeover", "missed at 30 minutes")->value <= 0.5);
}

static void the_same_seed_gives_the_same_figures(void **state)
{
    struct trial_report a = {.count = 0};
    struct trial_report b = {.count = 0};
    assert_ok(measure_run(*state, measure_find("probing"), &a));
    assert_ok(measure_run(*state, measure_find("probing"), &b));
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_memory_equal(&a.figure[i].value, &b.figure[i].value, sizeof(double));
    }
}

static void a_report_is_told_as_json_without_infinities(void **state)
{
    (void)state;
    struct trial_report r = {.count = 0};
    const double never[] = {(double)INFINITY, (double)INFINITY};
    const struct trial_add what = {"takeover", "found", "min", TRIAL_MEDIAN, TRIAL_AT_MOST, 5.0};
    struct buf text;
    buf_init(&text, 4096);
    assert_ok(trial_report_add(&r, &what, never, 2, 1));
    assert_ok(measure_json(&r, &(struct measure_told){.seed = 1, .people = 2}, &text));
    assert_span_text(
        buf_span(&text),
        "{\"seed\":1,\"people\":2,\"random_challenge\":0,\"figures\":[{\"measure\":\"takeover\",\"name\":"
        "\"found\",\"unit\":\"min\",\"value\":null,\"lo\":null,\"hi\":null,\"people\":2,"
        "\"at_most\":5,\"met\":false}]}");
    buf_deinit(&text);
}

/* The first login asks for an MPIN that he does not have. */
static void who_is_asked_by_lot_teaches_and_learns_nothing(void **state)
{
    struct measure *m = *state;
    struct trial_report r = {.count = 0};
    m->random_percent = 100;
    assert_ok(measure_run(m, measure_find("poisoning"), &r));
    assert_ok(measure_run(m, measure_find("probing"), &r));
    m->random_percent = 0;
    assert_near(figure(&r, "poisoning x1.5", "of the others: alarm")->value, 1.0, 0.0, "alarm");
    assert_near(figure(&r, "poisoning x1.5", "alarm after (median)")->value, 1.0, 0.0, "at once");
    assert_near(figure(&r, "poisoning x1.5", "of the others: not accepted before an alarm")->value,
                1.0, 0.0, "accepted");
    assert_near(figure(&r, "probing", "of 200 tries: through before an MPIN is asked for")->value,
                0.0, 0.0, "through");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_and_others_are_not),
        cmocka_unit_test(a_replay_is_always_caught_from_twelve_events_on),
        cmocka_unit_test(who_is_asked_by_lot_teaches_and_learns_nothing),
        cmocka_unit_test(honest_people_are_never_blocked_however_odd),
        cmocka_unit_test(thieves_do_worse_than_owners),
        cmocka_unit_test(the_same_seed_gives_the_same_figures),
        cmocka_unit_test(a_report_is_told_as_json_without_infinities),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
