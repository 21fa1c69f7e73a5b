/* whole_file_test.c - a file is replaced as a whole, and is no more open than it was. */
#include "app/cli/whole_file.h"

#include "base/util.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void says(const char *path, const char *want)
{
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, 1024);
    assert_ok(whole_file_read(path, &text));
    assert_true(span_eq(buf_span(&text), (span_t){(const uint8_t *)want, strlen(want)}));
}

static void a_new_file_is_as_open_as_the_umask_allows(void **state)
{
    static const struct {
        mode_t mask, want;
    } rows[] = {{022, 0644}, {077, 0600}, {027, 0640}, {0, 0644}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        char path[SCRATCH_PATH];
        scratch_path(&dir, "model", path);
        const mode_t before = umask(rows[i].mask);
        assert_ok(whole_file_write(path, SPAN_LIT("one")));
        assert_int_equal(umask(before), rows[i].mask);
        assert_int_equal(mode_of(path), rows[i].want);
        says(path, "one");
    }
}

static void an_old_file_keeps_its_mode(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "report", path);
    scratch_write(path, SPAN_LIT("before"), 0600);
    assert_ok(whole_file_write(path, SPAN_LIT("after")));
    assert_int_equal(mode_of(path), 0600);
    says(path, "after");
}

/* As /dev/stdout is where a shell sends the output into a file. */
static void a_link_stays_and_its_file_is_replaced(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char folder[SCRATCH_PATH];
    char file[SCRATCH_PATH];
    char link[SCRATCH_PATH];
    struct stat st;
    scratch_path(&dir, "links", folder);
    scratch_path(&dir, "file", file);
    scratch_path(&dir, "links/link", link);
    assert_int_equal(mkdir(folder, 0700), 0);
    scratch_write(file, SPAN_LIT("before"), 0600);
    assert_int_equal(symlink("../file", link), 0);
    assert_ok(whole_file_check(link));
    assert_ok(whole_file_write(link, SPAN_LIT("after")));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    says(file, "after");
}

static void devices_are_written_through_and_folders_refused(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "folder", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_err(whole_file_check(path), ERR_IO);
    assert_err(whole_file_write(path, SPAN_LIT("x")), ERR_IO);
    assert_ok(whole_file_write("/dev/null", SPAN_LIT("x")));
    assert_err(whole_file_write("/dev/full", SPAN_LIT("x")), ERR_IO);
    assert_int_equal(rmdir(path), 0); /* nothing beside it, nothing in it */
}

static void a_pipe_in_the_place_of_a_file_holds_nobody_up(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(buf_deinit) struct buf text;
    char path[SCRATCH_PATH];
    buf_init(&text, 1024);
    scratch_path(&dir, "pipe", path);
    assert_err(whole_file_read_regular(path, &text), ERR_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_err(whole_file_read_regular(path, &text), ERR_RANGE);
    assert_int_equal(unlink(path), 0);
    assert_err(whole_file_read_regular(dir.path, &text), ERR_RANGE);
    assert_err(whole_file_read_regular("/dev/zero", &text), ERR_RANGE);
    assert_ok(whole_file_write(path, SPAN_LIT("text")));
    assert_ok(whole_file_read_regular(path, &text));
    assert_true(span_eq(buf_span(&text), SPAN_LIT("text")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_as_open_as_the_umask_allows),
        cmocka_unit_test(an_old_file_keeps_its_mode),
        cmocka_unit_test(a_link_stays_and_its_file_is_replaced),
        cmocka_unit_test(devices_are_written_through_and_folders_refused),
        cmocka_unit_test(a_pipe_in_the_place_of_a_file_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
