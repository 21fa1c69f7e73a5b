/* cmd_evaluate_test.c - evaluations of a small made-up set, from the command line to the bytes. */
#include "app/evaluate/lab_desk_test.h"
#include "codec/json_read.h"
#include "lab/trials/report_keys_test.h"

#include <math.h>

enum { TYPISTS = 16 };

static int typists(void **state)
{
    (void)desk_setup(state);
    desk_make_set(*state, "typists", TYPISTS, 4);
    return 0;
}

static struct json *parsed(const char *text)
{
    struct json *tree = NULL;
    assert_ok(json_parse((span_t){(const uint8_t *)text, strlen(text)}, &tree, NULL));
    return tree;
}

static double number(const struct json *tree, const char *name)
{
    double value = -1.0;
    if (!json_get_double(tree, name, &value)) {
        fail_msg("%s is no number", name);
    }
    return value;
}

/* The seconds are the only figure that two runs may differ in. */
static void without_seconds(char *text)
{
    char *const at = strstr(text, "\"seconds\":");
    assert_non_null(at);
    char *const end = strchr(at, ',');
    assert_non_null(end);
    memmove(at, end, strlen(end) + 1);
}

static void people_who_differ_are_told_apart(void **state)
{
    struct lab_desk *d = *state;
    assert_int_equal(desk_run_on_set(d, "evaluate", "--json --background pairs:8"), 0);
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    assert_true(number(tree, "mean_eer") < 0.1);
    assert_true(number(tree, "auc") > 0.95);
    assert_int_equal((int)number(tree, "users"), TYPISTS);
    assert_int_equal((int)number(tree, "trials_genuine"), TYPISTS * DESK_GENUINE);
    assert_int_equal((int)number(tree, "trials_impostor"), TYPISTS * (TYPISTS - 1) * 2);
    assert_true(number(tree, "cllr") < 1.0);
}

static void the_keys_are_those_of_the_format(void **state)
{
    struct lab_desk *d = *state;
    assert_int_equal(
        desk_run_on_set(d, "evaluate", "--json --background folds:4 --seed 9 --replicates 20"), 0);
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    REPORT_HAS_PEOPLE_KEYS(tree);
    assert_int_equal((int)number(tree, "seed"), 9);
}

static void the_same_seed_gives_the_same_bytes_with_any_number_of_threads(void **state)
{
    struct lab_desk *d = *state;
    char *const first = malloc(DESK_TEXT);
    assert_non_null(first);
    assert_int_equal(
        desk_run_on_set(d, "evaluate", "--json --background pairs:8 --threads 1 --adapt gated"), 0);
    without_seconds(d->out);
    memcpy(first, d->out, DESK_TEXT);
    assert_int_equal(
        desk_run_on_set(d, "evaluate", "--json --background pairs:8 --threads 5 --adapt gated"), 0);
    without_seconds(d->out);
    assert_string_equal(d->out, first);
    assert_int_equal(
        desk_run_on_set(d, "evaluate", "--json --background pairs:8 --seed 2 --adapt gated"), 0);
    without_seconds(d->out);
    assert_string_not_equal(d->out, first); /* other draws: other intervals */
    free(first);
}

static void every_detector_and_background_answers(void **state)
{
    static const char *const rests[] = {
        "--detector manhattan --background folds:4 --replicates 20",
        "--detector scaled-manhattan --background folds:4 --replicates 20",
        "--detector one-class --background folds:4 --replicates 20",
        "--detector ratio --background folds:4 --replicates 20",
        "--detector full --background folds:5",
        "--impostors practised --background pairs:8 --replicates 10",
    };
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
        if (desk_run_on_set(d, "evaluate", rests[i]) != 0) {
            fail_msg("%s: %s", rests[i], d->err);
        }
        assert_non_null(strstr(d->out, "equal error rate, mean over users"));
    }
}

static void files_are_written_whole_and_compared(void **state)
{
    struct lab_desk *d = *state;
    char rest[4 * SCRATCH_PATH];
    char past[SCRATCH_PATH];
    char det[SCRATCH_PATH];
    char curve[SCRATCH_PATH];
    scratch_path(&d->dir, "past.json", past);
    scratch_path(&d->dir, "det.svg", det);
    scratch_path(&d->dir, "reliability.svg", curve);
    (void)snprintf(rest, sizeof rest,
                   "--background folds:4 --replicates 20 --json %s --det %s --reliability=%s", past,
                   det, curve);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    assert_non_null(strstr(d->out, "95 % interval")); /* the table too */
    static char text[DESK_TEXT];
    desk_load(past, text);
    json_free(&(struct json *){parsed(text)});
    desk_load(det, text);
    assert_non_null(strstr(text, "<svg"));
    desk_load(curve, text);
    assert_non_null(strstr(text, "</svg>"));
    (void)snprintf(rest, sizeof rest,
                   "--background folds:4 --replicates 20 --detector scaled-manhattan --against %s",
                   past);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    assert_non_null(strstr(d->out, "against typists, full: mean EER "));
    (void)snprintf(rest, sizeof rest, "--json --background folds:4 --replicates 20 --against %s",
                   past);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    json_free(&(struct json *){parsed(d->out)}); /* nothing but JSON */
    assert_non_null(strstr(d->err, "against typists, full: mean EER +0.0000"));
}

