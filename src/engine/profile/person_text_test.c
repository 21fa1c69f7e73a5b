/* person_text_test.c - a text is one witness, however long it is. */
#include "engine/people/people_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

enum { PART = 60, PARTS = 4, TWO_PARTS = 120, LESSONS = 12 };

static struct canara_profile *taught(const struct canara_model *model,
                                     const struct test_person *who, uint64_t *seed)
{
    struct canara_profile *profile = NULL;
    canara_key_t keys[PART];
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    assert_int_equal(canara_profile_new(model, &profile), CANARA_OK);
    for (int64_t day = 0; day < LESSONS; day++) {
        const int64_t at = T0 + day * 86400000;
        canara_session_begin(&s, at);
        assert_int_equal(canara_learn_begin(profile, &s, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        const canara_event_t text = test_person_writes(who, seed, keys, PART);
        assert_int_equal(canara_learn(profile, &text, at + 1), CANARA_OK);
        assert_int_equal(canara_learn_end(profile, at + 2, &lesson), CANARA_OK);
    }
    return profile;
}

/* The nats that typing has after these keys, in a session of their own. */
static double typing_after(const struct canara_profile *profile, canara_event_t text, size_t keys)
{
    canara_session_t s;
    canara_verdict_t v;
    canara_reason_t reason[CANARA_REASONS_MAX];
    text.of.keystrokes.count = keys;
    canara_session_begin(&s, T0 + INT64_C(8640000000));
    assert_int_equal(canara_observe(&s, NULL, profile, &text, T0 + INT64_C(8640000001), &v),
                     CANARA_OK);
    double sum = 0.0;
    const size_t n = canara_reasons(&s, T0 + INT64_C(8640000001), reason);
    for (size_t i = 0; i < n; i++) {
        sum += reason[i].nats;
    }
    return sum;
}

/* The same stretch four times over is a longer text, and says what it said once: of the owner and of another. */
static void a_text_of_many_stretches_says_what_one_of_them_says(void **state)
{
    (void)state;
    uint64_t seed = 77;
    const struct test_person ann = test_person(1);
    const struct test_person thief = test_person(2);
    const struct test_person *const who[] = {&ann, &thief};
    struct canara_model *model = test_model_of_all();
    struct canara_profile *profile = taught(model, &ann, &seed);
    for (size_t w = 0; w < 2; w++) {
        canara_key_t keys[PART * PARTS];
        canara_event_t text = test_person_writes(who[w], &seed, keys, PART);
        const double length = keys[PART - 1].down_ms + 400.0;
        for (size_t i = PART; i < (size_t)PART * PARTS; i++) {
            keys[i] = keys[i - PART];
            keys[i].down_ms += length;
            keys[i].up_ms += length;
        }
        const double once = typing_after(profile, text, PART);
        assert_true(w == 0 ? once < -0.5 : once > 0.5);
        for (size_t parts = 2; parts <= PARTS; parts++) {
            assert_near(typing_after(profile, text, PART * parts), once, 1e-4, "longer");
        }
    }
    canara_profile_free(&profile);
    canara_model_close(&model);
}

/* The next text of the session is a witness again, for half of it. */
static void the_next_text_counts_half(void **state)
{
    (void)state;
    uint64_t seed = 78;
    const struct test_person ann = test_person(1);
    const struct test_person thief = test_person(2);
    struct canara_model *model = test_model_of_all();
    struct canara_profile *profile = taught(model, &ann, &seed);
    canara_key_t keys[TWO_PARTS];
    canara_session_t s;
    canara_verdict_t v;
    double logit[3] = {log(0.05 / 0.95)};
    const canara_event_t text = test_person_writes(&thief, &seed, keys, TWO_PARTS);
    canara_session_begin(&s, T0);
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(canara_observe(&s, NULL, profile, &text, T0 + 1, &v), CANARA_OK);
        logit[i] = log(v.risk / (1.0 - v.risk));
    }
    assert_near(logit[2] - logit[1], 0.5 * (logit[1] - logit[0]), 1e-3, "half");
    canara_profile_free(&profile);
    canara_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_many_stretches_says_what_one_of_them_says),
        cmocka_unit_test(the_next_text_counts_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
