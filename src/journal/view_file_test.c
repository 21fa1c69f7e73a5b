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

static void expect_place(int fd, enum view_place want, uint64_t sequence)
{
    uint64_t found = 99;
    assert_int_equal(view_place_read(fd, &found), want);
    assert_int_equal(found, sequence);
}

static void put_place(const char *folder, const uint8_t *text, size_t len)
{
    char path[TESTING_PATH];
    testing_join(path, folder, "position");
    testing_store(path, text, len);
}

static void a_place_is_what_was_written_or_nothing(void **state)
{
    (void)state;
    static const uint64_t places[] = {0, 1, 7, 123456789, UINT64_MAX};
    char folder[TESTING_PATH];
    char path[TESTING_PATH];
    int fd = -1;
    testing_folder(folder);
    testing_join(path, folder, "position");
    assert_ok(view_dir_open(folder, &fd));
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        size_t len = 0;
        assert_ok(view_place_write(fd, places[i]));
        expect_place(fd, VIEW_PLACE_SEALED, places[i]);
        uint8_t *whole = testing_load(path, &len);
        for (size_t at = 0; at < len; at++) {
            const uint8_t was = whole[at];
            for (unsigned bit = 0; bit < 8; bit++) {
                whole[at] = (uint8_t)(was ^ 1U << bit);
                put_place(folder, whole, len);
                expect_place(fd, VIEW_PLACE_DAMAGED, 0);
            }
            for (unsigned digit = '0'; digit <= '9'; digit++) {
                whole[at] = (uint8_t)digit;
                put_place(folder, whole, len);
                expect_place(fd, digit == was ? VIEW_PLACE_SEALED : VIEW_PLACE_DAMAGED,
                             digit == was ? places[i] : 0);
            }
            whole[at] = was;
            put_place(folder, whole, at); /* cut there */
            expect_place(fd, VIEW_PLACE_DAMAGED, 0);
        }
        free(whole);
    }
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

static void a_place_of_before_is_good_to_go_on_from_and_no_evidence(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum view_place place;
        uint64_t sequence;
    } rows[] = {
        {"canara-view 1 0\n", VIEW_PLACE_BARE, 0},
        {"canara-view 1 42\n", VIEW_PLACE_BARE, 42},
        {"canara-view 1 18446744073709551615\n", VIEW_PLACE_BARE, UINT64_MAX},
        {"canara-view 1 18446744073709551616\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 42", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 42\n\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 042\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 -1\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 \n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 ", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 2 42\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 2 42 00000000\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 1 42 00000000\n", VIEW_PLACE_DAMAGED, 0},
        {"canara-view 3 42\n", VIEW_PLACE_DAMAGED, 0},
        {"", VIEW_PLACE_DAMAGED, 0},
    };

    char folder[TESTING_PATH];
    int fd = -1;
    testing_folder(folder);
    assert_ok(view_dir_open(folder, &fd));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put_place(folder, (const uint8_t *)rows[i].text, strlen(rows[i].text));
        expect_place(fd, rows[i].place, rows[i].sequence);
    }
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
    expect_place(fd, VIEW_PLACE_NONE, 0);
    assert_ok(view_place_write(fd, 7));
    expect_place(fd, VIEW_PLACE_SEALED, 7);
    assert_int_equal(unlinkat(fd, "position", 0), 0);
    assert_int_equal(mkfifoat(fd, "position", 0600), 0);
    assert_int_equal(mkfifoat(fd, "position.tmp", 0600), 0);
    expect_place(fd, VIEW_PLACE_DAMAGED, 0);
    assert_ok(view_place_write(fd, 8));
    expect_place(fd, VIEW_PLACE_SEALED, 8);
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

/* ---- files of sessions ---- */

static err_t count_lines(void *context, span_t line)
{
    (void)line;
    *(unsigned *)context += 1;
    return ERR_OK;
}

static void a_file_is_as_long_as_it_was_or_another(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    int fd = -1;
    uint64_t size = 0;
    testing_folder(folder);
    assert_ok(view_dir_open(folder, &fd));
    assert_false(view_file_is_long(fd, testing_id(1), 0)); /* there is none */
    assert_ok(view_file_append(fd, testing_id(1), SPAN_LIT("{}\n"), &size));
    assert_int_equal(size, 3);
    for (uint64_t other = 0; other < 6; other++) {
        assert_int_equal(view_file_is_long(fd, testing_id(1), other), other == 3);
    }
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

/* A crash left more there than anybody was told of. */
static void what_stands_behind_the_known_end_is_cut_before_lines_are_added(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    int fd = -1;
    uint64_t size = 0;
    unsigned lines = 0;
    testing_folder(folder);
    assert_ok(view_dir_open(folder, &fd));
    assert_ok(view_file_append(fd, testing_id(1), SPAN_LIT("{1}\n{2}\n{3"), &size));
    size = 4;
    assert_ok(view_file_append(fd, testing_id(1), SPAN_LIT("{4}\n"), &size));
    assert_int_equal(size, 8);
    assert_true(view_file_is_long(fd, testing_id(1), 8));
    assert_ok(view_file_tail(fd, testing_id(1), 10, count_lines, &lines));
    assert_int_equal(lines, 2);
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

/* Only so much is looked at; the line that begins before it is not told in part. */
static void of_a_file_beyond_the_bound_the_newest_whole_lines_are_read(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    int fd = -1;
    uint64_t size = 0;
    unsigned lines = 0;
    testing_folder(folder);
    assert_ok(view_dir_open(folder, &fd));
    assert_ok(view_file_append(fd, testing_id(1), SPAN_LIT("{1}\n"), &size));
    const int file = openat(fd, "10020304-0506-4708-890a-0b0c0d0e0f01.jsonl", O_WRONLY);
    assert_int_equal(ftruncate(file, (off_t)(VIEW_TAIL_BYTES_MAX + 100)), 0);
    assert_int_equal(close(file), 0);
    size = VIEW_TAIL_BYTES_MAX + 100;
    assert_ok(view_file_append(fd, testing_id(1), SPAN_LIT("\n{2}\n{3}\n"), &size));
    assert_ok(view_file_tail(fd, testing_id(1), 1000, count_lines, &lines));
    assert_int_equal(lines, 2);
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_that_others_enter_is_not_taken),
        cmocka_unit_test(a_place_is_what_was_written_or_nothing),
        cmocka_unit_test(a_place_of_before_is_good_to_go_on_from_and_no_evidence),
        cmocka_unit_test(a_pipe_in_the_way_of_the_place_is_not_waited_for),
        cmocka_unit_test(a_file_is_as_long_as_it_was_or_another),
        cmocka_unit_test(what_stands_behind_the_known_end_is_cut_before_lines_are_added),
        cmocka_unit_test(of_a_file_beyond_the_bound_the_newest_whole_lines_are_read),
    };
    return cmocka_run_group_tests_name("view_file", tests, NULL, NULL);
}
