/* An operator sets a new MPIN: what was owed, tried and open before is over, and what comes after it counts. */
#include "domain/accounts/ledger.h"
#include "domain/accounts/secret_change.h"
#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/recovery.h"
#include "domain/sessions/sleepers.h"
#include "tests/support/scarce_memory.h"

#include <pthread.h>
#include <stdatomic.h>

#define NEW_MPIN "5926"

static mpin_reset_t reset(struct house *h, uuid_t account)
{
    mpin_reset_t out = {0};
    assert_ok(mpin_reset(&h->svc, account, span_of(NEW_MPIN), &out));
    return out;
}

static mpin_result_t check(struct house *h, const struct session_row *who, const char *mpin)
{
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, who->account, who->id, span_of(mpin), &r));
    return r;
}

static struct session_row enter(struct house *h, const char *device)
{
    return stored_session(h, log_in(h, ANN, device)->id);
}

static session_seed_t next_login(struct house *h)
{
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_session(h, ANN, "a device of its own", &seed, &cred);
    assert_int_equal(seed.row.mpin_required, seed.restricted || seed.owes);
    return seed;
}

/* What the ledger holds, as its thread writes it at a stop. */
static void run_ledger(struct house *h)
{
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
}

static void post(struct house *h, const struct session_row *who, enum session_end how)
{
    uint64_t place = 0;
    const ledger_item_t item = {.session = who->id,
                                .account = who->account,
                                .at = clock_wall(&h->clock.face),
                                .risk = how == END_BLOCKED ? 0.97 : 0.75,
                                .mpin_required = true,
                                .how = how};
    assert_ok(ledger_post(h->ledger, &item, &place));
}

/* ---- what a reset does */

static void the_new_mpin_is_right_and_the_old_one_is_wrong(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    assert_true(reset(h, ann).known);
    const struct session_row who = enter(h, "phone");
    assert_int_equal(check(h, &who, MPIN).answer, MPIN_WRONG);
    assert_int_equal(check(h, &who, NEW_MPIN).answer, MPIN_RIGHT);
    assert_int_equal(house_audited(h, "mpin.reset"), 1);
}

static void every_session_and_every_token_of_hers_ends_and_nobody_elses(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct session_row row = {0};
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t ben = register_account(h, "ben@example.org");
    open_session(h, ANN, "phone", &seed, &cred);
    scripted_clock_pass(&h->clock, 1);
    const struct session_row other = enter(h, "laptop");
    (void)log_in(h, "ben@example.org", "phone");
    const mpin_reset_t done = reset(h, ann);
    assert_int_equal(done.ended, 2);
    assert_true(uuid_eq(done.ended_session[0], seed.row.id));
    assert_true(uuid_eq(done.ended_session[1], other.id));
    assert_int_equal(stored_session(h, seed.row.id).end, END_OPERATOR);
    assert_int_equal(stored_session(h, other.id).end, END_OPERATOR);
    assert_int_equal(live_in_store(h, ann), 0);
    assert_int_equal(live_in_store(h, ben), 1);
    const refresh_ask_t ask = {.token = span_of(cred.refresh_token)};
    assert_ok(look_and_refresh(h, &ask, &row, &cred, &outcome, &wait_s));
    assert_int_equal(outcome, REFRESH_REFUSED);
    assert_int_equal(reset(h, ann).ended, 0); /* again there is nothing left to end */
}

static void the_failures_and_the_lock_are_forgotten_even_the_operators(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    while (!tries_of(h, ann).operator_needed) {
        (void)check(h, &who, WRONG);
        scripted_clock_pass(&h->clock, (int64_t)2 * 24 * HOUR_MS);
    }
    assert_true(next_login(h).restricted);
    (void)reset(h, ann);
    const struct mpin_state now = tries_of(h, ann);
    assert_int_equal(now.failures + now.total_failures + now.lock_count, 0);
    assert_int_equal(now.locked_until.ms, 0);
    assert_false(now.operator_needed);
    const session_seed_t next = next_login(h);
    assert_false(next.restricted);
    assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
}

static void an_account_that_is_not_there_is_no_account(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const mpin_reset_t done = reset(h, (uuid_t){{9}});
    assert_false(done.known);
    assert_int_equal(done.ended, 0);
    assert_int_equal(house_audited(h, "mpin.reset"), 0);
}

