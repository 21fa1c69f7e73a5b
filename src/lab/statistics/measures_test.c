/* measures_test.c - figures of known scores, what must not change them, and what is refused. */
#include "lab/statistics/measures.h"

#include "base/rng.h"
#include "base/util.h"
#include "lab/statistics/ladder.h"
#include "tests/support/unit.h"

#include <math.h>

enum { USERS = 5, EACH = 60, MOST = 8 };

#define ONE_USER(g, i)                            \
    {                                             \
        "u", (g), ARRAY_LEN(g), (i), ARRAY_LEN(i) \
    }

struct sample {
    double genuine[USERS][EACH];
    double impostor[USERS][EACH];
    struct score_user user[USERS];
};

static void known_scores_give_known_figures(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        double genuine[MOST];
        size_t genuine_count;
        double impostor[MOST];
        size_t impostor_count;
        double eer, auc, zero_miss, cllr_min, detection_010;
    } cases[] = {
        {"apart", {-2, -1}, 2, {1, 2, 3}, 3, 0, 1, 0, 0, 1},
        {"the wrong way round", {2, 3}, 2, {-1, -2}, 2, 1, 0, 1, 1, 0},
        {"all tied", {1, 1, 1}, 3, {1, 1}, 2, .5, .5, 1, 1, 0},
        {"one of each, tied", {4}, 1, {4}, 1, .5, .5, 1, 1, 0},
        /* points (miss, alarm): 1,0  .5,0  .5,.5: the rates meet on a point */
        {"meeting on a point", {0, 2}, 2, {1, 3}, 2, .5, .75, .5, .5, .5},
        /* 1,0  .75,0  .75,1/3  .25,1/3: between them both are 1/3 */
        {"meeting on a step",
         {0, 1, 5},
         3,
         {6, 4, 3, .5},
         4,
         1.0 / 3,
         2.0 / 3,
         2.0 / 3,
         0.6919209540327685,
         .25},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct score_user user = {"u", cases[c].genuine, cases[c].genuine_count,
                                        cases[c].impostor, cases[c].impostor_count};
        struct measures m;
        double eer = -1.0;
        assert_ok(measures_compute(&user, 1, &m, &eer));
        assert_near(eer, cases[c].eer, 1e-15, cases[c].name);
        assert_near(m.value[FIGURE_MEAN_EER], cases[c].eer, 1e-15, cases[c].name);
        assert_near(m.value[FIGURE_GLOBAL_EER], cases[c].eer, 1e-15, cases[c].name);
        assert_near(m.value[FIGURE_AUC], cases[c].auc, 1e-15, cases[c].name);
        assert_near(m.value[FIGURE_ZERO_MISS_FAR], cases[c].zero_miss, 1e-15, cases[c].name);
        assert_near(m.value[FIGURE_DETECTION_FAR_010], cases[c].detection_010, 1e-15,
                    cases[c].name);
        assert_near(m.value[FIGURE_CLLR_MIN], cases[c].cllr_min, 1e-14, cases[c].name);
        assert_true(isnan(m.mean_eer_sd));
    }
}

static void scores_that_say_nothing_cost_one_bit(void **state)
{
    (void)state;
    static const double zeros[] = {0, 0, 0};
    const struct score_user user = ONE_USER(zeros, zeros);
    struct measures m;
    assert_ok(measures_compute(&user, 1, &m, NULL));
    assert_near(m.value[FIGURE_CLLR], 1.0, 1e-15, "cllr");
    assert_near(m.value[FIGURE_CLLR_MIN], 1.0, 1e-15, "cllr_min");
    assert_near(m.value[FIGURE_BRIER], .25, 1e-15, "brier");
    assert_near(m.value[FIGURE_ECE], 0.0, 1e-15, "ece");
}

static void rates_are_taken_at_the_risk_of_the_engine(void **state)
{
    (void)state;
    /* 0.7 needs 3.79 nats over the prior .05, 0.9 needs 5.14 */
    static const double genuine[] = {3.79, 3.80, 5.14, 5.15};
    static const double impostor[] = {3.79, 5.15};
    const struct score_user user = ONE_USER(genuine, impostor);
    struct measures m;
    assert_ok(measures_compute(&user, 1, &m, NULL));
    assert_near(m.value[FIGURE_FRR_070], .75, 1e-15, "frr_070");
    assert_near(m.value[FIGURE_FAR_070], .5, 1e-15, "far_070");
    assert_near(m.value[FIGURE_FRR_090], .25, 1e-15, "frr_090");
    assert_near(m.value[FIGURE_FAR_090], .5, 1e-15, "far_090");
}

