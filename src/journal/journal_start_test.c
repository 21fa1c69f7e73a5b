/* Opening a long journal ends when somebody asks for it, and what is there stays as it was. A folder whose name may
 * not outlive a power cut is not opened. */
#include "journal/journal.h"
#include "tests/support/journal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct operator
{
    unsigned asked, patience;
};

static bool loses_patience(void *ctx)
{
    struct operator* o = ctx;
    return o->asked++ >= o->patience;
}

static void a_start_that_is_not_wanted_any_more_ends_early(void **state)
{
    (void)state;

    enum { LINES = 3 * ASKED_EVERY };

    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    config.segment_bytes = (uint64_t)4 << 20;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= LINES; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        uint64_t position = 0;
        if (line % 256 == 0) { /* so that the lane does not fill */
            assert_true(testing_append(j, &r));
        } else {
            assert_ok(journal_append(journal_lane(j, 0), &r, &position));
        }
    }
    journal_close(&j);

    struct operator who = {0};
    const struct asked asked = {.to_stop = loses_patience, .ctx = &who};
    config.asked = &asked;
    unsigned ended = 0;
    err_t e = err_new(ERR_TIMEOUT);
    while (failed(e)) {
        struct journal_fault why = {0};
        who.asked = 0;
        e = journal_open(&config, &j, &why);
        if (failed(e)) {
            assert_int_equal(e.code, ERR_TIMEOUT);
            assert_int_equal(who.asked, who.patience + 1);
            who.patience++;
            ended++;
        }
    }
    assert_true(ended >= 3);
    journal_close(&j);
    assert_true(testing_read(dir).ordered);
    assert_int_equal(testing_read(dir).records, LINES);
    testing_folder_remove(folder);
}

/* The system's files, where one folder cannot be synced. */
struct bad_folder {
    struct journal_files files; /* first member */
    ino_t which;
    int number;
};

static int fsync_but_one(const struct journal_files *self, int fd)
{
    const struct bad_folder *const bad = (const void *)self;
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    if (st.st_ino != bad->which) {
        return fsync(fd);
    }
    errno = bad->number;
    return -1;
}

static void a_folder_whose_name_the_disk_may_lose_is_not_opened(void **state)
{
    static const struct {
        int number;
        bool opened;
    } rows[] = {{EIO, false}, {ENOSPC, false}, {EDQUOT, false}, {EINVAL, true}, {EROFS, true}};

    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    struct stat st;
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    assert_int_equal(stat(folder, &st), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bad_folder bad = {
            .files = *journal_files_system(), .which = st.st_ino, .number = rows[i].number};
        bad.files.fsync = fsync_but_one;
        struct journal_config config = testing_config(dir);
        config.files = &bad.files;
        struct journal *j = NULL;
        struct journal_fault why = {0};
        const err_t e = journal_open(&config, &j, &why);
        assert_int_equal(!failed(e), rows[i].opened);
        if (failed(e)) {
            assert_int_equal(e.code, ERR_IO);
            assert_string_equal(why.reason, "the name of the directory cannot be made durable");
        }
        journal_close(&j);
    }
    testing_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_is_not_wanted_any_more_ends_early),
        cmocka_unit_test(a_folder_whose_name_the_disk_may_lose_is_not_opened),
    };
    return cmocka_run_group_tests_name("journal_start", tests, NULL, NULL);
}