static err_t see_reset(void *ctx, const struct audit_row *row)
{
    if (strcmp(row->kind, "mpin.reset") == 0) {
        assert_true(uuid_eq(row->account, *(const uuid_t *)ctx));
        assert_true(uuid_is_nil(row->session));
        assert_string_equal(row->detail, "{\"by\":\"operator\",\"ended\":1}");
    }
    return ERR_OK;
}

static void the_audit_says_who_did_it_and_not_the_mpin(void **state)
{
    struct house *h = *state;
    uuid_t ann = register_account(h, ANN);
    (void)enter(h, "phone");
    (void)reset(h, ann);
    assert_int_equal(house_audited(h, "mpin.reset"), 1);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_audit_walk(&tx, 1, see_reset, &ann));
}

/* ---- what was owed before, and what is owed after */

/* Whoever holds the password and not the new MPIN gains nothing by it, however often he logs in. */
static void each_login_after_it_owes_the_new_mpin_until_that_succeeds(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    assert_false(next_login(h).owes);
    (void)reset(h, ann);
    session_seed_t next = {0};
    for (int i = 0; i < 2; i++) {
        next = next_login(h);
        assert_true(next.owes && !next.restricted && !next.drawn);
        assert_int_equal(check(h, &next.row, i == 0 ? MPIN : WRONG).answer, MPIN_WRONG);
    }
    run_ledger(h);
    assert_true(next_login(h).owes);
    assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
    assert_false(next_login(h).owes);
}

/* The ledger's mark of before is written late, early by a login, or not at all yet. */
static void a_mark_of_before_does_not_come_back(void **state)
{
    static const enum session_end marks[] = {END_NONE, END_BLOCKED};
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        for (int written = 0; written < 2; written++) {
            const struct session_row who = enter(h, "phone");
            post(h, &who, marks[i]);
            if (written) {
                run_ledger(h);
            }
            (void)reset(h, ann);
            const session_seed_t next = next_login(h); /* which looks into the ledger */
            assert_false(next.restricted);
            assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
            assert_false(next_login(h).owes);
            run_ledger(h);
            const session_seed_t after = next_login(h);
            assert_false(after.restricted || after.owes);
            assert_int_equal(ledger_depth(h->ledger), 0);
        }
    }
}

static void a_mark_of_after_stands_whatever_waited_before(void **state)
{
    static const struct {
        enum session_end before, after;
    } rows[] = {{END_NONE, END_NONE},
                {END_NONE, END_BLOCKED},
                {END_BLOCKED, END_NONE},
                {END_BLOCKED, END_BLOCKED}};

    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int way = 0; way < 4; way++) {
            const bool early = (way & 1) != 0;
            const bool proved = (way & 2) != 0;
            const bool blocked = rows[i].after == END_BLOCKED;
            scripted_clock_pass(&h->clock, HOUR_MS); /* logins that succeed are counted, too */
            const struct session_row old = enter(h, "phone");
            post(h, &old, rows[i].before);
            (void)reset(h, ann);
            const struct session_row fresh = enter(h, "phone");
            if (proved) {
                assert_int_equal(check(h, &fresh, NEW_MPIN).answer, MPIN_RIGHT);
                assert_false(next_login(h).owes);
            }
            post(h, &fresh, rows[i].after);
            if (early) { /* a login writes the mark of after before the ledger that of before */
                const session_seed_t next = next_login(h);
                assert_int_equal(next.restricted, blocked);
                assert_int_equal(next.owes, !blocked);
            }
            run_ledger(h);
            const session_seed_t next = next_login(h);
            assert_int_equal(next.restricted, blocked);
            assert_int_equal(next.owes, !blocked);
            (void)reset(h, ann);
        }
    }
}

/* By an end that is stored at once. What A was challenged for stays answered, and no start finds it unheard of. */
static void a_block_after_a_lift_forgets_nothing_of_the_lift(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    bool ended = false;
    enum session_end before = END_NONE;
    for (int reset_first = 0; reset_first < 2; reset_first++) {
        const struct session_row a = enter(h, "phone");
        const struct session_row b = enter(h, "laptop");
        post(h, &a, END_NONE);
        if (reset_first) {
            (void)reset(h, ann);
        }
        const struct session_row c = enter(h, "tablet");
        assert_int_equal(check(h, &c, reset_first ? NEW_MPIN : MPIN).answer, MPIN_RIGHT);
        const uuid_t last = reset_first ? c.id : b.id;
        assert_ok(session_end_stored(&h->svc, last, END_BLOCKED, &ended, &before));
        assert_true(ended);
        run_ledger(h);
        assert_int_equal(stored_session(h, a.id).mpin_required, 0);
        const session_seed_t next = next_login(h);
        assert_true(next.restricted && !next.owes);
        assert_int_equal(check(h, &next.row, reset_first ? NEW_MPIN : MPIN).answer, MPIN_RIGHT);
    }
}