/* Mean loss in bits of a side's scores, as Brummer and du Preez (2006) define Cllr. */
struct side {
    double bits;
    size_t count;
};

static void take_score_line(char *line, struct side side[2])
{
    char *rest = NULL;
    char *const model = strtok_r(line, "\t\n", &rest);
    char *const session = strtok_r(NULL, "\t\n", &rest);
    char *const label = strtok_r(NULL, "\t\n", &rest);
    if (model == NULL || session == NULL || label == NULL) {
        fail_msg("a row of less than three columns");
        return;
    }
    const bool impostor = strcmp(label, "impostor") == 0;
    assert_true(impostor || strcmp(label, "genuine") == 0);
    const double score = strtod(rest, &rest);
    assert_true(*rest == '\t');
    assert_near(strtod(rest, &rest), 1.0 / (1.0 + 19.0 * exp(-score)), 1e-6, "a risk");
    assert_true(*rest == '\n');
    side[impostor].bits += log1p(exp(impostor ? -score : score)) / log(2.0);
    side[impostor].count++;
}

/* The file is enough to work the figures out again. */
static void each_trial_is_listed_with_its_score(void **state)
{
    struct lab_desk *d = *state;
    char rest[2 * SCRATCH_PATH];
    char file[SCRATCH_PATH];
    char line[512];
    struct side side[2] = {{0.0, 0}, {0.0, 0}};
    scratch_path(&d->dir, "scores.tsv", file);
    (void)snprintf(rest, sizeof rest, "--json --background folds:4 --replicates 20 --scores %s",
                   file);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_string_equal(line, "model\tsession\tlabel\tscore\trisk\n");
    while (fgets(line, sizeof line, f) != NULL) {
        take_score_line(line, side);
    }
    (void)fclose(f);
    assert_int_equal((int)number(tree, "trials_genuine"), side[0].count);
    assert_int_equal((int)number(tree, "trials_impostor"), side[1].count);
    assert_near(number(tree, "cllr"),
                0.5 * (side[0].bits / (double)side[0].count + side[1].bits / (double)side[1].count),
                1e-9, "Cllr");

    static const struct {
        const char *options, *names;
    } others[] = {
        {"--detector one-class", "model\tsession\tlabel\tscore\n"}, /* no ratios, no risk */
        {"--background folds:4 --adapt gated", "model\tsession\tlabel\tscore\trisk\tlearnt\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        (void)snprintf(rest, sizeof rest, "%s --replicates 20 --scores %s", others[i].options,
                       file);
        assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
        f = fopen(file, "r");
        assert_non_null(f);
        assert_non_null(fgets(line, sizeof line, f));
        (void)fclose(f);
        assert_string_equal(line, others[i].names);
    }
}

/* What can be told beforehand is: no model is trained for a file that cannot be. */
static void outputs_are_looked_at_before_the_work(void **state)
{
    struct lab_desk *d = *state;
    char rest[4 * SCRATCH_PATH];
    char past[SCRATCH_PATH];
    scratch_path(&d->dir, "past.json", past);
    (void)snprintf(rest, sizeof rest, "--detector manhattan --replicates 20 --json=%s", past);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    assert_int_equal(desk_run(d, "evaluate /nonexistent --det /nowhere/d.svg"), 1);
    assert_non_null(strstr(d->err, "/nowhere/d.svg: ")); /* not the set */

    desk_make_set(d, "others", TYPISTS, 5);
    (void)snprintf(rest, sizeof rest, "--detector manhattan --replicates 20 --against %s", past);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    assert_non_null(
        strstr(d->err, "--against: is of the data set typists, and this one is others"));
}

