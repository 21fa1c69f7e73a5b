/* canara evaluate: how well the engine tells the owners of a data set from everybody else. */
#include "app/build_commit.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/whole_file.h"
#include "base/util.h"
#include "lab/contest.h"
#include "lab/dataset.h"
#include "lab/evaluation.h"
#include "lab/plot_det.h"
#include "lab/plot_reliability.h"
#include "lab/report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDS_MAX = 4096, THREADS_MAX = 64, OUTPUT_BYTES = 64 * 1024 * 1024 };

/* The command line, as it came. */
struct given {
    const char *dir, *detector, *adapt, *background, *impostors;
    const char *json_file, *det, *reliability, *against, *model, *trees;
    bool json;
    int64_t seed, replicates, threads;
};

/* Everything that one run holds. */
struct run {
    const struct given *given;
    struct dataset *set;
    struct contest_options options;
    char background[32]; /* as the report names it */
    struct contest contest;
    struct evaluation evaluation;
    struct report_past past;
    struct report report;
    mono_t begin;
};

static int wrong(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara evaluate: %s: %s (see canara evaluate --help)\n", about, what);
    return EXIT_CODE_USAGE;
}

static int broken(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara evaluate: %s: %s\n", about, what);
    return EXIT_CODE_FAILED;
}

