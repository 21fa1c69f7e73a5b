/* evidence_test.c - lines from scores to nats, and what lies between two of them. */
#include "engine/people/evidence.h"

#include "base/util.h"
#include "engine/people/model.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 200, KNOWN_MOST = 300 };

static struct fusion drawn(uint64_t *seed)
{
    struct fusion f = {.high = random_in(seed, 0.5, 6.0),
                       .bias = random_in(seed, -2.0, 2.0),
                       .limit = random_in(seed, 0.5, 6.0),
                       .impostor = random_in(seed, 0.1, 5.0),
                       .owner = random_in(seed, -5.0, -0.1),
                       .variance = random_in(seed, 0.1, 5.0),
                       .run = random_in(seed, 1.0, 10.0),
                       .ceiling = random_in(seed, 4.5, 12.0),
                       .floor = random_in(seed, 4.5, 12.0)};
    for (size_t i = 0; i < SCORES; i++) {
        f.mean[i] = random_in(seed, -2.0, 2.0);
        f.scale[i] = random_in(seed, 0.2, 3.0);
        f.weight[i] = random_in(seed, -1.0, 3.0);
    }
    return f;
}

static void draw_lines(uint64_t *seed, struct fusion_lines *out)
{
    double at = 1.0;
    for (size_t i = 0; i < FUSION_LINES; i++) {
        at *= random_in(seed, 1.0, 3.0);
        out->at[i] = at;
        out->line[i] = drawn(seed);
    }
}

static bool is_between(double x, double a, double b)
{
    return x >= fmin(a, b) - 1e-12 && x <= fmax(a, b) + 1e-12;
}

static void what_lies_between_two_lines_lies_between_their_numbers(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < ROUNDS; round++) {
        struct fusion_lines lines;
        draw_lines(&seed, &lines);
        for (size_t known = 1; known <= KNOWN_MOST; known++) {
            double from[FUSION_NUMBERS];
            double to[FUSION_NUMBERS];
            double got[FUSION_NUMBERS];
            struct fusion f;
            const struct fusion_place at = fusion_place(lines.at, known);
            const size_t next = at.line + 1 < FUSION_LINES ? at.line + 1 : at.line;
            fusion_between(&lines, known, &f);
            memcpy(from, &lines.line[at.line], sizeof from);
            memcpy(to, &lines.line[next], sizeof to);
            memcpy(got, &f, sizeof got);
            assert_true(at.share >= 0.0 && at.share < 1.0);
            for (size_t i = 0; i < FUSION_NUMBERS; i++) {
                assert_true(is_between(got[i], from[i], to[i]));
            }
        }
    }
}

static void at_its_own_number_and_beyond_the_outer_ones_a_line_is_itself(void **state)
{
    (void)state;
    static const double at[FUSION_LINES] = {5.0, 10.0, 20.0, 50.0};
    uint64_t seed = 2;
    struct fusion_lines lines;
    struct fusion f;
    draw_lines(&seed, &lines);
    memcpy(lines.at, at, sizeof at);
    for (size_t i = 0; i < FUSION_LINES; i++) {
        fusion_between(&lines, (size_t)at[i], &f);
        assert_memory_equal(&f, &lines.line[i], sizeof f);
    }
    fusion_between(&lines, 1, &f);
    assert_memory_equal(&f, &lines.line[0], sizeof f);
    fusion_between(&lines, SIZE_MAX, &f);
    assert_memory_equal(&f, &lines.line[FUSION_LINES - 1], sizeof f);
}

/* One sample more changes what is said by a little, and nowhere by a step: lines a third apart at most, of scores
 * that differ by as much as these, are less than a nat apart at any number above 20. */
