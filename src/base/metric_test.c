#include "base/metric.h"

#include "tests/support/unit.h"

#include <pthread.h>

enum { THREADS = 4, TURNS = 10000, ALL_TURNS = THREADS * TURNS };

static void counters_and_gauges_keep_count(void **state)
{
    (void)state;
    counter_t c = {0};
    counter_add(&c, 3);
    counter_add(&c, 0);
    counter_add_shared(&c, 4);
    assert_true(counter_read(&c) == 7);
    gauge_t g = {0};
    gauge_set(&g, 5);
    gauge_add(&g, -8);
    assert_true(gauge_read(&g) == -3);
}

static void a_duration_falls_into_the_first_bucket_that_holds_it(void **state)
{
    (void)state;
    histogram_t h = {0};
    uint64_t want[HISTOGRAM_BUCKETS] = {0};
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        histogram_observe(&h, histogram_bound_ns(i) / 2); /* in some lower bucket or this one */
        for (size_t k = 0; k < HISTOGRAM_BUCKETS; k++) {
            if (histogram_bound_ns(i) / 2 <= histogram_bound_ns(k)) {
                want[k]++;
                break;
            }
        }
    }
    for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        histogram_observe(&h, histogram_bound_ns(i));
        histogram_observe_shared(&h, histogram_bound_ns(i) + 1);
        want[i]++;
        want[i + 1]++;
    }
    struct histogram_view view = {.count = 0};
    histogram_read(&h, &view);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        assert_true(view.bucket[i] == want[i]);
    }
    assert_true(view.count == 3 * HISTOGRAM_BUCKETS - 2);
}

static void bounds_are_four_to_a_decade_from_ten_us_to_ten_s(void **state)
{
    (void)state;
    assert_true(histogram_bound_ns(0) == 10000);
    assert_true(histogram_bound_ns(24) == INT64_C(10000000000));
    assert_true(histogram_bound_ns(25) == INT64_MAX);
    assert_true(histogram_bound_ns(1000) == INT64_MAX);
    for (size_t i = 4; i < 25; i++) {
        assert_near((double)histogram_bound_ns(i), 10.0 * (double)histogram_bound_ns(i - 4), 10,
                    "bound");
    }
}

static void histograms_add_up_and_negative_durations_count_as_zero(void **state)
{
    (void)state;
    histogram_t a = {0};
    histogram_t b = {0};
    histogram_observe(&a, -5);
    histogram_observe(&a, INT64_MIN);
    histogram_observe(&b, 20000);
    struct histogram_view view = {.count = 0};
    histogram_read(&a, &view);
    histogram_read(&b, &view);
    assert_true(view.count == 3 && view.bucket[0] == 2 && view.sum_ns == 20000);
}

struct shared {
    counter_t many;
    gauge_t level;
    histogram_t spread;
};

static void *write_all(void *argument)
{
    struct shared *s = argument;
    for (int i = 0; i < TURNS; i++) {
        counter_add_shared(&s->many, 1);
        gauge_add(&s->level, i % 2 == 0 ? 1 : -1);
        histogram_observe_shared(&s->spread, i);
    }
    return NULL;
}

static void shared_verbs_lose_nothing_between_threads(void **state)
{
    (void)state;
    struct shared s = {.many = {0}};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_all, &s), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    struct histogram_view view = {.count = 0};
    histogram_read(&s.spread, &view);
    assert_true(counter_read(&s.many) == ALL_TURNS);
    assert_true(gauge_read(&s.level) == 0);
    assert_true(view.count == ALL_TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges_keep_count),
        cmocka_unit_test(a_duration_falls_into_the_first_bucket_that_holds_it),
        cmocka_unit_test(bounds_are_four_to_a_decade_from_ten_us_to_ten_s),
        cmocka_unit_test(histograms_add_up_and_negative_durations_count_as_zero),
        cmocka_unit_test(shared_verbs_lose_nothing_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
