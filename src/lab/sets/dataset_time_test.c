/* dataset_time_test.c - every form of a time that other people's data sets have. */
#include "lab/sets/dataset_time.h"

#include "base/util.h"
#include "lab/sets/dataset_notes.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define AT INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static span_t span_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void every_form_is_the_same_time(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        int64_t ms; /* behind AT */
        uint32_t notes;
    } rows[] = {
        {"2026-01-01T00:00:00Z", 0, 0},
        {"2026-01-01T02:00:00.250+02:00", 250, 0},
        {"2026-01-01T00:00:00", 0, NOTE_BIT(NOTE_NO_ZONE)},
        {"2026-01-01T00:00:00.123456", 123, NOTE_BIT(NOTE_NO_ZONE)},
        {"2026-01-01 00:00:00.5", 500, NOTE_BIT(NOTE_NO_ZONE) | NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01 00:00:00Z", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01t00:00:00z", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01T00:00:00+0000", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01T05:30:00+0530", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2025-12-31T19:00:00-05", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01 00:00:00 +00:00", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01 00:00:00 UTC", 0, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01T00:00:00,750Z", 750, NOTE_BIT(NOTE_TIME_FORM)},
        {"2026-01-01T00:00:00.123456789012345Z", 123, NOTE_BIT(NOTE_TIME_FORM)},
        {"1767225600", 0, NOTE_BIT(NOTE_EPOCH)},
        {"1767225600.25", 250, NOTE_BIT(NOTE_EPOCH)},
        {"1767225600000", 0, NOTE_BIT(NOTE_EPOCH)},
        {"1767225600000.4", 0, NOTE_BIT(NOTE_EPOCH)},
        {"1767225600000.6", 1, NOTE_BIT(NOTE_EPOCH)},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        wall_t at = {0};
        uint32_t notes = 7;
        if (failed(dataset_time_text(span_of(rows[i].text), &at, &notes)) ||
            at.ms != AT + rows[i].ms || notes != rows[i].notes) {
            fail_msg("%s: %lld, notes %x", rows[i].text, (long long)at.ms, notes);
        }
    }
}

static void a_number_is_of_milliseconds_above_the_line(void **state)
{
    (void)state;
    wall_t at = {0};
    assert_ok(dataset_time_number(0.0, &at));
    assert_true(at.ms == 0);
    assert_ok(dataset_time_number(DATASET_EPOCH_MS_ABOVE, &at));
    assert_true(at.ms == INT64_C(100000000000000)); /* seconds: the year 5138 */
    assert_ok(dataset_time_number(DATASET_EPOCH_MS_ABOVE + 1.0, &at));
    assert_true(at.ms == INT64_C(100000000001)); /* the year 1973 */
    static const double bad[] = {-1.0, -1e-300, 2.6e14, 1.7e18, NAN, INFINITY};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_err(dataset_time_number(bad[i], &at), ERR_RANGE);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       " ",
                                       "noon",
                                       "2026-01-01",
                                       "2026-13-01T00:00:00Z",
                                       "2026-01-01T24:00:00",
                                       "2026-01-01T00:00",
                                       "2026-01-01_00:00:00",
                                       "2026-01-01T00:00:00.",
                                       "2026-01-01T00:00:00+2",
                                       "2026-01-01T00:00:00+25",
                                       "2026-01-01T00:00:00 CEST",
                                       "2026-01-01T00:00:00Z and more",
                                       "1767225600 s",
                                       "-5",
                                       "1e300",
                                       "01/02/2026 10:00:00",
                                       "NaN"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        wall_t at = {0};
        uint32_t notes = 0;
        if (!failed(dataset_time_text(span_of(rows[i]), &at, &notes))) {
            fail_msg("%s: %lld", rows[i], (long long)at.ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_the_same_time),
        cmocka_unit_test(a_number_is_of_milliseconds_above_the_line),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
