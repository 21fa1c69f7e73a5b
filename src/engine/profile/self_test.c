/* self_test.c - one person's strokes beside his own: what is near, what is missing, what it says. */
#include "engine/profile/self.h"

#include "engine/people/lens.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

enum { FEATURES = 29, ROWS = 300, TRIALS = 300 };

/* Everybody's features lie in the same range, and each person's are about a middle of his own. */
static void stroke_of(uint64_t person, double unit, uint64_t *seed, double x[FEATURES])
{
    uint64_t own = person * 977 + 1;
    for (size_t f = 0; f < FEATURES; f++) {
        const double middle = random_in(&own, -1.0, 1.0);
        x[f] = unit * (middle + random_in(seed, -0.5, 0.5) + random_in(seed, -0.5, 0.5));
    }
}

static void learn(struct self *s, uint64_t person, double unit, size_t rows)
{
    static float value[ROWS * FEATURES];
    uint64_t seed = 5;
    for (size_t i = 0; i < rows; i++) {
        double x[FEATURES];
        stroke_of(person, unit, &seed, x);
        for (size_t f = 0; f < FEATURES; f++) {
            value[i * FEATURES + f] = (float)x[f];
        }
    }
    assert_true(
        self_learn(&(struct self_rows){.value = value, .count = rows, .features = FEATURES}, s));
}

static double mean_score(const struct self *s, uint64_t person, double unit)
{
    uint64_t seed = 9;
    double sum = 0.0;
    for (int i = 0; i < TRIALS; i++) {
        struct sample x = {.kind = SAMPLE_FEATURES, .count = FEATURES};
        double score = 0.0;
        stroke_of(person, unit, &seed, x.x);
        assert_true(self_score(s, &x, &score));
        sum += score;
    }
    return sum / TRIALS;
}

static void his_own_are_nearer_than_those_of_others(void **state)
{
    (void)state;
    for (uint64_t person = 1; person <= 5; person++) {
        struct self s;
        learn(&s, person, 1.0, ROWS);
        assert_int_equal(s.rows, self_rows_max(FEATURES));
        assert_true(mean_score(&s, person, 1.0) + 0.2 < mean_score(&s, person + 1, 1.0));
    }
}

static void more_rows_come_nearer(void **state)
{
    (void)state;
    static const size_t rows[] = {5, 10, 20, 40, 100};
    double before = INFINITY;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct self s;
        learn(&s, 1, 1.0, rows[i]);
        assert_int_equal(s.rows, rows[i]);
        const double now = mean_score(&s, 1, 1.0);
        assert_true(now < before);
        before = now;
    }
}

static void the_unit_of_a_feature_does_not_matter(void **state)
{
    (void)state;
    struct self small;
    struct self large;
    learn(&small, 3, 1.0, ROWS);
    learn(&large, 3, 64.0, ROWS);
    assert_memory_equal(small.row, large.row, sizeof small.row);
    assert_near(mean_score(&large, 4, 64.0), mean_score(&small, 4, 1.0), 1e-2, "times 64");
}

static void one_of_his_own_is_as_near_as_can_be(void **state)
{
    (void)state;
    struct self s;
    struct sample x = {.kind = SAMPLE_FEATURES, .count = FEATURES};
    uint64_t seed = 5; /* as learn() has: its first row */
    double score = 0.0;
    learn(&s, 2, 1.0, 50);
    stroke_of(2, 1.0, &seed, x.x);
    assert_true(self_score(&s, &x, &score));
    assert_near(score, log(0.05), 1e-9, "the least distance");
}

static void what_is_missing_does_not_count_and_half_must_be_there(void **state)
{
    (void)state;
    struct self s;
    struct sample x = {.kind = SAMPLE_FEATURES, .count = FEATURES};
    uint64_t seed = 5;
    double score = 0.0;
    learn(&s, 2, 1.0, 50);
    stroke_of(2, 1.0, &seed, x.x);
    for (size_t f = 0; f < FEATURES; f++) {
        assert_true(self_score(&s, &x, &score) == (2 * (FEATURES - f) >= FEATURES));
        x.x[f] = NAN;
    }
    assert_near(score, log(0.05), 1e-9, "what is left is one of his own");
}

static void a_row_without_a_feature_is_as_far_in_it_as_can_be(void **state)
{
    (void)state;
    struct self s;
    struct sample x = {.kind = SAMPLE_FEATURES, .count = 2, .x = {1.0, 3.0}};
    const float value[] = {1.0F, NAN, 1.0F, NAN, 1.0F, NAN};
    double score = 0.0;
    assert_true(self_learn(&(struct self_rows){.value = value, .count = 3, .features = 2}, &s));
    assert_true(s.middle[1] == 0.0F && s.spread[1] == 1.0F);
    assert_true(self_score(&s, &x, &score));
    assert_near(score, log(LENS_CAP / 2.0), 1e-9, "half of the features at the cap");
}

static void features_that_never_change_have_a_spread(void **state)
{
    (void)state;
    struct self s;
    struct sample x = {.kind = SAMPLE_STROKE, .count = 2, .x = {1.0, 2.0}};
    const float value[] = {1.0F, 2.0F, 1.0F, 2.0F};
    double score = 0.0;
    assert_true(self_learn(&(struct self_rows){.value = value, .count = 2, .features = 2}, &s));
    assert_true(s.spread[0] == SELF_SPREAD_MIN);
    assert_true(self_score(&s, &x, &score));
    x.x[0] = 7.0; /* far away, and cut */
    double far = 0.0;
    assert_true(self_score(&s, &x, &far));
    assert_near(far, log(LENS_CAP / 2.0), 1e-9, "the cap");
    assert_true(score < far);
}

static void the_more_is_known_the_more_is_said_and_never_more_than_the_limit(void **state)
{
    (void)state;
    struct fusion few;
    struct fusion many;
    struct fusion most;
    double score[SCORES] = {0.0};
    self_fusion(5, &few);
    self_fusion(60, &many);
    self_fusion(60000, &most);
    assert_true(few.weight[SCORE_NEAREST] < many.weight[SCORE_NEAREST]);
    assert_true(many.weight[SCORE_NEAREST] < most.weight[SCORE_NEAREST]);
    assert_true(few.mean[SCORE_NEAREST] > many.mean[SCORE_NEAREST]);
    assert_true(few.owner < 0.0 && few.impostor > 0.0 && few.variance > 0.0 && few.run >= 1.0);
    for (int step = -40; step <= 40; step++) {
        const double x = 0.5 * step;
        score[SCORE_NEAREST] = x;
        assert_true(fabs(evidence_fuse(&most, score, 1000)) <= most.limit);
        assert_true((evidence_fuse(&most, score, 1000) > 0.0) == (x > most.mean[SCORE_NEAREST]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(his_own_are_nearer_than_those_of_others),
        cmocka_unit_test(more_rows_come_nearer),
        cmocka_unit_test(the_unit_of_a_feature_does_not_matter),
        cmocka_unit_test(one_of_his_own_is_as_near_as_can_be),
        cmocka_unit_test(what_is_missing_does_not_count_and_half_must_be_there),
        cmocka_unit_test(a_row_without_a_feature_is_as_far_in_it_as_can_be),
        cmocka_unit_test(features_that_never_change_have_a_spread),
        cmocka_unit_test(the_more_is_known_the_more_is_said_and_never_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
