/* number_test.c - numbers become the same bits as strtod makes of them. */
#include "codec/number.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check(const char *text)
{
    const size_t len = strlen(text);
    uint8_t *const held = malloc(len); /* no NUL behind: a read past the end is seen */
    assert_non_null(held);
    for (size_t i = 0; i < len; i++) {
        held[i] = (uint8_t)text[i];
    }
    double got = -1.0;
    const double want = strtod(text, NULL);
    const size_t taken = number_scan((span_t){held, len}, &got);
    free(held);
    if (taken != len || bits_of(got) != bits_of(want)) {
        fail_msg("%s: took %zu bytes, %.17g, not %.17g", text, taken, got, want);
    }
}

static void known_numbers_come_out(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "-1",
        "65",
        "0.15",
        "1e22",
        "1e23",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.5",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567890",
        "0.1e-22",
        "1e-22",
        "1e-23",
        "1.7976931348623157e308",
        "5e-324",
        "2.4703282292062327e-324",
        "1e-400",
        "0e999999999999",
        "2.2250738585072011e-308",
        "6.02214076E+23",
        "179769313486231580000000000000000000000",
        "0.000000000000000000000001",
        "8.5e-0",
        "100000000000000000000000000000e-29",
        "3.0e00000000000000000000000000000000000",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(cases[i]);
    }
}

static void any_number_has_the_bits_of_strtod(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    char text[64];
    for (int round = 0; round < 100000; round++) {
        const uint64_t bits = random_u64(&seed);
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        (void)snprintf(text, sizeof text, "%.*g", 1 + (int)random_below(&seed, 20), value);
        if (isfinite(strtod(text, NULL))) { /* rounding up may leave the range */
            check(text);
        }
        (void)snprintf(text, sizeof text, "%llu.%llue%d",
                       (unsigned long long)random_u64(&seed) >> random_below(&seed, 64),
                       (unsigned long long)random_u64(&seed) >> random_below(&seed, 64),
                       (int)random_below(&seed, 80) - 40);
        check(text);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",    "-",   "+1",    ".5",     "5.",   "01",  "-01",
                                        "1e",  "1e+", "1.e",   "NaN",    "-inf", "0x1", "e5",
                                        "--1", "00",  "1e309", "-1e309", "1.e5"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double out = 7.0;
        const size_t len = strlen(cases[i]);
        const size_t taken = number_scan((span_t){(const uint8_t *)cases[i], len}, &out);
        if (strcmp(cases[i], "0x1") == 0) {
            assert_int_equal(taken, 1); /* the caller sees the x */
        } else {
            assert_int_equal(taken, 0);
            assert_near(out, 7.0, 0.0, cases[i]);
        }
    }
}

static void a_number_has_a_longest(void **state)
{
    (void)state;
    char text[200];
    memset(text, '0', sizeof text);
    text[1] = '.';
    for (size_t len = 120; len < 140; len++) {
        double out = 0.0;
        const size_t taken = number_scan((span_t){(const uint8_t *)text, len}, &out);
        assert_int_equal(taken, len <= NUMBER_TEXT_MAX ? len : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_come_out),
        cmocka_unit_test(any_number_has_the_bits_of_strtod),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_number_has_a_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
