/* fusing_lines_test.c - lines of people of whom more and less is known. */
#include "lab/people/fusing_lines.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { OWNERS = 60, EACH = 24, OTHERS = 40 };

/* Nearly normal: the sum of twelve. */
static double bell(uint64_t *seed)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        sum += random_in(seed, 0.0, 1.0);
    }
    return sum;
}

/* One score that tells owners from others: both are normal with variance 1, `apart` from each other. The log ratio
 * of a score x is then apart (x - apart / 2). */
static void try_owners(struct fusing_trials *t, size_t known, double apart, uint64_t *seed)
{
    for (size_t owner = 0; owner < OWNERS; owner++) {
        for (uint8_t label = 0; label < 2; label++) {
            for (size_t i = 0; i < (label == 0 ? EACH : OTHERS); i++) {
                const double score[SCORES] = {[SCORE_RATIO] = bell(seed) + label * apart};
                assert_ok(fusing_trials_add(t, score, known, label));
            }
            t->sides++;
        }
    }
}

/* What the line for so many known says a unit of the score. */
static double slope_at(const struct fusion_lines *lines, size_t known, double x)
{
    const double step = 0.25;
    const double low[SCORES] = {[SCORE_RATIO] = x - step};
    const double high[SCORES] = {[SCORE_RATIO] = x + step};
    struct fusion f;
    fusion_between(lines, known, &f);
    return (evidence_fuse(&f, high, known) - evidence_fuse(&f, low, known)) / (2.0 * step);
}

/* Nobody is judged as if more or less were known of him. */
static void who_is_known_less_has_a_flatter_line(void **state)
{
    static const struct {
        size_t known;
        double apart;
    } stage[] = {{5, 1.0}, {7, 1.1}, {10, 1.25}, {14, 1.5}, {20, 1.75}, {26, 2.0}, {36, 2.25}};
    struct fusing_trials t = {.count = 0};
    struct fusion_lines lines;
    uint64_t seed = 7;
    (void)state;
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        try_owners(&t, stage[i].known, stage[i].apart, &seed);
    }
    assert_ok(fusing_lines_fit(&t, &lines));
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        const double slope = slope_at(&lines, stage[i].known, 0.5 * stage[i].apart);
        assert_true(fabs(slope - stage[i].apart) < 0.2 * stage[i].apart);
    }
    fusing_trials_deinit(&t);
}

/* Nothing is behind 26, so no line is said to be. */
static void a_line_is_where_its_trials_are(void **state)
{
    struct fusing_trials t = {.count = 0};
    struct fusion_lines lines;
    uint64_t seed = 8;
    (void)state;
    try_owners(&t, 14, 1.0, &seed);
    try_owners(&t, 26, 2.0, &seed);
    assert_ok(fusing_lines_fit(&t, &lines));
    assert_near(lines.at[0], 14.0, 1e-9, "its neighbour's: nobody has five");
    assert_near(lines.at[1], 14.0, 1e-9, "10");
    assert_true(lines.at[2] > 14.0 && lines.at[2] < 26.0);
    assert_near(lines.at[3], 26.0, 1e-9, "50");
    assert_memory_equal(&lines.line[0], &lines.line[1], sizeof lines.line[0]);
    fusing_trials_deinit(&t);
}

/* However many trials he brings. */
static void no_owner_counts_more_than_another(void **state)
{
    struct fusing_trials t = {.count = 0};
    struct fusion_lines lines;
    uint64_t seed = 9;
    (void)state;
    try_owners(&t, 20, 2.0, &seed);
    t.sides++;
    for (int i = 0; i < 40 * EACH; i++) { /* as if he were another */
        const double score[SCORES] = {[SCORE_RATIO] = bell(&seed) + 2.0};
        assert_ok(fusing_trials_add(&t, score, 20, 0));
    }
    assert_ok(fusing_lines_fit(&t, &lines));
    const double middle[SCORES] = {[SCORE_RATIO] = 1.0};
    struct fusion f;
    fusion_between(&lines, 20, &f);
    assert_true(fabs(evidence_fuse(&f, middle, 20)) < 0.3);
    fusing_trials_deinit(&t);
}

static void too_few_trials_make_no_line(void **state)
{
    struct fusing_trials t = {.count = 0};
    struct fusion_lines lines;
    uint64_t seed = 10;
    (void)state;
    assert_err(fusing_lines_fit(&t, &lines), ERR_RANGE);
    for (int i = 0; i < 200; i++) {
        const double score[SCORES] = {[SCORE_RATIO] = bell(&seed)};
        assert_ok(fusing_trials_add(&t, score, 5, (uint8_t)(i >= 29))); /* 29 of an owner's */
    }
    assert_err(fusing_lines_fit(&t, &lines), ERR_RANGE);
    const double score[SCORES] = {[SCORE_RATIO] = 0.0};
    assert_ok(fusing_trials_add(&t, score, 5, 0));
    assert_ok(fusing_lines_fit(&t, &lines));
    fusing_trials_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_known_less_has_a_flatter_line),
        cmocka_unit_test(a_line_is_where_its_trials_are),
        cmocka_unit_test(no_owner_counts_more_than_another),
        cmocka_unit_test(too_few_trials_make_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
