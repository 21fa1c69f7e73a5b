#include "app/cli/command.h"
#include "app/operate/operate_commands.h"
#include "base/util.h"
#include "tests/support/journal.h"

#include <fcntl.h>

struct scene {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    char out[TESTING_PATH];
    char *text; /* what the last command printed */
};

static int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    testing_join(s->out, s->folder, "out");
    const struct journal_config config = testing_config(s->dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= 3; line++) {
        journal_record_t r = testing_record(testing_id((uint8_t)line), line,
                                            "{ \"keys\":[{\"down\":0,\"up\":77123}] }");
        r.secret = line == 2;
        r.fact = line == 3 ? 1 : JOURNAL_NO_FACT;
        r.value = 0.1;
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);
    *state = s;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *s = *state;
    free(s->text);
    testing_folder_remove(s->folder);
    free(s);
    return 0;
}

/* Run `canara journal ...` on the scene's data; both outputs land in `text`. */
static int run(struct scene *s, const char *verb, const char *option, const char *value)
{
    char words[6][TESTING_PATH] = {"journal", "", "--data-dir", "", "", ""};
    (void)snprintf(words[1], TESTING_PATH, "%s", verb);
    (void)snprintf(words[3], TESTING_PATH, "%s", s->folder);
    (void)snprintf(words[4], TESTING_PATH, "%s", option);
    (void)snprintf(words[5], TESTING_PATH, "%s", value);
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
    const int argc = option[0] == '\0' ? 4 : value[0] == '\0' ? 5 : 6;
    argv[argc] = NULL;

    (void)fflush(stdout);
    const int stdout_kept = dup(STDOUT_FILENO);
    const int stderr_kept = dup(STDERR_FILENO);
    const int fd = open(s->out, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    assert_true(stdout_kept >= 0 && stderr_kept >= 0 && fd >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    const int code = cmd_journal(argc, argv);
    (void)fflush(stdout);
    assert_true(dup2(stdout_kept, STDOUT_FILENO) >= 0 && dup2(stderr_kept, STDERR_FILENO) >= 0);
    (void)close(stdout_kept);
    (void)close(stderr_kept);
    (void)close(fd);
    free(s->text);
    size_t len = 0;
    s->text = (char *)testing_load(s->out, &len);
    return code;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += *text == '\n' ? 1 : 0;
    }
    return n;
}

static void dump_prints_a_line_for_each_record_and_no_secret_keys(void **state)
{
    struct scene *s = *state;
    assert_int_equal(run(s, "dump", "", ""), EXIT_CODE_DONE);
    assert_int_equal(count_lines(s->text), 3);
    assert_non_null(strstr(s->text, "{\"sequence\":1,\"kind\":\"event\",\"at\":\"2026-07-01T10:00:"
                                    "00.001Z\",\"session_id\":\""));
    assert_non_null(strstr(s->text, "\"secret\":true,\"event_type\":\"typing_pattern\",\"data\":"
                                    "{\"keys\":1}}\n"));
    assert_non_null(strstr(s->text, "\"fact\":1,\"value\":0.1,"));
}

static void dump_prints_nothing_that_steers_a_terminal(void **state)
{
    struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    journal_record_t r = testing_record(testing_id(9), 4,
                                        "{\"a\":\"\xc2\x9b"
                                        "31mRED\x7f\xe2\x80\xaez\xe2\x80\xac\",\"\xc2\x9b"
                                        "2J\":1}");
    r.client_time = SPAN_LIT("\xc2\x9b"
                             "31mts");
    assert_true(testing_append(j, &r));
    journal_close(&j);
    assert_int_equal(run(s, "dump", "", ""), EXIT_CODE_DONE);
    assert_non_null(strstr(s->text, "\"client_time\":\"\\u009b31mts\""));
    assert_non_null(
        strstr(s->text, "{\"a\":\"\\u009b31mRED\\u007f\\u202ez\\u202c\",\"\\u009b2J\":1}"));
    for (const char *at = s->text; *at != '\0'; at++) {
        assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
    }
}

static void dump_chooses_by_session_frame_and_time(void **state)
{
    struct scene *s = *state;
    assert_int_equal(run(s, "dump", "--session", "10020304-0506-4708-890a-0b0c0d0e0f02"), 0);
    assert_int_equal(count_lines(s->text), 1);
    assert_int_equal(run(s, "dump", "--from", "2"), 0);
    assert_int_equal(count_lines(s->text), 2);
    assert_int_equal(run(s, "dump", "--from", "2026-07-01T10:00:00.003Z"), 0);
    assert_int_equal(count_lines(s->text), 1);
}

static void verify_says_what_is_there(void **state)
{
    struct scene *s = *state;
    assert_int_equal(run(s, "verify", "", ""), EXIT_CODE_DONE);
    assert_non_null(strstr(s->text, "segments 1\n"));
    assert_non_null(strstr(s->text, "frames   4\n")); /* and the mark of the end */
    assert_non_null(strstr(s->text, "records  3\n"));
    assert_non_null(strstr(s->text, "result   whole\n"));
}

static void both_work_beside_a_running_server(void **state)
{
    struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    const journal_record_t r = testing_record(testing_id(9), 4, "{}");
    assert_true(testing_append(j, &r));
    assert_int_equal(run(s, "verify", "", ""), EXIT_CODE_DONE);
    assert_non_null(strstr(s->text, "records  4\n"));
    assert_int_equal(run(s, "dump", "", ""), EXIT_CODE_DONE);
    assert_int_equal(count_lines(s->text), 4);
    journal_close(&j);
}

static void verify_exits_1_and_names_file_and_offset_of_damage(void **state)
{
    struct scene *s = *state;
    char path[TESTING_PATH];
    testing_join(path, s->dir, "00000000000000000001.cjl");
    const int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "!", 1, 150), 1);
    (void)close(fd);
    assert_int_equal(run(s, "verify", "", ""), EXIT_CODE_FAILED);
    assert_non_null(strstr(s->text, "result   damaged\n"));
    assert_non_null(strstr(s->text, "00000000000000000001.cjl, offset 0: "));
    assert_int_equal(run(s, "dump", "", ""), EXIT_CODE_FAILED);
}

static void wrong_use_is_said(void **state)
{
    struct scene *s = *state;
    static const char *const rows[][3] = {{"list", "", ""},
                                          {"dump", "--session", "../../etc/passwd"},
                                          {"dump", "--from", "yesterday"},
                                          {"dump", "--from", "18446744073709551615"},
                                          {"verify", "--from", "1"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(run(s, rows[i][0], rows[i][1], rows[i][2]), EXIT_CODE_USAGE);
    }
    assert_int_equal(run(s, "dump", "--help", ""), EXIT_CODE_DONE);
    assert_non_null(strstr(s->text, "--session ID"));
    testing_folder_remove(s->dir);
    assert_int_equal(run(s, "verify", "", ""), EXIT_CODE_FAILED);
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(dump_prints_a_line_for_each_record_and_no_secret_keys),
        IN_SCENE(dump_prints_nothing_that_steers_a_terminal),
        IN_SCENE(dump_chooses_by_session_frame_and_time),
        IN_SCENE(verify_says_what_is_there),
        IN_SCENE(both_work_beside_a_running_server),
        IN_SCENE(verify_exits_1_and_names_file_and_offset_of_damage),
        IN_SCENE(wrong_use_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
