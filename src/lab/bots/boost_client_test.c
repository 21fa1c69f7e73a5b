/* boost_client_test.c - what canara-boost trains, our own walk scores as the library does. */
#include "lab/bots/boost_client.h"

#include "base/util.h"
#include "engine/arithmetic/trees.h"
#include "tests/support/random.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1500, COLUMNS = 9 };

/* Skip, and say why, where the optional program was not built. */
static void need_boost(void)
{
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
}

/* Rows with a bent border between the labels, of which every seventh number or so is missing. */
static struct boost_table random_table(uint64_t seed)
{
    struct boost_table t = {.x = calloc((size_t)ROWS * COLUMNS, sizeof(float)),
                            .label = calloc(ROWS, sizeof(float)),
                            .weight = calloc(ROWS, sizeof(float)),
                            .rows = ROWS,
                            .columns = COLUMNS};
    assert_true(t.x != NULL && t.label != NULL && t.weight != NULL);
    for (size_t i = 0; i < ROWS; i++) {
        float *const x = t.x + i * COLUMNS;
        for (size_t j = 0; j < COLUMNS; j++) {
            x[j] = (float)random_in(&seed, -2.0, 2.0);
        }
        const double border = (double)x[0] + (double)x[1] * (double)x[2] - 0.5 * (double)x[3];
        t.label[i] = border + random_in(&seed, -0.7, 0.7) > 0.0 ? 1.0F : 0.0F;
        t.weight[i] = (float)random_in(&seed, 0.5, 2.0);
        for (size_t j = 0; j < COLUMNS; j++) {
            x[j] = random_below(&seed, 7) == 0 ? NAN : x[j];
        }
    }
    return t;
}

static void store(const char *path, const struct boost_table *t)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, BOOST_BYTES_MAX);
    assert_ok(boost_table_write(t, &bytes, why));
    assert_ok(boost_file_write(path, buf_span(&bytes), why));
}

static void load(const char *path, struct buf *out)
{
    char why[BOOST_WHY_BYTES] = "";
    buf_init(out, BOOST_BYTES_MAX);
    assert_ok(boost_file_read(path, out, why));
}

static double margin_of(const struct trees *t, const float *row)
{
    double x[COLUMNS];
    for (size_t j = 0; j < COLUMNS; j++) {
        x[j] = (double)row[j];
    }
    return trees_margin(t, x);
}

/* Files of one comparison. */
struct places {
    char in[SCRATCH_PATH], other[SCRATCH_PATH], trees[SCRATCH_PATH], native[SCRATCH_PATH],
        margins[SCRATCH_PATH];
};

static void name_places(const struct scratch *folder, struct places *p)
{
    scratch_path(folder, "in", p->in);
    scratch_path(folder, "other", p->other);
    scratch_path(folder, "trees", p->trees);
    scratch_path(folder, "native", p->native);
    scratch_path(folder, "margins", p->margins);
}

/* The greatest difference between our margins of a table and the library's. */
static double difference_on(const struct places *p, const char *path,
                            const struct boost_table *rows)
{
    char why[BOOST_WHY_BYTES] = "";
    assert_ok(boost_run((const char *const[]){"predict", "--model", p->native, "--in", path,
                                              "--out", p->margins, NULL},
                        why));
    CLEANUP(buf_deinit) struct buf forest;
    CLEANUP(buf_deinit) struct buf answers;
    load(p->trees, &forest);
    load(p->margins, &answers);
    struct trees t;
    assert_int_equal(trees_check(buf_span(&forest), COLUMNS, &t), TREES_GOOD);
    static float want[ROWS];
    assert_ok(boost_margins_parse(buf_span(&answers), want, ROWS, why));
    double worst = 0.0;
    double spread = 0.0;
    for (size_t i = 0; i < ROWS; i++) {
        const double got = margin_of(&t, rows->x + i * COLUMNS);
        worst = fmax(worst, fabs(got - (double)want[i]));
        spread = fmax(spread, fabs(got));
    }
    assert_true(spread > 0.05); /* something was learnt */
    return worst;
}

