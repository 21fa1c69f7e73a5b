/* canara evaluate: how well the engine tells the owners of a data set from everybody else. */
#include "app/cli/build_commit.h"
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/whole_file.h"
#include "app/evaluate/evaluate.h"
#include "app/evaluate/evaluate_checks.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/evaluate/evaluate_scores.h"
#include "app/evaluate/model_bytes.h"
#include "base/util.h"
#include "engine/people/model.h"
#include "lab/people/teach.h"
#include "lab/trials/plot_det.h"
#include "lab/trials/plot_reliability.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FOLDS_MAX = 4096,
    LEAVE_TWO_OUT = FOLDS_MAX, /* as many as people, at most */
    THREADS_MAX = 64,
    OUTPUT_BYTES = 64 * 1024 * 1024
};

#define BACKGROUND_DEFAULT "pairs:6"

/* ---- choices ---- */

static bool read_detector(const char *text, enum detector *out)
{
    for (enum detector d = DETECTOR_MANHATTAN; d < DETECTORS; d++) {
        if (strcmp(text, detector_name(d)) == 0) {
            *out = d;
            return true;
        }
    }
    return false;
}

/* The number behind "folds:" and the like. */
static bool read_folds(const char *text, const char *name, size_t *out)
{
    const size_t len = strlen(name);
    if (strncmp(text, name, len) != 0 || text[len] < '0' || text[len] > '9') {
        return false;
    }
    char *end = NULL;
    errno = 0;
    const unsigned long n = strtoul(text + len, &end, 10);
    *out = (size_t)n;
    return errno == 0 && *end == '\0' && n >= 2 && n <= FOLDS_MAX;
}

static bool read_background(const char *text, struct contest_options *out)
{
    if (strcmp(text, "none") == 0) {
        out->background = BACKGROUND_NONE;
        return true;
    }
    if (strcmp(text, "all") == 0) {
        out->background = BACKGROUND_ALL;
        return true;
    }
    if (strcmp(text, "leave-two-out") == 0) {
        out->background = BACKGROUND_PAIRS;
        out->folds = LEAVE_TWO_OUT;
        return true;
    }
    if (read_folds(text, "folds:", &out->folds)) {
        out->background = BACKGROUND_FOLDS;
        return true;
    }
    out->background = BACKGROUND_PAIRS;
    return read_folds(text, "pairs:", &out->folds);
}

static bool one_of(const char *text, const char *no, const char *yes, bool *out)
{
    *out = strcmp(text, yes) == 0;
    return *out || strcmp(text, no) == 0;
}

static int read_choices(struct evaluate_run *r)
{
    const struct evaluate_given *const g = r->given;
    struct contest_options *const o = &r->options;
    if (!read_detector(g->detector, &o->detector)) {
        return evaluate_wrong("--detector",
                              "must be manhattan, scaled-manhattan, one-class, ratio or full");
    }
    if (!one_of(g->adapt, "off", "gated", &o->adapt)) {
        return evaluate_wrong("--adapt", "must be off or gated");
    }
    if (!one_of(g->impostors, "first", "practised", &o->practised)) {
        return evaluate_wrong("--impostors", "must be first or practised");
    }
    const char *const background = g->background != NULL ? g->background
                                   : g->model != NULL    ? "none"
                                                         : BACKGROUND_DEFAULT;
    if (!read_background(background, o)) {
        return evaluate_wrong(
            "--background",
            "must be none, all, folds:K, pairs:K (K from 2 to 4096) or leave-two-out");
    }
    r->is_taught = detector_knows_people(o->detector) && o->background != BACKGROUND_NONE;
    if (!r->is_taught && o->background != BACKGROUND_FOLDS) { /* folds still choose the impostors */
        o->background = BACKGROUND_NONE;
    }
    (void)snprintf(r->background, sizeof r->background, "%s",
                   o->background == BACKGROUND_NONE ? "none" : background);
    if (o->adapt && o->detector != DETECTOR_FULL) {
        return evaluate_wrong("--adapt", "only the detector full can learn between trials");
    }
    if (g->trees != NULL) {
        return evaluate_wrong("--trees", "is reserved; this version scores without them");
    }
    if (g->model != NULL && strcmp(background, "none") != 0) {
        return evaluate_wrong("--model", "stands in for the background: only --background none "
                                         "goes with it");
    }
    o->threads = (size_t)g->threads;
    return evaluate_check_outputs(r);
}