static void bad_options_are_refused_in_one_line(void **state)
{
    static const struct {
        const char *rest;
        int code;
        const char *says;
    } rows[] = {
        {"--detector best", 2, "--detector: must be manhattan"},
        {"--adapt on", 2, "--adapt: must be off or gated"},
        {"--background folds:1", 2, "--background: must be none, all, folds:K"},
        {"--background pairs:", 2, "--background: must be"},
        {"--background pairs:4097", 2, "--background: must be"},
        {"--background pairs:2x", 2, "--background: must be"},
        {"--background everybody", 2, "--background: must be"},
        {"--background all", 0, ""},
        {"--model /nonexistent", 1, "/nonexistent: No such file"},
        {"--model /nonexistent --background folds:4", 2, "--model: stands in for the background"},
        {"--others x", 2, "--others: is for sets of humans and bots"},
        {"--impostors best", 2, "--impostors: must be first or practised"},
        {"--adapt gated --detector ratio", 2, "--adapt: only the detector full"},
        {"--seed -1", 2, "must be a whole number from 0"},
        {"--replicates 0", 2, "must be a whole number from 1 to 1000000"},
        {"--threads 65", 2, "must be a whole number from 1 to 64"},
        {"another", 2, "another: is one word too many"},
        {"--trees x", 2, "--trees: is reserved"},
        {"--against /nonexistent", 1, "--against: "},
        {"--background folds:5", 0, ""},
        {"--det /nonexistent/det.svg --background folds:4 --replicates 20", 1,
         "/nonexistent/det.svg: "},
        {"--reliability /nonexistent/r.svg --background folds:4 --replicates 20", 1,
         "/nonexistent/r.svg: "},
        {"--json=/nonexistent/r.json --background folds:4 --replicates 20", 1,
         "/nonexistent/r.json: "},
        {"--det /tmp --background folds:4 --replicates 20", 1, "/tmp: Is a directory"},
        {"--reliability /tmp/x --detector ratio --background folds:4 --replicates 20", 2,
         "--reliability: "},
    };
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int code = desk_run_on_set(d, "evaluate", rows[i].rest);
        if (code != rows[i].code || strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s: %d, %s", rows[i].rest, code, d->err);
        }
        if (code != 0) {
            assert_string_equal(d->out, "");
            assert_ptr_equal(strchr(d->err, '\n'), d->err + strlen(d->err) - 1);
        }
    }
    assert_int_equal(desk_run(d, "evaluate"), 2);
    assert_int_equal(desk_run(d, "evaluate /nonexistent"), 1);
    assert_non_null(strstr(d->err, "/nonexistent:1: file: cannot be opened"));
}

static void a_model_from_a_file_stands_in_for_the_background(void **state)
{
    struct lab_desk *d = *state;
    char model[SCRATCH_PATH];
    char line[4 * SCRATCH_PATH];
    scratch_path(&d->dir, "people.model", model);
    desk_make_set(d, "background", TYPISTS, 77);
    (void)snprintf(line, sizeof line, "--out %s --label people-7", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    desk_make_set(d, "others", TYPISTS, 5);
    (void)snprintf(line, sizeof line, "--json --replicates 20 --model %s", model);
    assert_int_equal(desk_run_on_set(d, "evaluate", line), 0);
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    span_t text = {0};
    assert_true(json_get_text(tree, "background", &text));
    assert_memory_equal(text.ptr, "model:people-7.", 15);
    assert_true(json_get_text(tree, "model_version", &text));
    assert_memory_equal(text.ptr, "people-7.", 9);
    assert_int_equal(text.len, strlen("people-7.") + 12);
    assert_true(number(tree, "mean_eer") < 0.1);
    scratch_write(model, SPAN_LIT("CNRM"), 0600);
    assert_int_equal(desk_run_on_set(d, "evaluate", line), 1);
    assert_non_null(strstr(d->err, "people.model: is no model, or a damaged one"));
}

/* Own PINs: a thief types his, and those of others are no measure for either. */
static void people_with_texts_of_their_own_are_held_against_themselves(void **state)
{
    struct lab_desk *d = *state;
    desk_make(d, "own", 24, 1, true);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--background pairs:4 --json"), 0);
    assert_non_null(strstr(d->err, ": 1 field is typed by each person with a text, or a rhythm, of "
                                   "his own: the background says nothing there"));
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    span_t text = {0};
    assert_true(json_get_text(tree, "model_version", &text));
    assert_memory_equal(text.ptr, "evaluation.", 11);
    assert_true(number(tree, "mean_eer") < 0.1);
    assert_true(number(tree, "cllr") < 0.8);
    assert_true(number(tree, "frr_070") < 0.05);
}

static void too_few_people_are_measured_with_the_built_in_model(void **state)
{
    struct lab_desk *d = *state;
    desk_make_set(d, "few", 3, 1);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--background pairs:4 --json"), 0);
    assert_non_null(strstr(d->err, "too few people for --background pairs:4"));
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    span_t text = {0};
    assert_true(json_get_text(tree, "background", &text));
    assert_true(span_eq(text, SPAN_LIT("none")));
    assert_true(json_get_text(tree, "model_version", &text));
    assert_memory_equal(text.ptr, "simulated-", 10);
}

static void too_few_samples_are_told_as_such(void **state)
{
    struct lab_desk *d = *state;
    desk_make_set(d, "seldom", 24, 1);
    desk_keep_entries(d, 24, 6);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--background pairs:4 --replicates 10"), 0);
    assert_non_null(strstr(d->err, "too few samples of each person for --background pairs:4"));
    assert_non_null(strstr(d->err, "0 of them 8 times or more; scored with the built-in model"));
    assert_null(strstr(d->err, "too few people"));
}

/* The first `each` entries of everybody alone are learnt from. */
static void enrol(const struct lab_desk *d, size_t each)
{
    FILE *const f = desk_open(d, "enrol.tsv");
    for (size_t i = 0; i < TYPISTS * each; i++) {
        (void)fprintf(f, "m%zu\ts%zu-%zu\n", i / each, i / each, i % each);
    }
    assert_int_equal(fclose(f), 0);
}

static void models_that_cannot_be_enrolled_are_a_result_too(void **state)
{
    static const char *const figures[] = {"mean_eer", "mean_eer_ci", "global_eer",    "auc", "cllr",
                                          "frr_070",  "anga",        "never_detected"};
    static const char *const options[] = {"--json --replicates 10",
                                          "--json --replicates 10 --background none",
                                          "--json --replicates 10 --detector one-class",
                                          "--json --replicates 10 --background folds:4"};
    struct lab_desk *d = *state;
    enrol(d, 2);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        assert_int_equal(desk_run_on_set(d, "evaluate", options[i]), 0);
        CLEANUP(json_free) struct json *tree = parsed(d->out);
        REPORT_HAS_PEOPLE_KEYS(tree);
        assert_near(number(tree, "failure_to_enrol"), 1.0, 0.0, options[i]);
        for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
            assert_int_equal(json_kind(json_get(tree, figures[k])), JSON_KIND_NULL);
        }
        assert_int_equal((int)number(tree, "users"), 0);
        assert_int_equal((int)number(tree, "trials_genuine"), 0);
        assert_int_equal((int)number(tree, "trials_impostor"), 0);
        assert_int_equal((int)number(tree, "trials_unscored_genuine"), TYPISTS * DESK_GENUINE);
        const bool folds = strstr(options[i], "folds") != NULL && strstr(d->out, "folds:4") != NULL;
        assert_int_equal((int)number(tree, "trials_unscored_impostor"),
                         TYPISTS * (folds ? TYPISTS / 4 - 1 : TYPISTS - 1) * 2);
        assert_non_null(strstr(d->err, "not one trial could be scored, so no figure exists"));
    }
}

