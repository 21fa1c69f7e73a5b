/* The chain of security events: every flip, deletion, swap and truncation is found. */
#include "domain/ground/audit.h"

#include "domain/sessions/steps_test.h"
#include "tests/support/random.h"

#include <sqlite3.h>

enum { RECORDS = 40 };

struct head {
    uint64_t seq;
    uint8_t hash[STORE_DIGEST_BYTES];
};

static struct head head_of(struct house *h)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct head head = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_audit_head(&tx, &head.seq, head.hash));
    return head;
}

static void record_many(struct house *h, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char detail[64];
        (void)snprintf(detail, sizeof detail, "{\"n\":%u}", i);
        const audit_entry_t entry = {.kind = i % 3 == 0 ? "login.failed" : "session.opened",
                                     .account = {{(uint8_t)(1 + i)}},
                                     .session = {{(uint8_t)(100 + i)}},
                                     .detail = detail};
        scripted_clock_pass(&h->clock, 1000);
        assert_ok(audit_record(h->svc.audit, h->svc.store, &entry));
    }
}

static enum audit_verdict verify(struct house *h, const struct head *head, uint64_t *at)
{
    enum audit_verdict verdict = AUDIT_INTACT;
    uint64_t records = 0;
    assert_ok(audit_verify(h->svc.audit, h->svc.store, head != NULL ? head->hash : NULL, &verdict,
                           &records, at));
    return verdict;
}

