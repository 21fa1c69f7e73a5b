/* cmd_train_test.c - models made from data sets and buffer files, shown, and refused. */
#include "app/cli/whole_file.h"
#include "app/evaluate/lab_desk_test.h"

static int typists(void **state)
{
    (void)desk_setup(state);
    desk_make_set(*state, "typists", 12, 4);
    return 0;
}

static void a_model_is_made_and_shown(void **state)
{
    struct lab_desk *d = *state;
    char line[4 * SCRATCH_PATH];
    char model[SCRATCH_PATH];
    scratch_path(&d->dir, "a.model", model);
    (void)snprintf(line, sizeof line, "--out %s --label typists-1", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    assert_non_null(strstr(d->out, "model      typists-1."));
    assert_non_null(strstr(d->out, "contexts   2")); /* the field, and any other */
    assert_non_null(strstr(d->out, "keys:search:"));
    assert_non_null(strstr(d->out, " 12      240 "));
    const char *const loss = strstr(d->out, "\nkeystrokes  ");
    assert_non_null(strstr(d->out, "calibration, bits "));
    assert_non_null(loss);
    char *end = NULL;
    const double cllr = strtod(loss + strlen("\nkeystrokes  "), &end);
    const double least = strtod(end, &end);
    assert_true(*end == ' ' && least >= 0.0 && least <= cllr && cllr < 1.0);
    (void)snprintf(line, sizeof line, "model %s", model);
    assert_int_equal(desk_run(d, line), 0);
    assert_non_null(strstr(d->out, "model      typists-1."));
    (void)snprintf(line, sizeof line, "train --show %s", model);
    assert_int_equal(desk_run(d, line), 0);
    assert_non_null(strstr(d->out, "model      typists-1."));
    assert_int_equal(desk_run(d, "model"), 0); /* the built-in one */
}

static void load(const char *path, struct buf *out)
{
    buf_init(out, (size_t)1 << 20);
    assert_ok(whole_file_read(path, out));
}

static void buffer_files_and_data_sets_teach_alike(void **state)
{
    struct lab_desk *d = *state;
    char line[6 * SCRATCH_PATH];
    char a[SCRATCH_PATH];
    char b[SCRATCH_PATH];
    scratch_path(&d->dir, "a.model", a);
    scratch_path(&d->dir, "b.model", b);
    (void)snprintf(line, sizeof line, "--out %s", a);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    /* Its events are lines of buffer files, too. */
    (void)snprintf(line, sizeof line, "train --buffers %s --out %s", d->set, b);
    assert_int_equal(desk_run(d, line), 0);
    assert_non_null(strstr(d->out, " 12      240 "));
    /* A customer is one person in both: each sample twice, no more people. */
    (void)snprintf(line, sizeof line, "--buffers %s --out %s", d->set, b);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    assert_non_null(strstr(d->out, " 12      480 "));
    (void)snprintf(line, sizeof line, "--out %s", b);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    CLEANUP(buf_deinit) struct buf first;
    CLEANUP(buf_deinit) struct buf second;
    load(a, &first);
    load(b, &second);
    assert_int_equal(first.len, second.len); /* same data, same bytes */
    assert_memory_equal(first.ptr, second.ptr, first.len);
}

static void people_who_each_type_a_text_of_their_own_are_no_measure(void **state)
{
    struct lab_desk *d = *state;
    char line[4 * SCRATCH_PATH];
    char model[SCRATCH_PATH];
    scratch_path(&d->dir, "own.model", model);
    desk_make(d, "own", 12, 4, true);
    (void)snprintf(line, sizeof line, "--out %s", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    assert_non_null(
        strstr(d->err, "1 field is typed by each person with a text, or a rhythm, of his own"));
    assert_non_null(strstr(d->out, "contexts   0"));
    (void)snprintf(line, sizeof line, "--simulated --out %s", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    assert_null(strstr(d->err, "of his own"));
    assert_non_null(strstr(d->out, "contexts   2"));
}

/* Twelve people and two machines teach what the twelve people do. */
static void machines_teach_nothing_about_people(void **state)
{
    struct lab_desk *d = *state;
    char line[4 * SCRATCH_PATH];
    char a[SCRATCH_PATH];
    char b[SCRATCH_PATH];
    char path[2 * SCRATCH_PATH];
    scratch_path(&d->dir, "a.model", a);
    scratch_path(&d->dir, "b.model", b);
    (void)snprintf(line, sizeof line, "--out %s", a);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    desk_make_set(d, "bots", 14, 4); /* the first twelve are those of `typists` */
    (void)snprintf(path, sizeof path, "%s/trials-practised.tsv", d->set);
    assert_int_equal(unlink(path), 0);
    FILE *const enrol = desk_open(d, "enrol.tsv");
    FILE *const trials = desk_open(d, "trials.tsv");
    for (size_t u = 0; u < 14; u++) {
        for (size_t e = 0; e < DESK_ENROL + DESK_GENUINE; e++) {
            (void)fprintf(trials, "-\ts%zu-%zu\t%s\n", u, e, u < 12 ? "human" : "bot");
        }
    }
    assert_int_equal(fclose(enrol) + fclose(trials), 0);
    (void)snprintf(line, sizeof line, "--out %s", b);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    assert_non_null(strstr(d->err, "bots: 40 sessions of machines are left out\n"));
    CLEANUP(buf_deinit) struct buf people;
    CLEANUP(buf_deinit) struct buf both;
    load(a, &people);
    load(b, &both);
    assert_int_equal(both.len, people.len);
    assert_memory_equal(both.ptr, people.ptr, people.len);
}

static void what_cannot_be_learnt_from_is_refused_and_leaves_no_file(void **state)
{
    struct lab_desk *d = *state;
    char line[4 * SCRATCH_PATH];
    char model[SCRATCH_PATH];
    scratch_path(&d->dir, "few.model", model);
    desk_make_set(d, "few", 5, 1);
    (void)snprintf(line, sizeof line, "--out %s", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 1);
    assert_non_null(strstr(d->err, "too few people: 8 are needed"));
    assert_non_null(strstr(d->err, "5 people are in this data"));
    assert_int_not_equal(access(model, F_OK), 0);

    desk_make_set(d, "seldom", 12, 1); /* people enough, of whom each was here six times */
    desk_keep_entries(d, 12, 6);
    assert_int_equal(desk_run_on_set(d, "train", line), 1);
    assert_non_null(strstr(d->err, "too few samples of each person: 8 people are needed"));
    assert_non_null(strstr(d->err, "12 do the same thing, 0 of them 8 times or more"));
    assert_int_not_equal(access(model, F_OK), 0);

    static const struct {
        const char *line;
        int code;
        const char *says;
    } rows[] = {
        {"train --out x", 2, "name at least one DIR"},
        {"train x", 2, "--out: is missing"},
        {"train /nonexistent --out y", 1, "/nonexistent"},
        {"train /nonexistent --out /nonexistent/y", 1, "/nonexistent/y: No such file"}, /* first */
        {"train --buffers /nonexistent --out y", 1, "/nonexistent:1: file: cannot be opened"},
        {"model /nonexistent", 1, "/nonexistent: "},
        {"model a b", 2, "one word too many"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int code = desk_run(d, rows[i].line);
        if (code != rows[i].code || strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s: %d, %s", rows[i].line, code, d->err);
        }
    }
    (void)snprintf(line, sizeof line, "--out %s --label a/b", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 2);
    assert_non_null(strstr(d->err, "--label: must be 1 to 47"));
    (void)snprintf(line, sizeof line, "--out %s --label %048d", model, 0);
    assert_int_equal(desk_run_on_set(d, "train", line), 2);
    (void)snprintf(line, sizeof line, "model %s/dataset.json", d->set);
    assert_int_equal(desk_run(d, line), 1);
    assert_non_null(strstr(d->err, "is no model, or a damaged one"));
}

static void a_file_is_replaced_as_a_whole_or_not_at_all(void **state)
{
    struct lab_desk *d = *state;
    char path[SCRATCH_PATH];
    scratch_path(&d->dir, "file", path);
    assert_ok(whole_file_write(path, SPAN_LIT("first")));
    assert_ok(whole_file_write(path, SPAN_LIT("second")));
    CLEANUP(buf_deinit) struct buf text;
    load(path, &text);
    assert_span_text(buf_span(&text), "second");
    assert_err(whole_file_write(d->dir.path, SPAN_LIT("x")), ERR_IO);
    assert_err(whole_file_write("/nonexistent/file", SPAN_LIT("x")), ERR_IO);
    CLEANUP(buf_deinit) struct buf small;
    buf_init(&small, 3);
    assert_err(whole_file_read(path, &small), ERR_LIMIT);
    assert_err(whole_file_read("/nonexistent/file", &small), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_model_is_made_and_shown, typists, desk_teardown),
        cmocka_unit_test_setup_teardown(buffer_files_and_data_sets_teach_alike, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(people_who_each_type_a_text_of_their_own_are_no_measure,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(machines_teach_nothing_about_people, typists,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_learnt_from_is_refused_and_leaves_no_file,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_as_a_whole_or_not_at_all, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
