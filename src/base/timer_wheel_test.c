#include "base/timer_wheel.h"

#include "base/err.h"
#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <limits.h>

enum { TIMERS = 200 };

#define TICK_NS (10 * NS_PER_MS)

/* The naive model: for each timer whether it is set, and the tick at which it has to fire. */
struct bench {
    struct timer_wheel wheel;
    struct timer timer[TIMERS];
    bool set[TIMERS];
    int64_t tick[TIMERS];
    int64_t stands; /* tick the wheel was last advanced to */
    int64_t target; /* tick of the advance under way */
    int64_t last;   /* tick of what fired last in it */
    int fired;
    uint64_t seed;
};

static void set(struct bench *b, size_t i, int64_t due_ns, int64_t from_tick)
{
    timer_set(&b->wheel, &b->timer[i], (mono_t){due_ns});
    const int64_t wanted = due_ns <= 0 ? 0 : (due_ns - 1) / TICK_NS + 1;
    b->tick[i] = wanted > from_tick ? wanted : from_tick + 1;
    b->set[i] = true;
}

static void cancel(struct bench *b, size_t i)
{
    timer_cancel(&b->wheel, &b->timer[i]);
    b->set[i] = false;
}

/* Distances from within a tick to hundreds of days. */
static int64_t any_distance_ns(struct bench *b)
{
    const uint64_t bits = 1 + random_below(&b->seed, 54);
    return (int64_t)(random_u64(&b->seed) >> (64 - bits)) - 50 * NS_PER_MS;
}

/* Checks that this one was to fire, and that none was to fire before it. */
static void fire(struct timer *t, void *context)
{
    struct bench *b = context;
    const size_t i = (size_t)(t - b->timer);
    assert_false(timer_is_set(t));
    assert_true(b->set[i]);
    assert_true(b->tick[i] <= b->target);
    assert_true(b->tick[i] >= b->last);
    b->last = b->tick[i];
    b->set[i] = false;
    b->fired++;

    const uint64_t dice = random_below(&b->seed, 10);
    const size_t other = random_below(&b->seed, TIMERS);
    if (dice == 0) {
        cancel(b, other);
    }
    if (dice == 1) { /* at the distance of what it was: often due within this very advance */
        set(b, other, t->due_ns + (int64_t)random_below(&b->seed, 1000 * NS_PER_MS), b->tick[i]);
    }
}

static void advance(struct bench *b, int64_t to_ns)
{
    b->target = to_ns / TICK_NS;
    b->last = 0;
    do {
        timer_wheel_advance(&b->wheel, (mono_t){to_ns}, fire, b);
    } while (timer_wheel_next(&b->wheel, (mono_t){to_ns}) == 0);
    if (b->target > b->stands) {
        b->stands = b->target;
    }
    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(timer_is_set(&b->timer[i]), b->set[i]);
        assert_true(!b->set[i] || b->tick[i] > b->stands);
    }
}

/* Never later than the first timer, and 0 only when an advance has something to do. */
static void check_next(const struct bench *b, int64_t now_ns)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < TIMERS; i++) {
        if (b->set[i] && b->tick[i] < first) {
            first = b->tick[i];
        }
    }
    const int wait_ms = timer_wheel_next(&b->wheel, (mono_t){now_ns});
    if (first == INT64_MAX) {
        assert_int_equal(wait_ms, -1);
        return;
    }
    assert_true(wait_ms > 0);
    assert_true((int64_t)wait_ms <= (first * TICK_NS - now_ns - 1) / NS_PER_MS + 1);
}

static void it_agrees_with_a_list_under_any_order_of_calls(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 60; round++) {
        static struct bench b;
        b = (struct bench){.seed = round};
        int64_t now = (int64_t)(random_u64(&b.seed) >> (1 + random_below(&b.seed, 50)));
        now /= 4; /* leaves room for distances */
        timer_wheel_init(&b.wheel, (mono_t){now});
        b.stands = now / TICK_NS;
        for (int i = 0; i < 1500; i++) {
            const uint64_t dice = random_below(&b.seed, 10);
            const size_t k = random_below(&b.seed, TIMERS);
            if (dice < 6) {
                set(&b, k, now + any_distance_ns(&b), b.stands);
            } else if (dice < 7) {
                cancel(&b, k);
            } else {
                const int64_t leap = any_distance_ns(&b) >> random_below(&b.seed, 30);
                now += leap > 0 ? leap : 0;
                advance(&b, now);
                check_next(&b, now);
            }
        }
        assert_true(b.fired > 0);
    }
}

