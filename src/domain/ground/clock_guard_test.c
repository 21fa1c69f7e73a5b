/* A wall clock that went back is noticed, now and at the next start; one that was ahead for a moment is
 * forgotten; and an operator has the last word. */
#include "domain/ground/clock_guard.h"

#include "domain/sessions/steps_test.h"

#define YEAR_MS (INT64_C(8760) * HOUR_MS)

/* Long enough to be believed, with somebody who looks. */
static void let_it_settle(struct house *h)
{
    clock_guard_watch(&h->svc);
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
}

/* As the next process does. */
static err_t start_again(struct house *h)
{
    steady_clock_free(&h->svc.steady);
    assert_ok(steady_clock_new(&h->clock.face, &h->svc.steady));
    return clock_guard_start(&h->svc);
}

static void a_minute_back_is_forgiven_and_a_millisecond_more_is_not(void **state)
{
    static const struct {
        int64_t by_ms;
        bool ok;
    } row[] = {{0, true},         {-1, true},      {-60000, true}, {-60001, false},
               {-HOUR_MS, false}, {HOUR_MS, true}, {0, true},      {-60001, false}};
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    const wall_t right = clock_wall(&h->clock.face);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        scripted_clock_set_wall(&h->clock, wall_after_ms(right, row[i].by_ms));
        assert_int_equal(clock_guard_ok(&h->svc), row[i].ok);
    }
}

static void a_start_behind_the_newest_time_on_record_is_refused(void **state)
{
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    assert_ok(clock_guard_note(&h->svc));
    house_turn_wall(&h->clock, -60000);
    assert_ok(clock_guard_look(h->svc.store, clock_wall(&h->clock.face)));
    assert_ok(start_again(h));
    house_turn_wall(&h->clock, -1);
    assert_err(clock_guard_look(h->svc.store, clock_wall(&h->clock.face)), ERR_RANGE);
    assert_err(start_again(h), ERR_RANGE);
    assert_ok(clock_guard_note(&h->svc)); /* it never takes the record back */
    assert_err(start_again(h), ERR_RANGE);
    house_turn_wall(&h->clock, 1);
    assert_ok(start_again(h));
}

static void a_start_with_a_clock_that_is_ahead_spoils_no_later_one(void **state)
{
    struct house *h = *state;
    for (int known = 0; known < 2; known++) { /* also the first one in a new directory */
        house_turn_wall(&h->clock, YEAR_MS);
        assert_ok(start_again(h));
        scripted_clock_pass(&h->clock, STEADY_FOR_MS - 1);
        assert_true(clock_guard_ok(&h->svc));
        assert_ok(clock_guard_note(&h->svc));
        house_turn_wall(&h->clock, -YEAR_MS);
        assert_ok(start_again(h));
        let_it_settle(h);
        assert_ok(clock_guard_note(&h->svc));
    }
}

static void a_moment_ahead_neither_stops_logins_nor_goes_on_record(void **state)
{
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    house_turn_wall(&h->clock, YEAR_MS);
    assert_true(clock_guard_ok(&h->svc));
    assert_ok(clock_guard_note(&h->svc));
    house_turn_wall(&h->clock, -YEAR_MS);
    assert_true(clock_guard_ok(&h->svc));
    assert_ok(start_again(h));
}

static void short_runs_add_to_the_record_what_they_lasted(void **state)
{
    struct house *h = *state;
    steady_record_t r = {0};
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    assert_ok(clock_guard_note(&h->svc));
    assert_ok(clock_guard_load(h->svc.store, &r));
    const int64_t first = r.newest.ms;
    for (int i = 1; i <= 3; i++) {
        scripted_clock_pass(&h->clock, MINUTE_MS); /* down */
        assert_ok(start_again(h));
        scripted_clock_pass(&h->clock, MINUTE_MS);
        assert_ok(clock_guard_note(&h->svc));
        assert_ok(clock_guard_load(h->svc.store, &r));
        assert_int_equal(r.newest.ms, first + i * MINUTE_MS);
    }
}

static void an_operator_may_accept_a_time_that_went_back(void **state)
{
    struct house *h = *state;
    enum audit_verdict verdict = AUDIT_BROKEN;
    uint64_t records = 0;
    uint64_t at = 0;
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    assert_ok(clock_guard_note(&h->svc));
    house_turn_wall(&h->clock, -YEAR_MS);
    assert_false(clock_guard_ok(&h->svc));
    assert_ok(clock_guard_accept(&h->svc)); /* while it runs */
    assert_true(clock_guard_ok(&h->svc));
    assert_ok(clock_guard_note(&h->svc));
    assert_ok(start_again(h));
    house_turn_wall(&h->clock, -YEAR_MS); /* and while it is down */
    assert_err(start_again(h), ERR_RANGE);
    assert_ok(clock_guard_record(h->svc.store, h->svc.audit, clock_wall(&h->clock.face)));
    assert_ok(start_again(h));
    assert_ok(audit_verify(h->svc.audit, h->svc.store, NULL, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_INTACT);
    assert_int_equal(records, 2);
}

static void what_is_not_written_down_is_not_accepted(void **state)
{
    struct house *h = *state;
    assert_ok(clock_guard_start(&h->svc));
    let_it_settle(h);
    house_turn_wall(&h->clock, -HOUR_MS);
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(clock_guard_accept(&h->svc), ERR_STORAGE);
    assert_false(clock_guard_ok(&h->svc));
    assert_ok(clock_guard_accept(&h->svc));
    assert_true(clock_guard_ok(&h->svc));
}

static void a_store_that_is_away_is_said(void **state)
{
    struct house *h = *state;
    for (uint64_t n = 1; n <= 3; n++) {
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        assert_err(start_again(h), ERR_STORAGE);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    }
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(start_again(h), ERR_STORAGE);
    assert_ok(start_again(h));
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
        ON_SQLITE(a_start_with_a_clock_that_is_ahead_spoils_no_later_one),
        ON_SQLITE(a_moment_ahead_neither_stops_logins_nor_goes_on_record),
        SENTENCE(short_runs_add_to_the_record_what_they_lasted),
        ON_SQLITE(an_operator_may_accept_a_time_that_went_back),
        SENTENCE(what_is_not_written_down_is_not_accepted),
        SENTENCE(a_store_that_is_away_is_said),
    };
    return cmocka_run_group_tests_name("clock_guard", tests, NULL, NULL);
}
