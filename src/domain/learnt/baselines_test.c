/* What is noted beside the owner's habit: the newest of each reason, a few of them, and not too often. */
#include "domain/learnt/baselines.h"

#include "tests/support/unit.h"

#include <string.h>

enum { KEYS = 8, TIMES = 8 };

#define T0 INT64_C(1750000000000)

static canara_event_t typed(canara_key_t keys[KEYS], double hold_ms, double interval_ms)
{
    for (int i = 0; i < KEYS; i++) {
        keys[i] = (canara_key_t){.down_ms = interval_ms * i, .up_ms = interval_ms * i + hold_ms};
    }
    return (canara_event_t){.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_KEYS,
                            .of.keystrokes = {.keys = keys, .count = KEYS}};
}

/* The profile of somebody who holds each key for 90 ms and presses one every 200 ms. */
static struct canara_profile *somebody(void)
{
    struct canara_profile *p = NULL;
    canara_key_t keys[KEYS];
    const canara_event_t event = typed(keys, 90.0, 200.0);
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int i = 0; i < TIMES; i++) {
        canara_session_t session;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        canara_session_begin(&session, T0);
        assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        assert_int_equal(canara_learn(p, &event, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    }
    return p;
}

static double interval_of(const struct baselines *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (strcmp(b->row[i].what, "key interval") == 0) {
            return b->row[i].value;
        }
    }
    return 0.0;
}

static void the_newest_of_a_reason_takes_the_place_of_the_one_before(void **state)
{
    (void)state;
    struct canara_profile *p = somebody();
    struct baselines *b = NULL;
    canara_key_t keys[KEYS];
    canara_event_t event = typed(keys, 90.0, 400.0);
    baselines_note(&b, p, &event, (wall_t){T0});
    assert_non_null(b);
    assert_in_range(b->count, 1, BASELINES_PER_REASON);
    assert_true(interval_of(b) > 399.0 && interval_of(b) < 401.0);
    const size_t count = b->count;

    event = typed(keys, 90.0, 500.0);
    baselines_note(&b, p, &event, (wall_t){T0 + BASELINES_APART_MS - 1}); /* too soon */
    assert_true(interval_of(b) < 401.0);
    baselines_note(&b, p, &event, (wall_t){T0 + BASELINES_APART_MS});
    assert_true(interval_of(b) > 499.0);
    assert_int_equal(b->count, count);

    event = typed(keys, 90.0, 600.0);
    baselines_note(&b, p, &event, (wall_t){T0 - 1000}); /* the clock went back */
    assert_true(interval_of(b) > 599.0);
    baselines_free(&b);
    assert_null(b);
    canara_profile_free(&p);
}

static void without_a_habit_nothing_is_noted(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    struct baselines *b = NULL;
    canara_key_t keys[KEYS];
    const canara_event_t event = typed(keys, 90.0, 400.0);
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    baselines_note(&b, p, &event, (wall_t){T0});
    assert_null(b);
    baselines_free(&b);
    canara_profile_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_of_a_reason_takes_the_place_of_the_one_before),
        cmocka_unit_test(without_a_habit_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