/* ---- reading ---- */

static bool is_of_bots(const struct evaluate_run *r)
{
    return dataset_models(r->set) == 0;
}

static int open_set(struct evaluate_run *r)
{
    struct dataset_fault fault;
    if (failed(dataset_open(r->given->dir, &r->set, &fault))) {
        return evaluate_broken(r->given->dir, fault.text);
    }
    if (r->options.practised && !dataset_has_practised(r->set)) {
        return evaluate_broken(r->given->dir,
                               "has no file trials-practised.tsv for --impostors practised");
    }
    if (!is_of_bots(r) && r->given->others != NULL) {
        return evaluate_wrong("--others", "is for sets of humans and bots");
    }
    if (!is_of_bots(r) && dataset_bot_trials(r->set).count > 0) {
        (void)fprintf(stderr,
                      "canara evaluate: %zu trials of humans and bots are left out: a set that "
                      "enrols people is measured by them\n",
                      dataset_bot_trials(r->set).count);
    }
    evaluate_tell_set(r);
    return is_of_bots(r) ? EXIT_CODE_DONE : evaluate_check_detector(r);
}

/* The model that stands in for a background, and its name. */
static int open_model(struct evaluate_run *r)
{
    CLEANUP(canara_model_close) struct canara_model *model = NULL;
    if (r->is_taught || is_of_bots(r)) {
        return EXIT_CODE_DONE;
    }
    if (failed(model_bytes_open("canara evaluate", r->given->model, &r->model_bytes, &model))) {
        return EXIT_CODE_FAILED;
    }
    r->options.model = buf_span(&r->model_bytes);
    (void)snprintf(r->model_name, sizeof r->model_name, "%s", canara_model_name(model));
    if (r->given->model != NULL) {
        (void)snprintf(r->background, sizeof r->background, "model:%s", r->model_name);
    }
    return EXIT_CODE_DONE;
}

static int read_past(struct evaluate_run *r)
{
    struct report_fault fault;
    if (r->given->against != NULL && failed(report_read(r->given->against, &r->past, &fault))) {
        return evaluate_broken("--against", fault.text);
    }
    return EXIT_CODE_DONE;
}

/* ---- working ---- */

static err_t contest(struct evaluate_run *r)
{
    struct progress progress;
    progress_init(&progress, "canara evaluate", clock_system(), isatty(STDERR_FILENO) != 0);
    r->options.progress = progress_at;
    r->options.ctx = &progress;
    r->options.lack = &r->lack;
    const err_t ran = contest_run(r->set, &r->options, &r->contest);
    progress_deinit(&progress);
    return ran;
}

static void tell_too_few(const struct evaluate_run *r, const char *instead)
{
    if (r->lack.people >= SCHOOL_PEOPLE) {
        (void)fprintf(
            stderr,
            "canara evaluate: %s: too few samples of each person for --background %s: "
            "eight people are needed that take no part in a trial and do the same thing "
            "some ten times each; of those who may be that, %zu do the same thing, %zu of "
            "them %d times or more; %s instead\n",
            r->given->dir, r->background, r->lack.people, r->lack.often, SCHOOL_SAMPLES, instead);
        return;
    }
    (void)fprintf(stderr,
                  "canara evaluate: %s: too few people for --background %s: eight are needed "
                  "that take no part in a trial (six to compare with while the evidence of two "
                  "others is weighed) and do the same thing some ten times each; %s instead\n",
                  r->given->dir, r->background, instead);
}

/* Ten people leave eight to be known when owner and impostor are left out, but five when their folds
 * are. ERR_RANGE: they were left out already, or that is too few as well. */
static err_t leave_two_out(struct evaluate_run *r)
{
    struct contest_options *const o = &r->options;
    if (o->background != BACKGROUND_PAIRS || o->folds == LEAVE_TWO_OUT) {
        return err_new(ERR_RANGE);
    }
    o->folds = LEAVE_TWO_OUT;
    TRY(contest(r));
    tell_too_few(r, "two people at a time were left out");
    (void)snprintf(r->background, sizeof r->background, "leave-two-out");
    return ERR_OK;
}

