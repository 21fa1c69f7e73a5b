/* canara train: a model of people in general, from data sets and buffer files. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/progress.h"
#include "app/cli/whole_file.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/evaluate/model_bytes.h"
#include "app/evaluate/set_notes.h"
#include "base/util.h"
#include "engine/people/model.h"
#include "lab/people/bank.h"
#include "lab/people/model_about.h"
#include "lab/people/teach.h"
#include "lab/people/watch.h"
#include "lab/sets/buffers.h"
#include "lab/sets/dataset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 64, NAME_BYTES = DATASET_NAME_LONGEST + 24 };

struct given {
    const char *out, *label;
    bool simulated;
    struct option_sets buffers;
    struct option_words sets;
};

static int broken(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara train: %s: %s\n", about, what);
    return EXIT_CODE_FAILED;
}

static int out_of(const char *about, err_t e)
{
    return broken(about, e.code == ERR_FORMAT
                             ? "a session is not in one piece or has more than one user"
                         : e.code == ERR_NOMEM ? "the memory is used up"
                                               : "a limit of size was reached");
}

static int out_of_reach(const char *path)
{
    char words[96] = "";
    return broken(path, strerror_r(errno, words, sizeof words));
}

/* ---- gathering ---- */

/* Every source has its own room for names of sessions. */
static void name_session(char out[NAME_BYTES], size_t source, const char *id)
{
    (void)snprintf(out, NAME_BYTES, "%zu:%.*s", source, DATASET_NAME_LONGEST, id);
}

static void free_flags(bool **flags)
{
    free(*flags);
}

/* Which sessions a set of bots calls a machine's; NULL without memory. Says how many there are. */
static bool *find_machines(const struct dataset *set, const char *dir)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    bool *const is_machine = calloc(dataset_sessions(set) + 1, sizeof *is_machine);
    size_t n = 0;
    for (size_t i = 0; is_machine != NULL && i < trials.count; i++) {
        bool *const it = &is_machine[trials.at[i].session];
        n += trials.at[i].label == DATASET_BOT && !*it;
        *it = *it || trials.at[i].label == DATASET_BOT;
    }
    if (n > 0) {
        (void)fprintf(stderr, "canara train: %s: %zu sessions of machines are left out\n", dir, n);
    }
    return is_machine;
}

