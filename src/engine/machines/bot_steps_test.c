/* bot_steps_test.c - the least spread beside the same, window by window, by the book. */
#include "base/rng.h"
#include "base/util.h"
#include "engine/machines/bot_motion.h"
#include "tests/support/unit.h"

#include <math.h>

enum { POINTS = 700, PARTS = 5 };

#define SLACK 2e-3 /* a root of what floats leave of equal steps */

/* Moves to another place. */
struct moves {
    size_t n;
    size_t from[POINTS]; /* point */
    size_t to[POINTS];
    double step[POINTS], bend[POINTS], ms[POINTS];
};

static void find_moves(const canara_point_t *p, size_t n, struct moves *m)
{
    size_t last = 0;
    double way[2] = {0.0, 0.0};
    m->n = 0;
    for (size_t i = 1; i < n; i++) {
        const double dx = rint(p[i].x) - rint(p[last].x);
        const double dy = rint(p[i].y) - rint(p[last].y);
        const double dt = p[i].t_ms - p[last].t_ms;
        if (!(dt > 0.0) || !(fabs(dx) + fabs(dy) > 0.0)) {
            continue;
        }
        const size_t k = m->n++;
        m->step[k] = sqrt(dx * dx + dy * dy);
        m->bend[k] = k == 0 ? 0.0 : fabs(way[0] * dy - way[1] * dx) / (m->step[k - 1] * m->step[k]);
        m->ms[k] = dt;
        m->from[k] = last;
        m->to[k] = i;
        last = i;
        way[0] = dx;
        way[1] = dy;
    }
}

/* Spread of moves [from, end) over the limit, as docs/engine/bots.md has it. */
static double spread_of(const struct moves *m, size_t from, size_t end, double px, double limit)
{
    const double n = (double)(end - from);
    double sum = 0.0;
    double turn = 0.0;
    double ms = 0.0;
    for (size_t i = from; i < end; i++) {
        sum += m->step[i];
        turn += i > from ? m->bend[i] : 0.0;
        ms += m->ms[i];
    }
    double kept = 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (size_t i = from; i < end; i++) {
        if (m->step[i] < 1.6 * sum / n) {
            kept += 1.0;
            mean += m->step[i];
            squares += m->step[i] * m->step[i];
        }
    }
    mean /= kept;
    if (sum < px * n || turn < 0.6 || ms < 400.0 || kept < 0.75 * n || mean < px) {
        return BOT_MOTION_UNEVEN;
    }
    const double variance = squares / kept - mean * mean - 0.17;
    return variance > 0.0 ? fmin(sqrt(variance) / (mean * limit), BOT_MOTION_UNEVEN) : 0.0;
}

static double by_the_book(const struct moves *m, size_t n, size_t parts, double *part)
{
    static const struct {
        size_t moves;
        double px, limit;
    } window[] = {{12, 8.0, 0.05}, {16, 4.0, 0.05}, {24, 3.0, 0.075}, {32, 3.0, 0.1}};

    double least = BOT_MOTION_UNEVEN;
    for (size_t k = 0; k < parts; k++) {
        part[k] = BOT_MOTION_UNEVEN;
    }
    for (size_t end = 4; end <= m->n; end += 4) {
        size_t at = 0;
        while (at + 1 < parts && m->to[end - 1] >= (at + 1) * n / parts) {
            at++;
        }
        for (size_t w = 0; w < 4 && window[w].moves <= end; w++) {
            const size_t from = end - window[w].moves;
            const double spread = spread_of(m, from, end, window[w].px, window[w].limit);
            least = fmin(least, spread);
            if (parts > 0 && m->from[from] >= at * n / parts) {
                part[at] = fmin(part[at], spread);
            }
        }
    }
    return least;
}

/* Curves of many speeds and clocks, with rests, lost reports, and even stretches. */
static void draw(struct rng *rng, size_t n, canara_point_t *p)
{
    const double clock = 4.0 + 30.0 * rng_double(rng);
    const double speed = 2.0 + 12.0 * rng_double(rng);
    const double uneven = rng_below(rng, 3) == 0 ? 0.02 : 0.4;
    double t = 0.0;
    double x = 400.0;
    double y = 300.0;
    double heading = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double step = speed * (1.0 + uneven * rng_normal(rng)) *
                            (rng_below(rng, 20) == 0 ? 2.0 : 1.0) *
                            (rng_below(rng, 25) == 0 ? 0.0 : 1.0);
        heading += 0.15;
        x += step * cos(heading);
        y += step * sin(heading);
        t += rng_below(rng, 40) == 0 ? 0.0 : clock;
        p[i] = (canara_point_t){.t_ms = t, .x = x, .y = y};
    }
}

static void sums_find_what_every_window_says(void **state)
{
    (void)state;
    static canara_point_t p[POINTS];
    static struct moves m;
    struct rng rng;
    size_t even = 0;
    rng_seed(&rng, 21);
    for (int i = 0; i < 1500; i++) {
        double part[PARTS];
        double want[PARTS];
        const size_t n = rng_below(&rng, i % 3 == 0 ? POINTS : 120);
        const size_t parts = rng_below(&rng, PARTS + 1);
        draw(&rng, n, p);
        find_moves(p, n, &m);
        const double least = by_the_book(&m, n, parts, want);
        assert_near(bot_motion_step_spreads(p, n, parts, part), least, SLACK, "whole");
        assert_near(bot_motion_step_spread(p, n), least, SLACK, "without parts");
        for (size_t k = 0; k < parts; k++) {
            assert_near(part[k], want[k], SLACK, "part");
        }
        even += least < 1.0;
    }
    assert_true(even > 100 && even < 1400); /* of both kinds */
}

/* A leap of 8e8 px, uneven moves, then steps of 9 px: the running squares have steps of 128 by then. */
static void a_leap_hides_no_even_steps(void **state)
{
    (void)state;

    enum { UNEVEN = 32, EVEN = 72, ALL = 2 + UNEVEN + EVEN };

    static const double leaps[] = {0.0, 9e4, 8e8, -8e8};
    static canara_point_t p[ALL];
    static struct moves m;
    for (size_t leap = 0; leap < ARRAY_LEN(leaps); leap++) {
        double want[PARTS];
        double part[PARTS];
        double x = 0.0;
        double y = 0.0;
        for (int i = 0; i < ALL; i++) {
            p[i] = (canara_point_t){.t_ms = 40.0 * i, .x = x, .y = y};
            const double step = i == 0        ? leaps[leap]
                                : i <= UNEVEN ? 5.0 + (double)(i * 7 % 13)
                                              : 9.0;
            x += i % 2 == 0 ? step : 0.0;
            y += i % 2 == 0 ? 0.0 : step;
        }
        find_moves(p, ALL, &m);
        assert_near(by_the_book(&m, ALL, PARTS, want), 0.0, 0.0, "the book");
        assert_near(bot_motion_step_spread(p, ALL), 0.0, 0.0, "whole");
        assert_near(bot_motion_step_spreads(p, ALL, PARTS, part), 0.0, 0.0, "with parts");
        for (size_t k = 0; k < PARTS; k++) {
            assert_near(part[k], want[k], SLACK, "part");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_find_what_every_window_says),
        cmocka_unit_test(a_leap_hides_no_even_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