static void a_drawn_login_owes_the_new_mpin_and_no_more(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    h->svc.rules.random_challenge_percent = 100;
    assert_true(next_login(h).drawn);
    h->svc.rules.random_challenge_percent = 0;
    assert_true(next_login(h).owes);
    (void)reset(h, ann);
    const session_seed_t next = next_login(h);
    assert_true(next.owes && !next.drawn);
    assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
    assert_false(next_login(h).owes);
}

/* The session was challenged, told, and ended by the reset: no start asks for it again. */
static void a_crash_after_it_brings_nothing_back(void **state)
{
    struct house *h = *state;
    recovery_report_t report = {0};
    const uuid_t ann = register_account(h, ANN);
    predict(h, log_in(h, ANN, "phone"), 0.75);
    predict(h, log_in(h, ANN, "laptop"), 0.97);
    (void)reset(h, ann);
    settle(h);
    sleepers_free(&h->svc.sleepers);
    house_crash(h); /* with what the ledger holds, and before a loop has heard of it */
    house_start(h);
    assert_ok(recovery_run(&h->svc, NULL, the_shard, h, &report));
    assert_int_equal(report.sessions, 0);
    assert_int_equal(ledger_depth(h->ledger), 0);
    const session_seed_t next = next_login(h);
    assert_true(next.owes && !next.restricted);
    assert_int_equal(check(h, &next.row, MPIN).answer, MPIN_WRONG);
    assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
    assert_false(next_login(h).owes);
}

/* ---- beside others */

static void a_change_that_was_proved_before_it_is_not_written_after_it(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    const change_order_t mpin = order_mpin(h, &who, MPIN, "7351");
    const change_order_t password = order_password(h, &who, PASSWORD, "a third password");
    (void)reset(h, ann);
    assert_int_equal(change(h, mpin).answer, CHANGE_ENDED);
    assert_int_equal(change(h, password).answer, CHANGE_ENDED);
    const struct session_row next = enter(h, "phone");
    assert_int_equal(check(h, &next, NEW_MPIN).answer, MPIN_RIGHT);
}

static void what_a_comparison_left_unsettled_takes_nothing_from_it(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    (void)check(h, &who, WRONG);
    (void)check(h, &who, WRONG);
    store_scripted_fail_operation(h->svc.store, 7,
                                  err_new(ERR_STORAGE)); /* the first of the rest */
    assert_int_equal(check(h, &who, WRONG).answer, MPIN_LOCKED_NOW);
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    assert_int_equal(house_audited(h, "account.locked"), 0);
    (void)reset(h, ann);
    const struct session_row next = enter(h, "phone");
    assert_true(mpin_settle(&h->svc));
    assert_int_equal(house_audited(h, "account.locked"), 1);
    assert_int_equal(stored_session(h, next.id).end, END_NONE);
    assert_int_equal(tries_of(h, ann).failures, 0);
    assert_false(next_login(h).restricted);
}

struct resetting {
    struct house *h;
    uuid_t account;
    _Atomic bool done;
    mpin_reset_t out;
};

static void *reset_beside(void *context)
{
    struct resetting *r = context;
    MUST(!failed(mpin_reset(&r->h->svc, r->account, span_of(NEW_MPIN), &r->out)));
    atomic_store(&r->done, true);
    return NULL;
}

/* A comparison holds its account's turn from its look at the hash to its answer: none finds the old MPIN right
 * when the reset has been told to be done. */
