#include "engine/machines/bot_clock.h"

#include "base/rng.h"
#include "base/util.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 100 };

/* Reports that keep a clock of 16 ms, each a little late, or whose intervals are drawn one by one. */
static void walk(canara_point_t p[POINTS], bool clock, struct rng *rng)
{
    double t = 1000.0;
    for (size_t i = 0; i < POINTS; i++) {
        const double late = clock ? 1.5 * rng_double(rng) : 0.0;
        p[i] = (canara_point_t){.t_ms = t + late,
                                .x = round(400.0 + 3.0 * (double)i + 2.0 * rng_double(rng)),
                                .y = 300.0 + (double)i};
        t += clock ? (rng_below(rng, 10) == 0 ? 32.0 : 16.0) : 5.0 + 18.0 * rng_double(rng);
    }
}

static void drawn_times_keep_no_clock(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[CLOCK_FEATURES];
    double g[CLOCK_FEATURES];
    struct rng rng;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        rng_seed(&rng, seed);
        walk(p, true, &rng);
        bot_clock_features(p, POINTS, f);
        walk(p, false, &rng);
        bot_clock_features(p, POINTS, g);
        assert_true(f[CLOCK_OFF_BEAT] < 0.07 && g[CLOCK_OFF_BEAT] > 0.12);
        assert_true(f[CLOCK_LATE_MEMORY] < -0.2);
        assert_true(f[CLOCK_SCATTER] < g[CLOCK_SCATTER]);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How a period explains the intervals. */
struct beat {
    double period, off, memory;
};

/* The mean of what is near the guess; 0 when that is too little. */
static double period_near(const double *ms, size_t n, double guess)
{
    double near = 0.0;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const bool counts = fabs(ms[i] - guess) < 0.2 * guess;
        near += counts ? 1.0 : 0.0;
        sum += counts ? ms[i] : 0.0;
    }
    return guess < 3.0 || near < 4.0 ? 0.0 : sum / near;
}

/* The memory is NaN when an interval lies between two multiples, so that rounding says of which one it is a
 * neighbour. */
static struct beat beat_of(const double *ms, size_t n, double period)
{
    struct beat b = {.period = period};
    double squares = 0.0;
    double next = 0.0;
    double last = 0.0;
    bool sure = true;
    for (size_t i = 0; i < n; i++) {
        const double rest = ms[i] - floor(ms[i] / period + 0.5) * period;
        b.off += fabs(rest) / period / (double)n;
        squares += rest * rest;
        next += rest * last;
        last = rest;
        sure = sure && fabs(fabs(rest) - 0.5 * period) > 1e-4;
    }
    const double memory = (next / ((double)n - 1.0)) / (squares / (double)n + 1e-9);
    b.memory = sure ? memory : (double)NAN;
    return b;
}

/* Interval by interval; the memory is NaN, too, when two periods are as good. */
static struct beat by_the_book(const double *ms, size_t n)
{
    double sorted[POINTS];
    memcpy(sorted, ms, n * sizeof *ms);
    qsort(sorted, n, sizeof *sorted, by_size);
    const double median = sorted[n / 2];
    const double guess[] = {median, 0.5 * median, median / 3.0, sorted[n / 4], sorted[n / 8]};
    struct beat best = {.off = 0.25};
    for (size_t g = 0; g < ARRAY_LEN(guess); g++) {
        const double period = period_near(ms, n, guess[g]);
        if (!(period > 0.0)) {
            continue;
        }
        const struct beat b = beat_of(ms, n, period);
        if (b.off < best.off - 1e-6) {
            best = b;
        } else if (b.off < best.off + 1e-6 && fabs(b.period - best.period) > 1e-6) {
            best.memory = (double)NAN;
        }
    }
    return best;
}

static void different_intervals_tell_what_all_of_them_do(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    struct rng rng;
    size_t compared = 0;
    rng_seed(&rng, 4);
    for (int round_no = 0; round_no < 3000; round_no++) {
        double f[CLOCK_FEATURES];
        double ms[POINTS];
        size_t n = 0;
        walk(p, round_no % 2 == 0, &rng);
        const size_t points = 20 + rng_below(&rng, POINTS - 19);
        for (size_t i = 1; i < points; i++) {
            const double gap = rint(p[i].t_ms) - rint(p[i - 1].t_ms);
            ms[n] = gap;
            n += gap > 0.0 ? 1 : 0;
        }
        bot_clock_features(p, points, f);
        const struct beat want = by_the_book(ms, n);
        assert_near(f[CLOCK_OFF_BEAT], want.off, 1e-5, "off beat");
        if (!isnan(want.memory)) {
            assert_near(f[CLOCK_LATE_MEMORY], want.memory, 1e-3, "memory");
            compared++;
        }
    }
    assert_true(compared > 2000);
}

