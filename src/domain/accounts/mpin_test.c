/* The MPIN: spent before it is compared, counted on the account, locked in time. */
#include "domain/accounts/mpin.h"

#include "domain/sessions/steps_test.h"
#include "tests/support/scarce_memory.h"

#include <pthread.h>
#include <unistd.h>

static mpin_result_t check(struct house *h, uuid_t account, const char *mpin)
{
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, account, (uuid_t){{1}}, span_of(mpin), &r));
    return r;
}

static void lock(struct house *h, uuid_t account)
{
    assert_int_equal(check(h, account, WRONG).answer, MPIN_WRONG);
    assert_int_equal(check(h, account, WRONG).answer, MPIN_WRONG);
    assert_int_equal(check(h, account, WRONG).answer, MPIN_LOCKED_NOW);
}

static void the_right_mpin_is_right_and_a_wrong_one_says_what_is_left(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
    mpin_result_t r = check(h, ann, WRONG);
    assert_int_equal(r.answer, MPIN_WRONG);
    assert_int_equal(r.failures, 1);
    assert_int_equal(r.attempts_left, 2);
    r = check(h, ann, WRONG);
    assert_int_equal(r.answer, MPIN_WRONG);
    assert_int_equal(r.attempts_left, 1);
    r = check(h, ann, WRONG);
    assert_int_equal(r.answer, MPIN_LOCKED_NOW);
    assert_int_equal(r.failures, 3);
    assert_int_equal(r.attempts_left, 0);
    assert_int_equal(r.retry_after_s, 15 * 60);
}

static void what_is_no_mpin_at_all_is_wrong_and_costs_a_try(void **state)
{
    char endless[300] = {0};
    memset(endless, '8', sizeof endless - 1); /* too long to be hashed, and still it must cost */
    const char *const given[] = {"", "830", "83050", "830a", endless};
    struct house *h = *state;
    h->svc.rules.mpin_attempts = 10;
    const uuid_t ann = register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        assert_int_equal(check(h, ann, given[i]).answer, MPIN_WRONG);
    }
    assert_int_equal(tries_of(h, ann).failures, ARRAY_LEN(given));
}

static void only_so_many_ascii_digits_are_an_mpin(void **state)
{
    (void)state;
    const rules_t four = {.mpin_length = 4};

    static const struct {
        const char *text;
        bool good;
    } row[] = {{"0000", true},     {"9999", true},
               {"123", false},     {"12345", false},
               {"", false},        {"12a4", false},
               {"12 4", false},    {"-123", false},
               {"1\x00z3", false}, {"\xd9\xa1\xd9\xa2", false},
               {"12:4", false},    {"12/4", false}};

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        assert_int_equal(mpin_is_well_formed(&four, span_of(row[i].text)), row[i].good);
    }
}

static void an_unknown_account_has_no_mpin(void **state)
{
    assert_int_equal(check(*state, (uuid_t){{9}}, MPIN).answer, MPIN_NO_ACCOUNT);
}

static void a_locked_account_compares_nothing_and_spends_nothing(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    lock(h, ann);
    const struct mpin_state before = tries_of(h, ann);
    for (int i = 0; i < 5; i++) {
        const mpin_result_t r = check(h, ann, i % 2 == 0 ? MPIN : WRONG);
        assert_int_equal(r.answer, MPIN_LOCKED);
        assert_int_equal(r.retry_after_s, 15 * 60);
    }
    const struct mpin_state after = tries_of(h, ann);
    assert_int_equal(after.failures, before.failures);
    assert_int_equal(after.total_failures, before.total_failures);
    assert_int_equal(after.lock_count, before.lock_count);
    assert_int_equal(after.locked_until.ms, before.locked_until.ms);
}

static void a_lock_ends_to_the_millisecond(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    lock(h, ann);
    scripted_clock_pass(&h->clock, 15 * MINUTE_MS - 1);
    const mpin_result_t r = check(h, ann, MPIN);
    assert_int_equal(r.answer, MPIN_LOCKED);
    assert_int_equal(r.retry_after_s, 1);
    mpin_standing_t standing = {0};
    assert_ok(mpin_standing(&h->svc, ann, &standing));
    assert_true(standing.locked);
    assert_int_equal(standing.failures, 3);
    scripted_clock_pass(&h->clock, 1);
    assert_ok(mpin_standing(&h->svc, ann, &standing));
    assert_false(standing.locked);
    assert_int_equal(standing.failures, 0);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
}

/* Long enough to be believed, with somebody who looks. */
static void let_it_settle(struct house *h)
{
    clock_guard_watch(&h->svc);
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
}