static void it_waits_for_the_comparison_that_is_under_way(void **state)
{
    struct house *h = *state;
    struct resetting r = {.h = h, .account = register_account(h, ANN)};
    const struct session_row who = enter(h, "phone");
    pthread_t thread;
    {
        CLEANUP(account_locks_let_go)
        pthread_mutex_t *held = account_locks_hold(h->svc.locks, r.account);
        (void)held;
        assert_int_equal(pthread_create(&thread, NULL, reset_beside, &r), 0);
        for (int ms = 0; ms < 300 && !atomic_load(&r.done); ms++) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
        assert_false(atomic_load(&r.done));
        assert_int_equal(stored_session(h, who.id).end, END_NONE);
        assert_int_equal(house_audited(h, "mpin.reset"), 0);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(r.out.known);
    assert_int_equal(stored_session(h, who.id).end, END_OPERATOR);
    assert_int_equal(check(h, &who, MPIN).answer, MPIN_WRONG);
}

/* ---- failures */

static void a_reset_that_cannot_be_stored_changes_nothing(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    const struct session_row other = enter(h, "laptop");
    (void)check(h, &who, WRONG);
    post(h, &other, END_NONE);
    run_ledger(h);
    size_t failures = 0;
    bool done = false;
    for (uint64_t n = 1; n < 40 && !done; n++) {
        mpin_reset_t out = {.ended = 77};
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        done = !failed(mpin_reset(&h->svc, ann, span_of(NEW_MPIN), &out));
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_int_equal(out.ended, done ? 2 : 77);
        assert_int_equal(stored_session(h, who.id).end, done ? END_OPERATOR : END_NONE);
        assert_int_equal(stored_session(h, other.id).end, done ? END_OPERATOR : END_NONE);
        assert_int_equal(tries_of(h, ann).failures, done ? 0 : 1);
        assert_int_equal(house_audited(h, "mpin.reset"), done ? 1 : 0);
        failures += done ? 0U : 1U;
    }
    assert_true(done);
    assert_true(failures >= 8);
    const session_seed_t next = next_login(h);
    assert_int_equal(check(h, &next.row, NEW_MPIN).answer, MPIN_RIGHT);
    assert_false(next_login(h).owes);
}

static void a_commit_that_fails_leaves_the_old_mpin_and_the_old_state(void **state)
{
    struct house *h = *state;
    mpin_reset_t out = {0};
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    predict(h, log_in(h, ANN, "laptop"), 0.75);
    run_ledger(h);
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(mpin_reset(&h->svc, ann, span_of(NEW_MPIN), &out), ERR_STORAGE);
    assert_false(out.known);
    assert_true(next_login(h).owes);
    assert_int_equal(check(h, &who, NEW_MPIN).answer, MPIN_WRONG);
    assert_int_equal(check(h, &who, MPIN).answer, MPIN_RIGHT);
}

static void without_memory_to_hash_nothing_is_changed(void **state)
{
    struct house *h = *state;
    mpin_reset_t out = {0};
    h->svc.hashing.cost = PWHASH_COST;
    const uuid_t ann = register_account(h, ANN);
    const struct session_row who = enter(h, "phone");
    scarce_memory_begin((size_t)4 << 20);
    const err_t e = mpin_reset(&h->svc, ann, span_of(NEW_MPIN), &out);
    scarce_memory_end();
    assert_err(e, ERR_NOMEM);
    assert_int_equal(stored_session(h, who.id).end, END_NONE);
    assert_int_equal(check(h, &who, MPIN).answer, MPIN_RIGHT);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(the_new_mpin_is_right_and_the_old_one_is_wrong),
        ON_SQLITE(every_session_and_every_token_of_hers_ends_and_nobody_elses),
        SENTENCE(the_failures_and_the_lock_are_forgotten_even_the_operators),
        SENTENCE(an_account_that_is_not_there_is_no_account),
        ON_SQLITE(the_audit_says_who_did_it_and_not_the_mpin),
        ON_SQLITE(each_login_after_it_owes_the_new_mpin_until_that_succeeds),
        ON_SQLITE(a_mark_of_before_does_not_come_back),
        ON_SQLITE(a_mark_of_after_stands_whatever_waited_before),
        SENTENCE(a_block_after_a_lift_forgets_nothing_of_the_lift),
        SENTENCE(a_drawn_login_owes_the_new_mpin_and_no_more),
        ON_SQLITE(a_crash_after_it_brings_nothing_back),
        ON_SQLITE(a_change_that_was_proved_before_it_is_not_written_after_it),
        SENTENCE(what_a_comparison_left_unsettled_takes_nothing_from_it),
        ON_SQLITE(it_waits_for_the_comparison_that_is_under_way),
        SENTENCE(a_reset_that_cannot_be_stored_changes_nothing),
        SENTENCE(a_commit_that_fails_leaves_the_old_mpin_and_the_old_state),
        SENTENCE(without_memory_to_hash_nothing_is_changed),
    };
    return cmocka_run_group_tests_name("mpin_reset", tests, NULL, NULL);
}