/* `apart` between the kinds, on a grid of 1/8 so that scores are tied. */
static void draw(struct sample *s, struct rng *r, double apart)
{
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0; i < EACH; i++) {
            s->genuine[u][i] = round(8.0 * (rng_normal(r) - apart)) / 8.0;
            s->impostor[u][i] = round(8.0 * (1.5 * rng_normal(r) + apart)) / 8.0;
        }
        s->user[u] = (struct score_user){"u", s->genuine[u], 1 + (size_t)rng_below(r, EACH),
                                         s->impostor[u], 1 + (size_t)rng_below(r, EACH)};
    }
}

static void change(struct sample *s, double (*f)(double))
{
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0; i < EACH; i++) {
            s->genuine[u][i] = f(s->genuine[u][i]);
            s->impostor[u][i] = f(s->impostor[u][i]);
        }
    }
}

static double rising(double x)
{
    return x * x * x + 3.0 * x - 7.0;
}

static double negated(double x)
{
    return -x;
}

static void a_rising_map_changes_nothing_that_needs_the_order_only(void **state)
{
    (void)state;

    static const enum figure by_order[] = {
        FIGURE_MEAN_EER, FIGURE_GLOBAL_EER,        FIGURE_ZERO_MISS_FAR,    FIGURE_AUC,
        FIGURE_CLLR_MIN, FIGURE_DETECTION_FAR_001, FIGURE_DETECTION_FAR_010};
    struct rng r;
    rng_seed(&r, 41);
    for (int round = 0; round < 200; round++) {
        struct sample s;
        struct measures before;
        struct measures after;
        draw(&s, &r, 2.0 * rng_double(&r));
        assert_ok(measures_compute(s.user, USERS, &before, NULL));
        change(&s, rising);
        assert_ok(measures_compute(s.user, USERS, &after, NULL));
        for (size_t f = 0; f < ARRAY_LEN(by_order); f++) {
            assert_near(after.value[by_order[f]], before.value[by_order[f]], 0.0,
                        figure_key(by_order[f]));
        }
    }
}

static void figures_keep_their_bounds(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 42);
    for (int round = 0; round < 200; round++) {
        struct sample s;
        struct measures m;
        struct measures mirrored;
        draw(&s, &r, 2.0 * rng_double(&r) - 0.5);
        assert_ok(measures_compute(s.user, USERS, &m, NULL));
        assert_true(m.value[FIGURE_CLLR_MIN] <= m.value[FIGURE_CLLR] + 1e-12);
        assert_true(m.value[FIGURE_CLLR_MIN] <= 1.0 + 1e-12);
        assert_true(m.value[FIGURE_DETECTION_FAR_001] <= m.value[FIGURE_DETECTION_FAR_010]);
        assert_true(m.value[FIGURE_FRR_090] <= m.value[FIGURE_FRR_070]);
        assert_true(m.value[FIGURE_FAR_070] <= m.value[FIGURE_FAR_090]);
        assert_true(m.value[FIGURE_ECE] >= 0.0 && m.value[FIGURE_ECE] <= 1.0);
        change(&s, negated);
        assert_ok(measures_compute(s.user, USERS, &mirrored, NULL));
        assert_near(m.value[FIGURE_AUC] + mirrored.value[FIGURE_AUC], 1.0, 1e-15, "auc");
        assert_near(m.value[FIGURE_GLOBAL_EER] + mirrored.value[FIGURE_GLOBAL_EER], 1.0, 1e-14,
                    "eer");
    }
}

static void the_isotonic_fit_falls_and_keeps_every_trial(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 43);
    for (int round = 0; round < 200; round++) {
        struct sample s;
        struct pav_block blocks[2 * USERS * EACH];
        CLEANUP(ladder_deinit) struct ladder l = {0};
        draw(&s, &r, rng_double(&r));
        assert_ok(ladder_build(s.user, USERS, &l));
        const uint32_t weight[USERS] = {1, 0, 3, (uint32_t)(round % 3), 2};
        ladder_weigh(&l, weight);
        const size_t n = ladder_pav(&l, blocks);
        uint64_t genuine = 0;
        uint64_t impostor = 0;
        size_t steps = 0;
        for (size_t b = 0; b < n; b++) {
            genuine += blocks[b].genuine;
            impostor += blocks[b].impostor;
            steps += blocks[b].steps;
            if (b > 0) {
                assert_true(blocks[b - 1].impostor * blocks[b].genuine >
                            blocks[b].impostor * blocks[b - 1].genuine);
            }
        }
        assert_int_equal(genuine, l.genuine);
        assert_int_equal(impostor, l.impostor);
        assert_int_equal(steps, l.steps);
    }
}