static void a_moment_ahead_ends_no_lock_and_makes_none_for_ever(void **state)
{
    static const int64_t year_ms = 8760 * HOUR_MS;
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t bob = register_account(h, "bob@example.com");
    let_it_settle(h);
    lock(h, ann);
    house_turn_wall(&h->clock, year_ms);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_LOCKED);
    mpin_standing_t standing = {0};
    assert_ok(mpin_standing(&h->svc, ann, &standing));
    assert_true(standing.locked);
    lock(h, bob);
    assert_in_range(check(h, bob, MPIN).retry_after_s, 1, 15 * 60); /* not the year, too */
    house_turn_wall(&h->clock, -year_ms);
    scripted_clock_pass(&h->clock, 15 * MINUTE_MS - 1);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_LOCKED);
    mpin_result_t r = check(h, bob, MPIN); /* from here on it is as long as any */
    assert_int_equal(r.answer, MPIN_LOCKED);
    assert_int_equal(r.retry_after_s, 15 * 60);
    scripted_clock_pass(&h->clock, 1);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
    scripted_clock_pass(&h->clock, 15 * MINUTE_MS - 2);
    assert_int_equal(check(h, bob, MPIN).answer, MPIN_LOCKED);
    scripted_clock_pass(&h->clock, 1);
    assert_int_equal(check(h, bob, MPIN).answer, MPIN_RIGHT);
}

static void each_further_lock_is_twice_as_long_up_to_a_day(void **state)
{
    static const int64_t minutes[] = {15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440};
    struct house *h = *state;
    h->svc.rules.mpin_attempts_total = 1000;
    const uuid_t ann = register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
        lock(h, ann);
        assert_int_equal(check(h, ann, MPIN).retry_after_s, minutes[i] * 60);
        scripted_clock_pass(&h->clock, minutes[i] * MINUTE_MS - 1);
        assert_int_equal(check(h, ann, MPIN).answer, MPIN_LOCKED);
        scripted_clock_pass(&h->clock, 1);
    }
}

static void the_tenth_failure_without_a_success_needs_an_operator(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int i = 0; i < 3; i++) {
        lock(h, ann);
        scripted_clock_pass(&h->clock, 24 * HOUR_MS);
    }
    mpin_result_t r = check(h, ann, WRONG);
    assert_int_equal(r.answer, MPIN_LOCKED_NOW);
    assert_int_equal(r.retry_after_s, -1);
    scripted_clock_pass(&h->clock, 8760 * HOUR_MS);
    r = check(h, ann, MPIN);
    assert_int_equal(r.answer, MPIN_LOCKED);
    assert_int_equal(r.retry_after_s, -1);

    bool known = false;
    assert_ok(mpin_unlock(&h->svc, ann, &known));
    assert_true(known);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
    assert_ok(mpin_unlock(&h->svc, (uuid_t){{9}}, &known));
    assert_false(known);
    assert_int_equal(house_audited(h, "account.unlocked"), 1);
}

static void attempts_left_counts_to_whichever_lock_comes_first(void **state)
{
    struct house *h = *state;
    h->svc.rules.mpin_attempts = 4;
    const uuid_t ann = register_account(h, ANN);
    for (int i = 0; i < 8; i++) {
        (void)check(h, ann, WRONG);
        scripted_clock_pass(&h->clock, 24 * HOUR_MS);
    }
    const mpin_result_t r = check(h, ann, WRONG); /* the ninth of ten */
    assert_int_equal(r.answer, MPIN_WRONG);
    assert_int_equal(r.attempts_left, 1);
    assert_int_equal(check(h, ann, WRONG).answer, MPIN_LOCKED_NOW);
}

static void a_success_forgets_the_row_and_the_length_of_locks(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(check(h, ann, WRONG).answer, MPIN_WRONG);
        assert_int_equal(check(h, ann, WRONG).answer, MPIN_WRONG);
        const mpin_result_t r = check(h, ann, MPIN);
        assert_int_equal(r.answer, MPIN_RIGHT);
        assert_int_equal(r.failures, 0);
    }
    const struct mpin_state none = tries_of(h, ann);
    assert_int_equal(none.total_failures, 0);
    lock(h, ann);
    scripted_clock_pass(&h->clock, 15 * MINUTE_MS);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
    lock(h, ann);
    assert_int_equal(check(h, ann, MPIN).retry_after_s, 15 * 60);
}

