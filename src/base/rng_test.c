#include "base/rng.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <math.h>

/* The first numbers of the reference code by Blackman and Vigna from the state {1, 2, 3, 4}. */
static void the_reference_stream_comes_out(void **state)
{
    (void)state;
    static const uint64_t want[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_true(rng_u64(&r) == want[i]);
    }
}

static void equal_seeds_give_equal_streams_and_others_do_not(void **state)
{
    (void)state;
    struct rng a;
    struct rng b;
    struct rng c;
    rng_seed(&a, 0);
    rng_seed(&b, 0);
    rng_seed(&c, 1);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        const uint64_t x = rng_u64(&a);
        assert_true(x == rng_u64(&b));
        same += x == rng_u64(&c) ? 1 : 0;
    }
    assert_int_equal(same, 0);
}

static void a_stock_never_gives_the_same_twice_and_forgets_what_it_gave(void **state)
{
    (void)state;
    struct rng_stock s = {.left = 0};
    uint64_t seen[3 * RNG_STOCK_BYTES / 8];
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        rng_draw(&s, &seen[i], sizeof seen[i]);
        assert_true(s.left % 8 == 0 && s.left < sizeof s.bytes);
        for (size_t k = 0; k < i; k++) {
            assert_true(seen[k] != seen[i]);
        }
        for (size_t k = s.left; k < sizeof s.bytes; k++) {
            assert_int_equal(s.bytes[k], 0);
        }
    }
}

static void a_stock_is_filled_up_when_it_has_too_little_and_passes_large_requests_on(void **state)
{
    (void)state;
    struct rng_stock s = {.left = 0};
    uint8_t odd[100] = {0};
    uint8_t large[RNG_STOCK_BYTES + 1] = {0};
    uint8_t empty[sizeof large] = {0};
    for (int i = 0; i < 6; i++) { /* the sixth does not fit in what is left */
        rng_draw(&s, odd, sizeof odd);
    }
    assert_int_equal(s.left, RNG_STOCK_BYTES - sizeof odd);
    rng_draw(&s, large, sizeof large);
    assert_int_equal(s.left, RNG_STOCK_BYTES - sizeof odd);
    assert_memory_not_equal(large, empty, sizeof large);
    rng_draw(NULL, odd, sizeof odd);
    assert_memory_not_equal(odd, empty, sizeof odd);
}

static void doubles_stay_in_their_interval_and_spread(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 42);
    double sum = 0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        const double x = rng_double(&r);
        assert_true(x >= 0 && x < 1);
        sum += x;
    }
    assert_near(sum / n, 0.5, 0.005, "mean");
}

static void the_normal_distribution_has_its_moments(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 43);
    double sum = 0;
    double squares = 0;
    int beyond_two = 0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        const double x = rng_normal(&r);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        beyond_two += fabs(x) > 2 ? 1 : 0;
    }
    assert_near(sum / n, 0, 0.015, "mean");
    assert_near(squares / n, 1, 0.02, "variance");
    assert_near((double)beyond_two / n, 0.0455, 0.003, "beyond two deviations");
}

static void below_reaches_every_number_and_no_other(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 44);
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        const uint64_t x = rng_below(&r, ARRAY_LEN(seen));
        assert_true(x < ARRAY_LEN(seen));
        seen[x]++;
    }
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        assert_near(seen[i], 1000, 150, "share");
    }
    assert_true(rng_below(&r, 1) == 0);
    (void)rng_below(&r, UINT64_MAX);
}

static void between_stays_between_and_one_seed_gives_many(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    double sum = 0.0;
    for (int i = 0; i < 10000; i++) {
        const double x = rng_between(&r, -2.0, 6.0);
        assert_true(x >= -2.0 && x < 6.0);
        sum += x;
    }
    assert_true(sum / 10000.0 > 1.9 && sum / 10000.0 < 2.1);
    assert_true(rng_between(&r, 3.0, 3.0) == 3.0);
    /* splitmix64 of state 1, its first and second output (the authors' C program) */
    assert_true(rng_seed_for(1, 1) == UINT64_C(0x910a2dec89025cc1));
    assert_true(rng_seed_for(1, 2) == UINT64_C(0xbeeb8da1658eec67));
    assert_true(rng_seed_for(1, 1) != rng_seed_for(2, 1));
}

static void the_kernel_fills_all_bytes_and_no_more(void **state)
{
    (void)state;
    uint8_t ever[66] = {0};
    for (int round = 0; round < 100; round++) {
        uint8_t bytes[66] = {0};
        rng_fill(bytes + 1, 64);
        assert_true(bytes[0] == 0 && bytes[65] == 0);
        for (size_t i = 0; i < sizeof bytes; i++) {
            ever[i] |= bytes[i];
        }
    }
    for (size_t i = 1; i < 65; i++) {
        assert_int_not_equal(ever[i], 0);
    }
    rng_fill(ever, 0);
}

static void random_uuids_are_version_four_and_differ(void **state)
{
    (void)state;
    uuid_t last = uuid_random();
    for (int i = 0; i < 100; i++) {
        const uuid_t id = uuid_random();
        assert_int_equal(id.byte[6] >> 4, 4);
        assert_int_equal(id.byte[8] >> 6, 2);
        assert_false(uuid_eq(id, last));
        assert_false(uuid_is_nil(id));
        last = id;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_stream_comes_out),
        cmocka_unit_test(equal_seeds_give_equal_streams_and_others_do_not),
        cmocka_unit_test(a_stock_never_gives_the_same_twice_and_forgets_what_it_gave),
        cmocka_unit_test(a_stock_is_filled_up_when_it_has_too_little_and_passes_large_requests_on),
        cmocka_unit_test(doubles_stay_in_their_interval_and_spread),
        cmocka_unit_test(the_normal_distribution_has_its_moments),
        cmocka_unit_test(below_reaches_every_number_and_no_other),
        cmocka_unit_test(between_stays_between_and_one_seed_gives_many),
        cmocka_unit_test(the_kernel_fills_all_bytes_and_no_more),
        cmocka_unit_test(random_uuids_are_version_four_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
