/* What every driver promises: accounts, tries, devices, transactions, threads. */
#include "base/limits.h"
#include "store/contract_test.h"
#include "store/store.h"
#include "tests/support/unit.h"

#include <math.h>
#include <pthread.h>

/* ---- accounts */

static void an_account_is_found_by_address_and_by_id(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);

    const struct account_row want = sample_account(2);
    struct account_row got = {0};
    bool found = false;
    assert_ok(store_account_by_email(&tx, "user2@example.org", &got, &found));
    assert_true(found);
    assert_memory_equal(&got, &want, sizeof want);
    got = (struct account_row){0};
    assert_ok(store_account_by_id(&tx, want.id, &got, &found));
    assert_true(found);
    assert_memory_equal(&got, &want, sizeof want);

    assert_ok(store_account_by_email(&tx, "User2@example.org", &got, &found));
    assert_false(found);
    assert_ok(store_account_by_email(&tx, "' OR 1=1 --", &got, &found));
    assert_false(found);
    assert_ok(store_account_by_id(&tx, sample_id('a', 3), &got, &found));
    assert_false(found);
    assert_ok(store_commit(&tx));
}

static void a_taken_address_is_an_answer_and_changes_nothing(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    struct account_row twin = sample_account(2);
    memcpy(twin.email_key, "user1@example.org", sizeof "user1@example.org");
    enum account_created answer = ACCOUNT_CREATED;
    assert_ok(store_account_create(&tx, &twin, &answer));
    assert_int_equal(answer, ACCOUNT_EMAIL_TAKEN);
    assert_false(has_account(&tx, 2));
    add_account(&tx, 2); /* the transaction goes on */
    assert_ok(store_commit(&tx));
}

static void a_taken_id_is_a_failure(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    struct account_row twin = sample_account(2);
    twin.id = sample_id('a', 1);
    enum account_created answer = ACCOUNT_CREATED;
    assert_err(store_account_create(&tx, &twin, &answer), ERR_STORAGE);
    assert_err(store_commit(&tx), ERR_STORAGE);
}

static void secrets_are_replaced_with_their_pepper(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    assert_ok(store_account_set_password(&tx, sample_id('a', 1), "new password", 7));
    assert_ok(store_account_set_mpin(&tx, sample_id('a', 1), "new mpin", 8));
    struct account_row want = sample_account(1);
    memset(want.password_hash, 0, sizeof want.password_hash);
    memset(want.mpin_hash, 0, sizeof want.mpin_hash);
    memcpy(want.password_hash, "new password", sizeof "new password");
    memcpy(want.mpin_hash, "new mpin", sizeof "new mpin");
    want.password_pepper = 7;
    want.mpin_pepper = 8;
    struct account_row got = {0};
    bool found = false;
    assert_ok(store_account_by_id(&tx, want.id, &got, &found));
    assert_memory_equal(&got, &want, sizeof want);
    assert_err(store_account_set_mpin(&tx, sample_id('a', 2), "x", 1), ERR_STORAGE);
}

static void a_hash_that_begins_otherwise_is_found(void **state)
{
    static const char known[][STORE_HASH_BEGIN + 1] = {"p=aaaaaaaa", "p=bbbbbbbb"};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    char as[STORE_HASH_BEGIN + 1] = "";
    bool found = true;
    begin(state, STORE_WRITE, &tx);
    assert_ok(store_account_hash_unlike(&tx, known, 2, as, &found));
    assert_false(found); /* nobody is there */
    add_account(&tx, 1);
    add_account(&tx, 2);
    for (unsigned i = 1; i <= 2; i++) {
        assert_ok(store_account_set_password(&tx, sample_id('a', i), "p=aaaaaaaa$x", 0));
        assert_ok(store_account_set_mpin(&tx, sample_id('a', i), "p=bbbbbbbb$x", 0));
    }
    assert_ok(store_account_hash_unlike(&tx, known, 2, as, &found));
    assert_false(found);
    assert_ok(store_account_hash_unlike(&tx, known, 1, as, &found));
    assert_true(found);
    assert_string_equal(as, known[1]);
    assert_ok(store_account_set_password(&tx, sample_id('a', 2), "p=cc", 0)); /* a short one */
    assert_ok(store_account_hash_unlike(&tx, known, 2, as, &found));
    assert_true(found);
    assert_string_equal(as, "p=cc");
    assert_err(store_account_hash_unlike(&tx, known, 0, as, &found), ERR_RANGE);
}