static int gather_set(struct dataset *to, size_t source, const char *dir)
{
    CLEANUP(dataset_close) struct dataset *from = NULL;
    CLEANUP(free_flags) bool *is_machine = NULL;
    struct dataset_fault fault;
    if (failed(dataset_open(dir, &from, &fault))) {
        return broken(dir, fault.text);
    }
    set_notes_tell("canara train", dir, from);
    is_machine = find_machines(from, dir);
    if (is_machine == NULL) {
        return out_of(dir, err_new(ERR_NOMEM));
    }
    for (size_t i = 0; i < dataset_sessions(from); i++) {
        const struct dataset_session *const s = dataset_session(from, i);
        char name[NAME_BYTES];
        if (is_machine[i] || dataset_victim(from, s->user) != DATASET_NO_USER) {
            continue; /* of nobody, or of somebody unknown */
        }
        name_session(name, source, s->id);
        for (size_t k = 0; k < s->count; k++) {
            const err_t e = dataset_take(to, dataset_user(from, s->user), name,
                                         dataset_event(from, s->first + k));
            if (failed(e)) {
                return out_of(dir, e);
            }
        }
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    return EXIT_CODE_DONE;
}

static int gather_buffers(struct dataset *to, size_t source, const char *dir)
{
    CLEANUP(buffers_free) struct buffers *from = NULL;
    struct dataset_fault fault = {.text = "the memory is used up"};
    if (failed(buffers_new(&from)) || failed(buffers_add(from, dir, &fault))) {
        return broken("--buffers", fault.text);
    }
    buffers_sort(from);
    for (size_t i = 0; i < buffers_sessions(from); i++) {
        const struct buffer_session s = buffers_session(from, i);
        char name[NAME_BYTES];
        name_session(name, source, s.id);
        for (size_t k = 0; k < s.entries; k++) {
            const struct dataset_event event = {.event = s.entry[k].event, .at = s.entry[k].at};
            const err_t e = s.entry[k].is_fact ? ERR_OK : dataset_take(to, s.email, name, &event);
            if (failed(e)) {
                return out_of(dir, e);
            }
        }
    }
    return EXIT_CODE_DONE;
}

static int gather(const struct given *g, struct dataset *to)
{
    const size_t all = g->sets.count + g->buffers.count;
    int code = EXIT_CODE_DONE;
    struct progress progress;
    progress_init(&progress, "canara train, reading", clock_system(), isatty(STDERR_FILENO) != 0);
    for (size_t i = 0; i < all && code == EXIT_CODE_DONE; i++) {
        const bool is_set = i < g->sets.count;
        code = is_set ? gather_set(to, i, g->sets.word[i])
                      : gather_buffers(to, i, g->buffers.value[i - g->sets.count]);
        progress_at(&progress, i + 1, all);
    }
    progress_deinit(&progress);
    return code;
}

/* ---- teaching ---- */

static err_t teach(const struct bank *bank, size_t users, struct model_title title,
                   struct calibration *calibration, struct buf *out)
{
    struct progress progress;
    progress_init(&progress, "canara train", clock_system(), isatty(STDERR_FILENO) != 0);
    struct watch watch = {.progress = progress_at, .ctx = &progress, .calibration = calibration};
    const err_t e = school_teach_all(bank, users, title.simulated, title, &watch, out);
    progress_deinit(&progress);
    if (!failed(e) && watch.left_out > 0) {
        (void)fprintf(
            stderr,
            "canara train: %zu %s typed by each person with a text, or a rhythm, of his own: "
            "such people are no measure for each other and are not in the model; who types "
            "there is compared with keys of any field, or held against himself\n",
            watch.left_out, watch.left_out == 1 ? "field is" : "fields are");
    }
    return e;
}

/* Of people or of what each of them did? */
static int too_few(const struct bank *bank, size_t users)
{
    bool *const in = calloc(users + 1, sizeof *in);
    if (in == NULL) {
        return broken("too few people or samples", "the memory is used up");
    }
    memset(in, true, users);
    const struct bank_reach lack = bank_reach(bank, in, SCHOOL_SAMPLES);
    free(in);
    if (lack.people < SCHOOL_PEOPLE) {
        (void)fprintf(
            stderr,
            "canara train: too few people: %d are needed that do the same thing (type the "
            "same field, move alike) %d times each, and a dozen with more are better; %zu "
            "people are in this data, and at most %zu do the same thing\n",
            SCHOOL_PEOPLE, SCHOOL_SAMPLES, users, lack.people);
    } else {
        (void)fprintf(
            stderr,
            "canara train: too few samples of each person: %d people are needed that do the "
            "same thing (type the same field, move alike) %d times each, and a dozen with "
            "more are better; %zu do the same thing, %zu of them %d times or more\n",
            SCHOOL_PEOPLE, SCHOOL_SAMPLES, lack.people, lack.often, SCHOOL_SAMPLES);
    }
    return EXIT_CODE_FAILED;
}

/* One row for each kind of behaviour. */
static err_t about_calibration(const struct calibration *c, struct buf *out)
{
    TRY(buf_append_format(out, "\n%-33s %8s %8s %8s %9s\n", "calibration, bits", "Cllr", "minimum",
                          "own", "others'"));
    for (unsigned kind = 0; kind < SAMPLE_KINDS; kind++) {
        struct calibration_loss loss;
        const err_t e = calibration_loss(c, kind, &loss);
        if (e.code == ERR_RANGE) {
            continue;
        }
        TRY(e);
        TRY(buf_append_format(out, "%-33s %8.4f %8.4f %8zu %9zu\n", model_kind_name(kind),
                              loss.cllr, loss.cllr_min, loss.genuine, loss.impostor));
    }
    return buf_append_format(out,
                             "of trials among these people, each compared with the others; the "
                             "regression has seen them\n");
}

static int save(const struct given *g, const struct bank *bank,
                const struct calibration *calibration, const struct buf *bytes)
{
    CLEANUP(canara_model_close) struct canara_model *model = NULL;
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, MODEL_BYTES_MAX);
    MUST(canara_model_open(bytes->ptr, bytes->len, &model) == CANARA_OK);
    if (failed(model_about(model, bank, &text)) || failed(about_calibration(calibration, &text))) {
        return broken(g->out, "the memory is used up");
    }
    if (failed(whole_file_write(g->out, buf_span(bytes)))) {
        return out_of_reach(g->out);
    }
    (void)fwrite(text.ptr, 1, text.len, stdout);
    (void)printf("%zu bytes in %s\n", bytes->len, g->out);
    return EXIT_CODE_DONE;
}

