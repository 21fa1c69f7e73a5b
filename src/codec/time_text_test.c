/* time_text_test.c - every day from 1970 to 9999, against the C library's calendar. */
#include "codec/time_text.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <time.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void times_come_out_and_back(void **state)
{
    (void)state;

    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1750761000123, "2025-06-24T10:30:00.123Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {TIME_TEXT_LAST_MS, "9999-12-31T23:59:59.999Z"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[TIME_TEXT_SIZE];
        wall_t back = {-1};
        time_print((wall_t){cases[i].ms}, text);
        assert_string_equal(text, cases[i].text);
        assert_false(failed(time_parse(text_of(text), &back)));
        assert_true(back.ms == cases[i].ms);
    }
    char text[TIME_TEXT_SIZE];
    time_print((wall_t){INT64_MIN}, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    time_print((wall_t){INT64_MAX}, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void the_calendar_is_that_of_the_library(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    const int64_t days = TIME_TEXT_LAST_MS / 86400000;
    for (int64_t day = 0; day <= days; day += 1 + (int64_t)random_below(&seed, 20)) {
        const int64_t ms = day * 86400000 + (int64_t)random_below(&seed, 86400000);
        const time_t seconds = ms / 1000;
        struct tm tm = {0};
        char want[64];
        char got[TIME_TEXT_SIZE];
        wall_t back = {0};
        assert_non_null(gmtime_r(&seconds, &tm));
        (void)snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                       (int)(ms % 1000));
        time_print((wall_t){ms}, got);
        assert_string_equal(got, want);
        assert_false(failed(time_parse(text_of(got), &back)));
        assert_true(back.ms == ms);
    }
}

static void offsets_and_fractions_are_read(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2025-06-24T10:30:00Z", 1750761000000},
        {"2025-06-24T10:30:00.5Z", 1750761000500},
        {"2025-06-24T10:30:00.123456789Z", 1750761000123},
        {"2025-06-24T16:00:00+05:30", 1750761000000},
        {"2025-06-24T00:30:00.1-10:00", 1750761000100},
        {"1970-01-01T01:00:00+01:00", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        wall_t at = {-1};
        assert_false(failed(time_parse(text_of(cases[i].text), &at)));
        assert_true(at.ms == cases[i].ms);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum err_code code;
    } cases[] = {
        {"", ERR_FORMAT},
        {"2025-06-24", ERR_FORMAT},
        {"2025-06-24T10:30:00", ERR_FORMAT},
        {"2025-06-24 10:30:00Z", ERR_FORMAT},
        {"2025-6-24T10:30:00Z", ERR_FORMAT},
        {"2025-06-24T10:30:00.Z", ERR_FORMAT},
        {"2025-06-24T10:30:00.1234567890Z", ERR_FORMAT},
        {"2025-06-24T10:30:00+0530", ERR_FORMAT},
        {"2025-06-24T10:30:00+24:00", ERR_FORMAT},
        {"2025-06-24T10:30:00Zx", ERR_FORMAT},
        {"+025-06-24T10:30:00Z", ERR_FORMAT},
        {"2025-06-24T10:30:00z", ERR_FORMAT},
        {"2025-02-29T10:30:00Z", ERR_RANGE},
        {"2025-04-31T10:30:00Z", ERR_RANGE},
        {"2025-13-01T10:30:00Z", ERR_RANGE},
        {"2025-00-01T10:30:00Z", ERR_RANGE},
        {"2025-01-00T10:30:00Z", ERR_RANGE},
        {"2025-01-32T10:30:00Z", ERR_RANGE},
        {"2025-06-24T24:00:00Z", ERR_RANGE},
        {"2025-06-24T10:60:00Z", ERR_RANGE},
        {"2025-06-24T23:59:60Z", ERR_RANGE},
        {"1969-12-31T23:59:59Z", ERR_RANGE},
        {"1970-01-01T00:00:00+00:01", ERR_RANGE},
        {"9999-12-31T23:59:59-00:01", ERR_RANGE},
        {"0000-01-01T00:00:00Z", ERR_RANGE},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        wall_t at = {7};
        if (time_parse(text_of(cases[i].text), &at).code != cases[i].code || at.ms != 7) {
            fail_msg("%s", cases[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_come_out_and_back),
        cmocka_unit_test(the_calendar_is_that_of_the_library),
        cmocka_unit_test(offsets_and_fractions_are_read),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