static void a_login_or_another_device_wins_no_tries_back(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct live *first = log_in(h, ANN, "phone");
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, ann, first->id, span_of(WRONG), &r));
    const struct live *second = log_in(h, ANN, "tablet");
    assert_int_equal(second->mpin_failures, 1);
    assert_ok(mpin_check(&h->svc, ann, second->id, span_of(WRONG), &r));
    assert_int_equal(r.attempts_left, 1);
    const struct live *third = log_in(h, ANN, "laptop");
    assert_int_equal(third->mpin_failures, 2);
    assert_ok(mpin_check(&h->svc, ann, third->id, span_of(WRONG), &r));
    assert_int_equal(r.answer, MPIN_LOCKED_NOW);
    const struct live *fourth = log_in(h, ANN, "phone");
    assert_true(fourth->restricted);
    assert_ok(mpin_check(&h->svc, ann, fourth->id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_LOCKED);
}

static void the_lock_blocks_the_live_sessions_of_the_account_and_no_others(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t bob = register_account(h, "bob@example.org");
    const uuid_t one = log_in(h, ANN, "phone")->id;
    const uuid_t two = log_in(h, ANN, "tablet")->id;
    const uuid_t other = log_in(h, "bob@example.org", "phone")->id;
    (void)check(h, ann, WRONG);
    (void)check(h, ann, WRONG);
    assert_int_equal(live_in_store(h, ann), 2);
    const mpin_result_t r = check(h, ann, WRONG);
    assert_int_equal(r.answer, MPIN_LOCKED_NOW);
    assert_int_equal(r.sessions, 2);
    assert_int_equal(stored_session(h, one).end, END_MPIN_LOCKED);
    assert_int_equal(stored_session(h, two).end, END_MPIN_LOCKED);
    assert_int_equal(stored_session(h, other).end, END_NONE);
    assert_int_equal(live_in_store(h, bob), 1);
}

/* ---- when the store fails */

static void without_a_durable_charge_nothing_is_compared(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const char *const given[] = {MPIN, WRONG};
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        mpin_result_t r = {.answer = MPIN_NO_ACCOUNT, .failures = 77};
        store_scripted_fail_commits(h->svc.store, 1);
        assert_err(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(given[i]), &r), ERR_STORAGE);
        assert_int_equal(r.answer, MPIN_NO_ACCOUNT); /* untouched: right and wrong look alike */
        assert_int_equal(r.failures, 77);
        assert_int_equal(tries_of(h, ann).failures, 0);
        store_scripted_fail_commits(h->svc.store, 0);
    }
}

/* The n-th operation fails, for every n: whatever happens, a wrong guess whose answer was told
 * has been counted, and no failure gives a try back. */
static void a_try_once_spent_stays_spent_whatever_fails_after(void **state)
{
    struct house *h = *state;
    h->svc.rules.mpin_attempts = 100;
    h->svc.rules.mpin_attempts_total = 1000;
    const uuid_t ann = register_account(h, ANN);
    uint32_t spent = 0;
    unsigned failures_before = 0;
    unsigned failures_after = 0;
    for (uint64_t n = 1; n < 20; n++) {
        const uint32_t before = tries_of(h, ann).failures;
        mpin_result_t r = {0};
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e = mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(WRONG), &r);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        const uint32_t after = tries_of(h, ann).failures;
        assert_in_range(after, before, before + 1);
        if (!failed(e)) {
            assert_int_equal(after, before + 1);
        }
        failures_before += failed(e) && after == before ? 1U : 0U;
        spent += after - before;
        if (house_audited(h, "mpin.failed") <
            spent) { /* its answer stood, and the rest is written later */
            assert_ok(e);
            assert_int_equal(r.answer, MPIN_WRONG);
            failures_after += 1;
            assert_true(mpin_settle(&h->svc));
        }
    }
    assert_true(spent > 10);
    assert_true(failures_before >= 5 && failures_after >= 1); /* on both sides of the charge */
    assert_int_equal(house_audited(h, "mpin.failed"), spent);
}

static void a_success_that_cannot_be_written_down_is_none(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    unsigned none = 0;
    for (uint64_t n = 7; n < 12; n++) { /* the sixth writes the try */
        mpin_result_t r = {0};
        bool known = false;
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e = mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(MPIN), &r);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        if (failed(e)) {
            assert_int_equal(tries_of(h, ann).failures, 1);
            assert_true(mpin_settle(&h->svc)); /* the store is back: it was right, after all */
            assert_int_equal(tries_of(h, ann).failures, 0);
            none += 1;
        }
        assert_ok(mpin_unlock(&h->svc, ann, &known));
    }
    assert_true(none >= 3);
}

/* The lock is durable, and then the store goes away: the answer stands, and all that follows from
 * the lock is in the store as soon as that is back, in one piece. */
