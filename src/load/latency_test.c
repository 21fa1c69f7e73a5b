/* latency_test.c - figures read back are those put in, to one part in 128. */
#include "load/latency.h"

#include "base/rng.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static struct latency *new_one(void)
{
    struct latency *l = calloc(1, sizeof *l);
    assert_non_null(l);
    return l;
}

static void one_value_reads_back_within_its_bucket(void **state)
{
    (void)state;
    static const int64_t rows[] = {0,    1,     127,     128,       129,          255,
                                   256,  257,   1000,    4095,      4096,         1000000,
                                   9999, 65537, 1 << 30, 123456789, 1800000000000};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct latency *l = new_one();
        latency_add(l, rows[i]);
        latency_add(l, rows[i] * 2); /* or the longest would answer */
        const int64_t got = latency_at(l, 0.5);
        assert_in_range(got - rows[i], 0, rows[i] / 128);
        assert_int_equal(latency_at(l, 1.0), rows[i] * 2);
        free(l);
    }
}

static void nothing_says_nothing_and_the_longest_is_exact(void **state)
{
    (void)state;
    struct latency *l = new_one();
    assert_int_equal(latency_at(l, 0.99), 0);
    latency_add(l, -5);
    assert_int_equal(latency_at(l, 1.0), 0);
    latency_add(l, INT64_MAX);
    assert_int_equal(l->max_ns, INT64_MAX);
    assert_int_equal(latency_at(l, 0.5), 0);
    assert_int_equal(latency_at(l, 1.0), LATENCY_MAX_NS);
    free(l);
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_those_of_a_sorted_list(void **state)
{
    (void)state;

    enum { N = 20000 };

    static int64_t all[N];
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0};
    struct latency *l = new_one();
    struct rng rng;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < N; i++) {
        all[i] = (int64_t)rng_below(&rng, UINT64_C(1) << (1 + rng_below(&rng, 36)));
        latency_add(l, all[i]);
    }
    qsort(all, N, sizeof *all, by_size);
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        const double rank = shares[i] * N;
        const size_t at = (size_t)rank + ((double)(size_t)rank < rank ? 1U : 0U);
        const int64_t want = all[at - 1];
        assert_in_range(latency_at(l, shares[i]) - want, 0, want / 128);
    }
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_reads_back_within_its_bucket),
        cmocka_unit_test(nothing_says_nothing_and_the_longest_is_exact),
        cmocka_unit_test(percentiles_are_those_of_a_sorted_list),
    };
    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
