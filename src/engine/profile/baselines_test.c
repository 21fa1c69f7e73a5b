/* baselines_test.c - what an event looked like beside the owner's habit, in plain units. */
#include "base/util.h"
#include "engine/people/people_test.h"
#include "engine/profile/profile.h"
#include "engine/samples/events_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

static void teach(struct canara_profile *p, const canara_event_t *event, int times)
{
    for (int i = 0; i < times; i++) {
        canara_session_t session;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        canara_session_begin(&session, T0);
        assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        assert_int_equal(canara_learn(p, event, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    }
}

static canara_event_t typing(double wpm, const double *intervals, size_t n)
{
    return (canara_event_t){
        .kind = CANARA_TYPING_PATTERN,
        .has = CANARA_F_WORDS_PER_MINUTE | CANARA_F_KEY_PRESS_INTERVALS,
        .of.typing = {.words_per_minute = wpm, .key_press_intervals = intervals, .intervals = n}};
}

static canara_event_t keys_of(canara_key_t *keys, size_t n, double hold_ms, double interval_ms,
                              double pressure)
{
    for (size_t i = 0; i < n; i++) {
        keys[i] = (canara_key_t){.down_ms = interval_ms * (double)i,
                                 .up_ms = interval_ms * (double)i + hold_ms,
                                 .has = 1U << CANARA_KEY_PRESSURE};
        keys[i].extra[CANARA_KEY_PRESSURE] = pressure;
    }
    return (canara_event_t){.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_KEYS,
                            .of.keystrokes = {.keys = keys, .count = n}};
}

static canara_baseline_t named(const canara_baseline_t *all, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].what, what) == 0) {
            return all[i];
        }
    }
    fail_msg("no baseline for %s", what);
    return (canara_baseline_t){0};
}

static void keys_are_told_in_milliseconds_strongest_first(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    canara_key_t keys[40];
    canara_baseline_t out[CANARA_BASELINES_MAX];
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    canara_event_t e = keys_of(keys, 8, 90.0, 200.0, 0.5);
    teach(p, &e, 4);
    assert_int_equal(canara_baselines(p, &e, out), 0); /* too little is known */
    teach(p, &e, 4);
    e = keys_of(keys, 8, 90.0, 400.0, 0.55);
    const size_t n = canara_baselines(p, &e, out);
    assert_int_equal(n, 3);
    assert_string_equal(out[0].what, "key interval");
    assert_string_equal(out[0].name, "person.typing");
    assert_string_equal(out[0].unit, "ms");
    assert_near(out[0].value, 400.0, 1e-6, "value");
    assert_near(out[0].usual, 200.0, 0.2, "usual");
    assert_near(out[0].spread, 200.0 * 0.02, 0.1, "at least 2 %");
    assert_string_equal(out[1].what, "pressure");
    assert_near(out[1].value, 0.55, 1e-6, "pressure");
    assert_near(named(out, n, "hold time").value, 90.0, 1e-6, "hold");
    canara_profile_free(&p);
}

static void free_text_and_summaries_have_words_too(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    canara_key_t keys[50];
    canara_baseline_t out[CANARA_BASELINES_MAX];
    static const double usual[] = {0.2, 0.2, 0.2, 0.2, 0.2};
    static const double slow[] = {0.4, 0.4, 0.4, 0.4, 0.4};
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    canara_event_t e = keys_of(keys, 50, 90.0, 200.0, 0.5);
    teach(p, &e, 6);
    e = keys_of(keys, 50, 120.0, 100.0, 0.5);
    size_t n = canara_baselines(p, &e, out);
    assert_near(named(out, n, "hold time").value, 120.0, 1e-6, "hold of free text");
    assert_near(named(out, n, "overlapping keys").value, 100.0 * 49.5 / 50.0, 1e-6, "percent");

    e = typing(60.0, usual, 5);
    teach(p, &e, 6);
    e = typing(30.0, slow, 5);
    n = canara_baselines(p, &e, out);
    assert_near(named(out, n, "typing speed").value, 30.0, 1e-9, "words per minute");
    assert_near(named(out, n, "typing speed").usual, 60.0, 0.1, "words per minute");
    assert_near(named(out, n, "key interval").usual, 200.0, 0.2, "ms");

    e = (canara_event_t){.kind = CANARA_MOUSE_MOVEMENT,
                         .has = CANARA_F_MOVEMENT_SPEED,
                         .of.mouse.movement_speed = 150.0};
    teach(p, &e, 6);
    e.of.mouse.movement_speed = 900.0;
    n = canara_baselines(p, &e, out);
    assert_int_equal(n, 1);
    assert_string_equal(out[0].name, "person.pointer");
    assert_near(out[0].value, 900.0, 1e-6, "px/s");

    e = (canara_event_t){.kind = CANARA_NAVIGATION_PATTERN,
                         .has = CANARA_F_CURRENT_PAGE | CANARA_F_TIME_ON_PAGE,
                         .of.navigation = {.time_on_page_s = 20.0, .current_page = {"pay", 3}}};
    teach(p, &e, 6);
    e.of.navigation.time_on_page_s = 2.0;
    assert_int_equal(canara_baselines(p, &e, out), 1);
    assert_string_equal(out[0].what, "dwell on page");
    assert_near(out[0].value, 2.0, 1e-9, "s");
    assert_near(out[0].usual, 20.0, 1e-4, "s");
    canara_profile_free(&p);
}

static void without_a_profile_or_an_event_there_is_nothing(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    canara_baseline_t out[CANARA_BASELINES_MAX];
    const canara_event_t idle = {.kind = CANARA_IDLE_TIMEOUT};
    const canara_event_t bad = {.kind = (enum canara_event_kind)77};
    const canara_event_t nan = {.kind = CANARA_MOUSE_MOVEMENT,
                                .has = CANARA_F_MOVEMENT_SPEED,
                                .of.mouse.movement_speed = NAN};
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    assert_int_equal(canara_baselines(NULL, &idle, out), 0);
    assert_int_equal(canara_baselines(p, &idle, out), 0);
    assert_int_equal(canara_baselines(p, &bad, out), 0);
    assert_int_equal(canara_baselines(p, &nan, out), 0);
    canara_profile_free(&p);
}

static void any_event_gives_finite_numbers_and_each_word_once(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    uint64_t seed = 31;
    struct test_event e;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int i = 0; i < 400; i++) {
        test_event_random(&e, &seed);
        if (e.event.kind < CANARA_EVENT_KINDS && e.event.kind != CANARA_FEATURES) {
            teach(p, &e.event, 1);
        }
    }
    size_t told = 0;
    for (int i = 0; i < 3000; i++) {
        canara_baseline_t out[CANARA_BASELINES_MAX];
        test_event_random(&e, &seed);
        const size_t n = canara_baselines(p, &e.event, out);
        assert_in_range(n, 0, CANARA_BASELINES_MAX);
        told += n;
        for (size_t k = 0; k < n; k++) {
            assert_true(isfinite(out[k].value) && isfinite(out[k].usual) && out[k].spread >= 0.0);
            for (size_t j = 0; j < k; j++) {
                assert_true(out[j].what != out[k].what || out[j].name != out[k].name);
            }
        }
    }
    assert_true(told > 100);
    canara_profile_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_in_milliseconds_strongest_first),
        cmocka_unit_test(free_text_and_summaries_have_words_too),
        cmocka_unit_test(without_a_profile_or_an_event_there_is_nothing),
        cmocka_unit_test(any_event_gives_finite_numbers_and_each_word_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