static void one_sample_more_is_no_step(void **state)
{
    (void)state;
    static const double at[FUSION_LINES] = {5.0, 10.0, 20.0, 50.0};
    struct fusion_lines lines;
    for (size_t i = 0; i < FUSION_LINES; i++) {
        lines.at[i] = at[i];
        lines.line[i] = (struct fusion){.weight = {[SCORE_RATIO] = 1.0 + (double)i},
                                        .scale = {1.0, 1.0, 1.0, 1.0, 1.0},
                                        .high = 4.0,
                                        .limit = 3.0 + (double)i,
                                        .run = 1.0,
                                        .ceiling = FUSION_SURE,
                                        .floor = FUSION_SURE};
    }
    const double score[SCORES] = {[SCORE_RATIO] = 1.0};
    struct fusion f;
    fusion_between(&lines, 20, &f);
    double before = evidence_fuse(&f, score, 20);
    for (size_t known = 21; known <= KNOWN_MOST; known++) {
        fusion_between(&lines, known, &f);
        const double now = evidence_fuse(&f, score, known);
        assert_true(now >= before && now - before < 0.06);
        before = now;
    }
    assert_near(before, 4.0, 1e-9, "at the end");
}

enum { FEATURES = 3 };

static enum canara_status opened(const struct fusion_lines *lines, const float *weight)
{
    static uint8_t bytes[4096];
    static const float numbers[FEATURES] = {1.0F, 1.0F, 1.0F};
    struct population p = {.context = 5,
                           .kind = SAMPLE_KEYS,
                           .features = FEATURES,
                           .people = 9,
                           .all = {{numbers, numbers}, {numbers, numbers}},
                           .usual = numbers,
                           .weight = weight,
                           .fusion = *lines};
    const size_t size = model_write("lines", &p, 1, bytes, sizeof bytes);
    struct canara_model *model = NULL;
    assert_true(size > 0);
    const enum canara_status status = canara_model_open(bytes, size, &model);
    canara_model_close(&model);
    return status;
}

static void lines_out_of_order_or_of_no_number_are_no_model(void **state)
{
    (void)state;
    static const double bad[][FUSION_LINES] = {{5.0, 10.0, 9.0, 50.0},     {0.5, 10.0, 20.0, 50.0},
                                               {NAN, 10.0, 20.0, 50.0},    {5.0, 10.0, 20.0, NAN},
                                               {-5.0, 10.0, 20.0, 50},     {5.0, 10.0, 20.0, 1e7},
                                               {5.0, 10.0, 20.0, INFINITY}};
    static const double good[][FUSION_LINES] = {{5.0, 10.0, 20.0, 50.0}, {1.0, 1.0, 1.0, 1.0}};
    uint64_t seed = 3;
    struct fusion_lines lines;
    draw_lines(&seed, &lines);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        memcpy(lines.at, good[i], sizeof lines.at);
        assert_int_equal(opened(&lines, NULL), CANARA_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(lines.at, bad[i], sizeof lines.at);
        assert_int_equal(opened(&lines, NULL), CANARA_BAD_FORMAT);
    }
}

/* How much a feature counts is a number between a 64th and 64. */
static void weights_beyond_their_range_are_no_model(void **state)
{
    (void)state;
    static const float good[][FEATURES] = {
        {1.0F, 1.0F, 1.0F}, {0.015625F, 64.0F, 1.0F}, {2.0F, 2.0F, 2.0F}};
    static const float bad[][FEATURES] = {{0.0F, 1.0F, 1.0F},  {1.0F, -1.0F, 1.0F},
                                          {1.0F, 1.0F, 64.5F}, {0.015F, 1.0F, 1.0F},
                                          {NAN, 1.0F, 1.0F},   {1.0F, INFINITY, 1.0F}};
    struct fusion_lines lines = {.at = {5.0, 10.0, 20.0, 50.0}};
    for (size_t i = 0; i < FUSION_LINES; i++) {
        lines.line[i] = (struct fusion){.scale = {1.0, 1.0, 1.0, 1.0, 1.0},
                                        .high = 1.0,
                                        .limit = 3.0,
                                        .impostor = 1.0,
                                        .owner = -1.0,
                                        .variance = 1.0,
                                        .run = 1.0,
                                        .ceiling = FUSION_SURE,
                                        .floor = FUSION_SURE};
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(opened(&lines, good[i]), CANARA_OK);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(opened(&lines, bad[i]), CANARA_BAD_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_between_two_lines_lies_between_their_numbers),
        cmocka_unit_test(at_its_own_number_and_beyond_the_outer_ones_a_line_is_itself),
        cmocka_unit_test(one_sample_more_is_no_step),
        cmocka_unit_test(lines_out_of_order_or_of_no_number_are_no_model),
        cmocka_unit_test(weights_beyond_their_range_are_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