static void an_untouched_chain_is_intact_from_its_first_to_its_last_record(void **state)
{
    struct house *h = *state;
    enum audit_verdict verdict = AUDIT_BROKEN;
    uint64_t records = 99;
    uint64_t at = 99;
    const struct head none = head_of(h);
    assert_ok(audit_verify(h->svc.audit, h->svc.store, none.hash, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_INTACT);
    assert_int_equal(records, 0);
    record_many(h, RECORDS);
    const struct head head = head_of(h);
    assert_ok(audit_verify(h->svc.audit, h->svc.store, head.hash, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_INTACT);
    assert_int_equal(records, RECORDS);
    assert_int_equal(at, 0);
}

static void what_happens_to_an_account_is_on_the_chain(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uint64_t before = head_of(h).seq;
    login_t login = login_from(ANN, "phone");
    assert_false(try_login(h, &login, "not the password"));
    login_t nobody = login_from("nobody@example.org", "phone");
    assert_false(try_login(h, &nobody, "not the password"));
    assert_int_equal(head_of(h).seq, before + 2);
    (void)log_in(h, ANN, "phone");
    assert_int_equal(head_of(h).seq, before + 3);
    uint64_t at = 0;
    const struct head head = head_of(h);
    assert_int_equal(verify(h, &head, &at), AUDIT_INTACT);
}

/* The chain is never cut: that a try which is refused leaves nothing, is all that bounds what a stranger writes. */
static void a_try_that_is_refused_is_not_on_the_chain(void **state)
{
    enum { TRIES = 40, OF_ACCOUNT = 5, OF_ADDRESS = 8 };

    static const struct {
        bool one_account;
        uint64_t rows;
    } cases[] = {{true, OF_ACCOUNT}, {false, OF_ADDRESS}};

    struct house *h = *state;
    (void)register_account(h, ANN);
    h->svc.rules.login_per_account = (throttle_t){OF_ACCOUNT, 900};
    h->svc.rules.login_per_address = (throttle_t){OF_ADDRESS, 60};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const uint64_t before = head_of(h).seq;
        for (unsigned n = 0; n < TRIES; n++) {
            char email[64];
            (void)snprintf(email, sizeof email, "nobody-%u@example.org", n);
            login_t login = login_from(cases[i].one_account ? ANN : email, "phone");
            login.address_narrow = cases[i].one_account ? 1000 + n : 7; /* many, or one */
            login.address_wide = cases[i].one_account ? 10000 + n : 70;
            assert_false(try_login(h, &login, "not the password"));
        }
        assert_int_equal(head_of(h).seq - before, cases[i].rows);
    }
}

static void a_failed_transaction_leaves_no_record_and_no_gap(void **state)
{
    struct house *h = *state;
    const audit_entry_t entry = {.kind = "login.failed", .detail = "{}"};
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(audit_record(h->svc.audit, h->svc.store, &entry), ERR_STORAGE);
    assert_ok(audit_record(h->svc.audit, h->svc.store, &entry));
    assert_int_equal(head_of(h).seq, 1);
    uint64_t at = 0;
    assert_int_equal(verify(h, NULL, &at), AUDIT_INTACT);
}

static void another_installation_cannot_forge_the_chain(void **state)
{
    struct house *h = *state;
    record_many(h, 3);
    struct house other = {0};
    house_begin(&other, HOUSE_SCRIPTED, 0);
    enum audit_verdict verdict = AUDIT_INTACT;
    uint64_t records = 0;
    uint64_t at = 0;
    assert_ok(audit_verify(other.svc.audit, h->svc.store, NULL, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_BROKEN);
    assert_int_equal(at, 1);
    house_end(&other);
}

/* ---- with the file in the hands of a stranger */

static sqlite3 *break_in(struct house *h)
{
    char path[SCRATCH_PATH];
    scratch_path(&h->dir, "canara.db", path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
}

/* Run one statement on one row. */
static void run_on(sqlite3 *db, const char *text, unsigned row)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(statement, 1, (sqlite3_int64)row), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

/* Keep the rows as they are now under another name, to put them back. */
static void prepare(sqlite3 *db)
{
    run(db, "DROP TRIGGER security_events_keep; DROP TRIGGER security_events_fixed;"
            "CREATE TABLE kept AS SELECT * FROM security_events");
}

static void put_back(sqlite3 *db)
{
    run(db, "BEGIN; DELETE FROM security_events;"
            "INSERT INTO security_events SELECT * FROM kept; COMMIT");
}

static int64_t bytes_of(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t bytes = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return bytes;
}

/* What docs/operations.md reckons with. */
static void a_failed_login_takes_so_many_bytes(void **state)
{
    enum { ROWS = 20000 };

    struct house *h = *state;
    sqlite3 *db = break_in(h);
    const audit_entry_t entry = {.kind = "login.failed", .account = {{1}}, .detail = "{}"};
    const int64_t before = bytes_of(db);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    for (int i = 0; i < ROWS; i++) {
        assert_ok(audit_append(h->svc.audit, &tx, &entry));
    }
    assert_ok(store_commit(&tx));
    assert_in_range((bytes_of(db) - before) / ROWS, 100, 160);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void every_changed_row_is_found_and_named(void **state)
{
    static const char *const change[] = {
        "UPDATE security_events SET at = at + 1 WHERE seq = ?1",
        "UPDATE security_events SET kind = 'login.passed' WHERE seq = ?1",
        "UPDATE security_events SET account = zeroblob(16) WHERE seq = ?1",
        "UPDATE security_events SET session = account WHERE seq = ?1",
        "UPDATE security_events SET account = session, session = account WHERE seq = ?1",
        "UPDATE security_events SET detail = '{}' WHERE seq = ?1",
        "UPDATE security_events SET kind = kind || '{', detail = substr(detail, 2) WHERE seq = ?1",
        "UPDATE security_events SET prev = hash WHERE seq = ?1",
        "UPDATE security_events SET hash = zeroblob(32) WHERE seq = ?1",
        "DELETE FROM security_events WHERE seq = ?1",
        "DELETE FROM security_events WHERE seq <= ?1",
    };
    struct house *h = *state;
    record_many(h, RECORDS);
    const struct head head = head_of(h);
    sqlite3 *db = break_in(h);
    prepare(db);
    for (size_t i = 0; i < ARRAY_LEN(change); i++) {
        for (unsigned row = 1; row <= RECORDS; row += 13) {
            uint64_t at = 0;
            run_on(db, change[i], row);
            if (verify(h, &head, &at) != AUDIT_BROKEN) {
                fail_msg("not found: %s, row %u", change[i], row);
            }
            assert_int_equal(at, i == ARRAY_LEN(change) - 1 ? 1 : row);
            put_back(db);
        }
    }
    uint64_t at = 0;
    assert_int_equal(verify(h, &head, &at), AUDIT_INTACT);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void swapped_rows_are_found(void **state)
{
    struct house *h = *state;
    record_many(h, RECORDS);
    const struct head head = head_of(h);
    sqlite3 *db = break_in(h);
    prepare(db);
    uint64_t seed = 3;
    for (int i = 0; i < 100; i++) {
        const unsigned a = 1 + (unsigned)random_below(&seed, RECORDS);
        const unsigned b = 1 + (unsigned)random_below(&seed, RECORDS);
        if (a == b) {
            continue;
        }
        char text[256];
        uint64_t at = 0;
        (void)snprintf(text, sizeof text,
                       "UPDATE security_events SET seq = 1000 WHERE seq = %u;"
                       "UPDATE security_events SET seq = %u WHERE seq = %u;"
                       "UPDATE security_events SET seq = %u WHERE seq = 1000",
                       a, a, b, b);
        run(db, text);
        assert_int_equal(verify(h, &head, &at), AUDIT_BROKEN);
        assert_int_equal(at, a < b ? a : b);
        put_back(db);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_cut_tail_shows_against_the_head_that_was_kept_elsewhere(void **state)
{
    struct house *h = *state;
    record_many(h, RECORDS);
    const struct head head = head_of(h);
    sqlite3 *db = break_in(h);
    prepare(db);
    for (unsigned keep = 0; keep < RECORDS; keep++) {
        char text[64];
        uint64_t at = 0;
        (void)snprintf(text, sizeof text, "DELETE FROM security_events WHERE seq > %u", keep);
        run(db, text);
        assert_int_equal(verify(h, &head, &at), AUDIT_BROKEN);
        assert_int_equal(at, keep + 1);
        put_back(db);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Any byte of any column, at random. */
static void flips_at_random_are_all_found(void **state)
{
    static const struct {
        const char *name;
        unsigned bytes;
    } blob[] = {{"account", 16}, {"session", 16}, {"prev", 32}, {"hash", 32}};
    struct house *h = *state;
    record_many(h, RECORDS);
    const struct head head = head_of(h);
    sqlite3 *db = break_in(h);
    prepare(db);
    uint64_t seed = 5;
    for (int i = 0; i < 300; i++) {
        const size_t column = (size_t)random_below(&seed, ARRAY_LEN(blob));
        const unsigned row = 1 + (unsigned)random_below(&seed, RECORDS);
        const int at_byte = (int)random_below(&seed, blob[column].bytes);
        sqlite3_blob *b = NULL;
        uint8_t byte = 0;
        uint64_t at = 0;
        assert_int_equal(sqlite3_blob_open(db, "main", "security_events", blob[column].name,
                                           (sqlite3_int64)row, 1, &b),
                         SQLITE_OK);
        assert_int_equal(sqlite3_blob_read(b, &byte, 1, at_byte), SQLITE_OK);
        byte ^= (uint8_t)(1U << random_below(&seed, 8));
        assert_int_equal(sqlite3_blob_write(b, &byte, 1, at_byte), SQLITE_OK);
        assert_int_equal(sqlite3_blob_close(b), SQLITE_OK);
        assert_int_equal(verify(h, &head, &at), AUDIT_BROKEN);
        assert_int_equal(at, row);
        put_back(db);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(an_untouched_chain_is_intact_from_its_first_to_its_last_record),
        SENTENCE(what_happens_to_an_account_is_on_the_chain),
        SENTENCE(a_try_that_is_refused_is_not_on_the_chain),
        SENTENCE(a_failed_transaction_leaves_no_record_and_no_gap),
        SENTENCE(another_installation_cannot_forge_the_chain),
        ON_SQLITE(a_failed_login_takes_so_many_bytes),
        ON_SQLITE(every_changed_row_is_found_and_named),
        ON_SQLITE(swapped_rows_are_found),
        ON_SQLITE(a_cut_tail_shows_against_the_head_that_was_kept_elsewhere),
        ON_SQLITE(flips_at_random_are_all_found),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
