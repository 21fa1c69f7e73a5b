#include "base/clock.h"
#include "base/util.h"
#include "journal/journal.h"
#include "journal/writer.h"
#include "tests/support/journal.h"

enum { APART_US = 2000, COMMITS = 8 };

/* How long COMMITS records took, each a commit of its own. */
static int64_t commit_one_by_one(struct journal *j)
{
    const mono_t began = clock_mono(clock_system());
    for (uint64_t line = 1; line <= COMMITS; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    return clock_mono(clock_system()).ns - began.ns;
}

/* The first commit waits for none before it: COMMITS - 1 distances lie between them. */
static void commits_are_further_apart_while_a_queue_stands_at_any_lane(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.lanes = 2;
    config.commit_us = APART_US;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    const int64_t least = (int64_t)(COMMITS - 1) * APART_US * 1000;
    assert_true(commit_one_by_one(j) >= least);
    journal_crowd(journal_lane(j, 1), true);
    assert_true(commit_one_by_one(j) >= least * JOURNAL_CROWD_FACTOR);
    journal_close(&j);

    const struct testing_count count = testing_read(dir);
    assert_ok(count.result);
    assert_int_equal(count.records, 2 * COMMITS);
}

/* Whoever asks for long distances has asked for these, and waits no longer than that. */
static void a_distance_of_more_than_that_stays_as_it_is(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.commit_us = JOURNAL_CROWD_US_MAX + 1;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    assert_int_equal(writer_distance_us(j), JOURNAL_CROWD_US_MAX + 1);
    journal_crowd(journal_lane(j, 0), true);
    assert_int_equal(writer_distance_us(j), JOURNAL_CROWD_US_MAX + 1);
    journal_close(&j);

    config.commit_us = JOURNAL_CROWD_US_MAX - 1;
    assert_ok(journal_open(&config, &j, NULL));
    journal_crowd(journal_lane(j, 0), true);
    assert_int_equal(writer_distance_us(j), JOURNAL_CROWD_US_MAX);
    journal_crowd(journal_lane(j, 0), false);
    assert_int_equal(writer_distance_us(j), JOURNAL_CROWD_US_MAX - 1);
    journal_close(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_are_further_apart_while_a_queue_stands_at_any_lane,
                                        testing_folder_make, testing_folder_end),
        cmocka_unit_test_setup_teardown(a_distance_of_more_than_that_stays_as_it_is,
                                        testing_folder_make, testing_folder_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
