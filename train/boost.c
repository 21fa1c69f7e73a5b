/*
 * boost.c - canara-boost: boosted trees from a table, by libxgboost.
 *
 * A program of its own, so that a heavy C++ library with threads and OpenMP is linked by nothing that
 * serves people; canara train and canara evaluate start it (lab/bots/boost_client.h has the other side).
 */
#include "app/cli/options.h"
#include "base/util.h"
#include "booster.h"
#include "codec/number.h"
#include "convert.h"
#include "engine/arithmetic/trees.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, MONOTONE_BYTES = BOOST_COLUMNS_MAX * 3 + 3 };

#define MODEL_BYTES_MAX ((size_t)64 << 20)

static int fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "canara-boost: %s%s%s\n", what, what[0] == '\0' ? "" : ": ", why);
    return EXIT_FAILED;
}

static int usage(const char *what, const char *why)
{
    (void)fail(what, why);
    return EXIT_USAGE;
}

static bool read_table(const char *path, struct boost_table *t)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, BOOST_BYTES_MAX + 65536); /* room for the read that finds the end */
    if (failed(boost_file_read(path, &bytes, why))) {
        (void)fail("", why);
        return false;
    }
    if (failed(boost_table_parse(buf_span(&bytes), t, why))) {
        (void)fail(path, why);
        return false;
    }
    return true;
}

/* ---- train ---- */

struct train_options {
    const char *in, *out, *native, *monotone;
    const char *eta, *min_child, *subsample, *colsample, *lambda;
    int64_t rounds, depth, seed;
};

/* What a decimal option may be. */
struct decimal_rule {
    const char *option, *name;
    const char *const *value;
    double low, high;
};

/* A decimal within [low, high], all of it. */
static bool is_decimal(const char *text, double low, double high)
{
    double v = 0.0;
    const size_t len = strlen(text);
    return len > 0 && number_scan((span_t){(const uint8_t *)text, len}, &v) == len && v >= low &&
           v <= high;
}

/* "1,0,-1" into "(1,0,-1)", one sign for each column. */
static bool monotone_read(const char *text, size_t columns, char out[MONOTONE_BYTES])
{
    size_t count = 0;
    size_t at = 0;
    for (bool more = true; more; count++) {
        at += text[at] == '-' ? 1 : 0;
        const char digit = text[at];
        if (digit != '1' && (digit != '0' || (at > 0 && text[at - 1] == '-'))) {
            return false;
        }
        at++;
        more = text[at] == ',';
        at += more ? 1 : 0;
    }
    if (text[at] != '\0' || count != columns || at + 3 > MONOTONE_BYTES) {
        return false;
    }
    (void)snprintf(out, MONOTONE_BYTES, "(%s)", text);
    return true;
}

/* Train, and write what was asked for. */
static int train(const struct train_options *o, const struct booster_param *param, size_t params,
                 const struct boost_table *t)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(booster_free) struct booster *b = NULL;
    CLEANUP(buf_deinit) struct buf trees;
    buf_init(&trees, TREES_BYTES_MAX);
    span_t model = {0};
    if (failed(booster_train(t, param, params, (size_t)o->rounds, &b, why)) ||
        failed(booster_save(b, &model, why)) ||
        failed(convert_model(model, t->columns, &trees, why))) {
        return fail(o->in, why);
    }
    if (o->native != NULL && failed(boost_file_write(o->native, model, why))) {
        return fail("", why);
    }
    return failed(boost_file_write(o->out, buf_span(&trees), why)) ? fail("", why) : EXIT_DONE;
}

/* Check what the numbers alone do not tell, and train. */
static int train_checked(const struct train_options *o)
{
    const struct decimal_rule rule[] = {
        {"--eta", "eta", &o->eta, 1e-6, 1.0},
        {"--min-child", "min_child_weight", &o->min_child, 0.0, 1e9},
        {"--subsample", "subsample", &o->subsample, 1e-3, 1.0},
        {"--colsample", "colsample_bytree", &o->colsample, 1e-3, 1.0},
        {"--lambda", "reg_lambda", &o->lambda, 0.0, 1e9},
    };
    char depth[32];
    char seed[32];
    char monotone[MONOTONE_BYTES];
    (void)snprintf(depth, sizeof depth, "%lld", (long long)o->depth);
    (void)snprintf(seed, sizeof seed, "%lld", (long long)o->seed);
    struct booster_param param[ARRAY_LEN(rule) + 3] = {
        {"max_depth", depth},
        {"seed", seed},
        {"monotone_constraints", o->monotone == NULL ? NULL : monotone}};
    for (size_t i = 0; i < ARRAY_LEN(rule); i++) {
        if (!is_decimal(*rule[i].value, rule[i].low, rule[i].high)) {
            char range[96];
            (void)snprintf(range, sizeof range, "must be a number from %g to %g", rule[i].low,
                           rule[i].high);
            return usage(rule[i].option, range);
        }
        param[3 + i] = (struct booster_param){rule[i].name, *rule[i].value};
    }
    CLEANUP(boost_table_deinit) struct boost_table t = {0};
    if (!read_table(o->in, &t)) {
        return EXIT_FAILED;
    }
    if (o->monotone != NULL && !monotone_read(o->monotone, t.columns, monotone)) {
        return usage("--monotone", "must be one of 1, 0 and -1 for each column, with commas");
    }
    return train(o, param, ARRAY_LEN(param), &t);
}