/* Few people still have a figure: that of the server, which knows the people of a model. */
static int fall_back(struct evaluate_run *r)
{
    tell_too_few(r, "scored with the built-in model");
    (void)snprintf(r->background, sizeof r->background, "none");
    r->options.background = BACKGROUND_NONE;
    r->is_taught = false;
    return open_model(r);
}

/* More folds than pairs of people leave somebody without an impostor: fewer were dealt. */
static void tell_folds(struct evaluate_run *r)
{
    if (r->options.background != BACKGROUND_FOLDS || r->contest.folds == r->options.folds) {
        return;
    }
    (void)fprintf(stderr,
                  "canara evaluate: %s: too few people for --background %s: a fold takes two, of "
                  "whom one is the other's impostor; folds:%zu instead\n",
                  r->given->dir, r->background, r->contest.folds);
    (void)snprintf(r->background, sizeof r->background, "folds:%zu", r->contest.folds);
}

static int evaluate_people(struct evaluate_run *r)
{
    char words[96] = "";
    err_t e = contest(r);
    if (e.code == ERR_RANGE) {
        e = leave_two_out(r);
    }
    if (e.code == ERR_RANGE && r->options.background != BACKGROUND_NONE) {
        const int code = fall_back(r);
        if (code != EXIT_CODE_DONE) {
            return code;
        }
        e = contest(r);
    }
    if (failed(e)) {
        return evaluate_broken(r->given->dir, evaluate_words(e, words));
    }
    tell_folds(r);
    if (r->is_taught) {
        (void)snprintf(r->model_name, sizeof r->model_name, "evaluation.%012" PRIx64,
                       r->contest.checksum >> 16U);
    }
    e = evaluation_new(r->set, &r->contest, r->options.detector, evaluate_draw(r), &r->evaluation);
    if (failed(e)) {
        return evaluate_broken(r->given->dir, evaluate_words(e, words));
    }
    evaluate_tell_unmeasured(r);
    evaluation_report(&r->evaluation, r->options.adapt, &r->report);
    evaluate_tell_misleading(r);
    return EXIT_CODE_DONE;
}

static int compute(struct evaluate_run *r)
{
    report_init(&r->report);
    return is_of_bots(r) ? evaluate_bots(r) : evaluate_people(r);
}

static void fill_report(struct evaluate_run *r)
{
    struct report *const report = &r->report;
    report->dataset = dataset_about(r->set)->name;
    report->detector = detector_name(r->options.detector);
    report->background = r->background;
    report->adapt = r->options.adapt ? "gated" : "off";
    report->commit = build_commit();
    report->model_version = r->model_name;
    report->seed = (uint64_t)r->given->seed;
    report->seconds =
        (double)mono_ms_between(r->begin, clock_mono(clock_system())) / (double)MS_PER_S;
}

/* ---- writing ---- */

static int save(const char *option, const char *path, err_t made, const struct buf *text)
{
    char words[96] = "";
    if (failed(made)) {
        return evaluate_broken(option, made.code == ERR_RANGE ? "needs trials of both kinds"
                                                              : evaluate_words(made, words));
    }
    const err_t e = whole_file_write(path, buf_span(text));
    return failed(e) ? evaluate_broken(path, evaluate_words(e, words)) : EXIT_CODE_DONE;
}

static int draw_plots(const struct evaluate_run *r)
{
    CLEANUP(buf_deinit) struct buf svg;
    buf_init(&svg, OUTPUT_BYTES);
    const struct evaluation *const e = &r->evaluation;
    const bool bots = r->report.kind == REPORT_BOTS;
    int code = EXIT_CODE_DONE;
    if (r->given->det != NULL) {
        const struct plot_curve curve = {r->report.detector, bots ? r->bots.group : e->users,
                                         bots ? r->bots.groups : e->count};
        code = save("--det", r->given->det, plot_det(r->report.dataset, &curve, 1, &svg), &svg);
    }
    buf_clear(&svg);
    if (code == EXIT_CODE_DONE && r->given->reliability != NULL) {
        code = save("--reliability", r->given->reliability,
                    plot_reliability(r->report.dataset, e->users, e->count, &svg), &svg);
    }
    return code;
}

