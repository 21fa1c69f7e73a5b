/* routine_test.c - own hours and amounts, and the rules that ask for them. */
#include "engine/people/routine.h"

#include "base/util.h"
#include "engine/profile/profile.h"
#include "engine/risk/context.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define T0      (INT64_C(20254) * 24 * HOUR_MS) /* midnight */

static void an_hour_is_odd_when_the_person_is_never_there(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        unsigned sessions, hour;
        bool odd;
    } cases[] = {
        {"too few are known", 19, 3, false}, {"far from every session", 20, 3, true},
        {"the usual hour", 20, 9, false},    {"the hour before", 20, 8, false},
        {"the hour behind", 20, 10, false},  {"two hours behind", 20, 11, true},
        {"of many", 399, 11, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct routine r = {0};
        for (unsigned k = 0; k < cases[i].sessions; k++) {
            routine_learn_hour(&r, 9);
        }
        if (routine_hour_is_odd(&r, cases[i].hour) != cases[i].odd) {
            fail_msg("%s", cases[i].what);
        }
    }
    struct routine r = {0};
    for (unsigned k = 0; k < 40; k++) {
        routine_learn_hour(&r, k % 2 == 0 ? 23 : 12);
    }
    assert_false(routine_hour_is_odd(&r, 0)); /* midnight is beside 23 */
    assert_int_equal(routine_hour(T0 + 5 * HOUR_MS + 1), 5);
}

static void amounts_are_high_beyond_all_that_is_known(void **state)
{
    (void)state;
    struct routine r = {0};
    bool known = true;
    for (int i = 0; i < ROUTINE_KNOWN; i++) {
        assert_false(routine_amount_is_high(&r, 1e9, &known));
        assert_false(known);
        routine_learn_amount(&r, 100.0 + i);
    }
    assert_false(routine_amount_is_high(&r, 119.0, &known));
    assert_true(known);
    assert_true(routine_amount_is_high(&r, 120.0, &known));
    for (int i = 0; i < ROUTINE_AMOUNTS; i++) {
        routine_learn_amount(&r, 5000.0);
    }
    assert_false(routine_amount_is_high(&r, 5000.0, &known));
    assert_true(routine_amount_is_high(&r, 5100.0, &known));
    routine_learn_amount(&r, 1e15);
    assert_false(routine_amount_is_high(&r, 1e15, &known));
}

static void counts_stay_bounded_and_come_back_from_bytes(void **state)
{
    (void)state;
    uint64_t seed = 8;
    struct routine r = {0};
    for (int i = 0; i < 3000; i++) {
        routine_learn_hour(&r, (unsigned)random_below(&seed, 24));
        if (i % 7 == 0) {
            routine_learn_amount(&r, random_in(&seed, 0.0, 1e5));
        }
        uint8_t bytes[512];
        struct byte_writer w = {.at = bytes, .left = sizeof bytes};
        routine_write(&w, &r);
        assert_false(w.failed);
        struct routine back;
        struct byte_reader from = {.at = bytes, .left = sizeof bytes - w.left};
        assert_true(routine_read(&from, &back));
        assert_memory_equal(&back, &r, sizeof r);
        bytes[48] = 65; /* more amounts than there is room for */
        struct byte_reader bad = {.at = bytes, .left = sizeof bytes - w.left};
        assert_false(routine_read(&bad, &back));
        struct byte_reader cut = {.at = bytes, .left = sizeof bytes - w.left - 1};
        assert_false(routine_read(&cut, &back));
    }
}

static canara_verdict_t pay(const struct canara_profile *p, double amount, int64_t at_ms,
                            struct session_state *inside)
{
    canara_session_t s;
    canara_verdict_t v = {0};
    const canara_event_t e = {.kind = CANARA_TRANSACTION_ATTEMPT,
                              .has = CANARA_F_AMOUNT,
                              .of.transaction.amount = amount};
    canara_session_begin(&s, at_ms);
    assert_int_equal(canara_observe(&s, NULL, p, &e, at_ms, &v), CANARA_OK);
    assert_int_equal(
        canara_observe(&s, NULL, p, &(canara_event_t){.kind = CANARA_IDLE_TIMEOUT}, at_ms, &v),
        CANARA_OK);
    assert_true(session_load(&s, inside));
    return v;
}

static void the_rules_ask_for_the_persons_own(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    struct session_state s;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int day = 0; day < 25; day++) {
        const int64_t at_ms = T0 + (24 * day + 9) * HOUR_MS;
        canara_session_t session;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        const canara_event_t e = {.kind = CANARA_TRANSACTION_ATTEMPT,
                                  .has = CANARA_F_AMOUNT,
                                  .of.transaction.amount = 200.0 + day};
        (void)pay(p, 60000.0, at_ms, &s);
        assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.8, 1e-12, "above 50,000, or above his own");
        canara_session_begin(&session, at_ms);
        assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_GATED, &wanted), CANARA_OK);
        assert_int_equal(canara_learn(p, &e, at_ms), CANARA_OK);
        assert_int_equal(canara_learn_end(p, at_ms, &lesson), CANARA_OK);
        assert_int_equal(lesson.learnt, 1);
    }
    (void)pay(p, 220.0, T0 + 9 * HOUR_MS, &s);
    assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.0, 0.0, "as ever");
    assert_near(s.context[CONTEXT_OFF_OWN_HOURS], 0.0, 0.0, "at nine");
    (void)pay(p, 300.0, T0 + 3 * HOUR_MS, &s);
    assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.8, 1e-12, "far below 50,000, far above his own");
    assert_near(s.context[CONTEXT_OFF_OWN_HOURS], 0.7, 1e-12, "at three, counted once");
    (void)pay(NULL, 300.0, T0 + 3 * HOUR_MS, &s);
    assert_near(s.context[CONTEXT_OFF_OWN_HOURS], 0.0, 0.0, "nobody's hours");
    canara_profile_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_is_odd_when_the_person_is_never_there),
        cmocka_unit_test(amounts_are_high_beyond_all_that_is_known),
        cmocka_unit_test(counts_stay_bounded_and_come_back_from_bytes),
        cmocka_unit_test(the_rules_ask_for_the_persons_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