static int train(const struct given *g)
{
    CLEANUP(dataset_close) struct dataset *all = NULL;
    CLEANUP(bank_free) struct bank *bank = NULL;
    CLEANUP(calibration_free) struct calibration calibration = {.side = {{{NULL, 0, 0}}}};
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, MODEL_BYTES_MAX);
    if (failed(whole_file_check(g->out))) { /* now, and not behind minutes of work */
        return out_of_reach(g->out);
    }
    if (failed(dataset_blank(&all))) {
        return broken(g->out, "the memory is used up");
    }
    const int code = gather(g, all);
    if (code != EXIT_CODE_DONE) {
        return code;
    }
    const err_t e = bank_new(all, NULL, &bank);
    if (failed(e)) {
        return out_of(g->out, e);
    }
    const struct model_title title = {.label = g->label, .simulated = g->simulated};
    const err_t taught = teach(bank, dataset_users(all), title, &calibration, &bytes);
    if (taught.code == ERR_RANGE) {
        return too_few(bank, dataset_users(all));
    }
    return failed(taught) ? out_of(g->out, taught) : save(g, bank, &calibration, &bytes);
}

/* ---- command line ---- */

static int check(const struct given *g)
{
    if (g->out == NULL) {
        (void)fprintf(stderr, "canara train: --out: is missing (see canara train --help)\n");
        return EXIT_CODE_USAGE;
    }
    if (g->sets.count + g->buffers.count == 0) {
        (void)fprintf(stderr, "canara train: name at least one DIR with a data set, or --buffers "
                              "(see canara train --help)\n");
        return EXIT_CODE_USAGE;
    }
    const span_t label = {(const uint8_t *)g->label, strlen(g->label)};
    if (!dataset_name_is_good(label) || label.len >= MODEL_LABEL_BYTES) {
        (void)fprintf(stderr,
                      "canara train: --label: must be 1 to %d of A-Z, a-z, 0-9, ., _, @ "
                      "and - (see canara train --help)\n",
                      MODEL_LABEL_BYTES - 1);
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_DONE;
}

int cmd_train(int argc, char **argv)
{
    struct given g = {.label = "trained"};
    const char *show = NULL;
    /* clang-format off */
    const struct option options[] = {
        {"out",     "FILE", "the model; replaced as a whole when all went well",     OPTION_TEXT, &g.out, 0, 0},
        {"label",   "NAME", "what the model is called in reports (trained)",         OPTION_TEXT, &g.label, 0, 0},
        {"buffers", "DIR",  "buffer files of several customers; may be repeated",    OPTION_SET,  &g.buffers, 0, 0},
        {"simulated", NULL, "the people are simulated; real ones are not like them", OPTION_FLAG, &g.simulated, 0, 0},
        {"show",    "FILE", "print what a model holds, as canara model does",        OPTION_TEXT, &show, 0, 0},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara train",
        .usage = "[DIR]...",
        .about =
            "Learn what people in general are like from data sets (docs/engine/datasets.md) and\n"
            "from the server's buffer files, and write it as a model for MODEL_FILE, evaluate\n"
            "and replay. A customer is one person in all of them. Typing of secrets is not in\n"
            "buffer files and teaches nothing.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_max = WORDS_MAX,
    };
    const enum option_answer answer = options_read(&spec, argc, argv, &g.sets);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    if (show != NULL) {
        char name[] = "model";
        char file[4096];
        (void)snprintf(file, sizeof file, "%s", show);
        char *words[] = {name, file, NULL};
        return cmd_model(2, words);
    }
    const int code = check(&g);
    return code == EXIT_CODE_DONE ? train(&g) : code;
}