/* ---- MPIN tries */

static void tries_are_zero_at_first_and_kept_after(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    struct mpin_state got = {.failures = 9};
    assert_ok(store_mpin_load(&tx, sample_id('a', 1), &got));
    assert_int_equal(got.failures, 0);
    const struct mpin_state rows[] = {
        {.failures = 3, .total_failures = 9, .lock_count = 2, .locked_until = {123456}},
        {.total_failures = 10, .operator_needed = true},
        {.failures = UINT32_MAX, .total_failures = UINT32_MAX, .lock_count = UINT32_MAX},
        {0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(store_mpin_save(&tx, sample_id('a', 1), &rows[i]));
        assert_ok(store_mpin_load(&tx, sample_id('a', 1), &got));
        assert_int_equal(got.failures, rows[i].failures);
        assert_int_equal(got.total_failures, rows[i].total_failures);
        assert_int_equal(got.lock_count, rows[i].lock_count);
        assert_int_equal(got.locked_until.ms, rows[i].locked_until.ms);
        assert_int_equal(got.operator_needed, rows[i].operator_needed);
    }
    assert_err(store_mpin_save(&tx, sample_id('a', 2), &rows[0]), ERR_STORAGE);
}

/* ---- devices */

static void a_device_is_new_once_and_the_first_only_once(void **state)
{
    // clang-format off
    static const struct { unsigned account, device; int64_t at; bool known, first; } rows[] = {
        {1, 1, 100, false, true},
        {1, 1, 200, true,  false},
        {1, 2, 150, false, false},
        {2, 1, 300, false, true},
        {1, 1,  50, true,  false}, /* a clock that went back moves nothing back */
    };
    // clang-format on
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const unsigned account = rows[i].account;
        assert_int_equal(is_known(&tx, account, rows[i].device), rows[i].known);
        const struct device_standing was = touch(&tx, account, rows[i].device, rows[i].at);
        assert_int_equal(was.known, rows[i].known);
        assert_int_equal(was.first, rows[i].first);
    }

    size_t purged = 0;
    assert_ok(store_devices_purge_before(&tx, (wall_t){200}, 9, &purged)); /* 1 was seen then */
    assert_int_equal(purged, 1);
    assert_true(is_known(&tx, 1, 1));
    assert_false(is_known(&tx, 1, 2));
    uint8_t key[STORE_DIGEST_BYTES];
    struct device_standing was = {0};
    sample_digest(key, 'k', 1);
    assert_err(store_device_touch(&tx, sample_id('a', 3), key, (wall_t){1}, &was), ERR_STORAGE);
}

static void prove(struct store_tx *tx, unsigned account, unsigned device, int64_t at)
{
    uint8_t key[STORE_DIGEST_BYTES];
    sample_digest(key, 'k', device);
    assert_ok(store_device_prove(tx, sample_id('a', account), key, (wall_t){at}));
}

static void a_device_is_proved_that_is_the_first_or_that_a_mpin_was_passed_on(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    assert_true(touch(&tx, 1, 1, 100).proved); /* the first */
    assert_true(touch(&tx, 1, 1, 101).proved);
    assert_false(touch(&tx, 1, 2, 102).proved);
    assert_false(touch(&tx, 1, 2, 103).proved);
    prove(&tx, 1, 2, 104);
    prove(&tx, 1, 2, 105);
    assert_true(touch(&tx, 1, 2, 106).proved);
    assert_true(touch(&tx, 2, 8, 107).proved);
    assert_false(touch(&tx, 2, 2, 108).proved); /* somebody else's */

    prove(&tx, 1, 3, 109);
    assert_false(is_known(&tx, 1, 3));
    assert_false(touch(&tx, 1, 3, 110).proved);
    size_t purged = 0;
    assert_ok(store_devices_purge_before(&tx, (wall_t){107}, 9, &purged));
    assert_int_equal(purged, 2);
    assert_false(touch(&tx, 1, 2, 111).proved); /* forgotten with what was proved on it */
    assert_false(touch(&tx, 1, 1, 112).proved);
}

