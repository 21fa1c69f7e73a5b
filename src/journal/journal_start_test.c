/* Opening a long journal ends when somebody asks for it, and what is there stays as it was. */
#include "journal/journal.h"
#include "tests/support/journal.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_is_not_wanted_any_more_ends_early),
    };
    return cmocka_run_group_tests_name("journal_start", tests, NULL, NULL);
}