static void features_of_any_path_are_finite(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    double f[CLOCK_FEATURES];
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t round_no = 0; round_no < 2000; round_no++) {
        const double scale = exp(40.0 * rng_double(&rng) - 10.0);
        double t = 0.0;
        for (size_t i = 0; i < POINTS; i++) {
            t += scale * (rng_double(&rng) - 0.1);
            p[i] = (canara_point_t){.t_ms = t, .x = scale * rng_double(&rng)};
        }
        bot_clock_features(p, rng_below(&rng, POINTS + 1), f);
        for (size_t i = 0; i < CLOCK_FEATURES; i++) {
            assert_true(fabs(f[i]) <= 4.0);
        }
        assert_in_range(bot_clock_leaps(p, POINTS), BOT_LEAP_NONE, BOT_LEAP_RESTS);
    }
}

static void a_leap_is_from_a_quiet_path_to_a_rest(void **state)
{
    (void)state;
    canara_point_t p[POINTS];
    struct rng rng;
    rng_seed(&rng, 4);
    walk(p, true, &rng);
    assert_int_equal(bot_clock_leaps(p, POINTS), BOT_LEAP_NONE);
    p[POINTS - 1].x += 250.0;
    assert_int_equal(bot_clock_leaps(p, POINTS), BOT_LEAP_OPEN);
    assert_int_equal(bot_clock_leaps(p, 9), BOT_LEAP_NONE);
    p[POINTS - 1].t_ms += 400.0; /* time enough to go there unseen */
    assert_int_equal(bot_clock_leaps(p, POINTS), BOT_LEAP_NONE);
    walk(p, true, &rng);
    for (size_t i = 60; i < POINTS; i++) {
        p[i].x += 250.0; /* goes on from there: reports were lost */
    }
    assert_int_equal(bot_clock_leaps(p, POINTS), BOT_LEAP_NONE);
    for (size_t i = 61; i < POINTS; i++) {
        p[i].t_ms += 500.0;
    }
    assert_int_equal(bot_clock_leaps(p, POINTS), BOT_LEAP_RESTS);
}

static canara_event_t moved(const canara_point_t *p, size_t n)
{
    return (canara_event_t){
        .kind = CANARA_POINTER, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = n}};
}

/* Found on the training sessions of Balabit mouse: a full message ended right behind reports that were
 * lost, and the end was taken for a rest. */
static void an_event_that_ends_behind_a_leap_waits_for_what_follows(void **state)
{
    (void)state;
    static const canara_event_t quiet = {.kind = CANARA_IDLE_TIMEOUT};
    canara_point_t p[POINTS];
    struct rng rng;
    rng_seed(&rng, 4);
    walk(p, true, &rng);
    p[POINTS - 1].x += 250.0;
    const int64_t end = 1750000000000 + (int64_t)p[POINTS - 1].t_ms;
    const canara_event_t leap = moved(p, POINTS);
    const canara_point_t on[2] = {{.t_ms = 0.0, .x = p[POINTS - 1].x, .y = p[POINTS - 1].y},
                                  {.t_ms = 20.0, .x = p[POINTS - 1].x + 9.0, .y = 9.0}};
    const canara_event_t goes_on = moved(on, 2);

    static const struct {
        const char *row;
        int64_t quiet_ms, on_ms; /* after the leap, when the events arrive; 0: not at all */
        double nats;
    } cases[] = {
        {"nothing follows", 0, 0, 0.0},
        {"the movement goes on", 0, 40, 0.0},
        {"something else, then the movement goes on", 10, 60, 0.0},
        {"just before it would be a rest", 0, 300, 0.0},
        {"it stirs after a rest", 0, 330, 1.5},
        {"something else comes after a rest", 310, 330, 1.5},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct session_state s;
        filter_begin(&s, 1750000000000);
        bots_look(&s, &leap, end);
        assert_near(s.bot[BOT_LEAP], 0.0, 0.0, cases[c].row);
        if (cases[c].quiet_ms > 0) {
            bots_look(&s, &quiet, end + cases[c].quiet_ms);
        }
        if (cases[c].on_ms > 0) {
            bots_look(&s, &goes_on, end + cases[c].on_ms);
            assert_true(s.leapt_ms == 0);
        }
        assert_near(s.bot[BOT_LEAP], cases[c].nats, 0.0, cases[c].row);
    }
}

static void reports_of_no_movement_are_counted_between_buttons(void **state)
{
    (void)state;
    canara_point_t p[POINTS] = {0};
    for (size_t i = 0; i < POINTS; i++) {
        p[i].t_ms = 16.0 * (double)i;
    }
    assert_true(bot_clock_is_still(p, POINTS));
    assert_false(bot_clock_is_still(p, 20));
    for (size_t i = 0; i < POINTS; i++) {
        p[i].buttons = i % 2; /* a quick finger on the button */
    }
    assert_false(bot_clock_is_still(p, POINTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_times_keep_no_clock),
        cmocka_unit_test(different_intervals_tell_what_all_of_them_do),
        cmocka_unit_test(features_of_any_path_are_finite),
        cmocka_unit_test(a_leap_is_from_a_quiet_path_to_a_rest),
        cmocka_unit_test(an_event_that_ends_behind_a_leap_waits_for_what_follows),
        cmocka_unit_test(reports_of_no_movement_are_counted_between_buttons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
