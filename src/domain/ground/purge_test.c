/* Rows that nobody needs any more go: all that are due, in batches, within the time of a turn. */
#include "domain/ground/purge.h"

#include "domain/sessions/steps_test.h"

#include <pthread.h>

enum { DUE = 2 * PURGE_BATCH + 1, YOUNG = 3 };

#define EVERY_S INT64_C(300)
#define DAY_MS  (INT64_C(24) * HOUR_MS)

static const mono_t zero = {NS_PER_S};

static mono_t after_ms(int64_t ms)
{
    return mono_after_ms(zero, ms);
}

/* Decisions of one session, the first `due` of them old enough to go. */
static void decide(struct house *h, uint32_t due)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    session_seed_t seed = {0};
    credentials_t cred = {0};
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    for (uint32_t i = 0; i < due + YOUNG; i++) {
        const int64_t age_ms = i < due ? 91 * DAY_MS : 89 * DAY_MS;
        struct decision_row row = {.session = seed.row.id,
                                   .account = seed.row.account,
                                   .at = wall_after_ms(clock_wall(h->svc.clock), -age_ms),
                                   .action = "transfer",
                                   .reasons = "[]"};
        memcpy(row.id.byte, &i, sizeof i);
        row.id.byte[15] = 1;
        assert_ok(store_decision_put(&tx, &row));
    }
    assert_ok(store_commit(&tx));
}

static uint32_t decisions_left(struct house *h, uint32_t of)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    uint32_t left = 0;
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    for (uint32_t i = 0; i < of; i++) {
        struct decision_row row = {0};
        uuid_t id = {{0}};
        bool found = false;
        memcpy(id.byte, &i, sizeof i);
        id.byte[15] = 1;
        assert_ok(store_decision_get(&tx, id, &row, &found));
        left += found ? 1U : 0U;
    }
    return left;
}

static void a_turn_takes_all_that_is_due_in_batches(void **state)
{
    struct house *h = *state;
    purge_t p;
    decide(h, DUE);
    purge_init(&p, (uint32_t)EVERY_S, zero);
    purge_some(&p, &h->svc, after_ms(EVERY_S * MS_PER_S - 1)); /* not yet */
    assert_int_equal(decisions_left(h, DUE + YOUNG), DUE + YOUNG);
    for (uint32_t batch = 1; batch <= 3; batch++) {
        purge_some(&p, &h->svc, after_ms(EVERY_S * MS_PER_S + batch));
        assert_int_equal(p.goes_on, batch < 3);
        assert_int_equal(decisions_left(h, DUE + YOUNG),
                         batch < 3 ? DUE - batch * PURGE_BATCH + YOUNG : YOUNG);
    }
    assert_int_equal(p.gone, DUE);
    assert_int_equal(p.at.ns, after_ms(2 * EVERY_S * MS_PER_S + 3).ns);
}

static void a_turn_ends_with_its_time_and_the_next_one_goes_on(void **state)
{
    struct house *h = *state;
    purge_t p;
    decide(h, DUE);
    purge_init(&p, (uint32_t)EVERY_S, zero);
    const int64_t begin = EVERY_S * MS_PER_S;
    const int64_t share = begin / PURGE_SHARE;
    purge_some(&p, &h->svc, after_ms(begin));
    assert_true(p.goes_on);
    purge_some(&p, &h->svc, after_ms(begin + share)); /* a batch that came late is its last */
    assert_false(p.goes_on);
    assert_int_equal(decisions_left(h, DUE + YOUNG), 1 + YOUNG);
    purge_some(&p, &h->svc, after_ms(begin + share + 1));
    assert_int_equal(decisions_left(h, DUE + YOUNG), 1 + YOUNG);
    purge_some(&p, &h->svc, after_ms(2 * begin + share));
    assert_int_equal(decisions_left(h, DUE + YOUNG), YOUNG);
}

