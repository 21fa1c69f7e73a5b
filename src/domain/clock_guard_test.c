/* A wall clock that went back is noticed, now and at the next start. */
#include "domain/clock_guard.h"

#include "domain/steps_test.h"

static void a_minute_back_is_forgiven_and_a_millisecond_more_is_not(void **state)
{
    static const struct {
        int64_t by_ms;
        bool ok;
    } row[] = {
        {0, true},         {-1, true},      {-60000, true},          {-60001, false},
        {-HOUR_MS, false}, {HOUR_MS, true}, {HOUR_MS - 60000, true}, {HOUR_MS - 60001, false}};
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        scripted_clock_set_wall(&h->clock, (wall_t){SCRIPTED_WALL_MS + row[i].by_ms});
        assert_int_equal(clock_guard_ok(&h->svc), row[i].ok);
    }
}

static void a_start_behind_the_newest_time_on_record_is_refused(void **state)
{
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    scripted_clock_pass(&h->clock, HOUR_MS);
    assert_ok(clock_guard_note(&h->svc));
    house_turn_wall(&h->clock, -60000);
    assert_ok(clock_guard_start(&h->svc));
    house_turn_wall(&h->clock, -1);
    assert_err(clock_guard_start(&h->svc), ERR_RANGE);
    assert_ok(clock_guard_note(&h->svc)); /* it never takes the record back */
    assert_err(clock_guard_start(&h->svc), ERR_RANGE);
    house_turn_wall(&h->clock, 1);
    assert_ok(clock_guard_start(&h->svc));
}

static void a_store_that_is_away_is_said(void **state)
{
    struct house *h = *state;
    for (uint64_t n = 1; n <= 2; n++) {
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        assert_err(clock_guard_start(&h->svc), ERR_STORAGE);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    }
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(clock_guard_start(&h->svc), ERR_STORAGE);
    assert_ok(clock_guard_start(&h->svc));
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(a_minute_back_is_forgiven_and_a_millisecond_more_is_not),
        ON_SQLITE(a_start_behind_the_newest_time_on_record_is_refused),
        SENTENCE(a_store_that_is_away_is_said),
    };
    return cmocka_run_group_tests_name("clock_guard", tests, NULL, NULL);
}
