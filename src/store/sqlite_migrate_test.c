/* A database of an older version, with very many rows: what was good stays good, what was spent stays known,
 * and what is left over goes in batches. */
#include "store/sqlite_migrate.h"

#include "base/limits.h"
#include "store/contract_test.h"
#include "tests/support/unit.h"

enum {
    BEFORE_FAMILIES = 3, /* the version that kept a row for each refresh token */
    SPENT = 20000,
    DEVICES = 1000,
    BATCH = 1000
};

static int house_set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    house_begin(h);
    *state = h;
    return 0;
}

static int house_tear_down(void **state)
{
    struct house *h = *state;
    house_end(h);
    free(h);
    return 0;
}

static void run_text(const struct seat *seat, const char *text)
{
    assert_int_equal(sqlite3_exec(seat->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void ids(char kind, unsigned n, char out[33])
{
    const uuid_t id = sample_id(kind, n);
    for (size_t i = 0; i < sizeof id.byte; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", id.byte[i]);
    }
}

static void add_old_account(const struct seat *seat, unsigned n)
{
    char text[300];
    char account[33];
    ids('a', n, account);
    (void)snprintf(
        text, sizeof text,
        "INSERT INTO accounts VALUES (x'%s', 'u%u@x.org', 'u%u@x.org', 'p', 'm', 1, 2, 1)", account,
        n, n);
    run_text(seat, text);
}

/* A session with `spent` tokens, numbered from 1, and one that is good after them. */
static void add_old_session(const struct seat *seat, unsigned n, unsigned account, unsigned spent)
{
    char text[400];
    char session[33];
    char owner[33];
    ids('s', n, session);
    ids('a', account, owner);
    (void)snprintf(text, sizeof text,
                   "INSERT INTO sessions VALUES (x'%s', x'%s', 'phone', zeroblob(32), 1, 1, 900000,"
                   " 0, 0, 0.0, 0, 0)",
                   session, owner);
    run_text(seat, text);

    sqlite3_stmt *put = NULL;
    assert_int_equal(sqlite3_prepare_v2(seat->db,
                                        "INSERT INTO refresh_tokens VALUES (?, ?, ?, 1, 5000, ?)",
                                        -1, &put, NULL),
                     SQLITE_OK);
    const uuid_t id = sample_id('s', n);
    for (unsigned i = 1; i <= spent + 1; i++) {
        uint8_t hash[STORE_DIGEST_BYTES];
        sample_digest(hash, (char)('A' + (int)n), i);
        assert_int_equal(sqlite3_bind_blob(put, 1, hash, sizeof hash, SQLITE_TRANSIENT), SQLITE_OK);
        assert_int_equal(sqlite3_bind_blob(put, 2, id.byte, 16, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_bind_blob(put, 3, id.byte, 16, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(put, 4, i <= spent ? 7 : 0), SQLITE_OK);
        assert_int_equal(sqlite3_step(put), SQLITE_DONE);
        assert_int_equal(sqlite3_reset(put), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(put), SQLITE_OK);
}

/* Seen at 1, 2, 3 and so on. */
static void add_old_devices(const struct seat *seat, unsigned account, unsigned count)
{
    sqlite3_stmt *put = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(seat->db, "INSERT INTO devices VALUES (?, ?, 1, ?)", -1, &put, NULL),
        SQLITE_OK);
    const uuid_t id = sample_id('a', account);
    for (unsigned i = 1; i <= count; i++) {
        uint8_t key[STORE_DIGEST_BYTES];
        sample_digest(key, 'k', i);
        assert_int_equal(sqlite3_bind_blob(put, 1, id.byte, 16, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_bind_blob(put, 2, key, sizeof key, SQLITE_TRANSIENT), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(put, 3, i), SQLITE_OK);
        assert_int_equal(sqlite3_step(put), SQLITE_DONE);
        assert_int_equal(sqlite3_reset(put), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(put), SQLITE_OK);
}

/* Account 1 with two sessions and very many devices, account 2 with none. */
static void make_old(struct house *h)
{
    char path[256];
    char why[STORE_WHY_BYTES] = "";
    struct seat seat = {0};
    assert_int_equal(sqlite3_open(house_path(h, "canara.db", path), &seat.db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
    assert_ok(sqlite_migrate(&seat, still_clock(), BEFORE_FAMILIES, why));
    run_text(&seat, "BEGIN");
    add_old_account(&seat, 1);
    add_old_account(&seat, 2);
    add_old_session(&seat, 1, 1, SPENT);
    add_old_session(&seat, 2, 1, 2);
    add_old_devices(&seat, 1, DEVICES);
    run_text(&seat, "COMMIT");
    seat_close(&seat);
}

static int64_t raw_count(const struct house *h, const char *table)
{
    char path[256];
    char text[64];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    (void)snprintf(text, sizeof text, "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_open(house_path(h, "canara.db", path), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return count;
}

/* Token `n` of an old session: it has no beginning but itself. */
static struct refresh_mark old_mark(unsigned session, unsigned n)
{
    struct refresh_mark mark = {0};
    sample_digest(mark.family, (char)('A' + (int)session), n);
    memcpy(mark.whole, mark.family, sizeof mark.whole);
    return mark;
}

static enum refresh_answer show_old(struct store_tx *tx, unsigned session, unsigned n)
{
    const struct refresh_mark mark = old_mark(session, n);
    struct refresh_row row = {0};
    enum refresh_answer answer = REFRESH_EXPIRED;
    assert_ok(store_refresh_ask(tx, &mark, (wall_t){10}, &answer, &row));
    if (answer != REFRESH_UNKNOWN) {
        assert_true(uuid_eq(row.session, sample_id('s', session)));
    }
    return answer;
}

static void a_token_of_before_is_good_once_and_those_spent_stay_known(void **state)
{
    struct house *h = *state;
    make_old(h);
    assert_ok(house_open(h));
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_int_equal(show_old(&tx, 1, 1), REFRESH_REUSED);
    assert_int_equal(show_old(&tx, 1, SPENT), REFRESH_REUSED);
    assert_int_equal(show_old(&tx, 1, SPENT + 1), REFRESH_FRESH);
    assert_int_equal(show_old(&tx, 1, SPENT + 2), REFRESH_UNKNOWN);
    assert_int_equal(show_old(&tx, 2, 3), REFRESH_FRESH);

    struct refresh_mark next = old_mark(1, SPENT + 1); /* begins as the old one */
    sample_digest(next.whole, 'n', 1);
    enum refresh_answer answer = REFRESH_UNKNOWN;
    struct refresh_row row = {0};
    assert_ok(store_refresh_turn(&tx, sample_id('s', 1), next.whole));
    assert_ok(store_refresh_ask(&tx, &next, (wall_t){10}, &answer, &row));
    assert_int_equal(answer, REFRESH_FRESH);
    assert_int_equal(show_old(&tx, 1, SPENT + 1), REFRESH_REUSED);
    assert_int_equal(show_old(&tx, 1, 1), REFRESH_REUSED);

    assert_ok(store_refresh_revoke(&tx, sample_id('s', 1)));
    assert_int_equal(show_old(&tx, 1, 1), REFRESH_UNKNOWN);
    assert_int_equal(show_old(&tx, 1, SPENT + 1), REFRESH_UNKNOWN);
    assert_int_equal(show_old(&tx, 2, 1), REFRESH_REUSED);
    assert_ok(store_commit(&tx));
}

static void what_is_left_of_single_tokens_goes_in_batches_and_not_with_a_logout(void **state)
{
    struct house *h = *state;
    make_old(h);
    assert_ok(house_open(h));
    struct store_tx tx = {0};
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_ok(store_refresh_revoke(&tx, sample_id('s', 1)));
    assert_ok(store_commit(&tx));
    int64_t left = raw_count(h, "refresh_tokens");
    assert_int_equal(left, SPENT + 2); /* a logout writes one row */
    assert_int_equal(raw_count(h, "refresh_families"), 1);
    for (size_t purged = BATCH; purged == BATCH;) {
        assert_ok(store_begin(h->store, STORE_WRITE, &tx));
        assert_ok(store_refresh_purge(&tx, (wall_t){5001}, BATCH, &purged));
        assert_ok(store_commit(&tx));
        assert_true(purged <= BATCH);
        const int64_t now = raw_count(h, "refresh_tokens");
        assert_true(left - now <= BATCH);
        left = now;
    }
    assert_int_equal(left, 0);
    assert_int_equal(raw_count(h, "refresh_families"), 0);
}

static void devices_beyond_the_limit_go_a_few_at_each_login(void **state)
{
    struct house *h = *state;
    make_old(h);
    assert_ok(house_open(h));
    CLEANUP(store_rollback) struct store_tx tx = {0};
    size_t before = DEVICES;
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    const struct device_standing second = touch(&tx, 2, 1, 1);
    assert_false(second.known);
    assert_true(second.first); /* account 2 never had one */
    while (before > LIMIT_DEVICES_PER_ACCOUNT) {
        const struct device_standing was = touch(&tx, 1, DEVICES, DEVICES);
        assert_true(was.known);
        assert_true(was.proved); /* who learnt on it goes on */
        assert_false(was.first);
        const size_t now = count_known(&tx, 1, 1, DEVICES);
        const size_t over = before - LIMIT_DEVICES_PER_ACCOUNT;
        assert_int_equal(before - now, over < STORE_DEVICES_AT_ONCE ? over : STORE_DEVICES_AT_ONCE);
        before = now;
    }
    for (unsigned n = 1; n <= DEVICES; n++) {
        assert_int_equal(is_known(&tx, 1, n), n > DEVICES - LIMIT_DEVICES_PER_ACCOUNT);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_set_up, house_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_of_before_is_good_once_and_those_spent_stay_known),
        TEST(what_is_left_of_single_tokens_goes_in_batches_and_not_with_a_logout),
        TEST(devices_beyond_the_limit_go_a_few_at_each_login),
    };
    return cmocka_run_group_tests_name("sqlite versions", tests, NULL, NULL);
}