/* On the rows learnt from, whose values are the thresholds themselves, and on fresh ones. */
static double greatest_difference(const char *rounds, const char *depth, const char *subsample)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(scratch_remove) struct scratch folder = scratch_new();
    CLEANUP(boost_table_deinit) struct boost_table learnt = random_table(11);
    CLEANUP(boost_table_deinit) struct boost_table fresh = random_table(12);
    struct places p;
    name_places(&folder, &p);
    store(p.in, &learnt);
    store(p.other, &fresh);
    assert_ok(boost_run((const char *const[]){"train", "--in", p.in, "--out", p.trees, "--native",
                                              p.native, "--rounds", rounds, "--depth", depth,
                                              "--subsample", subsample, NULL},
                        why));
    return fmax(difference_on(&p, p.in, &learnt), difference_on(&p, p.other, &fresh));
}

static void our_walk_agrees_with_the_library(void **state)
{
    (void)state;
    need_boost();

    static const struct {
        const char *rounds, *depth, *subsample;
    } cases[] = {{"1", "1", "1"}, {"60", "3", "1"}, {"200", "4", "0.7"}, {"40", "8", "1"}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const double worst =
            greatest_difference(cases[i].rounds, cases[i].depth, cases[i].subsample);
        print_message("%s trees of depth %s: differ by %.2g nats at most\n", cases[i].rounds,
                      cases[i].depth, worst);
        assert_true(worst <= 1e-5);
    }
}

static void train_into(struct buf *out, const struct boost_params *p)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(boost_table_deinit) struct boost_table t = random_table(5);
    buf_init(out, TREES_BYTES_MAX);
    const err_t done = boost_train(&t, p, out, why);
    if (failed(done)) {
        fail_msg("%s", why);
    }
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    need_boost();
    struct boost_params p = boost_params_default();
    p.rounds = 20;
    p.subsample = 0.6;
    p.colsample = 0.5;
    p.seed = 42;
    CLEANUP(buf_deinit) struct buf first;
    CLEANUP(buf_deinit) struct buf again;
    CLEANUP(buf_deinit) struct buf other;
    train_into(&first, &p);
    train_into(&again, &p);
    p.seed = 43;
    train_into(&other, &p);
    assert_true(span_eq(buf_span(&first), buf_span(&again)));
    assert_false(span_eq(buf_span(&first), buf_span(&other)));
}

static void a_monotone_column_only_raises_the_margin(void **state)
{
    (void)state;
    need_boost();
    static const int8_t monotone[COLUMNS] = {1, 0, 0, -1};
    struct boost_params p = boost_params_default();
    p.monotone = monotone;
    CLEANUP(buf_deinit) struct buf bytes;
    train_into(&bytes, &p);
    struct trees t;
    assert_int_equal(trees_check(buf_span(&bytes), COLUMNS, &t), TREES_GOOD);
    uint64_t seed = 6;
    for (int round = 0; round < 500; round++) {
        double x[COLUMNS];
        for (size_t j = 0; j < COLUMNS; j++) {
            x[j] = random_in(&seed, -2.0, 2.0);
        }
        const double before = trees_margin(&t, x);
        x[0] += random_in(&seed, 0.0, 2.0);
        x[3] -= random_in(&seed, 0.0, 2.0);
        assert_true(trees_margin(&t, x) >= before - 1e-6);
    }
}

