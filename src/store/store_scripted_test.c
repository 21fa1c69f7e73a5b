/* The driver in memory: it fails on cue, and otherwise answers as SQLite does. */
#include "store/store_scripted.h"

#include "store/house_test.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

/* ---- cues */

static int set_up(void **state)
{
    struct store *st = NULL;
    assert_ok(store_scripted_new(&st));
    *state = st;
    return 0;
}

static int tear_down(void **state)
{
    struct store *st = *state;
    store_close(&st);
    return 0;
}

static err_t put(struct store *st, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    const struct account_row row = sample_account(n);
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    const struct mpin_state tries = {.failures = n};
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(store_account_create(&tx, &row, &answer));
    TRY(store_mpin_save(&tx, row.id, &tries));
    return store_commit(&tx);
}

static bool has(struct store *st, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct account_row row = {0};
    bool found = false;
    assert_ok(store_begin(st, STORE_READ, &tx));
    assert_ok(store_account_by_id(&tx, sample_id('a', n), &row, &found));
    return found;
}

static void the_operation_that_was_named_fails_and_no_other(void **state)
{
    struct store *st = *state;
    for (unsigned at = 1; at <= 2; at++) {
        store_scripted_fail_operation(st, at, err_new(ERR_TIMEOUT));
        assert_err(put(st, 1), ERR_TIMEOUT);
        assert_false(has(st, 1));
    }
    store_scripted_fail_operation(st, 1, err_new(ERR_TIMEOUT));
    store_scripted_fail_operation(st, 0, ERR_OK);
    assert_ok(put(st, 1));
    assert_true(has(st, 1));
}

static void commits_and_begins_fail_as_often_as_told(void **state)
{
    struct store *st = *state;
    store_scripted_fail_commits(st, 2);
    assert_err(put(st, 1), ERR_STORAGE);
    assert_err(put(st, 1), ERR_STORAGE);
    assert_false(has(st, 1));
    assert_ok(put(st, 1));
    store_scripted_fail_commits(st, UINT64_MAX);
    for (int i = 0; i < 5; i++) {
        assert_err(put(st, 2), ERR_STORAGE);
    }
    store_scripted_fail_commits(st, 0);
    store_scripted_fail_begins(st, 1);
    assert_err(put(st, 2), ERR_STORAGE);
    assert_ok(put(st, 2));
}

static void operations_are_counted_and_delayed(void **state)
{
    struct store *st = *state;
    const uint64_t before = store_scripted_operations(st);
    store_scripted_delay(st, 1);
    assert_ok(put(st, 1));
    assert_int_equal(store_scripted_operations(st) - before, 2);
}

/* ---- agreement: the same random life on both drivers gives the same answers */

enum { TRANSACTIONS = 2000, OPERATIONS = 6, NAMES = 5, TEXT_BYTES = 4000 };

struct life {
    struct store *store;
    uint64_t seed;
    char said[TEXT_BYTES]; /* what the operations of one transaction answered */
    size_t len;
};

static void say(struct life *l, const char *what, int64_t a, int64_t b)
{
    const int n = snprintf(l->said + l->len, sizeof l->said - l->len, "%s %lld %lld; ", what,
                           (long long)a, (long long)b);
    MUST(n > 0 && (size_t)n < sizeof l->said - l->len);
    l->len += (size_t)n;
}

static unsigned pick(struct life *l)
{
    return 1 + (unsigned)random_below(&l->seed, NAMES);
}

static err_t say_session(void *ctx, const struct session_row *row)
{
    struct life *l = ctx;
    say(l, "session", row->id.byte[15], (int64_t)(row->risk * 1000) + row->last_activity.ms);
    return ERR_OK;
}

static err_t live_accounts(struct life *l, struct store_tx *tx)
{
    struct account_row row = sample_account(pick(l));
    row.id = sample_id('a', pick(l)); /* sometimes the wrong one */
    enum account_created answer = ACCOUNT_CREATED;
    struct account_row got = {0};
    bool found = false;
    switch (random_below(&l->seed, 4)) {
    case 0: TRY(store_account_create(tx, &row, &answer)); break;
    case 1: TRY(store_account_set_mpin(tx, row.id, "other", 5)); break;
    case 2: TRY(store_account_by_email(tx, row.email_key, &got, &found)); break;
    default: TRY(store_account_by_id(tx, row.id, &got, &found)); break;
    }
    say(l, "account", (int64_t)answer, found);
    say(l, got.mpin_hash, got.id.byte[15], got.mpin_pepper);
    return ERR_OK;
}

static err_t live_sessions(struct life *l, struct store_tx *tx)
{
    const unsigned n = pick(l);
    const uuid_t id = sample_id('s', n);
    const struct session_row row = sample_session(n, pick(l));
    const struct session_activity item = {id, {7000 + (int64_t)n}, 0.5, 2, true};
    struct session_row got[3] = {0};
    size_t count = 0;
    bool yes = false;
    switch (random_below(&l->seed, 6)) {
    case 0: TRY(store_session_create(tx, &row)); break;
    case 1: TRY(store_session_end(tx, id, END_REVOKED, (wall_t){100 + n}, &yes)); break;
    case 2: TRY(store_session_save_activity(tx, &item, 1)); break;
    case 3: TRY(store_sessions_live_of(tx, row.account, got, 3, &count)); break;
    case 4: TRY(store_sessions_purge_ended_before(tx, (wall_t){103}, 2, &count)); break;
    default: TRY(store_sessions_live_all(tx, say_session, l)); break;
    }
    say(l, "sessions", (int64_t)count, yes);
    say(l, got[0].device_id, got[0].id.byte[15], (int64_t)got[0].end);
    return ERR_OK;
}

