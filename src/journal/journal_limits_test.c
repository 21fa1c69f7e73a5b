/* What a journal finds up to its limits. */
#include "journal/journal.h"
#include "tests/support/journal.h"
#include "tests/support/scripted_clock.h"

/* Segments that begin in one millisecond: none of them is passed over. */
static void records_of_the_very_moment_are_among_those_since_then(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.clock = &clock.face;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= 200; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    const wall_t moment = clock_wall(&clock.face);
    assert_int_equal(journal_sequence_since(j, moment), 0);
    assert_true(journal_sequence_since(j, wall_after_ms(moment, 1)) > 1);
    journal_close(&j);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, testing_folder_make, testing_folder_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(records_of_the_very_moment_are_among_those_since_then),
    };
    return cmocka_run_group_tests_name("journal_limits", tests, NULL, NULL);
}
