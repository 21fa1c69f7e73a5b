/* cmd_dataset_test.c - sets are listed and checked, and what is none is refused in one line. */
#include "app/evaluate/lab_desk_test.h"
#include "lab/sets/importer.h"

#include <signal.h>

static void every_set_that_can_be_converted_is_listed(void **state)
{
    struct lab_desk *d = *state;
    size_t count = 0;
    const struct importer *const all = importers_all(&count);
    assert_int_equal(desk_run(d, "dataset list"), 0);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(d->out, all[i].name));
    }
}

static void what_a_set_holds_is_counted(void **state)
{
    struct lab_desk *d = *state;
    desk_make_set(d, "typists", 3, 1);
    FILE *const f = desk_open(d, "background.tsv");
    (void)fputs("s0-0\ns1-0\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(desk_run_on_set(d, "dataset check", ""), 0);
    static const char *const says[] = {
        "name       typists\n", "modality   keystrokes\n", "users      3\n",  "sessions   60\n",
        "models     3\n",       "enrolled   36\n",         "genuine    24\n", "impostor   12\n",
        "practised  12\n",      "background 2\n"};
    for (size_t i = 0; i < ARRAY_LEN(says); i++) {
        if (strstr(d->out, says[i]) == NULL) {
            fail_msg("not there: %sin %s", says[i], d->out);
        }
    }
}

static void a_folder_without_the_published_files_is_not_converted(void **state)
{
    struct lab_desk *d = *state;
    char source[SCRATCH_PATH];
    char line[4 * SCRATCH_PATH];
    char file[2 * SCRATCH_PATH];
    scratch_path(&d->dir, "source", source);
    assert_int_equal(mkdir(source, 0700), 0);
    (void)snprintf(file, sizeof file, "%s/a.txt", source);
    scratch_write(file, SPAN_LIT("no set\n"), 0600);
    (void)snprintf(line, sizeof line, "dataset import meu-mobile-ksd %s %s-out", source, source);
    assert_int_equal(desk_run(d, line), 1);
    assert_ptr_equal(strchr(d->err, '\n'), d->err + strlen(d->err) - 1);
}

static void wrong_words_are_refused_in_one_line(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *says;
    } rows[] = {
        {"dataset", 2, "something is missing"},
        {"dataset import", 2, "must be import NAME SRC DIR, list, or check DIR"},
        {"dataset import no-such-set a b", 2, "no-such-set: no such set"},
        {"dataset import meu-mobile-ksd /nonexistent /tmp/canara-never", 1, "/nonexistent"},
        {"dataset list more", 2, "must be import"},
        {"dataset check", 2, "must be import"},
        {"dataset check /nonexistent", 1, "/nonexistent:1: file: cannot be opened"},
    };
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int code = desk_run(d, rows[i].line);
        if (code != rows[i].code || strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s: %d, %s", rows[i].line, code, d->err);
        }
        assert_ptr_equal(strchr(d->err, '\n'), d->err + strlen(d->err) - 1);
        assert_string_equal(d->out, "");
    }
    desk_make_set(d, "typists", 2, 1);
    FILE *const f = desk_open(d, "trials.tsv");
    (void)fputs("m0\ts0-0\tgenuine\n", f);
    assert_int_equal(fclose(f), 0);
    char want[2 * SCRATCH_PATH];
    (void)snprintf(want, sizeof want,
                   "canara dataset: %s: trials.tsv:1: session: is in the model's", d->set);
    assert_int_equal(desk_run_on_set(d, "dataset check", ""), 1);
    assert_int_equal(strncmp(d->err, want, strlen(want)), 0);
}

/* Nothing is taken in silence, and what is said is the same in every command. */
static void what_is_taken_all_the_same_is_told_once(void **state)
{
    struct lab_desk *d = *state;
    desk_make_set(d, "typists", 2, 1);
    FILE *const about = desk_open(d, "dataset.json");
    (void)fputs("\xef\xbb\xbf{\"modality\":null}\n", about);
    assert_int_equal(fclose(about), 0);
    FILE *const enrol = desk_open(d, "enrol.tsv");
    (void)fputs("model\tsession\n\nm0\ts0-0\n\nm0\ts0-1\n", enrol);
    assert_int_equal(fclose(enrol), 0);
    FILE *const trials = desk_open(d, "trials.tsv");
    (void)fputs("m0\ts0-2\tGenuine\nm0\ts1-0\tIMPOSTOR\nm0\ts1-0\timpostor\n", trials);
    assert_int_equal(fclose(trials), 0);
    static const char *const commands[] = {"dataset check", "evaluate"};
    static const char *const lines[] = {
        "a byte order mark was passed over: 1, first at dataset.json:1\n",
        "blank lines were passed over: 2, first at enrol.tsv:2\n",
        "a row of column names was passed over: 1, first at enrol.tsv:1\n",
        "count once: 1, first at trials.tsv:3\n",
        "labels in capitals are read as in small letters: 2, first at trials.tsv:1\n",
    };
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/trials-practised.tsv", d->set);
    (void)unlink(path);
    for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
        (void)desk_run_on_set(d, commands[c], "");
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            const char *const at = strstr(d->err, lines[i]);
            if (at == NULL || strstr(at + 1, lines[i]) != NULL) {
                fail_msg("%s: %s in %s", commands[c], lines[i], d->err);
            }
        }
    }
}

/* The signal comes before the first file is written, as it is held until then. */
static void a_signal_ends_an_import_and_leaves_nothing(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct lab_desk *d = *state;
    char source[SCRATCH_PATH];
    char file[2 * SCRATCH_PATH];
    char line[4 * SCRATCH_PATH];
    struct stat st;
    sigset_t held;
    scratch_path(&d->dir, "source", source);
    (void)snprintf(file, sizeof file, "%s/circles_bot_gan", source);
    assert_int_equal(mkdir(source, 0700) + mkdir(file, 0700), 0);
    (void)snprintf(file, sizeof file, "%s/circles_bot_gan/GAN1_1.txt", source);
    scratch_write(file, SPAN_LIT("resolution:1536,754\n1000,Move,775,212\n"), 0600);
    (void)snprintf(line, sizeof line, "dataset import delbot-mouse %s %s-out", source, source);
    (void)snprintf(file, sizeof file, "%s-out", source);
    (void)sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        (void)sigaddset(&held, numbers[i]);
    }
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &held, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(raise(numbers[i]), 0);
        assert_int_equal(desk_run(d, line), 128 + numbers[i]);
        assert_string_equal(d->err, "");
        assert_int_not_equal(stat(file, &st), 0);
    }
    assert_int_equal(desk_run(d, line), 0);
    assert_int_equal(stat(file, &st), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_set_that_can_be_converted_is_listed, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_a_set_holds_is_counted, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(a_folder_without_the_published_files_is_not_converted,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(what_is_taken_all_the_same_is_told_once, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_signal_ends_an_import_and_leaves_nothing, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(wrong_words_are_refused_in_one_line, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
