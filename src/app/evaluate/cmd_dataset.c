/* canara dataset: published research sets into the form that is measured with, and a check of it. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/stop_signal.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/evaluate/set_notes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "lab/sets/dataset.h"
#include "lab/sets/dataset_order.h"
#include "lab/sets/importer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUIET_NS (2 * NS_PER_S) /* nothing is said of a run shorter than this */

/* ---- import ---- */

struct meter {
    const struct clock *clock;
    mono_t begin;
    bool shown;
    unsigned percent;
    int stop_fd; /* -1 until a folder is to be made */
};

static void show_progress(void *arg, unsigned percent)
{
    struct meter *const m = arg;
    if (percent == m->percent || clock_mono(m->clock).ns - m->begin.ns < QUIET_NS) {
        return;
    }
    m->shown = true;
    m->percent = percent;
    (void)fprintf(stderr, "\rcanara dataset: %3u %%", percent);
    (void)fflush(stderr);
}

/* Until it is asked, which is before a folder is made, a signal ends the program at once, as any other. */
static bool is_stopped(void *arg)
{
    struct meter *const m = arg;
    const bool watched = m->stop_fd >= 0 || !failed(stop_signal_open(&m->stop_fd));
    return !watched || stop_signal_came(m->stop_fd);
}

static void meter_deinit(struct meter *m)
{
    fd_close(&m->stop_fd);
}

static int told(err_t e, const struct import_report *report, int number)
{
    if (number > 0) {
        return EXIT_CODE_SIGNAL + number;
    }
    if (failed(e)) {
        (void)fprintf(stderr, "canara dataset: %s\n", report->fault);
        return EXIT_CODE_FAILED;
    }
    if (report->note[0] != '\0') {
        (void)printf("%s\n", report->note);
    }
    return EXIT_CODE_DONE;
}

static int import(const char *name, const char *src, const char *dir)
{
    const struct importer *const importer = importer_find(name);
    if (importer == NULL) {
        (void)fprintf(stderr,
                      "canara dataset: %.64s: no such set; canara dataset list names them\n", name);
        return EXIT_CODE_USAGE;
    }
    CLEANUP(meter_deinit)
    struct meter meter = {.clock = clock_system(), .percent = 101, .stop_fd = -1};
    meter.begin = clock_mono(meter.clock);
    const struct import_watch watch = {.progress =
                                           isatty(STDERR_FILENO) != 0 ? show_progress : NULL,
                                       .stopped = is_stopped,
                                       .arg = &meter};
    struct import_report report;
    const err_t e = importer_run(importer, src, dir, &watch, &report);
    if (meter.shown) {
        (void)fprintf(stderr, "\r                         \r");
    }
    return told(e, &report, e.code == ERR_TIMEOUT ? stop_signal_take(meter.stop_fd) : 0);
}

/* ---- list ---- */

static int list(void)
{
    size_t count = 0;
    const struct importer *const all = importers_all(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%-20s %s\n", all[i].name, all[i].what);
    }
    return EXIT_CODE_DONE;
}

/* ---- check ---- */

struct counts {
    size_t by_label[DATASET_LABELS];
    size_t enrol, practised;
};

static struct counts count_rows(const struct dataset *set)
{
    struct counts c = {.enrol = 0};
    for (size_t m = 0; m < dataset_models(set); m++) {
        const struct dataset_model *const model = dataset_model(set, m);
        c.enrol += model->enrols;
        c.practised += model->practised.count;
        for (size_t i = 0; i < model->trials.count; i++) {
            c.by_label[model->trials.at[i].label]++;
        }
    }
    const struct dataset_trials bots = dataset_bot_trials(set);
    for (size_t i = 0; i < bots.count; i++) {
        c.by_label[bots.at[i].label]++;
    }
    return c;
}

static void tell_disorder(const struct dataset *set, const char *dir)
{
    char words[2][256];
    const struct dataset_disorder d = dataset_disorder(set);
    const size_t lines = dataset_disorder_words(&d, words);
    for (size_t i = 0; i < lines; i++) {
        (void)fprintf(stderr, "canara dataset: %s: %s\n", dir, words[i]);
    }
}

static int check(const char *dir)
{
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault;
    if (failed(dataset_open(dir, &set, &fault))) {
        (void)fprintf(stderr, "canara dataset: %s: %s\n", dir, fault.text);
        return EXIT_CODE_FAILED;
    }
    const struct dataset_info *const about = dataset_about(set);
    const struct counts c = count_rows(set);
    size_t background = 0;
    (void)dataset_background(set, &background);
    (void)printf("name       %s\nmodality   %s\nsource     %s\nlicence    %s\n", about->name,
                 about->modality, about->source, about->licence);
    if (about->note[0] != '\0') {
        (void)printf("note       %s\n", about->note);
    }
    (void)printf("users      %zu\nsessions   %zu\nevents     %zu\nmodels     %zu\nenrolled   %zu\n",
                 dataset_users(set), dataset_sessions(set), dataset_events(set),
                 dataset_models(set), c.enrol);
    for (enum dataset_label l = DATASET_GENUINE; l < DATASET_LABELS; l++) {
        (void)printf("%-10s %zu\n", dataset_label_name(l), c.by_label[l]);
    }
    (void)printf("practised  %zu\nbackground %zu\n", c.practised, background);
    set_notes_tell("canara dataset", dir, set);
    tell_disorder(set, dir);
    return EXIT_CODE_DONE;
}

/* ---- command line ---- */

static int usage(void)
{
    (void)fprintf(stderr, "canara dataset: must be import NAME SRC DIR, list, or check DIR "
                          "(see canara dataset --help)\n");
    return EXIT_CODE_USAGE;
}

int cmd_dataset(int argc, char **argv)
{
    const struct option_spec spec = {
        .command = "canara dataset",
        .usage = "import NAME SRC DIR | list | check DIR",
        .about = "import   convert the published set NAME, whose files or archives lie in SRC, to\n"
                 "         the folder DIR, which must be new or empty\n"
                 "list     name the sets that can be converted\n"
                 "check    read a data set as an evaluation would, and print what it holds\n\n"
                 "The sets are not part of this program and may not be passed on: see\n"
                 "docs/engine/datasets.md for where they come from.",
        .words_min = 1,
        .words_max = 4,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    char *const *const w = words.word;
    if (strcmp(w[0], "import") == 0 && words.count == 4) {
        return import(w[1], w[2], w[3]);
    }
    if (strcmp(w[0], "list") == 0 && words.count == 1) {
        return list();
    }
    if (strcmp(w[0], "check") == 0 && words.count == 2) {
        return check(w[1]);
    }
    return usage();
}