static void the_order_of_trials_changes_no_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 44);
    struct sample s;
    struct measures before;
    struct measures after;
    draw(&s, &r, .7);
    assert_ok(measures_compute(s.user, USERS, &before, NULL));
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0, j = s.user[u].genuine_count - 1; i < j; i++, j--) {
            const double kept = s.genuine[u][i];
            s.genuine[u][i] = s.genuine[u][j];
            s.genuine[u][j] = kept;
        }
    }
    assert_ok(measures_compute(s.user, USERS, &after, NULL));
    assert_memory_equal(&before, &after, sizeof before);
}

static void what_needs_ratios_is_forgotten_and_the_rest_stays(void **state)
{
    (void)state;
    static const double genuine[] = {1, 2};
    static const double impostor[] = {2, 3};
    const struct score_user user = ONE_USER(genuine, impostor);
    struct measures m;
    assert_ok(measures_compute(&user, 1, &m, NULL));
    measures_forget_llr(&m);
    assert_true(isnan(m.value[FIGURE_CLLR]) && isnan(m.value[FIGURE_FAR_090]));
    assert_false(isnan(m.value[FIGURE_CLLR_MIN]) || isnan(m.value[FIGURE_GLOBAL_EER]));
}

static void a_figure_without_its_trials_does_not_exist(void **state)
{
    (void)state;
    static const double some[] = {1, 9};
    const struct score_user only_genuine = {"u", some, 2, NULL, 0};
    const struct score_user only_impostor = {"u", NULL, 0, some, 2};
    struct measures m;
    double eer = 0.0;
    assert_ok(measures_compute(&only_genuine, 1, &m, &eer));
    assert_true(isnan(eer) && isnan(m.value[FIGURE_AUC]) && isnan(m.value[FIGURE_FAR_070]));
    assert_near(m.value[FIGURE_FRR_070], .5, 0.0, "frr");
    assert_int_equal(m.users, 0);
    assert_ok(measures_compute(&only_impostor, 1, &m, &eer));
    assert_true(isnan(eer) && isnan(m.value[FIGURE_CLLR_MIN]) && isnan(m.value[FIGURE_FRR_070]));
    assert_near(m.value[FIGURE_FAR_070], .5, 0.0, "far");
}

static void scores_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    struct measures m = {.users = 77};
    double eer = 7.0;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const double good = 1.0;
        const struct score_user user = {"u", &good, 1, &bad[i], 1};
        assert_err(measures_compute(&user, 1, &m, &eer), ERR_RANGE);
    }
    const struct score_user nothing = {"u", NULL, 0, NULL, 0};
    const struct score_user endless = {"u", bad, SIZE_MAX, bad, SIZE_MAX};
    assert_err(measures_compute(&nothing, 1, &m, &eer), ERR_RANGE);
    assert_err(measures_compute(&nothing, 0, &m, &eer), ERR_RANGE);
    assert_err(measures_compute(&endless, 1, &m, &eer), ERR_RANGE);
    assert_int_equal(m.users, 77);
    assert_true(eer >= 7.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_scores_give_known_figures),
        cmocka_unit_test(scores_that_say_nothing_cost_one_bit),
        cmocka_unit_test(rates_are_taken_at_the_risk_of_the_engine),
        cmocka_unit_test(a_rising_map_changes_nothing_that_needs_the_order_only),
        cmocka_unit_test(figures_keep_their_bounds),
        cmocka_unit_test(the_isotonic_fit_falls_and_keeps_every_trial),
        cmocka_unit_test(the_order_of_trials_changes_no_bit),
        cmocka_unit_test(what_needs_ratios_is_forgotten_and_the_rest_stays),
        cmocka_unit_test(a_figure_without_its_trials_does_not_exist),
        cmocka_unit_test(scores_that_are_no_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