static void without_the_store_a_turn_is_given_up_and_the_next_one_tries(void **state)
{
    struct house *h = *state;
    purge_t p;
    decide(h, 5);
    purge_init(&p, 1, zero);
    store_scripted_fail_begins(h->svc.store, UINT64_MAX);
    purge_some(&p, &h->svc, after_ms(MS_PER_S));
    assert_false(p.goes_on);
    store_scripted_fail_begins(h->svc.store, 0);
    purge_some(&p, &h->svc, after_ms(2 * MS_PER_S - 1));
    assert_int_equal(decisions_left(h, 5 + YOUNG), 5 + YOUNG);
    purge_some(&p, &h->svc, after_ms(2 * MS_PER_S));
    assert_int_equal(decisions_left(h, 5 + YOUNG), YOUNG);
}

static void a_moment_ahead_takes_nothing_and_a_steady_time_does(void **state)
{
    struct house *h = *state;
    purge_t p;
    decide(h, 5);
    clock_guard_watch(&h->svc);
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
    purge_init(&p, 1, zero);
    house_turn_wall(&h->clock, 100 * DAY_MS);
    clock_guard_watch(&h->svc);
    purge_some(&p, &h->svc, after_ms(MS_PER_S));
    assert_int_equal(decisions_left(h, 5 + YOUNG), YOUNG); /* what was due before */
    scripted_clock_pass(&h->clock, STEADY_FOR_MS - 1);
    purge_some(&p, &h->svc, after_ms(2 * MS_PER_S));
    assert_int_equal(decisions_left(h, 5 + YOUNG), YOUNG);
    scripted_clock_pass(&h->clock, 1);
    purge_some(&p, &h->svc, after_ms(3 * MS_PER_S));
    assert_int_equal(decisions_left(h, 5 + YOUNG), 0);
}

/* A device of Ann's, seen so many days ago. */
static void see_device(struct house *h, uuid_t account, const char *device, int64_t days)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    uint8_t key[STORE_DIGEST_BYTES];
    struct device_standing was = {0};
    device_key_of(device, key);
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_device_touch(&tx, account, key,
                                 wall_after_ms(clock_wall(h->svc.clock), -days * DAY_MS), &was));
    assert_ok(store_commit(&tx));
}

static void a_device_is_known_for_a_year_and_a_later_one_is_new_all_the_same(void **state)
{
    struct house *h = *state;
    purge_t p;
    const uuid_t ann = register_account(h, ANN);
    see_device(h, ann, "old phone", 366);
    see_device(h, ann, "phone", 364);
    purge_init(&p, 1, zero);
    purge_some(&p, &h->svc, after_ms(MS_PER_S));
    assert_int_equal(p.gone, 1);
    login_t login = login_from(ANN, "old phone");
    assert_ok(login_look(&h->svc, &login));
    assert_false(login.device_known);
    login = login_from(ANN, "phone");
    assert_ok(login_look(&h->svc, &login));
    assert_true(login.device_known);

    scripted_clock_pass(&h->clock, 2 * DAY_MS);
    purge_some(&p, &h->svc, after_ms(2 * MS_PER_S));
    assert_int_equal(p.gone, 1);
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_session(h, ANN, "phone", &seed, &cred);
    assert_true(seed.new_device); /* nobody knows it now; that does not make it the first */
}

static void *run(void *context)
{
    struct house *h = context;
    ledger_run(h->ledger, 1);
    return NULL;
}

static void the_ledger_takes_its_turns_beside_its_own_work(void **state)
{
    struct house *h = *state;
    pthread_t thread;
    decide(h, DUE);
    assert_int_equal(pthread_create(&thread, NULL, run, h), 0);
    uint64_t place = 0;
    while (decisions_left(h, DUE + YOUNG) > YOUNG) {
        const ledger_item_t item = {.session = {{1}}, .at = {SCRIPTED_WALL_MS}, .how = END_EXPIRED};
        assert_ok(ledger_post(h->ledger, &item, &place));
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ledger_stop(h->ledger);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(ledger_has_written(h->ledger, place));
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_turn_takes_all_that_is_due_in_batches),
        ON_SQLITE(a_turn_ends_with_its_time_and_the_next_one_goes_on),
        SENTENCE(without_the_store_a_turn_is_given_up_and_the_next_one_tries),
        SENTENCE(a_moment_ahead_takes_nothing_and_a_steady_time_does),
        SENTENCE(a_device_is_known_for_a_year_and_a_later_one_is_new_all_the_same),
        ON_SQLITE(the_ledger_takes_its_turns_beside_its_own_work),
    };
    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
