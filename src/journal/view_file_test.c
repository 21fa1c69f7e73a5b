/* The folder of buffer files and the place of the view, with things in it that are not ours. */
#include "journal/view_file.h"

#include "tests/support/journal.h"

static void a_folder_that_others_enter_is_not_taken(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    int fd = -1;
    testing_folder(folder);
    testing_join(dir, folder, "buffers");
    assert_ok(view_dir_open(dir, &fd));
    assert_int_equal(close(fd), 0);
    assert_int_equal(chmod(dir, 0701), 0);
    assert_err(view_dir_open(dir, &fd), ERR_RANGE);
    assert_int_equal(chmod(dir, 0700), 0);
    assert_ok(view_dir_open(dir, &fd));
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

static void a_pipe_in_the_way_of_the_place_is_not_waited_for(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    int fd = -1;
    testing_folder(folder);
    assert_ok(view_dir_open(folder, &fd));
    assert_int_equal(view_place_read(fd), 0);
    assert_ok(view_place_write(fd, 7));
    assert_int_equal(view_place_read(fd), 7);
    assert_int_equal(unlinkat(fd, "position", 0), 0);
    assert_int_equal(mkfifoat(fd, "position", 0600), 0);
    assert_int_equal(mkfifoat(fd, "position.tmp", 0600), 0);
    assert_int_equal(view_place_read(fd), 0);
    assert_ok(view_place_write(fd, 8));
    assert_int_equal(view_place_read(fd), 8);
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_that_others_enter_is_not_taken),
        cmocka_unit_test(a_pipe_in_the_way_of_the_place_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("view_file", tests, NULL, NULL);
}