static void beyond_the_limit_the_device_not_seen_for_longest_is_forgotten(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    assert_false(touch(&tx, 2, 900, 1).known);
    for (unsigned n = 1; n <= LIMIT_DEVICES_PER_ACCOUNT; n++) {
        assert_false(touch(&tx, 1, n, 100 + (int64_t)n).known);
    }
    assert_int_equal(count_known(&tx, 1, 1, 999), LIMIT_DEVICES_PER_ACCOUNT);
    assert_true(touch(&tx, 1, 1, 500).known); /* seen again: now 2 is the stalest */
    const struct device_standing newest = touch(&tx, 1, 601, 601);
    assert_false(newest.known);
    assert_false(newest.first);
    assert_false(is_known(&tx, 1, 2));
    assert_true(is_known(&tx, 1, 1));
    assert_true(is_known(&tx, 1, 601));
    assert_false(touch(&tx, 1, 602, 3).known); /* the new one stays, whatever its clock says */
    assert_true(is_known(&tx, 1, 602));
    assert_false(is_known(&tx, 1, 3));
    for (unsigned n = 700; n < 900; n++) {
        assert_false(touch(&tx, 1, n, n).known);
        if (n % 20 == 0) {
            assert_int_equal(count_known(&tx, 1, 1, 999), LIMIT_DEVICES_PER_ACCOUNT);
        }
    }
    assert_true(is_known(&tx, 1, 1));   /* the first is proved: strangers push out each other */
    assert_true(is_known(&tx, 2, 900)); /* another account's are its own */
    assert_ok(store_commit(&tx));
}

static void unseen_devices_are_purged_up_to_the_limit_and_none_is_the_first_again(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    size_t purged = 9;
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    for (unsigned n = 1; n <= 4; n++) {
        assert_false(touch(&tx, 1 + n % 2, n, 100 - (int64_t)n).known); /* 99, 98, 97, 96 */
    }
    assert_ok(store_devices_purge_before(&tx, (wall_t){99}, 2, &purged));
    assert_int_equal(purged, 2);
    assert_false(is_known(&tx, 1, 4));
    assert_false(is_known(&tx, 2, 3));
    assert_true(is_known(&tx, 1, 2));
    assert_ok(store_devices_purge_before(&tx, (wall_t){99}, SIZE_MAX, &purged));
    assert_int_equal(purged, 1);
    assert_true(is_known(&tx, 2, 1)); /* last seen at 99, not before */
    assert_int_equal(count_known(&tx, 1, 1, 4), 0);
    const struct device_standing next = touch(&tx, 1, 5, 200);
    assert_false(next.known);
    assert_false(next.proved);
    assert_false(
        next.first); /* an account that is left alone for long does not trust the next comer */
}

/* ---- transactions */

static void a_rollback_leaves_nothing(void **state)
{
    struct store_tx tx = {0};
    store_rollback(&tx); /* of nothing */
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    store_rollback(&tx);
    store_rollback(&tx);
    {
        CLEANUP(store_rollback) struct store_tx left = {0};
        begin(state, STORE_WRITE, &left);
        add_account(&left, 2);
    }
    begin(state, STORE_READ, &tx);
    assert_false(has_account(&tx, 1));
    assert_false(has_account(&tx, 2));
    assert_ok(store_commit(&tx));
}

static void after_a_failed_operation_nothing_is_committed(void **state)
{
    struct store_tx tx = {0};
    const struct mpin_state tries = {.failures = 1};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    assert_err(store_mpin_save(&tx, sample_id('a', 2), &tries), ERR_STORAGE);
    assert_err(store_mpin_save(&tx, sample_id('a', 1), &tries), ERR_STORAGE); /* dead */
    assert_err(store_commit(&tx), ERR_STORAGE);
    assert_false(tx.open);

    begin(state, STORE_WRITE, &tx);
    assert_false(has_account(&tx, 1));
    add_account(&tx, 1);
    assert_ok(store_commit(&tx));
}

