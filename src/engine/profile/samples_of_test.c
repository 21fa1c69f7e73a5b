/* samples_of_test.c - an entry that is also free text counts once. */
#include "engine/profile/samples_of.h"

#include "base/util.h"
#include "engine/profile/profile.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { KEYS = 20 };

static void count(void *ctx, const struct sample *s)
{
    size_t *n = ctx;
    n[s->kind]++;
}

static void a_known_entry_is_not_free_text_as_well(void **state)
{
    (void)state;
    canara_key_t keys[KEYS] = {{0}};
    for (int i = 0; i < KEYS; i++) {
        keys[i].down_ms = 150.0 * i;
        keys[i].up_ms = 150.0 * i + 90.0;
    }
    canara_event_t e = {.kind = CANARA_KEYSTROKES,
                        .has = CANARA_F_KEYS,
                        .of.keystrokes = {.keys = keys, .count = KEYS}};
    struct sample work;
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    assert_true(sample_of_keys(&e, &work));
    struct part *part = profile_part_for(p, &work);
    assert_non_null(part);
    for (size_t learnt = 0; learnt < 8; learnt++) {
        size_t n[SAMPLE_KINDS] = {0};
        samples_for(p, &e, &work, count, n);
        assert_int_equal(n[SAMPLE_KEYS], 1);
        assert_int_equal(n[SAMPLE_TEXT], learnt < EVIDENCE_SAMPLES_MIN);
        assert_true(sample_of_keys(&e, &work));
        part_accept(part, &work);
    }
    size_t n[SAMPLE_KINDS] = {0};
    keys[9].key_class = CANARA_KEY_DELETE; /* a correction: no entry, but text */
    samples_for(p, &e, &work, count, n);
    assert_int_equal(n[SAMPLE_KEYS], 0);
    assert_int_equal(n[SAMPLE_TEXT], 1);
    canara_profile_free(&p);
}

/* A part keeps a number up to 16: places beyond were all the same. */
static void places_are_kept_apart_as_far_as_they_may_be_told(void **state)
{
    (void)state;
    static const double x[] = {-10.0, -2.0, -1.0, 0.3, 1.0, 1.6, 5.0, 9.0, 10.0};
    canara_key_t keys[ARRAY_LEN(x)] = {{0}};
    for (size_t i = 0; i < ARRAY_LEN(x); i++) {
        keys[i].has = 1U << CANARA_KEY_X | 1U << CANARA_KEY_Y;
        keys[i].extra[CANARA_KEY_X] = x[i];
    }
    const canara_event_t e = {.kind = CANARA_KEYSTROKES,
                              .has = CANARA_F_KEYS,
                              .of.keystrokes = {.keys = keys, .count = ARRAY_LEN(x)}};
    struct sample s;
    assert_true(sample_of_keys(&e, &s));
    const double *place = s.x + s.count - 2 * ARRAY_LEN(x);
    for (size_t i = 0; i < ARRAY_LEN(x); i++) {
        assert_true(fabs(place[i]) < 16.0);
        assert_true(i == 0 || place[i] > place[i - 1] + 0.2);
        assert_true(fabs(x[i]) > 1.0 || place[i] == 10.0 * x[i]);
    }
}

static void an_event_that_sent_nothing_gives_no_sample(void **state)
{
    (void)state;
    size_t n[SAMPLE_KINDS] = {0};
    struct sample work;
    for (int kind = 0; kind < CANARA_EVENT_KINDS; kind++) {
        const canara_event_t e = {.kind = (enum canara_event_kind)kind};
        samples_of(&e, &work, count, n);
    }
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        assert_int_equal(n[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_entry_is_not_free_text_as_well),
        cmocka_unit_test(places_are_kept_apart_as_far_as_they_may_be_told),
        cmocka_unit_test(an_event_that_sent_nothing_gives_no_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
