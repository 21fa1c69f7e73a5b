/* real_sets_test.c - a small piece of each published set through canara evaluate, where the sets are:
 * in $CANARA_DATA or ../shared/data. What it must reach is far from what the whole set gives. */
#include "app/evaluate/lab_desk_test.h"
#include "lab/sets/dataset.h"
#include "lab/sets/importer.h"

/* clang-format off */
static const struct {
    const char *set, *sub, *rest;
    size_t users; /* that are kept */
    double auc;   /* at least */
} rows[] = {
    {"meu-mobile-ksd",      "",                "--background folds:4", 16, 0.9},
    {"cmu-strong-password", "",                "--background folds:4", 16, 0.9},
    {"mobikey",             "kicsikutyatarka", "--background folds:4", 16, 0.9},
    {"meu-mobile-ksd",      "",                "--background none",    16, 0.95}, /* the built-in model */
    {"mobikey",             "tie5roanl",       "--background none",    16, 0.95},
    {"antal-scroll-touch",  "",                "--background folds:4", 16, 0.6},
};

/* clang-format on */

/* The rows of the first users, as models and as impostors. */
static void copy_rows(const struct lab_desk *d, const struct dataset *set, size_t users)
{
    FILE *const enrol = desk_open(d, "enrol.tsv");
    FILE *const trials = desk_open(d, "trials.tsv");
    for (size_t m = 0; m < dataset_models(set); m++) {
        const struct dataset_model *const model = dataset_model(set, m);
        for (size_t i = 0; model->user < users && i < model->enrols; i++) {
            (void)fprintf(enrol, "%s\t%s\n", model->name,
                          dataset_session(set, model->enrol[i])->id);
        }
        for (size_t i = 0; model->user < users && i < model->trials.count; i++) {
            const struct dataset_trial *const t = &model->trials.at[i];
            const struct dataset_session *const s = dataset_session(set, t->session);
            if (s->user < users) {
                (void)fprintf(trials, "%s\t%s\t%s\n", model->name, s->id,
                              dataset_label_name(t->label));
            }
        }
    }
    assert_int_equal(fclose(enrol) + fclose(trials), 0);
}

/* Lines of sessions of the first users. Sessions lie in the order of the file. */
static void copy_events(const struct lab_desk *d, const char *from, const struct dataset *set,
                        size_t users)
{
    char path[2 * SCRATCH_PATH];
    char *line = NULL;
    size_t cap = 0;
    (void)snprintf(path, sizeof path, "%s/events.jsonl", from);
    FILE *const in = fopen(path, "r");
    FILE *const out = desk_open(d, "events.jsonl");
    assert_non_null(in);
    for (size_t s = 0; s < dataset_sessions(set); s++) {
        const struct dataset_session *const session = dataset_session(set, s);
        for (size_t e = 0; e < session->count; e++) {
            assert_true(getline(&line, &cap, in) > 0);
            if (session->user < users) {
                assert_true(fputs(line, out) >= 0);
            }
        }
    }
    free(line);
    assert_int_equal(fclose(in) + fclose(out), 0);
}

static void cut_piece(struct lab_desk *d, size_t row, const char *imported)
{
    char from[2 * SCRATCH_PATH];
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault;
    (void)snprintf(from, sizeof from, "%s/%s", imported, rows[row].sub);
    if (failed(dataset_open(from, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    scratch_path(&d->dir, "piece", d->set);
    assert_int_equal(mkdir(d->set, 0700), 0);
    FILE *const about = desk_open(d, "dataset.json");
    (void)fprintf(about,
                  "{\"name\":\"piece\",\"source\":\"%s\",\"licence\":\"see there\","
                  "\"modality\":\"%s\"}",
                  rows[row].set, dataset_about(set)->modality);
    assert_int_equal(fclose(about), 0);
    copy_events(d, from, set, rows[row].users);
    copy_rows(d, set, rows[row].users);
}

static void check_piece(struct lab_desk *d, size_t row)
{
    char rest[128];
    (void)snprintf(rest, sizeof rest, "--json --replicates 10 %s", rows[row].rest);
    if (desk_run_on_set(d, "evaluate", rest) != 0) {
        fail_msg("%s: %s", rows[row].set, d->err);
    }
    const char *const auc = strstr(d->out, "\"auc\":");
    assert_non_null(auc);
    const double value = strtod(auc + strlen("\"auc\":"), NULL);
    if (!(value >= rows[row].auc)) {
        fail_msg("%s: auc %.3f", rows[row].set, value);
    }
}

static void check_set(size_t row)
{
    const char *const told = getenv("CANARA_DATA"); /* NOLINT: nobody writes it */
    char src[SCRATCH_PATH];
    (void)snprintf(src, sizeof src, "%s/%s", told == NULL ? "../shared/data" : told, rows[row].set);
    if (access(src, R_OK) != 0) {
        print_message("skipped: data set %s not found\n", rows[row].set);
        return;
    }
    void *state = NULL;
    (void)desk_setup(&state);
    struct lab_desk *const d = state;
    struct import_report report;
    char imported[SCRATCH_PATH];
    scratch_path(&d->dir, "imported", imported);
    if (failed(importer_run(importer_find(rows[row].set), src, imported, NULL, &report))) {
        fail_msg("%s: %s", rows[row].set, report.fault);
    }
    cut_piece(d, row, imported);
    check_piece(d, row);
    (void)desk_teardown(&state);
}

static void a_piece_of_each_real_set_is_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_set(i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_of_each_real_set_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
