/* cmd_simulate_test.c - the file of canara simulate is there as a whole, or as it was. */
#include "app/evaluate/lab_desk_test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

enum { ROOM_BYTES = 100 * 1024, FOLDER_FILES = 3 /* the file, and the desk's two */ };

#define BEFORE "of yesterday\n"

static int simulate(struct lab_desk *d, const char *path)
{
    char line[2 * SCRATCH_PATH];
    (void)snprintf(line, sizeof line, "simulate --persons 3 --sessions 2 --out %s", path);
    return desk_run(d, line);
}

static size_t files_of(const struct lab_desk *d)
{
    size_t n = 0;
    DIR *const dir = opendir(d->dir.path);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) { /* NOLINT */
        n += e->d_name[0] == '.' ? 0 : 1;
    }
    (void)closedir(dir);
    return n;
}

static void is_as_before(const struct lab_desk *d, const char *path)
{
    static char text[DESK_TEXT];
    desk_load(path, text);
    assert_string_equal(text, BEFORE);
    assert_int_equal(files_of(d), FOLDER_FILES);
}

static void the_file_is_written_as_a_whole(void **state)
{
    struct lab_desk *d = *state;
    char path[SCRATCH_PATH];
    struct stat st;
    scratch_path(&d->dir, "lines", path);
    scratch_write(path, SPAN_LIT(BEFORE), 0640);
    assert_int_equal(simulate(d, path), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(st.st_size > ROOM_BYTES);
    assert_int_equal(files_of(d), FOLDER_FILES);
}

/* As a full disk does. */
static void what_cannot_be_written_leaves_the_old_file(void **state)
{
    struct lab_desk *d = *state;
    char path[SCRATCH_PATH];
    struct rlimit all;
    scratch_path(&d->dir, "lines", path);
    scratch_write(path, SPAN_LIT(BEFORE), 0600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    const struct rlimit few = {.rlim_cur = ROOM_BYTES, .rlim_max = all.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    const int code = simulate(d, path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_int_equal(code, 1);
    assert_string_equal(d->err, "canara simulate: the lines cannot be written\n");
    is_as_before(d, path);
}

static void a_signal_leaves_the_old_file(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct lab_desk *d = *state;
    char path[SCRATCH_PATH];
    sigset_t held;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        (void)sigaddset(&held, numbers[i]);
    }
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &held, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        scratch_path(&d->dir, "lines", path);
        scratch_write(path, SPAN_LIT(BEFORE), 0600);
        assert_int_equal(raise(numbers[i]), 0);
        assert_int_equal(simulate(d, path), 128 + numbers[i]);
        is_as_before(d, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_is_written_as_a_whole, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_leaves_the_old_file, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_signal_leaves_the_old_file, desk_setup, desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