static const char *words_of(err_t e, char words[96])
{
    if (e.code == ERR_IO) {
        return strerror_r(errno, words, 96);
    }
    return e.code == ERR_NOMEM   ? "the memory is used up"
           : e.code == ERR_LIMIT ? "a limit of size was reached"
                                 : "an inner error";
}

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
    if (strcmp(text, "leave-two-out") == 0) {
        out->background = BACKGROUND_PAIRS;
        out->folds = FOLDS_MAX; /* as many as people, at most */
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

static int read_choices(struct run *r)
{
    const struct given *const g = r->given;
    struct contest_options *const o = &r->options;
    if (!read_detector(g->detector, &o->detector)) {
        return wrong("--detector", "must be manhattan, scaled-manhattan, one-class, ratio or full");
    }
    if (!one_of(g->adapt, "off", "gated", &o->adapt)) {
        return wrong("--adapt", "must be off or gated");
    }
    if (!one_of(g->impostors, "first", "practised", &o->practised)) {
        return wrong("--impostors", "must be first or practised");
    }
    if (!read_background(g->background, o)) {
        return wrong("--background",
                     "must be none, folds:K, pairs:K (K from 2 to 4096) or leave-two-out");
    }
    (void)snprintf(r->background, sizeof r->background, "%s", g->background);
    if (o->adapt && o->detector != DETECTOR_FULL) {
        return wrong("--adapt", "only the detector full can learn between trials");
    }
    if (g->trees != NULL) {
        return wrong("--trees", "is reserved; this version scores without them");
    }
    if (g->model != NULL) {
        return wrong("--model", "is reserved; this version scores with the built-in one");
    }
    o->threads = (size_t)g->threads;
    return EXIT_CODE_DONE;
}

/* ---- reading ---- */

static int open_set(struct run *r)
{
    struct dataset_fault fault;
    if (failed(dataset_open(r->given->dir, &r->set, &fault))) {
        return broken(r->given->dir, fault.text);
    }
    if (dataset_models(r->set) == 0) {
        return broken(r->given->dir,
                      "enrols nobody: sets of bots are not measured by this version");
    }
    if (r->options.practised && !dataset_has_practised(r->set)) {
        return broken(r->given->dir, "has no file trials-practised.tsv for --impostors practised");
    }
    return EXIT_CODE_DONE;
}

static int read_past(struct run *r)
{
    struct report_fault fault;
    if (r->given->against != NULL && failed(report_read(r->given->against, &r->past, &fault))) {
        return broken("--against", fault.text);
    }
    return EXIT_CODE_DONE;
}

/* ---- working ---- */

static int compute(struct run *r)
{
    char words[96] = "";
    struct progress progress;
    progress_init(&progress, "canara evaluate", clock_system(), isatty(STDERR_FILENO) != 0);
    r->options.progress = progress_at;
    r->options.ctx = &progress;
    const err_t ran = contest_run(r->set, &r->options, &r->contest);
    progress_deinit(&progress);
    if (ran.code == ERR_FORMAT && r->options.background == BACKGROUND_NONE) {
        return broken("--background none", "this build comes without a model");
    }
    if (ran.code == ERR_RANGE) {
        return broken(
            r->given->dir,
            "too few people for this background: a dozen are needed that take no part in a "
            "trial and do the same thing some ten times each");
    }
    if (failed(ran)) {
        return broken(r->given->dir, words_of(ran, words));
    }
    const struct bootstrap_options draw = {.replicates = (size_t)r->given->replicates,
                                           .seed = (uint64_t)r->given->seed};
    const err_t computed =
        evaluation_new(r->set, &r->contest, r->options.detector, draw, &r->evaluation);
    if (computed.code == ERR_RANGE) {
        return broken(r->given->dir, "not one trial could be scored");
    }
    return failed(computed) ? broken(r->given->dir, words_of(computed, words)) : EXIT_CODE_DONE;
}

static void fill_report(struct run *r)
{
    struct report *const report = &r->report;
    report_init(report);
    evaluation_report(&r->evaluation, r->options.adapt, report);
    report->dataset = dataset_about(r->set)->name;
    report->detector = detector_name(r->options.detector);
    report->background = r->background;
    report->adapt = r->given->adapt;
    report->commit = build_commit();
    report->model_version = canara_model_version();
    report->seed = (uint64_t)r->given->seed;
    report->seconds =
        (double)mono_ms_between(r->begin, clock_mono(clock_system())) / (double)MS_PER_S;
}

/* ---- writing ---- */

static int save(const char *option, const char *path, err_t made, const struct buf *text)
{
    char words[96] = "";
    if (failed(made)) {
        return broken(option, made.code == ERR_RANGE ? "needs trials of both kinds"
                                                     : words_of(made, words));
    }
    const err_t e = whole_file_write(path, buf_span(text));
    return failed(e) ? broken(path, words_of(e, words)) : EXIT_CODE_DONE;
}

static int draw_plots(const struct run *r)
{
    CLEANUP(buf_deinit) struct buf svg;
    buf_init(&svg, OUTPUT_BYTES);
    const struct evaluation *const e = &r->evaluation;
    int code = EXIT_CODE_DONE;
    if (r->given->det != NULL) {
        const struct plot_curve curve = {r->report.detector, e->users, e->count};
        code = save("--det", r->given->det, plot_det(r->report.dataset, &curve, 1, &svg), &svg);
    }
    buf_clear(&svg);
    if (code == EXIT_CODE_DONE && r->given->reliability != NULL) {
        if (!e->llr) {
            return wrong("--reliability", "the scores of this detector are no likelihood ratios");
        }
        code = save("--reliability", r->given->reliability,
                    plot_reliability(r->report.dataset, e->users, e->count, &svg), &svg);
    }
    return code;
}

static int write_difference(const struct run *r, struct buf *out)
{
    const struct bootstrap_options draw = {.replicates = (size_t)r->given->replicates,
                                           .seed = (uint64_t)r->given->seed};
    struct bootstrap_difference d;
    char words[96] = "";
    const err_t e = report_compare(&r->report, &r->past, draw, &d);
    if (e.code == ERR_RANGE) {
        return broken("--against", "not one user has an equal error rate in both results");
    }
    if (failed(e) || failed(report_write_difference(&d, &r->past, out))) {
        return broken("--against", words_of(e, words));
    }
    return EXIT_CODE_DONE;
}

static void print(FILE *to, const struct buf *text)
{
    if (text->len > 0) {
        (void)fwrite(text->ptr, 1, text->len, to);
    }
}

static int print_result(const struct run *r)
{
    CLEANUP(buf_deinit) struct buf json;
    CLEANUP(buf_deinit) struct buf table;
    buf_init(&json, OUTPUT_BYTES);
    buf_init(&table, OUTPUT_BYTES);
    if (failed(report_write_json(&r->report, &json)) ||
        failed(report_write_table(&r->report, &table))) {
        return broken(r->given->dir, "the memory is used up");
    }
    const bool bare = r->given->json && r->given->json_file == NULL;
    if (r->given->against != NULL) {
        CLEANUP(buf_deinit) struct buf line;
        buf_init(&line, OUTPUT_BYTES);
        const int code = write_difference(r, bare ? &line : &table);
        if (code != EXIT_CODE_DONE) {
            return code;
        }
        print(stderr, &line); /* stdout is JSON, nothing else */
    }
    if (r->evaluation.unscored > 0 && !bare) {
        (void)fprintf(stderr,
                      "canara evaluate: %zu trials are left out: no evidence, or no part of "
                      "this background\n",
                      r->evaluation.unscored);
    }
    print(stdout, bare ? &json : &table);
    return r->given->json_file == NULL ? EXIT_CODE_DONE
                                       : save("--json", r->given->json_file, ERR_OK, &json);
}

static void run_deinit(struct run *r)
{
    evaluation_free(&r->evaluation);
    contest_free(&r->contest);
    report_past_deinit(&r->past);
    dataset_close(&r->set);
}

static int evaluate(const struct given *g)
{
    static int (*const stages[])(struct run *) = {read_choices, read_past, open_set, compute};
    CLEANUP(run_deinit) struct run r = {.given = g, .begin = clock_mono(clock_system())};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        const int code = stages[i](&r);
        if (code != EXIT_CODE_DONE) {
            return code;
        }
    }
    fill_report(&r);
    const int code = draw_plots(&r);
    return code == EXIT_CODE_DONE ? print_result(&r) : code;
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
    "The default, pairs:6, comes close to leave-two-out at a fraction of its cost.\n\n"
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
static int take_words(struct given *g, const struct option_words *words)
{
    g->dir = words->word[0];
    if (words->count == 1) {
        return EXIT_CODE_DONE;
    }
    if (!g->json || g->json_file != NULL) {
        return wrong(words->word[1], "is one word too many");
    }
    const bool turned = ends_in_json(words->word[0]) && !ends_in_json(words->word[1]);
    g->dir = words->word[turned ? 1 : 0];
    g->json_file = words->word[turned ? 0 : 1];
    return EXIT_CODE_DONE;
}

int cmd_evaluate(int argc, char **argv)
{
    struct given g = {.detector = "full",
                      .adapt = "off",
                      .background = "pairs:6",
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
        {"background",  "WHO",     "none, folds:K, pairs:K, leave-two-out (pairs:6)",  OPTION_TEXT,   &g.background, 0, 0},
        {"impostors",   "WHICH",   "first, practised; for sets that have both (first)",  OPTION_TEXT,   &g.impostors, 0, 0},
        {"det",         "FILE",    "draw the DET curve, SVG",                            OPTION_TEXT,   &g.det, 0, 0},
        {"reliability", "FILE",    "draw the reliability diagram, SVG",                  OPTION_TEXT,   &g.reliability, 0, 0},
        {"against",     "FILE",    "difference from an earlier --json, paired by user",  OPTION_TEXT,   &g.against, 0, 0},
        {"seed",        "N",       "of the bootstrap (1)",                               OPTION_NUMBER, &g.seed, 0, INT64_MAX},
        {"replicates",  "N",       "of the bootstrap (1000)",                            OPTION_NUMBER, &g.replicates, 1, 1000000},
        {"threads",     "N",       "at once (one for each processor)",                   OPTION_NUMBER, &g.threads, 1, THREADS_MAX},
        {"model",       "FILE",    "with --background none: reserved",                   OPTION_TEXT,   &g.model, 0, 0},
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