static int cmd_train(int argc, char **argv)
{
    struct train_options o = {.eta = "0.1",
                              .min_child = "1",
                              .subsample = "1",
                              .colsample = "1",
                              .lambda = "1",
                              .rounds = 100,
                              .depth = 3};
    const struct option option[] = {
        {"in", "TABLE", "what to learn from", OPTION_TEXT, &o.in, 0, 0},
        {"out", "TREES", "the trees, as canara walks them", OPTION_TEXT, &o.out, 0, 0},
        {"native", "MODEL", "also the library's own model (JSON)", OPTION_TEXT, &o.native, 0, 0},
        {"rounds", "N", "trees (100)", OPTION_NUMBER, &o.rounds, 1, TREES_MAX},
        {"depth", "D", "splits from root to leaf (3)", OPTION_NUMBER, &o.depth, 1, TREES_DEPTH_MAX},
        {"eta", "E", "share of a tree that is taken (0.1)", OPTION_TEXT, &o.eta, 0, 0},
        {"min-child", "W", "least weight of a leaf (1)", OPTION_TEXT, &o.min_child, 0, 0},
        {"subsample", "S", "share of rows per tree (1)", OPTION_TEXT, &o.subsample, 0, 0},
        {"colsample", "C", "share of columns per tree (1)", OPTION_TEXT, &o.colsample, 0, 0},
        {"lambda", "L", "ridge on the leaves (1)", OPTION_TEXT, &o.lambda, 0, 0},
        {"seed", "N", "of what is drawn (0)", OPTION_NUMBER, &o.seed, 0, INT32_MAX},
        {"monotone", "1,0,-1,...", "per column: margin may only rise, any, only fall", OPTION_TEXT,
         &o.monotone, 0, 0},
    };
    const struct option_spec spec = {
        .command = "canara-boost train",
        .about = "Train boosted trees (binary:logistic, one thread, histograms) on a table.\n"
                 "The same table, options and library give the same bytes.",
        .option = option,
        .options = ARRAY_LEN(option),
    };
    const enum option_answer answer = options_read(&spec, argc, argv, NULL);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    }
    if (o.in == NULL || o.out == NULL) {
        return usage(o.in == NULL ? "--in" : "--out", "is needed (see canara-boost train --help)");
    }
    return train_checked(&o);
}

/* ---- predict ---- */

static int predict(const char *model_path, const char *in, const char *out)
{
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(boost_table_deinit) struct boost_table t = {0};
    CLEANUP(booster_free) struct booster *b = NULL;
    CLEANUP(buf_deinit) struct buf model;
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&model, MODEL_BYTES_MAX);
    buf_init(&bytes, BOOST_BYTES_MAX);
    if (!read_table(in, &t)) {
        return EXIT_FAILED;
    }
    if (failed(boost_file_read(model_path, &model, why))) {
        return fail("", why);
    }
    if (failed(booster_load(buf_span(&model), &b, why)) ||
        failed(booster_margins(b, &t, t.label, why))) {
        return fail(model_path, why);
    }
    if (failed(boost_margins_write(t.label, t.rows, &bytes))) {
        return fail(out, "no memory");
    }
    return failed(boost_file_write(out, buf_span(&bytes), why)) ? fail("", why) : EXIT_DONE;
}

static int cmd_predict(int argc, char **argv)
{
    const char *model = NULL;
    const char *in = NULL;
    const char *out = NULL;
    const struct option option[] = {
        {"model", "MODEL", "what train --native wrote", OPTION_TEXT, &model, 0, 0},
        {"in", "TABLE", "the rows; labels and weights are not looked at", OPTION_TEXT, &in, 0, 0},
        {"out", "MARGINS", "the library's margins", OPTION_TEXT, &out, 0, 0},
    };
    const struct option_spec spec = {
        .command = "canara-boost predict",
        .about = "Let the library itself score a table: what our own walk is compared with.",
        .option = option,
        .options = ARRAY_LEN(option),
    };
    const enum option_answer answer = options_read(&spec, argc, argv, NULL);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    }
    if (model == NULL || in == NULL || out == NULL) {
        return usage("--model, --in, --out", "are needed (see canara-boost predict --help)");
    }
    return predict(model, in, out);
}

/* ---- which ---- */

static int help(void)
{
    (void)printf("usage: canara-boost train|predict [OPTION]...\n\n"
                 "  train     learn boosted trees from a table (canara train does this)\n"
                 "  predict   the library's own margins, for comparison\n\n"
                 "canara-boost train --help tells more; --version names the library.\n");
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    const char *const what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "train") == 0) {
        return cmd_train(argc - 1, argv + 1);
    }
    if (strcmp(what, "predict") == 0) {
        return cmd_predict(argc - 1, argv + 1);
    }
    if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
        return help();
    }
    if (strcmp(what, "--version") == 0) {
        char version[32];
        booster_version(version);
        (void)printf("canara-boost with libxgboost %s\n", version);
        return EXIT_DONE;
    }
    return usage(what, "say train or predict (see canara-boost --help)");
}