static int write_difference(const struct evaluate_run *r, struct buf *out)
{
    struct bootstrap_difference d;
    char words[96] = "";
    const err_t e = report_compare(&r->report, &r->past, evaluate_draw(r), &d);
    if (e.code == ERR_RANGE) {
        return evaluate_broken("--against", "not one user has an equal error rate in both results");
    }
    if (failed(e) || failed(report_write_difference(&d, &r->past, out))) {
        return evaluate_broken("--against", evaluate_words(e, words));
    }
    return EXIT_CODE_DONE;
}

static void print(FILE *to, const struct buf *text)
{
    if (text->len > 0) {
        (void)fwrite(text->ptr, 1, text->len, to);
    }
}

static int print_result(const struct evaluate_run *r)
{
    CLEANUP(buf_deinit) struct buf json;
    CLEANUP(buf_deinit) struct buf table;
    buf_init(&json, OUTPUT_BYTES);
    buf_init(&table, OUTPUT_BYTES);
    if (failed(report_write_json(&r->report, &json)) ||
        failed(report_write_table(&r->report, &table))) {
        return evaluate_broken(r->given->dir, "the memory is used up");
    }
    const bool bare = r->given->json && r->given->json_file == NULL;
    int code = EXIT_CODE_DONE;
    if (r->given->against != NULL) {
        CLEANUP(buf_deinit) struct buf line;
        buf_init(&line, OUTPUT_BYTES);
        code = write_difference(r, bare ? &line : &table);
        print(stderr, &line); /* stdout is JSON, nothing else */
    }
    if (r->evaluation.unscored > 0) {
        (void)fprintf(stderr,
                      "canara evaluate: %zu trials are left out: no evidence, or no part of "
                      "this background\n",
                      r->evaluation.unscored);
    }
    print(stdout, bare ? &json : &table);
    const int saved = r->given->json_file == NULL
                          ? EXIT_CODE_DONE
                          : save("--json", r->given->json_file, ERR_OK, &json);
    return code == EXIT_CODE_DONE ? saved : code;
}

static void run_deinit(struct evaluate_run *r)
{
    evaluation_free(&r->evaluation);
    contest_free(&r->contest);
    evaluated_bots_deinit(&r->bots);
    report_past_deinit(&r->past);
    buf_deinit(&r->model_bytes);
    dataset_close(&r->others);
    dataset_close(&r->set);
}

static int evaluate(const struct evaluate_given *g)
{
    static int (*const stages[])(struct evaluate_run *) = {read_choices, read_past, open_set,
                                                           open_model, compute};
    CLEANUP(run_deinit) struct evaluate_run r = {.given = g, .begin = clock_mono(clock_system())};
    buf_init(&r.model_bytes, MODEL_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        const int code = stages[i](&r);
        if (code != EXIT_CODE_DONE) {
            return code;
        }
    }
    fill_report(&r);
    const int printed = print_result(&r);
    const int listed = evaluate_scores(&r);
    const int drawn = draw_plots(&r);
    return printed != EXIT_CODE_DONE ? printed : listed != EXIT_CODE_DONE ? listed : drawn;
}

/* ---- command line ---- */

static const char about[] =
    "Score every trial of the data set in DIR (docs/engine/datasets.md) and print what the\n"
    "scores say, each figure with a 95 % interval from drawing users again. The same options,\n"
    "seed and data give the same figures, with any number of threads.\n\n"
    "--background says whom the detector may know besides the owner:\n"
    "none            nobody: the built-in model\n"
    "folds:K         people in K folds; the impostors are the others of the owner's fold, all\n"
    "                other folds are background\n"
    "pairs:K         the folds of the owner and of the impostor are left out; every impostor\n"
    "                is kept\n"
    "leave-two-out   pairs with a fold for each person: exact, and slow (a model for every\n"
    "                two people)\n"
    "all             everybody enrolled but the owner: a closed set, whose impostors are known\n"
    "Detectors that know the owner alone (manhattan, scaled-manhattan, one-class) learn from\n"
    "nobody else: their background is none, and folds:K chooses impostors only.\n"
    "The default, pairs:6, comes close to leave-two-out at a fraction of its cost. With a\n"
    "background.tsv its sessions alone are the background. --model takes people in general\n"
    "from a file that canara train made.\n\n"
    "A set of humans and bots is told apart by what the server would make of each session:\n"
    "rules, replays and the learned detector that ships. With folds:K, pairs:K and\n"
    "leave-two-out families of bots and users of people are left out of what is learned\n"
    "(this takes canara-boost), and that is the default where the shipped one has learned\n"
    "from the set, or where nobody moves a pointer.\n\n"
    "--json alone prints JSON instead of the table; with a FILE (a second word, or\n"
    "--json=FILE) it goes there and the table is printed too.";