static void wrong_arguments_and_files_are_named(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(scratch_remove) struct scratch folder = scratch_new();
    CLEANUP(boost_table_deinit) struct boost_table t = random_table(8);
    char in[SCRATCH_PATH];
    char bad[SCRATCH_PATH];
    char out[SCRATCH_PATH];
    scratch_path(&folder, "in", in);
    scratch_path(&folder, "bad", bad);
    scratch_path(&folder, "out", out);
    store(in, &t);
    scratch_write(bad, SPAN_LIT("CBMX and no more"), 0600);

    const struct {
        const char *args[10];
        const char *want;
    } cases[] = {
        {{"dance"}, "say train or predict"},
        {{"train", "--out", out}, "--in"},
        {{"train", "--in", in}, "--out"},
        {{"train", "--in", "/absent", "--out", out}, "/absent: No such file"},
        {{"train", "--in", bad, "--out", out}, "version"},
        {{"train", "--in", in, "--out", "/absent/out", "--rounds", "1"}, "/absent/out"},
        {{"train", "--in", in, "--out", out, "--rounds", "0"}, "rounds"},
        {{"train", "--in", in, "--out", out, "--rounds", "2001"}, "rounds"},
        {{"train", "--in", in, "--out", out, "--depth", "13"}, "depth"},
        {{"train", "--in", in, "--out", out, "--eta", "nan"}, "--eta"},
        {{"train", "--in", in, "--out", out, "--eta", "0"}, "--eta"},
        {{"train", "--in", in, "--out", out, "--subsample", "1.01"}, "--subsample"},
        {{"train", "--in", in, "--out", out, "--lambda", "-1"}, "--lambda"},
        {{"train", "--in", in, "--out", out, "--monotone", "1,0"}, "--monotone"},
        {{"train", "--in", in, "--out", out, "--monotone", "1,0,0,0,0,0,0,0,-0"}, "--monotone"},
        {{"train", "--in", in, "--out", out, "--monotone", "1,0,0,0,0,0,0,0,2"}, "--monotone"},
        {{"predict", "--model", bad, "--in", in, "--out", out}, bad},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char why[BOOST_WHY_BYTES] = "";
        assert_err(boost_run(cases[i].args, why), ERR_IO);
        if (strstr(why, cases[i].want) == NULL) {
            fail_msg("case %zu: said '%s', without '%s'", i, why, cases[i].want);
        }
    }
}

static void an_absent_program_is_told_as_such(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    const struct boost_params p = boost_params_default();
    CLEANUP(boost_table_deinit) struct boost_table t = random_table(8);
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, TREES_BYTES_MAX);
    const char *const told = getenv("CANARA_BOOST"); /* NOLINT(concurrency-mt-unsafe) */
    char *const kept = told == NULL ? NULL : strdup(told);
    assert_int_equal(setenv("CANARA_BOOST", "/absent/canara-boost", 1), 0); /* NOLINT */
    assert_false(boost_is_here());
    assert_err(boost_train(&t, &p, &out, why), ERR_IO);
    assert_string_equal(why, "canara-boost not found: build with libxgboost-dev");
    assert_int_equal(out.len, 0);
    (void)(kept == NULL ? unsetenv("CANARA_BOOST")          /* NOLINT */
                        : setenv("CANARA_BOOST", kept, 1)); /* NOLINT */
    free(kept);
}

static void a_program_that_gives_no_trees_is_told_as_such(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    const struct boost_params p = boost_params_default();
    CLEANUP(boost_table_deinit) struct boost_table t = random_table(8);
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, TREES_BYTES_MAX);
    assert_int_equal(setenv("CANARA_BOOST", "/bin/true", 1), 0); /* NOLINT */
    assert_err(boost_train(&t, &p, &out, why), ERR_FORMAT);
    assert_non_null(strstr(why, "gave bad trees"));
    assert_int_equal(setenv("CANARA_BOOST", "/bin/false", 1), 0); /* NOLINT */
    assert_err(boost_train(&t, &p, &out, why), ERR_IO);
    assert_non_null(strstr(why, "said nothing"));
    struct scratch scratch = scratch_new();
    char script[SCRATCH_PATH];
    scratch_path(&scratch, "absent",
                 script); /* as a child ends that could not become the program */
    scratch_write(script, SPAN_LIT("#!/bin/sh\nexit 127\n"), 0700);
    assert_int_equal(setenv("CANARA_BOOST", script, 1), 0); /* NOLINT */
    assert_err(boost_train(&t, &p, &out, why), ERR_IO);
    assert_non_null(strstr(why, "not found"));
    scratch_remove(&scratch);
    assert_int_equal(unsetenv("CANARA_BOOST"), 0); /* NOLINT */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_walk_agrees_with_the_library),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(a_monotone_column_only_raises_the_margin),
        cmocka_unit_test(wrong_arguments_and_files_are_named),
        cmocka_unit_test(an_absent_program_is_told_as_such),
        cmocka_unit_test(a_program_that_gives_no_trees_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
