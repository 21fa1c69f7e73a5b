/* decimal_test.c - amounts keep every digit. */
#include "codec/decimal.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void amounts_come_out_normal(void **state)
{
    (void)state;

    static const struct {
        const char *given, *text;
        bool as_text;
    } cases[] = {
        {"0", "0", true},
        {"0.00", "0", true},
        {"12.50", "12.5", true},
        {"1250", "1250", true},
        {"0.001", "0.001", true},
        {"100", "100", true},
        {"1000000000000000", "1000000000000000", true},
        {"1000000000000000.000", "1000000000000000", true},
        {"999999999999999.99", "999999999999999.99", true},
        {"0.00000000000000000000000000000001", "0.00000000000000000000000000000001", true},
        {"1e3", "1000", false},
        {"1.25E+3", "1250", false},
        {"125e-2", "1.25", false},
        {"5e-3", "0.005", false},
        {"-0", "0", false},
        {"-0.0e5", "0", false},
        {"0e99999", "0", false},
        {"0.000012e5", "1.2", false},
        {"100e-2", "1", false},
        {"1e15", "1000000000000000", false},
        {"0.30000000000000004", "0.30000000000000004", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        decimal_t d = {0};
        assert_false(failed(decimal_parse_number(text_of(cases[i].given), &d)));
        assert_string_equal(d.text, cases[i].text);
        assert_int_equal(d.len, strlen(d.text));
        const double want = strtod(d.text, NULL);
        assert_memory_equal(&d.value, &want, sizeof want);
        assert_int_equal(!failed(decimal_parse_text(text_of(cases[i].given), &d)),
                         cases[i].as_text);
    }
    decimal_t d = {0};
    assert_false(failed(decimal_parse_text(text_of("007.50"), &d)));
    assert_string_equal(d.text, "7.5");
}

static void a_normal_amount_stays_as_it_is(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    for (int round = 0; round < 5000; round++) {
        char text[64];
        decimal_t once = {0};
        decimal_t twice = {0};
        (void)snprintf(text, sizeof text, "%llu.%0*llu",
                       (unsigned long long)random_below(&seed, 1000000000000000),
                       1 + (int)random_below(&seed, 9),
                       (unsigned long long)random_below(&seed, 100000000));
        assert_false(failed(decimal_parse_text(text_of(text), &once)));
        assert_false(failed(decimal_parse_text(text_of(once.text), &twice)));
        assert_string_equal(once.text, twice.text);
        const double want = strtod(text, NULL);
        assert_memory_equal(&once.value, &want, sizeof want);
    }
}

static void other_amounts_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *given;
        enum err_code text, number;
    } cases[] = {
        {"", ERR_FORMAT, ERR_FORMAT},
        {".", ERR_FORMAT, ERR_FORMAT},
        {".5", ERR_FORMAT, ERR_FORMAT},
        {"5.", ERR_FORMAT, ERR_FORMAT},
        {"1.2.3", ERR_FORMAT, ERR_FORMAT},
        {"1,5", ERR_FORMAT, ERR_FORMAT},
        {" 1", ERR_FORMAT, ERR_FORMAT},
        {"+1", ERR_FORMAT, ERR_FORMAT},
        {"NaN", ERR_FORMAT, ERR_FORMAT},
        {"1e999", ERR_FORMAT, ERR_FORMAT},
        {"-1", ERR_FORMAT, ERR_RANGE},
        {"1e16", ERR_FORMAT, ERR_RANGE},
        {"1e-33", ERR_FORMAT, ERR_RANGE},
        {"1000000000000001", ERR_RANGE, ERR_RANGE},
        {"10000000000000000", ERR_RANGE, ERR_RANGE},
        {"0.000000000000000000000000000000001", ERR_RANGE, ERR_RANGE},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        decimal_t d = {.len = 9};
        assert_int_equal(decimal_parse_text(text_of(cases[i].given), &d).code, cases[i].text);
        assert_int_equal(decimal_parse_number(text_of(cases[i].given), &d).code, cases[i].number);
        assert_int_equal(d.len, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_come_out_normal),
        cmocka_unit_test(a_normal_amount_stays_as_it_is),
        cmocka_unit_test(other_amounts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
