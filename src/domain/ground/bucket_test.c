/* Buckets: how many at once, exactly when the next one, and never more than the count in any window. */
#include "domain/ground/bucket.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

static const mono_t zero = {5 * NS_PER_S};

static mono_t at_ms(int64_t ms)
{
    return mono_after_ms(zero, ms);
}

static void a_count_at_once_and_then_one_each_share(void **state)
{
    // clang-format off
    static const struct { throttle_t limit; int64_t share_ms; } rows[] = {
        {{4, 60}, 15000}, {{60, 3600}, 60000}, {{1, 1}, 1000}, {{1, 86400}, 86400000}, {{1000, 1}, 1},
    };

    // clang-format on
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        mono_t empty = {0};
        uint32_t wait_s = 0;
        for (uint32_t n = 0; n < rows[i].limit.count; n++) {
            assert_true(bucket_take(&empty, rows[i].limit, zero, &wait_s));
        }
        for (int64_t n = 1; n <= 3; n++) {
            const int64_t next = n * rows[i].share_ms;
            assert_false(bucket_take(&empty, rows[i].limit, at_ms(next - 1), &wait_s));
            assert_int_equal(wait_s, 1);
            assert_true(bucket_has_room(empty, rows[i].limit, at_ms(next), &wait_s));
            assert_true(bucket_take(&empty, rows[i].limit, at_ms(next), &wait_s));
            assert_false(bucket_take(&empty, rows[i].limit, at_ms(next), &wait_s));
            assert_int_equal(wait_s, (rows[i].share_ms + 999) / 1000);
        }
    }
}

static void what_is_asked_or_refused_is_not_charged_and_what_is_not_used_is_not_saved_up(
    void **state)
{
    const throttle_t limit = {2, 60};
    mono_t empty = {0};
    uint32_t wait_s = 0;
    (void)state;
    for (int i = 0; i < 9; i++) {
        assert_true(bucket_has_room(empty, limit, zero, &wait_s));
    }
    for (int round = 0; round < 2; round++) {
        const mono_t now = at_ms(round * INT64_C(86400000));
        assert_true(bucket_take(&empty, limit, now, &wait_s));
        assert_true(bucket_take(&empty, limit, now, &wait_s));
        for (int i = 0; i < 9; i++) {
            assert_false(bucket_take(&empty, limit, now, &wait_s));
            assert_int_equal(wait_s, 30);
        }
    }
}

static void a_count_of_zero_has_room_for_all(void **state)
{
    mono_t empty = {0};
    uint32_t wait_s = 7;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(bucket_has_room(empty, (throttle_t){0}, zero, &wait_s));
        assert_true(bucket_take(&empty, (throttle_t){0}, zero, &wait_s));
    }
    assert_int_equal(empty.ns, 0);
    assert_int_equal(wait_s, 7);
}

static void a_wait_is_the_first_whole_second_with_room(void **state)
{
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 200; round++) {
        const throttle_t limit = {(uint32_t)(1 + random_below(&seed, 50)),
                                  (uint32_t)(1 + random_below(&seed, 7200))};
        mono_t empty = {0};
        int64_t ms = 0;
        for (int i = 0; i < 200; i++) {
            uint32_t wait_s = 0;
            ms += (int64_t)random_below(&seed, 20000);
            if (bucket_take(&empty, limit, at_ms(ms), &wait_s)) {
                continue;
            }
            assert_true(wait_s >= 1);
            uint32_t again = 0;
            assert_false(
                bucket_has_room(empty, limit, at_ms(ms + ((int64_t)wait_s - 1) * 1000), &again));
            assert_true(bucket_has_room(empty, limit, at_ms(ms + (int64_t)wait_s * 1000), &again));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_at_once_and_then_one_each_share),
        cmocka_unit_test(
            what_is_asked_or_refused_is_not_charged_and_what_is_not_used_is_not_saved_up),
        cmocka_unit_test(a_count_of_zero_has_room_for_all),
        cmocka_unit_test(a_wait_is_the_first_whole_second_with_room),
    };
    return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