static void a_reader_keeps_the_state_it_began_with(void **state)
{
    CLEANUP(store_rollback) struct store_tx reader = {0};
    CLEANUP(store_rollback) struct store_tx writer = {0};
    begin(state, STORE_READ, &reader);
    begin(state, STORE_WRITE, &writer);
    add_account(&writer, 1);
    assert_true(has_account(&writer, 1));
    assert_false(has_account(&reader, 1));
    assert_ok(store_commit(&writer));
    assert_false(has_account(&reader, 1));
    assert_ok(store_commit(&reader));
    begin(state, STORE_READ, &reader);
    assert_true(has_account(&reader, 1));
}

static void rows_that_do_not_fit_are_refused(void **state)
{
    const double risks[] = {-0.001, 1.001, NAN, INFINITY};
    struct store_tx tx = {0};
    for (size_t i = 0; i < ARRAY_LEN(risks); i++) {
        begin(state, STORE_WRITE, &tx);
        struct session_row row = sample_session(1, 1);
        row.risk = risks[i];
        assert_err(store_session_create(&tx, &row), ERR_RANGE);
        store_rollback(&tx);
        begin(state, STORE_WRITE, &tx);
        const struct session_activity item = {.id = row.id, .risk = risks[i]};
        assert_err(store_session_save_activity(&tx, &item, 1), ERR_RANGE);
        store_rollback(&tx);
    }
    struct account_row account = sample_account(1);
    memset(account.email, 'x', sizeof account.email);
    enum account_created answer = ACCOUNT_CREATED;
    begin(state, STORE_WRITE, &tx);
    assert_err(store_account_create(&tx, &account, &answer), ERR_RANGE);
    store_rollback(&tx);
    struct audit_row link = sample_audit(1);
    memset(link.detail, ' ', sizeof link.detail);
    begin(state, STORE_WRITE, &tx);
    assert_err(store_audit_insert(&tx, &link), ERR_RANGE);
    store_rollback(&tx);
    bool ended = false;
    begin(state, STORE_WRITE, &tx);
    assert_err(store_session_end(&tx, sample_id('s', 1), END_BLOCKED, (wall_t){0}, &ended),
               ERR_RANGE);
    store_rollback(&tx);
}

static void what_was_committed_is_there_after_opening_again(void **state)
{
    struct fixture *f = *state;
    if (!f->driver->keeps) {
        skip();
    }
    struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_session(&tx, 1, 1);
    const struct audit_row link = sample_audit(1);
    assert_ok(store_audit_insert(&tx, &link));
    assert_ok(store_commit(&tx));
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 2);
    store_rollback(&tx);

    store_close(&f->house.store);
    assert_null(f->house.store);
    assert_ok(f->driver->open(&f->house));
    begin(state, STORE_READ, &tx);
    struct session_row session = {0};
    uint64_t seq = 0;
    uint8_t hash[STORE_DIGEST_BYTES];
    assert_true(has_account(&tx, 1));
    assert_false(has_account(&tx, 2));
    assert_true(has_session(&tx, 1, &session));
    assert_ok(store_audit_head(&tx, &seq, hash));
    assert_int_equal(seq, 1);
    assert_ok(store_commit(&tx));
}

/* ---- many threads */

enum { THREADS = 8, ROUNDS = 16 };

struct spender {
    pthread_t thread;
    struct store *store;
    unsigned allowed;
    bool failed;
};

/* Charge one try as the domain does; `most` = 0 means without a limit. */
static err_t spend_try(struct store *st, uint32_t most, bool *allowed)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct mpin_state tries = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(store_mpin_load(&tx, sample_id('a', 1), &tries));
    *allowed = most == 0 || tries.failures < most;
    tries.failures += *allowed ? 1 : 0;
    TRY(store_mpin_save(&tx, sample_id('a', 1), &tries));
    return store_commit(&tx);
}

static void *spend_freely(void *arg)
{
    struct spender *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        bool allowed = false;
        s->failed = s->failed || failed(spend_try(s->store, 0, &allowed));
        s->allowed += allowed;
    }
    return NULL;
}

static void *spend_three(void *arg)
{
    struct spender *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        bool allowed = false;
        s->failed = s->failed || failed(spend_try(s->store, 3, &allowed));
        s->allowed += allowed;
    }
    return NULL;
}

