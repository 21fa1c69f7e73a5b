/* descriptors_test.c - connections leave room for everything else, however many loops share the descriptors. */
#include "app/house/descriptors.h"

#include "tests/support/unit.h"

#include <sys/resource.h>

static void all_loops_together_leave_what_is_kept(void **state)
{
    (void)state;
    for (unsigned loops = 1; loops <= 64; loops++) {
        for (uint64_t limit = 1; limit < 70000; limit += 97) {
            const uint64_t each = descriptors_for_connections(limit, loops);
            assert_true(each == 0 || each >= DESCRIPTORS_LEAST);
            assert_true(each == 0 || loops * (each + DESCRIPTORS_KEPT) <= limit);
            assert_int_equal(each == 0, limit < descriptors_least(loops));
        }
        const uint64_t least = descriptors_least(loops);
        assert_int_equal(descriptors_for_connections(least, loops), DESCRIPTORS_LEAST);
        assert_int_equal(descriptors_for_connections(least - 1, loops), 0);
    }
}

static void no_limit_is_a_large_one(void **state)
{
    (void)state;
    const uint64_t most = descriptors_for_connections(UINT64_MAX, 1);
    assert_in_range(most, 1U << 23, 1U << 24);
}

static void the_limit_is_raised_to_what_it_may_be(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {.rlim_cur = 64, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(descriptors_limit(), 64);
    descriptors_raise();
    assert_true(descriptors_limit() > 64);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void one_address_must_not_have_as_many_as_there_are_places(void **state)
{
    (void)state;
    assert_true(descriptors_let_one_fill(1024, 1, 1000)); /* 896 places */
    assert_true(descriptors_let_one_fill(1024, 1, 896));
    assert_false(descriptors_let_one_fill(1024, 1, 895));
    assert_true(descriptors_let_one_fill(1024, 4, 512));
    assert_false(descriptors_let_one_fill(1024, 4, 511));
    assert_false(descriptors_let_one_fill(65536, 4, 1000));
    assert_false(descriptors_let_one_fill(1024, 1, 0)); /* asked for: load tests */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_loops_together_leave_what_is_kept),
        cmocka_unit_test(no_limit_is_a_large_one),
        cmocka_unit_test(the_limit_is_raised_to_what_it_may_be),
        cmocka_unit_test(one_address_must_not_have_as_many_as_there_are_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
