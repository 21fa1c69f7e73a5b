/* rhythm_test.c - the people of a load test are themselves, and what they send is an event. */
#include "load/rhythm.h"

#include "codec/event_scan.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

static const char of_the_brief[] =
    "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65,"
    "\"key_press_intervals\":[0.15,0.12,0.18,0.14,0.21],"
    "\"timestamp\":\"2025-06-24T10:30:00.123456\"}}";

static void a_person_is_always_the_same_and_unlike_others(void **state)
{
    (void)state;
    struct rhythm first[RHYTHM_PEOPLE];
    memset(first, 0, sizeof first);
    for (unsigned i = 0; i < RHYTHM_PEOPLE; i++) {
        struct rhythm again;
        memset(&again, 0, sizeof again);
        rhythm_init(&first[i], i);
        rhythm_init(&again, i);
        assert_memory_equal(&first[i], &again, sizeof again);
        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(&first[i], &first[k], sizeof again);
        }
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void expect_other_digits_only(const char *text)
{
    for (size_t i = 0; i < sizeof of_the_brief; i++) {
        assert_true(text[i] == of_the_brief[i] || (is_digit(text[i]) && is_digit(of_the_brief[i])));
    }
}

static void a_pattern_has_the_bytes_of_the_brief(void **state)
{
    (void)state;
    struct rng rng;
    char text[RHYTHM_EVENT_BYTES];
    rng_seed(&rng, 1);
    for (unsigned person = 0; person < RHYTHM_PEOPLE; person++) {
        struct rhythm r;
        rhythm_init(&r, person);
        for (int i = 0; i < 50; i++) {
            assert_int_equal(rhythm_write(&r, RHYTHM_TYPING_PATTERN, &rng, -1, text),
                             sizeof of_the_brief - 1);
            expect_other_digits_only(text);
        }
    }
}

static void every_event_is_taken_by_the_scanner(void **state)
{
    (void)state;
    struct event_scratch *scratch = malloc(sizeof *scratch);
    scanned_event_t *event = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *event);
    assert_non_null(scratch);
    assert_non_null(event);
    struct rng rng;
    rng_seed(&rng, 2);
    for (unsigned i = 0; i < 2000; i++) {
        char text[RHYTHM_EVENT_BYTES];
        struct rhythm r;
        size_t count = 0;
        scan_fault_t fault = {0};
        rhythm_init(&r, i % RHYTHM_PEOPLE);
        const int64_t seq = i % 3 == 0 ? -1 : INT64_C(1) << (i % 53);
        const size_t n = rhythm_write(&r, i % 2 == 0 ? RHYTHM_TYPING_PATTERN : RHYTHM_KEYSTROKES,
                                      &rng, seq, text);
        assert_int_equal(strlen(text), n);
        assert_int_equal(
            event_scan(scratch, (span_t){(const uint8_t *)text, n}, event, &count, &fault),
            SCAN_OK);
        assert_int_equal(count, 1);
        assert_int_equal(event[0].has_seq, seq >= 0);
        assert_true(seq < 0 || event[0].seq == seq);
    }
    free(scratch);
    free(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_is_always_the_same_and_unlike_others),
        cmocka_unit_test(a_pattern_has_the_bytes_of_the_brief),
        cmocka_unit_test(every_event_is_taken_by_the_scanner),
    };
    return cmocka_run_group_tests_name("rhythm", tests, NULL, NULL);
}
