/* bot_series_test.c - moves in lanes beside the same reckoned move by move, and the same bits everywhere. */
#include "engine/machines/bot_series.h"

#include "base/rng.h"
#include "engine/arithmetic/numbers.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { LENGTHS = 70, SILENCE = 9 };

struct one {
    double dx, dy, dt;
};

/* Whole px or not, with rests, equal steps and silences. */
static size_t draw(struct rng *rng, size_t n, struct one *m)
{
    const bool whole = rng_below(rng, 2) == 0;
    for (size_t i = 0; i < n; i++) {
        const double dx = 6.0 * rng_normal(rng);
        const double dy = 4.0 * rng_normal(rng);
        m[i] = (struct one){whole ? round(dx) : dx, whole ? round(dy) : dy,
                            whole ? 16.0 : 1.0 + 40.0 * rng_double(rng)};
        if (i > 0 && rng_below(rng, 5) == 0) {
            m[i] = m[i - 1];
        }
        if (rng_below(rng, SILENCE) == 0) {
            m[i] = (struct one){0.0, 0.0, 0.0};
        }
    }
    return n;
}

static void lay(struct bot_series *s, const struct one *m, size_t n)
{
    bot_series_begin(s);
    for (size_t i = 0; i < n; i++) {
        bot_series_put(s, m[i].dx, m[i].dy, m[i].dt);
    }
    bot_series_end(s);
}