static void a_lock_whose_rest_fails_is_finished_when_the_store_is_back(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t one = log_in(h, ANN, "phone")->id;
    const uuid_t two = log_in(h, ANN, "tablet")->id;
    assert_int_equal(check(h, ann, WRONG).answer, MPIN_WRONG);
    assert_int_equal(check(h, ann, WRONG).answer, MPIN_WRONG);
    store_scripted_fail_operation(h->svc.store, 7,
                                  err_new(ERR_STORAGE)); /* the first of the rest */
    mpin_result_t r = check(h, ann, WRONG);
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    assert_int_equal(r.answer, MPIN_LOCKED_NOW);
    assert_int_equal(r.retry_after_s, 15 * 60);
    assert_int_equal(r.sessions, 2); /* the loops are told */
    assert_int_equal(stored_session(h, one).end, END_NONE);
    assert_int_equal(house_audited(h, "account.locked"), 0);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_LOCKED);
    const uuid_t later = log_in(h, ANN, "laptop")->id; /* allowed while it is locked */

    store_scripted_fail_begins(h->svc.store, 1);
    assert_false(mpin_settle(&h->svc));
    store_scripted_fail_begins(h->svc.store, 0);
    assert_true(mpin_settle(&h->svc));
    assert_int_equal(stored_session(h, one).end, END_MPIN_LOCKED);
    assert_int_equal(stored_session(h, two).end, END_MPIN_LOCKED);
    assert_int_equal(stored_session(h, later).end, END_NONE);
    assert_int_equal(house_audited(h, "account.locked"), 1);
    assert_true(mpin_settle(&h->svc)); /* nothing is left, and nothing is told twice */
    assert_int_equal(house_audited(h, "account.locked"), 1);
}

/* A success that waits forgets the tries before it, not those that came after. */
static void a_late_success_takes_back_no_later_failure(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    mpin_result_t r = {0};
    store_scripted_fail_operation(h->svc.store, 7, err_new(ERR_STORAGE));
    assert_err(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(MPIN), &r), ERR_STORAGE);
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    assert_int_equal(check(h, ann, WRONG).failures, 2);
    assert_true(mpin_settle(&h->svc));
    assert_int_equal(tries_of(h, ann).failures, 2);
}

/* Hashing takes more memory than all else: whoever has none must not lose tries over it, nor the
 * account by them. */
static void without_memory_to_hash_no_try_is_spent(void **state)
{
    struct house *h = *state;
    h->svc.hashing.cost = PWHASH_COST;
    const uuid_t ann = register_account(h, ANN);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
    const char *const given[] = {MPIN, WRONG, MPIN, WRONG, MPIN};
    scarce_memory_begin((size_t)4 << 20);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        mpin_result_t r = {.answer = MPIN_NO_ACCOUNT};
        const err_t e = mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(given[i]), &r);
        if (e.code != ERR_NOMEM || r.answer != MPIN_NO_ACCOUNT) {
            scarce_memory_end();
            fail_msg("%s gave %d, %d", given[i], (int)e.code, (int)r.answer);
        }
    }
    scarce_memory_end();
    assert_int_equal(tries_of(h, ann).total_failures, 0);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
}

/* The pepper file of another installation, once in spite of pepper_guard.h. */
static struct keyring *foreign_keys(struct house *h)
{
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    struct keyring *keys = NULL;
    scratch_path(&h->dir, "foreign", path);
    assert_ok(pepper_file_make(path, why));
    const struct keyring_config config = {
        .debug = true, .data_dir = h->dir.path, .pepper_file = path};
    assert_ok(keyring_open(&config, &keys, why));
    return keys;
}

static void a_mpin_under_an_unknown_pepper_costs_no_try(void **state)
{
    struct house *h = *state;
    mpin_result_t r = {0};
    const uuid_t ann = register_account(h, ANN);
    assert_int_equal(check(h, ann, WRONG).answer, MPIN_WRONG);
    struct keyring *ours = h->svc.keys;
    h->svc.keys = foreign_keys(h);
    for (int i = 0; i < 5; i++) {
        assert_err(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(MPIN), &r), ERR_RANGE);
    }
    keyring_close(&h->svc.keys);
    h->svc.keys = ours;
    assert_int_equal(tries_of(h, ann).failures, 1);
    assert_int_equal(tries_of(h, ann).total_failures, 1);
    assert_int_equal(check(h, ann, MPIN).answer, MPIN_RIGHT);
}

/* ---- many at once */

enum { THREADS = 8, GUESSES = 4 };

struct guesser {
    struct house *house;
    uuid_t account;
    unsigned wrong, locked_now, locked;
};

