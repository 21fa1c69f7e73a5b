/* bootstrap_test.c - same seed same bits, intervals that hold the figure, pairs, bad options. */
#include "lab/statistics/bootstrap.h"

#include "base/rng.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <math.h>

enum { USERS = 20, EACH = 30 };

struct sample {
    double genuine[USERS][EACH];
    double impostor[USERS][EACH];
    struct score_user user[USERS];
};

static void draw(struct sample *s, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t u = 0; u < USERS; u++) {
        const double own = .5 + rng_double(&r);
        for (size_t i = 0; i < EACH; i++) {
            s->genuine[u][i] = rng_normal(&r) - own;
            s->impostor[u][i] = rng_normal(&r) + own;
        }
        s->user[u] = (struct score_user){"u", s->genuine[u], EACH, s->impostor[u], EACH};
    }
}

static void the_same_seed_gives_the_same_bits(void **state)
{
    (void)state;
    struct sample s;
    struct interval a[FIGURES];
    struct interval b[FIGURES];
    struct interval other[FIGURES];
    draw(&s, 1);
    assert_ok(bootstrap_measures(s.user, USERS, (struct bootstrap_options){100, 7}, a));
    assert_ok(bootstrap_measures(s.user, USERS, (struct bootstrap_options){100, 7}, b));
    assert_ok(bootstrap_measures(s.user, USERS, (struct bootstrap_options){100, 8}, other));
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, other, sizeof a);
}

static void intervals_hold_their_figure(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sample s;
        struct measures m;
        struct interval i[FIGURES];
        draw(&s, seed);
        assert_ok(measures_compute(s.user, USERS, &m, NULL));
        assert_ok(bootstrap_measures(s.user, USERS, (struct bootstrap_options){300, seed}, i));
        for (unsigned f = 0; f < FIGURES; f++) {
            if (f == FIGURE_ECE) { /* rises with every repeat of a user: biased upwards */
                continue;
            }
            if (!(i[f].lo <= m.value[f] && m.value[f] <= i[f].hi && i[f].lo <= i[f].hi)) {
                fail_msg("%s: %g not in [%g, %g]", figure_key((enum figure)f), m.value[f], i[f].lo,
                         i[f].hi);
            }
        }
        assert_true(i[FIGURE_MEAN_EER].hi - i[FIGURE_MEAN_EER].lo < .2);
    }
}

static void one_user_has_an_interval_of_no_width(void **state)
{
    (void)state;
    struct sample s;
    struct measures m;
    struct interval i[FIGURES];
    draw(&s, 3);
    assert_ok(measures_compute(s.user, 1, &m, NULL));
    assert_ok(bootstrap_measures(s.user, 1, (struct bootstrap_options){10, 1}, i));
    for (unsigned f = 0; f < FIGURES; f++) {
        assert_near(i[f].lo, m.value[f], 0.0, "lo");
        assert_near(i[f].hi, m.value[f], 0.0, "hi");
    }
}

/* Normal differences: the interval of the mean is about mean +- 1.96 sd/sqrt(n). */
static void the_interval_of_a_mean_is_as_wide_as_theory_says(void **state)
{
    (void)state;

    enum { N = 400 };

    double a[N];
    double b[N] = {0};
    struct rng r;
    struct bootstrap_difference d;
    rng_seed(&r, 9);
    for (size_t u = 0; u < N; u++) {
        a[u] = .5 + .1 * rng_normal(&r);
    }
    assert_ok(bootstrap_paired(a, b, N, (struct bootstrap_options){2000, 3}, &d));
    assert_near(d.interval.hi - d.interval.lo, 2 * 1.96 * .1 / sqrt(N), .002, "width");
    assert_near(d.mean, .5, .02, "mean");
    assert_near(d.p, 2.0 / 2001, 1e-12, "p"); /* no replicate at or below 0 */
}

static void a_pair_turned_round_turns_the_sign(void **state)
{
    (void)state;
    const double a[] = {.1, .2, .3, .15, .05};
    const double b[] = {.12, .18, .35, .2, .06};
    const struct bootstrap_options options = {500, 2};
    struct bootstrap_difference ab;
    struct bootstrap_difference ba;
    assert_ok(bootstrap_paired(a, b, ARRAY_LEN(a), options, &ab));
    assert_ok(bootstrap_paired(b, a, ARRAY_LEN(a), options, &ba));
    assert_near(ab.mean, -ba.mean, 1e-15, "mean");
    assert_near(ab.interval.lo, -ba.interval.hi, 1e-15, "interval");
    assert_near(ab.p, ba.p, 0.0, "p");
}

static void pairs_that_lack_a_side_are_left_out(void **state)
{
    (void)state;
    const double a[] = {.1, NAN, .3, .2};
    const double b[] = {.1, .2, NAN, .1};
    struct bootstrap_difference d;
    assert_ok(bootstrap_paired(a, b, ARRAY_LEN(a), (struct bootstrap_options){50, 2}, &d));
    assert_int_equal(d.users, 2);
    assert_near(d.mean, .05, 1e-15, "mean");
}

static void bad_options_and_empty_pairs_are_refused(void **state)
{
    (void)state;
    static const size_t bad[] = {0, 1000001, SIZE_MAX};
    struct sample s;
    struct interval i[FIGURES] = {{7, 7}};
    struct bootstrap_difference d = {.users = 7};
    const double none[] = {NAN};
    draw(&s, 1);
    for (size_t c = 0; c < ARRAY_LEN(bad); c++) {
        const struct bootstrap_options options = {bad[c], 1};
        assert_err(bootstrap_measures(s.user, USERS, options, i), ERR_RANGE);
        assert_err(bootstrap_paired(s.genuine[0], s.genuine[1], EACH, options, &d), ERR_RANGE);
    }
    assert_err(bootstrap_paired(none, none, 1, (struct bootstrap_options){10, 1}, &d), ERR_RANGE);
    assert_err(bootstrap_paired(none, none, 0, (struct bootstrap_options){10, 1}, &d), ERR_RANGE);
    assert_err(bootstrap_measures(s.user, 0, (struct bootstrap_options){10, 1}, i), ERR_RANGE);
    s.impostor[3][2] = NAN;
    assert_err(bootstrap_measures(s.user, USERS, (struct bootstrap_options){10, 1}, i), ERR_RANGE);
    assert_int_equal(d.users, 7);
    assert_near(i[0].lo, 7, 0.0, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bits),
        cmocka_unit_test(intervals_hold_their_figure),
        cmocka_unit_test(one_user_has_an_interval_of_no_width),
        cmocka_unit_test(the_interval_of_a_mean_is_as_wide_as_theory_says),
        cmocka_unit_test(a_pair_turned_round_turns_the_sign),
        cmocka_unit_test(pairs_that_lack_a_side_are_left_out),
        cmocka_unit_test(bad_options_and_empty_pairs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