static err_t live_tokens(struct life *l, struct store_tx *tx)
{
    const unsigned n = pick(l);
    const unsigned session = pick(l);
    const struct refresh_row row = sample_refresh(n, session);
    const struct refresh_mark mark = sample_mark(n, session);
    struct refresh_row got = {0};
    enum refresh_answer answer = REFRESH_UNKNOWN;
    size_t count = 0;
    switch (random_below(&l->seed, 5)) {
    case 0: TRY(store_refresh_put(tx, &row)); break;
    case 1: TRY(store_refresh_ask(tx, &mark, (wall_t){5003}, &answer, &got)); break;
    case 2: TRY(store_refresh_turn(tx, row.session, row.newest)); break;
    case 3: TRY(store_refresh_revoke(tx, row.session)); break;
    default: TRY(store_refresh_purge(tx, (wall_t){5003}, SIZE_MAX, &count)); break;
    }
    say(l, "token", (int64_t)answer, got.expires.ms);
    say(l, "of", got.session.byte[15], (int64_t)count);
    return ERR_OK;
}

static err_t live_rest(struct life *l, struct store_tx *tx)
{
    const unsigned n = pick(l);
    const struct decision_row row = sample_decision(n, pick(l), pick(l));
    const struct mpin_state tries = {.failures = n};
    struct mpin_state got_tries = {0};
    struct decision_row got = {0};
    bool yes = false;
    struct device_standing was = {0};
    size_t count = 0;
    switch (random_below(&l->seed, 11)) {
    case 0: TRY(store_decision_put(tx, &row)); break;
    case 1:
        TRY(store_decisions_mpin_passed(tx, row.session, 1, (wall_t){6002}, (wall_t){9 + n}));
        break;
    case 7: TRY(store_decisions_spend(tx, row.session, (wall_t){9 + n})); break;
    case 2: TRY(store_decision_get(tx, row.id, &got, &yes)); break;
    case 3: TRY(store_decisions_purge_before(tx, (wall_t){6004}, 1, &count)); break;
    case 4: TRY(store_mpin_save(tx, row.account, &tries)); break;
    case 5: TRY(store_mpin_load(tx, row.account, &got_tries)); break;
    case 6:
        TRY(store_device_touch(tx, row.account, sample_refresh(n, 1).newest, row.at, &was));
        break;
    case 9: TRY(store_device_prove(tx, row.account, sample_refresh(n, 1).newest, row.at)); break;
    case 8: TRY(store_devices_purge_before(tx, (wall_t){6003}, SIZE_MAX, &count)); break;
    default: TRY(store_device_known(tx, row.account, sample_refresh(n, 1).newest, &yes)); break;
    }
    say(l, "rest", yes, was.known);
    say(l, "device", was.first, was.proved);
    say(l, "count", (int64_t)count, got_tries.failures);
    say(l, got.action, got.mpin_passed_at.ms, 0);
    say(l, "spent", got.retry_used, 0);
    return ERR_OK;
}

static err_t (*const lives[])(struct life *, struct store_tx *) = {live_accounts, live_sessions,
                                                                   live_tokens, live_rest};

/* A transaction of a few operations, sometimes rolled back. */
static err_t live(struct life *l)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    l->len = 0;
    TRY(store_begin(l->store, STORE_WRITE, &tx));
    for (int i = 0; i < OPERATIONS; i++) {
        TRY(lives[random_below(&l->seed, ARRAY_LEN(lives))](l, &tx));
    }
    return random_below(&l->seed, 4) == 0 ? ERR_OK : store_commit(&tx);
}

static void a_random_life_is_the_same_on_both_drivers(void **state)
{
    struct house house;
    house_begin(&house);
    assert_ok(house_open(&house));
    struct life a = {.store = *state};
    struct life b = {.store = house.store};
    unsigned done = 0;
    for (uint64_t i = 0; i < TRANSACTIONS; i++) {
        a.seed = b.seed = i;
        const err_t in_memory = live(&a);
        const err_t on_disk = live(&b);
        done += failed(on_disk) ? 0 : 1;
        assert_int_equal(in_memory.code, on_disk.code);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.said, b.said, a.len);
    }
    assert_true(done > TRANSACTIONS / 10);
    house_end(&house);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_operation_that_was_named_fails_and_no_other),
        TEST(commits_and_begins_fail_as_often_as_told),
        TEST(operations_are_counted_and_delayed),
        TEST(a_random_life_is_the_same_on_both_drivers),
    };
    return cmocka_run_group_tests_name("store in memory", tests, NULL, NULL);
}