static err_t refresh_once(struct store *st, bool *fresh)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct refresh_row row = {0};
    const struct refresh_mark mark = sample_mark(1, 1);
    const struct refresh_mark next = sample_mark(2, 1);
    enum refresh_answer answer = REFRESH_UNKNOWN;
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(store_refresh_ask(&tx, &mark, (wall_t){10}, &answer, &row));
    *fresh = answer == REFRESH_FRESH;
    if (*fresh) {
        TRY(store_refresh_turn(&tx, row.session, next.whole));
    }
    return store_commit(&tx);
}

static void *refresh_and_read(void *arg)
{
    struct spender *s = arg;
    bool fresh = false;
    s->failed = failed(refresh_once(s->store, &fresh));
    s->allowed = fresh;
    for (int i = 0; i < ROUNDS; i++) { /* readers crowd the few reading connections */
        CLEANUP(store_rollback) struct store_tx tx = {0};
        struct account_row row = {0};
        bool found = false;
        s->failed = s->failed || failed(store_begin(s->store, STORE_READ, &tx)) ||
                    failed(store_account_by_id(&tx, sample_id('a', 1), &row, &found)) || !found;
        store_rollback(&tx);
        store_rest(s->store, mono_after_ms(clock_mono(clock_system()), 1000)); /* beside them */
    }
    return NULL;
}

/* Run it on all threads; the sum of what they were allowed. */
static unsigned run_threads(void **state, void *(*body)(void *))
{
    struct spender spenders[THREADS] = {0};
    struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_session(&tx, 1, 1);
    add_refresh(&tx, 1, 1);
    assert_ok(store_commit(&tx));
    for (size_t i = 0; i < THREADS; i++) {
        spenders[i].store = store_of(state);
        assert_int_equal(pthread_create(&spenders[i].thread, NULL, body, &spenders[i]), 0);
    }
    unsigned allowed = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(spenders[i].thread, NULL), 0);
        assert_false(spenders[i].failed);
        allowed += spenders[i].allowed;
    }
    return allowed;
}

static void eight_threads_never_lose_a_spent_try(void **state)
{
    assert_int_equal(run_threads(state, spend_freely), THREADS * ROUNDS);
    struct store_tx tx = {0};
    struct mpin_state tries = {0};
    begin(state, STORE_READ, &tx);
    assert_ok(store_mpin_load(&tx, sample_id('a', 1), &tries));
    assert_int_equal(tries.failures, THREADS * ROUNDS);
    store_rollback(&tx);
}

static void eight_threads_get_three_tries_together(void **state)
{
    assert_int_equal(run_threads(state, spend_three), 3);
}

static void eight_threads_find_one_token_fresh_once(void **state)
{
    assert_int_equal(run_threads(state, refresh_and_read), 1);
}

static const struct sentence sentences[] = {
    SENTENCE(an_account_is_found_by_address_and_by_id),
    SENTENCE(a_taken_address_is_an_answer_and_changes_nothing),
    SENTENCE(a_taken_id_is_a_failure),
    SENTENCE(secrets_are_replaced_with_their_pepper),
    SENTENCE(a_hash_that_begins_otherwise_is_found),
    SENTENCE(tries_are_zero_at_first_and_kept_after),
    SENTENCE(a_device_is_new_once_and_the_first_only_once),
    SENTENCE(a_device_is_proved_that_is_the_first_or_that_a_mpin_was_passed_on),
    SENTENCE(beyond_the_limit_the_device_not_seen_for_longest_is_forgotten),
    SENTENCE(unseen_devices_are_purged_up_to_the_limit_and_none_is_the_first_again),
    SENTENCE(a_rollback_leaves_nothing),
    SENTENCE(after_a_failed_operation_nothing_is_committed),
    SENTENCE(a_reader_keeps_the_state_it_began_with),
    SENTENCE(rows_that_do_not_fit_are_refused),
    SENTENCE(what_was_committed_is_there_after_opening_again),
    SENTENCE(eight_threads_never_lose_a_spent_try),
    SENTENCE(eight_threads_get_three_tries_together),
    SENTENCE(eight_threads_find_one_token_fresh_once),
};

int main(void)
{
    return contract_run(sentences, ARRAY_LEN(sentences));
}