static void *guess(void *context)
{
    struct guesser *g = context;
    for (int i = 0; i < GUESSES; i++) {
        mpin_result_t r = {0};
        MUST(!failed(mpin_check(&g->house->svc, g->account, (uuid_t){{1}}, span_of(WRONG), &r)));
        g->wrong += r.answer == MPIN_WRONG ? 1U : 0U;
        g->locked_now += r.answer == MPIN_LOCKED_NOW ? 1U : 0U;
        g->locked += r.answer == MPIN_LOCKED ? 1U : 0U;
    }
    return NULL;
}

static void thirty_two_parallel_guesses_get_three_comparisons(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    struct guesser guesser[THREADS];
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
        guesser[i] = (struct guesser){.house = h, .account = ann};
        assert_int_equal(pthread_create(&thread[i], NULL, guess, &guesser[i]), 0);
    }
    unsigned wrong = 0;
    unsigned locked_now = 0;
    unsigned locked = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        wrong += guesser[i].wrong;
        locked_now += guesser[i].locked_now;
        locked += guesser[i].locked;
    }
    assert_int_equal(wrong, 2);
    assert_int_equal(locked_now, 1);
    assert_int_equal(locked, THREADS * GUESSES - 3);
    assert_int_equal(tries_of(h, ann).total_failures, 3);
}

/* ---- a last try that is right ---- */

struct asker {
    struct house *house;
    uuid_t account;
    mpin_standing_t standing;
};

static void *ask(void *context)
{
    struct asker *a = context;
    MUST(!failed(mpin_standing(&a->house->svc, a->account, &a->standing)));
    return NULL;
}

static void put_tries(struct house *h, uuid_t account, const struct mpin_state *tries)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_mpin_save(&tx, account, tries));
    assert_ok(store_commit(&tx));
}

/* As mpin_check() leaves the store between spending a try and settling it. */
static void whoever_asks_while_a_last_try_is_compared_hears_how_it_ended(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct mpin_state spent = {.failures = 3,
                                     .total_failures = 3,
                                     .lock_count = 1,
                                     .locked_until =
                                         wall_after_ms(clock_wall(h->svc.clock), 15 * MINUTE_MS)};
    for (int right = 0; right < 2; right++) {
        struct asker a = {.house = h, .account = ann};
        pthread_t thread;
        pthread_mutex_t *held = account_locks_hold(h->svc.locks, ann);
        put_tries(h, ann, &spent);
        assert_int_equal(pthread_create(&thread, NULL, ask, &a), 0);
        assert_int_equal(usleep(50000), 0); /* long enough to have asked, if it does not wait */
        put_tries(h, ann, right != 0 ? &(struct mpin_state){0} : &spent);
        account_locks_let_go(&held);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(a.standing.locked, right == 0);
        assert_int_equal(a.standing.failures, right != 0 ? 0 : 3);
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(the_right_mpin_is_right_and_a_wrong_one_says_what_is_left),
        SENTENCE(whoever_asks_while_a_last_try_is_compared_hears_how_it_ended),
        SENTENCE(what_is_no_mpin_at_all_is_wrong_and_costs_a_try),
        SENTENCE(only_so_many_ascii_digits_are_an_mpin),
        SENTENCE(an_unknown_account_has_no_mpin),
        SENTENCE(a_locked_account_compares_nothing_and_spends_nothing),
        SENTENCE(a_lock_ends_to_the_millisecond),
        SENTENCE(a_moment_ahead_ends_no_lock_and_makes_none_for_ever),
        SENTENCE(each_further_lock_is_twice_as_long_up_to_a_day),
        SENTENCE(the_tenth_failure_without_a_success_needs_an_operator),
        SENTENCE(attempts_left_counts_to_whichever_lock_comes_first),
        SENTENCE(a_success_forgets_the_row_and_the_length_of_locks),
        ON_SQLITE(a_login_or_another_device_wins_no_tries_back),
        ON_SQLITE(the_lock_blocks_the_live_sessions_of_the_account_and_no_others),
        SENTENCE(without_a_durable_charge_nothing_is_compared),
        SENTENCE(a_try_once_spent_stays_spent_whatever_fails_after),
        SENTENCE(a_success_that_cannot_be_written_down_is_none),
        SENTENCE(a_lock_whose_rest_fails_is_finished_when_the_store_is_back),
        SENTENCE(a_late_success_takes_back_no_later_failure),
        SENTENCE(without_memory_to_hash_no_try_is_spent),
        SENTENCE(a_mpin_under_an_unknown_pepper_costs_no_try),
        ON_SQLITE(thirty_two_parallel_guesses_get_three_comparisons),
    };
    return cmocka_run_group_tests_name("mpin", tests, NULL, NULL);
}