static void waiting_as_told_reaches_every_timer(void **state)
{
    (void)state;
    static struct bench b;
    b = (struct bench){.seed = 5};
    int64_t now = 123 * NS_PER_S + 4;
    timer_wheel_init(&b.wheel, (mono_t){now});
    b.stands = now / TICK_NS;
    for (size_t i = 0; i < TIMERS; i++) {
        set(&b, i, now + (int64_t)random_below(&b.seed, 1000000) * NS_PER_MS, b.stands);
    }
    int waits = 0;
    for (int ms = 0; (ms = timer_wheel_next(&b.wheel, (mono_t){now})) >= 0; waits++) {
        now += ms * NS_PER_MS;
        advance(&b, now);
    }
    assert_true(waits < 4 * b.fired); /* a timer costs its firing and at most three cascades */
}

struct count {
    int n;
    int64_t last_ns;
};

static void count_in_order(struct timer *t, void *context)
{
    struct count *c = context;
    assert_true(t->due_ns >= c->last_ns);
    c->last_ns = t->due_ns;
    c->n++;
}

#define HOURS_NS(n) (INT64_C(n) * 3600 * NS_PER_S)

/* All that is due at `now`, however many slices it takes; how many. */
static int advance_all(struct timer_wheel *w, mono_t now, timer_fire_fn *each, void *context)
{
    int slices = 0;
    do {
        timer_wheel_advance(w, now, each, context);
        slices++;
    } while (timer_wheel_next(w, now) == 0);
    return slices;
}

static void a_leap_of_hours_fires_everything_in_order(void **state)
{
    (void)state;
    static struct timer_wheel w;
    static struct timer timers[5000];
    timer_wheel_init(&w, (mono_t){0});
    uint64_t seed = 9;
    for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
        const int64_t tick = 1 + (int64_t)random_below(&seed, HOURS_NS(24) / TICK_NS);
        timer_set(&w, &timers[i], (mono_t){tick * TICK_NS});
    }
    struct count c = {0};
    (void)advance_all(&w, (mono_t){HOURS_NS(48)}, count_in_order, &c);
    assert_int_equal(c.n, ARRAY_LEN(timers));
    assert_int_equal(timer_wheel_next(&w, (mono_t){HOURS_NS(48)}), -1);
}

enum { CROWD = 10000 };

static void a_crowd_that_is_due_at_once_is_served_in_slices(void **state)
{
    (void)state;
    static struct timer_wheel w;
    static struct timer timers[CROWD];
    const mono_t due = {HOURS_NS(1) + 7 * TICK_NS};
    struct count c = {0};
    timer_wheel_init(&w, (mono_t){0});
    for (size_t i = 0; i < CROWD; i++) {
        timer_set(&w, &timers[i], due);
    }
    int slices = 0;
    do {
        const int before = c.n;
        timer_wheel_advance(&w, due, count_in_order, &c);
        assert_in_range(c.n - before, 0, TIMER_WHEEL_FIRES);
        slices++;
    } while (timer_wheel_next(&w, due) == 0);
    assert_int_equal(c.n, CROWD);
    assert_int_equal(timer_wheel_next(&w, due), -1);
    assert_in_range(slices, CROWD / TIMER_WHEEL_FIRES,
                    1 + CROWD / TIMER_WHEEL_FIRES + 5 * CROWD / TIMER_WHEEL_MOVES);
}

static void between_slices_timers_are_set_and_cancelled_as_ever(void **state)
{
    (void)state;
    static struct timer_wheel w;
    static struct timer timers[CROWD];
    static struct timer soon;
    static struct timer later;
    const mono_t due = {HOURS_NS(1)};
    const mono_t after = {HOURS_NS(1) + 3 * TICK_NS};
    struct count c = {0};
    timer_wheel_init(&w, (mono_t){0});
    for (size_t i = 0; i < CROWD; i++) {
        timer_set(&w, &timers[i], due);
    }
    timer_wheel_advance(&w, due, count_in_order, &c); /* some went down a level */
    assert_int_equal(c.n, 0);
    for (size_t i = 0; i < CROWD; i += 2) {
        assert_true(timer_is_set(&timers[i]));
        timer_cancel(&w, &timers[i]);
        assert_false(timer_is_set(&timers[i]));
    }
    timer_set(&w, &timers[0], after);
    timer_set(&w, &soon, (mono_t){due.ns - TICK_NS}); /* before the crowd */
    timer_set(&w, &later, (mono_t){HOURS_NS(2)});
    assert_int_equal(timer_wheel_next(&w, (mono_t){due.ns / 2}),
                     0); /* a clock that went back, too */

    struct count rest = {0};
    (void)advance_all(&w, due, count_in_order, &rest);
    assert_int_equal(rest.n, CROWD / 2 + 1);
    assert_false(timer_is_set(&soon));
    assert_true(timer_is_set(&timers[0]));
    (void)advance_all(&w, after, count_in_order, &rest);
    assert_int_equal(rest.n, CROWD / 2 + 2);
    assert_true(timer_is_set(&later));
    timer_cancel(&w, &later);
    assert_int_equal(timer_wheel_next(&w, after), -1);
}