/* How many processors there are to work with. */
static int64_t processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

static bool ends_in_json(const char *word)
{
    const size_t len = strlen(word);
    return len > 5 && strcmp(word + len - 5, ".json") == 0;
}

/* DIR, and the FILE of a --json that came without "=". */
static int take_words(struct evaluate_given *g, const struct option_words *words)
{
    g->dir = words->word[0];
    if (words->count == 1) {
        return EXIT_CODE_DONE;
    }
    if (!g->json || g->json_file != NULL) {
        return evaluate_wrong(words->word[1], "is one word too many");
    }
    const bool turned = ends_in_json(words->word[0]) && !ends_in_json(words->word[1]);
    g->dir = words->word[turned ? 1 : 0];
    g->json_file = words->word[turned ? 0 : 1];
    return EXIT_CODE_DONE;
}

int cmd_evaluate(int argc, char **argv)
{
    struct evaluate_given g = {.detector = "full",
                               .adapt = "off",
                               .impostors = "first",
                               .seed = 1,
                               .replicates = BOOTSTRAP_REPLICATES,
                               .threads = processors()};
    struct option_maybe json = {.given = &g.json, .value = &g.json_file};
    /* clang-format off */
    const struct option options[] = {
        {"json",        "[FILE]",  "print JSON, or write it to FILE",                    OPTION_MAYBE,  &json, 0, 0},
        {"detector",    "NAME",    "manhattan, scaled-manhattan, one-class, ratio, full (full)", OPTION_TEXT, &g.detector, 0, 0},
        {"adapt",       "HOW",     "learn between trials: off, gated (off)",             OPTION_TEXT,   &g.adapt, 0, 0},
        {"background",  "WHO",     "none, all, folds:K, pairs:K, leave-two-out (pairs:6)", OPTION_TEXT, &g.background, 0, 0},
        {"impostors",   "WHICH",   "first, practised; for sets that have both (first)",  OPTION_TEXT,   &g.impostors, 0, 0},
        {"scores",      "FILE",    "each trial with its score, tab-separated",           OPTION_TEXT,   &g.scores, 0, 0},
        {"det",         "FILE",    "draw the DET curve, SVG",                            OPTION_TEXT,   &g.det, 0, 0},
        {"reliability", "FILE",    "draw the reliability diagram, SVG",                  OPTION_TEXT,   &g.reliability, 0, 0},
        {"against",     "FILE",    "difference from an earlier --json, paired by user",  OPTION_TEXT,   &g.against, 0, 0},
        {"seed",        "N",       "of the bootstrap (1)",                               OPTION_NUMBER, &g.seed, 0, INT64_MAX},
        {"replicates",  "N",       "of the bootstrap (1000)",                            OPTION_NUMBER, &g.replicates, 1, 1000000},
        {"threads",     "N",       "at once (one for each processor)",                   OPTION_NUMBER, &g.threads, 1, THREADS_MAX},
        {"model",       "FILE",    "people in general, instead of a background",         OPTION_TEXT,   &g.model, 0, 0},
        {"others",      "DIR",     "of bots: learn from the people of this set, too",    OPTION_TEXT,   &g.others, 0, 0},
        {"trees",       "FILE",    "reserved",                                           OPTION_TEXT,   &g.trees, 0, 0},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara evaluate",
        .usage = "DIR",
        .about = about,
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 2,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    const int code = take_words(&g, &words);
    return code == EXIT_CODE_DONE ? evaluate(&g) : code;
}