static double over(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

static double length(struct one m)
{
    return sqrt(m.dx * m.dx + m.dy * m.dy);
}

static double ratio(double a, double b)
{
    return over(b - a, a + b);
}

/* Some features by the book, one move after the other. */
struct plain {
    double moves, rests, way, pairs, triples, turns, bends;
    double step_change, time_change, speed_next, speed_square, turn, bend, sine_next, sine_square;
    double second, third, flips;
};

static void add_pair(struct plain *p, const struct one *m, bool triple)
{
    const double a = length(m[-1]);
    const double b = length(m[0]);
    const double speed = ratio(a / m[-1].dt, b / m[0].dt);
    p->pairs += 1.0;
    p->step_change += fabs(ratio(a, b));
    p->time_change += fabs(ratio(m[-1].dt, m[0].dt));
    p->speed_square += speed * speed;
    p->second += hypot(m[0].dx - m[-1].dx, m[0].dy - m[-1].dy);
    const double sine = over(m[-1].dx * m[0].dy - m[-1].dy * m[0].dx, a * b);
    if (a * b > 0.0) {
        p->turns += 1.0;
        p->turn += 0.5 * (1.0 - (m[-1].dx * m[0].dx + m[-1].dy * m[0].dy) / (a * b));
        p->bend += fabs(sine);
        p->sine_square += sine * sine;
    }
    if (triple) {
        const double c = length(m[-2]);
        const double before = ratio(c / m[-2].dt, a / m[-1].dt);
        p->triples += 1.0;
        p->speed_next += before * speed;
        p->flips += before * speed < 0.0 ? 1.0 : 0.0;
        p->sine_next += sine * over(m[-2].dx * m[-1].dy - m[-2].dy * m[-1].dx, c * a);
        p->third += hypot(m[0].dx - 2.0 * m[-1].dx + m[-2].dx, m[0].dy - 2.0 * m[-1].dy + m[-2].dy);
    }
}

static void reckon(const struct one *m, size_t n, struct plain *p)
{
    *p = (struct plain){.moves = 0.0};
    for (size_t i = 0; i < n; i++) {
        const bool pair = i > 0 && m[i].dt > 0.0 && m[i - 1].dt > 0.0;
        if (m[i].dt > 0.0) {
            p->moves += 1.0;
            p->way += length(m[i]);
            p->rests += length(m[i]) > 0.0 ? 0.0 : 1.0;
        }
        if (pair) {
            add_pair(p, m + i, i > 1 && m[i - 2].dt > 0.0);
        }
    }
}

static void lanes_reckon_like_the_book(void **state)
{
    (void)state;
    static struct bot_series s;
    struct one m[LENGTHS];
    struct rng rng;
    rng_seed(&rng, 11);
    for (int i = 0; i < 3000; i++) {
        double f[MOVE_FEATURES];
        struct plain p;
        const size_t n = draw(&rng, rng_below(&rng, LENGTHS), m);
        lay(&s, m, n);
        bot_series_best()(&s, f);
        reckon(m, n, &p);
        assert_near(s.length, p.way, 1e-3, "length");
        assert_near(s.moves, p.moves, 0.0, "moves");
        assert_near(f[MOVE_RESTS], over(p.rests, p.moves), 1e-6, "rests");
        assert_near(f[MOVE_STEP_CHANGE], over(p.step_change, p.pairs), 1e-5, "step change");
        assert_near(f[MOVE_TIME_CHANGE], over(p.time_change, p.pairs), 1e-5, "time change");
        assert_near(f[MOVE_SPEED_MEMORY], over(p.speed_next, p.speed_square), 1e-4, "memory");
        assert_near(f[MOVE_TURN], over(p.turn, p.turns), 1e-5, "turn");
        assert_near(f[MOVE_BEND], over(p.bend, p.turns), 1e-5, "bend");
        assert_near(f[MOVE_ROUGHNESS], over(p.second, p.second + p.way), 1e-5, "roughness");
        assert_near(f[MOVE_JERK], over(p.third, p.third + p.second), 1e-5, "jerk");
        assert_near(f[MOVE_SPEED_FLIPS], over(p.flips, p.triples), 1e-6, "flips");
        if (p.sine_square > 1e-6) {
            assert_near(f[MOVE_TURN_MEMORY], over(p.sine_next, p.sine_square), 1e-4, "turns");
        }
    }
}

static void every_processor_gives_the_same_bits(void **state)
{
    (void)state;
    static struct bot_series a;
    static struct bot_series b;
    struct one m[LENGTHS];
    struct rng rng;
    rng_seed(&rng, 12);
    for (size_t i = 0; i < 4000; i++) {
        double f[MOVE_FEATURES];
        double g[MOVE_FEATURES];
        const size_t n = draw(&rng, i % LENGTHS, m);
        lay(&a, m, n);
        lay(&b, m, n);
        bot_series_any(&a, f);
        bot_series_best()(&b, g);
        assert_memory_equal(f, g, sizeof f);
        assert_memory_equal(&a.length, &b.length, sizeof a.length);
    }
}

/* Whatever compiler and processor: moves that are drawn without a library's function. */
static void the_same_moves_have_the_same_checksum_everywhere(void **state)
{
    (void)state;
    static struct bot_series s;
    struct rng rng;
    uint64_t sum = FNV_START;
    rng_seed(&rng, 14);
    for (size_t n = 0; n < 300; n++) {
        double f[MOVE_FEATURES];
        bot_series_begin(&s);
        for (size_t i = 0; i < n % LENGTHS; i++) {
            const bool silence = rng_below(&rng, SILENCE) == 0;
            const double dx = 30.0 * (rng_double(&rng) - 0.5);
            const double dy = 20.0 * (rng_double(&rng) - 0.4);
            const double dt = 1.0 + 30.0 * rng_double(&rng);
            bot_series_put(&s, silence ? 0.0 : dx, silence ? 0.0 : dy, silence ? 0.0 : dt);
        }
        bot_series_end(&s);
        bot_series_best()(&s, f);
        sum = fnv_add(sum, f, sizeof f);
    }
    assert_int_equal(sum, UINT64_C(0xdd4b87416c8662d6));
}

static void any_moves_give_finite_features(void **state)
{
    (void)state;
    static const double odd[] = {0.0, 1e-12, -1e-12, 1.0, -1.0, 300.0, 2e9, -2e9};
    static struct bot_series s;
    struct one m[LENGTHS];
    struct rng rng;
    rng_seed(&rng, 13);
    for (int i = 0; i < 5000; i++) {
        const size_t n = rng_below(&rng, LENGTHS);
        for (size_t k = 0; k < n; k++) {
            static const double ms[] = {0.0, 1e-3, 50.0, 300.0};
            m[k].dt = ms[rng_below(&rng, 4)];
            m[k].dx = m[k].dt > 0.0 ? odd[rng_below(&rng, 8)] : 0.0;
            m[k].dy = m[k].dt > 0.0 ? odd[rng_below(&rng, 8)] : 0.0;
        }
        double f[MOVE_FEATURES];
        lay(&s, m, n);
        bot_series_best()(&s, f);
        for (size_t k = 0; k < MOVE_FEATURES; k++) {
            assert_true(isfinite(f[k]) && fabs(f[k]) <= 2.0);
        }
    }
}

static void what_is_beyond_the_room_is_left_out(void **state)
{
    (void)state;
    static struct bot_series s;
    double f[MOVE_FEATURES];
    bot_series_begin(&s);
    for (size_t i = 0; i < BOT_SERIES_ROOM + 100; i++) {
        bot_series_put(&s, 3.0, 4.0, 10.0);
    }
    bot_series_end(&s);
    bot_series_any(&s, f);
    assert_int_equal(s.n, BOT_SERIES_ROOM);
    assert_near(s.length, 5.0 * BOT_SERIES_ROOM, 0.0, "length");
    assert_near(f[MOVE_SAME_STEPS], 1.0, 0.0, "all alike");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_reckon_like_the_book),
        cmocka_unit_test(every_processor_gives_the_same_bits),
        cmocka_unit_test(the_same_moves_have_the_same_checksum_everywhere),
        cmocka_unit_test(any_moves_give_finite_features),
        cmocka_unit_test(what_is_beyond_the_room_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
