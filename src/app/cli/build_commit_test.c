/* build_commit_test.c - the commit is twelve hex digits, or nothing. */
#include "app/cli/build_commit.h"

#include "tests/support/unit.h"

#include <string.h>

static void the_commit_is_twelve_hex_digits_or_nothing(void **state)
{
    (void)state;
    const char *const commit = build_commit();
    if (commit != NULL) {
        assert_int_equal(strlen(commit), 12);
        assert_int_equal(strspn(commit, "0123456789abcdef"), 12);
        return;
    }
    (void)fputs("skipped: not built inside a repository\n", stderr);
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commit_is_twelve_hex_digits_or_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