/* A trial of a session without events, and of one without anything to compare, has no score. */
static void trials_without_evidence_are_counted_by_kind(void **state)
{
    struct lab_desk *d = *state;
    FILE *const background = desk_open(d, "background.tsv");
    for (size_t u = 0; u < TYPISTS; u++) {
        (void)fprintf(background, "s%zu-0\nlost-%zu\n", u, u);
    }
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/trials.tsv", d->set);
    FILE *const trials = fopen(path, "a");
    assert_non_null(trials);
    (void)fputs("m0\tlost-0\tgenuine\nm0\tlost-1\timpostor\nm1\tlost-1\tgenuine\n", trials);
    assert_int_equal(fclose(background) + fclose(trials), 0);
    assert_int_equal(
        desk_run_on_set(d, "evaluate", "--json --background none --replicates 10 --adapt gated"),
        0);
    CLEANUP(json_free) struct json *tree = parsed(d->out);
    assert_int_equal((int)number(tree, "trials_genuine"), TYPISTS * DESK_GENUINE);
    assert_int_equal((int)number(tree, "trials_unscored_genuine"), 2);
    assert_int_equal((int)number(tree, "trials_unscored_impostor"), 1);
    assert_non_null(strstr(d->err, "sessions without events: 16, first at background.tsv:2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_who_differ_are_told_apart, typists, desk_teardown),
        cmocka_unit_test_setup_teardown(the_keys_are_those_of_the_format, typists, desk_teardown),
        cmocka_unit_test_setup_teardown(
            the_same_seed_gives_the_same_bytes_with_any_number_of_threads, typists, desk_teardown),
        cmocka_unit_test_setup_teardown(every_detector_and_background_answers, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(files_are_written_whole_and_compared, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(each_trial_is_listed_with_its_score, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(outputs_are_looked_at_before_the_work, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(bad_options_are_refused_in_one_line, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_model_from_a_file_stands_in_for_the_background,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(models_that_cannot_be_enrolled_are_a_result_too, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(trials_without_evidence_are_counted_by_kind, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(too_few_samples_are_told_as_such, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(people_with_texts_of_their_own_are_held_against_themselves,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(too_few_people_are_measured_with_the_built_in_model,
                                        desk_setup, desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