/* Slices of crowds on few ticks, with timers set and cancelled between any two of them. */
struct crowd {
    struct timer_wheel wheel;
    struct timer timer[CROWD];
    bool set[CROWD];
    int64_t target_ns;
    int fired;
};

static void fire_of_crowd(struct timer *t, void *context)
{
    struct crowd *c = context;
    const size_t i = (size_t)(t - c->timer);
    assert_true(c->set[i]);
    assert_true(t->due_ns <= c->target_ns);
    c->set[i] = false;
    c->fired++;
}

static void whatever_happens_between_slices_each_timer_fires_once_and_when_it_is_due(void **state)
{
    (void)state;
    static struct crowd c;
    uint64_t seed = 77;
    timer_wheel_init(&c.wheel, (mono_t){0});
    for (int round = 0; round < 3000; round++) {
        const size_t first = random_below(&seed, CROWD);
        const uint64_t dice = random_below(&seed, 4);
        const int64_t due = c.target_ns + (int64_t)(1 + random_below(&seed, 8)) *
                                              (INT64_C(700) << 2 * dice) * TICK_NS;
        for (size_t i = first; i < CROWD && i < first + 700; i++) { /* more than a slice */
            if (dice == 0) {
                timer_cancel(&c.wheel, &c.timer[i]);
            } else {
                timer_set(&c.wheel, &c.timer[i], (mono_t){due});
            }
            c.set[i] = dice != 0;
        }
        const bool more = timer_wheel_next(&c.wheel, (mono_t){c.target_ns}) == 0;
        c.target_ns += more ? 0 : (int64_t)random_below(&seed, 2000) * TICK_NS;
        timer_wheel_advance(&c.wheel, (mono_t){c.target_ns}, fire_of_crowd, &c);
        if (timer_wheel_next(&c.wheel, (mono_t){c.target_ns}) != 0) {
            for (size_t i = 0; i < CROWD; i++) {
                assert_int_equal(timer_is_set(&c.timer[i]), c.set[i]);
                assert_true(!c.set[i] || c.timer[i].due_ns > c.target_ns);
            }
        }
    }
    assert_true(c.fired > CROWD);
}

static void rearm_in_the_past(struct timer *t, void *context)
{
    struct bench *b = context;
    b->fired++;
    timer_set(&b->wheel, t, (mono_t){0});
}

static void a_timer_set_anew_in_the_past_waits_for_the_next_tick(void **state)
{
    (void)state;
    static struct bench b;
    b = (struct bench){.fired = 0};
    timer_wheel_init(&b.wheel, (mono_t){NS_PER_S});
    timer_set(&b.wheel, &b.timer[0], (mono_t){0});
    timer_wheel_advance(&b.wheel, (mono_t){NS_PER_S}, rearm_in_the_past, &b);
    assert_int_equal(b.fired, 0);
    assert_int_equal(timer_wheel_next(&b.wheel, (mono_t){NS_PER_S}), 10);
    timer_wheel_advance(&b.wheel, (mono_t){NS_PER_S + TICK_NS}, rearm_in_the_past, &b);
    assert_int_equal(b.fired, 1);
    timer_cancel(&b.wheel, &b.timer[0]);
    assert_int_equal(timer_wheel_next(&b.wheel, (mono_t){0}), -1);
}

static void ends_of_time_are_times(void **state)
{
    (void)state;
    static struct timer_wheel w;
    static struct timer t;
    struct count c = {.last_ns = INT64_MIN};
    timer_wheel_init(&w, (mono_t){-5});
    timer_set(&w, &t, (mono_t){INT64_MAX});
    assert_int_equal(timer_wheel_next(&w, (mono_t){0}), INT_MAX);
    timer_wheel_advance(&w, (mono_t){INT64_MAX / 2}, count_in_order, &c);
    assert_int_equal(c.n, 0);
    timer_set(&w, &t, (mono_t){INT64_MIN});
    timer_wheel_advance(&w, (mono_t){-1}, count_in_order, &c); /* back: nothing */
    assert_int_equal(c.n, 0);
    (void)advance_all(&w, (mono_t){INT64_MAX}, count_in_order, &c);
    assert_int_equal(c.n, 1);
    timer_cancel(&w, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_a_list_under_any_order_of_calls),
        cmocka_unit_test(waiting_as_told_reaches_every_timer),
        cmocka_unit_test(a_leap_of_hours_fires_everything_in_order),
        cmocka_unit_test(a_crowd_that_is_due_at_once_is_served_in_slices),
        cmocka_unit_test(between_slices_timers_are_set_and_cancelled_as_ever),
        cmocka_unit_test(whatever_happens_between_slices_each_timer_fires_once_and_when_it_is_due),
        cmocka_unit_test(a_timer_set_anew_in_the_past_waits_for_the_next_tick),
        cmocka_unit_test(ends_of_time_are_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
