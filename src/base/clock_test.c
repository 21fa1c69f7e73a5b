#include "base/clock.h"

#include "base/uuid.h"
#include "tests/support/unit.h"

static void the_kernels_time_moves_forward_only(void **state)
{
    (void)state;
    const struct clock *c = clock_system();
    mono_t last = clock_mono(c);
    for (int i = 0; i < 1000; i++) {
        const mono_t now = clock_mono(c);
        assert_true(now.ns >= last.ns);
        last = now;
    }
    assert_true(clock_wall(c).ms > INT64_C(1735689600000)); /* 2025 */
}

static void distances_are_whole_milliseconds(void **state)
{
    (void)state;
    const mono_t t = {5 * NS_PER_S + 1};
    assert_true(mono_after_ms(t, 250).ns == t.ns + 250 * NS_PER_MS);
    assert_true(mono_ms_between(t, mono_after_ms(t, 250)) == 250);
    assert_true(mono_ms_between(t, (mono_t){t.ns + NS_PER_MS - 1}) == 0);
    assert_true(mono_ms_between(mono_after_ms(t, 3), t) == -3);
    assert_true(wall_after_ms((wall_t){100}, -1).ms == 99);
}

static void ids_are_equal_in_all_bytes_or_not_at_all(void **state)
{
    (void)state;
    const uuid_t a = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    assert_true(uuid_eq(a, a));
    assert_false(uuid_is_nil(a));
    assert_true(uuid_is_nil((uuid_t){{0}}));
    for (size_t i = 0; i < sizeof a.byte; i++) {
        uuid_t b = a;
        b.byte[i] ^= 0x80;
        assert_false(uuid_eq(a, b));
        assert_int_equal(uuid_hash(a) != uuid_hash(b), i < 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernels_time_moves_forward_only),
        cmocka_unit_test(distances_are_whole_milliseconds),
        cmocka_unit_test(ids_are_equal_in_all_bytes_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
