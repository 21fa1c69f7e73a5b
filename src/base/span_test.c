#include "base/span.h"

#include "base/util.h"
#include "tests/support/unit.h"

static void blanks_are_cut_off_both_ends_and_nowhere_else(void **state)
{
    (void)state;

    static const struct {
        span_t given, want;
    } cases[] = {
        {SPAN_INIT(""), SPAN_INIT("")},         {SPAN_INIT(" \t "), SPAN_INIT("")},
        {SPAN_INIT("a"), SPAN_INIT("a")},       {SPAN_INIT("\ta b\tc "), SPAN_INIT("a b\tc")},
        {SPAN_INIT("\n a"), SPAN_INIT("\n a")}, {SPAN_INIT("a\r\n "), SPAN_INIT("a\r\n")},
        {SPAN_INIT(" \0 "), SPAN_INIT("\0")},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(span_eq(span_trim(cases[i].given), cases[i].want));
    }
    assert_int_equal(span_trim((span_t){NULL, 0}).len, 0);
}

static void spans_are_equal_by_their_bytes(void **state)
{
    (void)state;
    assert_true(span_eq(SPAN_LIT("ab"), SPAN_LIT("ab")));
    assert_false(span_eq(SPAN_LIT("ab"), SPAN_LIT("ac")));
    assert_false(span_eq(SPAN_LIT("ab"), SPAN_LIT("abc")));
    assert_true(span_eq((span_t){NULL, 0}, SPAN_LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_are_cut_off_both_ends_and_nowhere_else),
        cmocka_unit_test(spans_are_equal_by_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
