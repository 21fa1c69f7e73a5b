/* The SQLite driver as a file among files: rights, broken files, versions, links. */
#include "store/store_sqlite.h"

#include "store/house_test.h"
#include "store/sqlite_migrate.h"
#include "store/sqlite_seat.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    house_begin(h);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    house_end(h);
    free(h);
    return 0;
}

static void add_account(struct house *h, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    const struct account_row row = sample_account(n);
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_ok(store_account_create(&tx, &row, &answer));
    assert_ok(store_commit(&tx));
}

static bool has_account(struct house *h, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct account_row row = {0};
    bool found = false;
    assert_ok(store_begin(h->store, STORE_READ, &tx));
    assert_ok(store_account_by_id(&tx, sample_id('a', n), &row, &found));
    return found;
}

/* A closed database with one account. */
static void make_database(struct house *h)
{
    assert_ok(house_open(h));
    add_account(h, 1);
    store_close(&h->store);
}

static void assert_refused(struct house *h, const char *because)
{
    assert_true(failed(house_open(h)));
    assert_null(h->store);
    if (strstr(h->why, because) == NULL || strchr(h->why, '\n') != NULL) {
        fail_msg("why is \"%s\", want one line with \"%s\"", h->why, because);
    }
}

static void write_file(const struct house *h, const char *name, const void *bytes, size_t len)
{
    char path[256];
    const int fd = open(house_path(h, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, bytes, len) == (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static off_t size_of(const struct house *h, const char *name)
{
    char path[256];
    struct stat st = {0};
    return lstat(house_path(h, name, path), &st) == 0 ? st.st_size : -1;
}

/* ---- addresses */

static void an_address_is_relative_to_data_dir_or_absolute(void **state)
{
    struct house *h = *state;
    char url[300];
    (void)snprintf(url, sizeof url, "sqlite:///%s/other.db", h->dir);
    struct store_config config = house_config(h);
    config.url = url;
    assert_ok(store_open(&config, &h->store, h->why));
    assert_true(size_of(h, "other.db") > 0);
    store_close(&h->store);
    assert_ok(house_open(h));
    assert_true(size_of(h, "canara.db") > 0);
}

static void a_bad_address_is_refused_in_one_line(void **state)
{
    struct house *h = *state;
    static const char *const urls[] = {
        "",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:////",
        "sqlite:///dir/",
        "sqlite:///..",
        "sqlite:///canara.db?mode=memory",
        "sqlite:///:memory:",
        "sqlite:///file%20name",
        "sqlite:///no/such/dir/canara.db",
        "postgresql://canara@localhost/canara",
        "mysql://x",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct store_config config = house_config(h);
        config.url = urls[i];
        h->why[0] = '\0';
        if (!failed(store_open(&config, &h->store, h->why)) || h->why[0] == '\0') {
            fail_msg("\"%s\" was not refused with a reason", urls[i]);
        }
    }
    static char longest[PATH_MAX + 64];
    (void)snprintf(longest, sizeof longest, "sqlite:///%0*d", PATH_MAX, 0);
    struct store_config config = house_config(h);
    config.url = longest;
    assert_err(store_open(&config, &h->store, h->why), ERR_FORMAT);
}

static void where_one_was_known_none_is_made(void **state)
{
    struct house *h = *state;
    struct store_config config = house_config(h);
    config.known = true;
    assert_err(store_open(&config, &h->store, h->why), ERR_IO);
    assert_non_null(strstr(h->why, "is missing"));
    assert_int_equal(size_of(h, "canara.db"), -1);
    make_database(h);
    assert_ok(store_open(&config, &h->store, h->why));
}

/* ---- rights */

static void the_files_are_for_us_alone_whatever_the_umask(void **state)
{
    struct house *h = *state;
    static const char *const names[] = {"canara.db", "canara.db-wal", "canara.db-shm"};
    const mode_t before = umask(0);
    const err_t opened = house_open(h);
    (void)umask(before);
    assert_ok(opened);
    add_account(h, 1);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[256];
        struct stat st = {0};
        assert_int_equal(stat(house_path(h, names[i], path), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    assert_int_equal(size_of(h, "canara.db.new"), -1);
}

static void any_other_mode_is_refused(void **state)
{
    struct house *h = *state;
    static const mode_t modes[] = {0644, 0640, 0660, 0606, 0700, 0400, 04600};
    char path[256];
    make_database(h);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        assert_int_equal(chmod(house_path(h, "canara.db", path), modes[i]), 0);
        assert_refused(h, "must be 0600");
    }
    assert_int_equal(chmod(path, 0600), 0);
    write_file(h, "canara.db-wal", "", 0);
    assert_int_equal(chmod(house_path(h, "canara.db-wal", path), 0644), 0);
    assert_refused(h, "canara.db-wal: has mode 0644");
}

static void a_directory_that_others_may_write_to_is_refused(void **state)
{
    struct house *h = *state;
    assert_int_equal(chmod(h->dir, 0770), 0);
    assert_refused(h, "chmod 700");
    assert_int_equal(chmod(h->dir, 0701), 0);
    assert_ok(house_open(h));
}

static void a_link_in_place_of_the_file_is_refused(void **state)
{
    struct house *h = *state;
    char path[256];
    char other[256];
    make_database(h);
    (void)house_path(h, "canara.db", path);
    (void)house_path(h, "real.db", other);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_refused(h, "not an ordinary file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(other, path), 0);
    assert_refused(h, "one name");
}

static void a_read_only_directory_is_refused(void **state)
{
    struct house *h = *state;
    const bool root = geteuid() == 0;
    make_database(h);
    char path[256];
    if (root) { /* root may write anywhere: be somebody else for a moment */
        assert_int_equal(chown(h->dir, NOBODY, NOBODY), 0);
        assert_int_equal(chown(house_path(h, "canara.db", path), NOBODY, NOBODY), 0);
    }
    assert_int_equal(chmod(h->dir, 0500), 0);
    if (root) {
        assert_int_equal(seteuid(NOBODY), 0);
    }
    const err_t opened = house_open(h);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_true(failed(opened));
    assert_non_null(strstr(h->why, "cannot write to the directory"));
}

static void a_file_of_another_user_is_refused(void **state)
{
    struct house *h = *state;
    if (geteuid() != 0) {
        skip();
    }
    char path[256];
    make_database(h);
    assert_int_equal(chown(house_path(h, "canara.db", path), NOBODY, NOBODY), 0);
    assert_refused(h, "belongs to another user");
    assert_int_equal(chown(h->dir, NOBODY, NOBODY), 0);
    assert_refused(h, "belongs to another user");
}

/* ---- broken files */

static void garbage_is_not_a_database(void **state)
{
    struct house *h = *state;
    static uint8_t garbage[8192];
    memset(garbage, 0x5a, sizeof garbage);
    write_file(h, "canara.db", garbage, sizeof garbage);
    assert_refused(h, "is not a database");
    write_file(h, "canara.db", "x", 1);
    assert_refused(h, "canara.db");
}

static void an_empty_file_is_a_loss_and_not_a_beginning(void **state)
{
    struct house *h = *state;
    write_file(h, "canara.db", "", 0);
    assert_refused(h, "is empty");
}

static void a_log_without_its_database_is_refused(void **state)
{
    struct house *h = *state;
    write_file(h, "canara.db-wal", "some", 4);
    assert_refused(h, "is gone");
}

static void a_database_cut_anywhere_is_refused(void **state)
{
    struct house *h = *state;
    char path[256];
    make_database(h);
    const off_t whole = size_of(h, "canara.db");
    assert_true(whole > INT64_C(8) * 4096);
    const off_t cuts[] = {whole - 1, whole - 4096, whole / 2, 4097, 4096, 4095, 512, 100, 1};
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) { /* the longest first */
        assert_int_equal(truncate(house_path(h, "canara.db", path), cuts[i]), 0);
        assert_refused(h, "canara.db");
    }
}

static void a_damaged_page_is_found_when_opening(void **state)
{
    struct house *h = *state;
    char path[256];
    make_database(h);
    const off_t pages = size_of(h, "canara.db") / 4096;
    unsigned found = 0;
    for (off_t page = 1; page < pages; page++) {
        uint8_t kept[64];
        uint8_t noise[64];
        memset(noise, 0xe5, sizeof noise);
        const int fd = open(house_path(h, "canara.db", path), O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(pread(fd, kept, sizeof kept, page * 4096), sizeof kept);
        assert_int_equal(pwrite(fd, noise, sizeof noise, page * 4096), sizeof noise);
        const err_t opened = house_open(h);
        found += failed(opened) ? 1 : 0;
        store_close(&h->store);
        assert_int_equal(pwrite(fd, kept, sizeof kept, page * 4096), sizeof kept);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(found, pages - 1);
    assert_ok(house_open(h)); /* nothing of it was written back */
    assert_true(has_account(h, 1));
}

static void what_an_interrupted_start_left_is_no_obstacle(void **state)
{
    struct house *h = *state;
    write_file(h, "canara.db.new", "half", 4);
    write_file(h, "canara.db.new-wal", "half", 4);
    assert_ok(house_open(h));
    assert_int_equal(size_of(h, "canara.db.new"), -1);
    assert_int_equal(size_of(h, "canara.db.new-wal"), -1);
}

static void a_killed_process_loses_nothing_it_committed(void **state)
{
    struct house *h = *state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store_tx tx = {0};
        const struct account_row row = sample_account(6);
        enum account_created answer = ACCOUNT_EMAIL_TAKEN;
        bool bad = failed(house_open(h));
        for (unsigned n = 1; n <= 5 && !bad; n++) {
            add_account(h, n);
        }
        bad = bad || failed(store_begin(h->store, STORE_WRITE, &tx)) ||
              failed(store_account_create(&tx, &row, &answer));
        (void)raise(bad ? SIGTERM : SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_ok(house_open(h));
    for (unsigned n = 1; n <= 6; n++) {
        assert_int_equal(has_account(h, n), n <= 5);
    }
}

/* ---- versions */

static sqlite3 *raw_open(const struct house *h)
{
    char path[256];
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(house_path(h, "canara.db", path), &db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
    return db;
}

static void raw_run(const struct house *h, const char *text)
{
    sqlite3 *db = raw_open(h);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t raw_number(const struct house *h, const char *text)
{
    sqlite3 *db = raw_open(h);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void an_older_database_is_brought_up_with_its_rows(void **state)
{
    struct house *h = *state;
    struct seat seat = {.db = raw_open(h)};
    char why[STORE_WHY_BYTES] = "";
    assert_ok(sqlite_migrate(&seat, still_clock(), 1, why));
    seat_close(&seat);
    raw_run(h, "INSERT INTO accounts VALUES (x'61000000000000000000000000000001',"
               " 'User1@example.org', 'user1@example.org', 'p', 'm', 1, 2, 1001)");

    assert_ok(house_open(h));
    assert_true(has_account(h, 1));
    const struct decision_row decision = sample_decision(1, 1, 1);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_ok(store_decision_put(&tx, &decision));
    assert_ok(store_commit(&tx));
    store_close(&h->store);
    assert_int_equal(raw_number(h, "SELECT count(*) FROM migrations"), sqlite_migrate_newest());
    assert_int_equal(raw_number(h, "SELECT min(applied) FROM migrations"),
                     clock_wall(still_clock()).ms);
    assert_ok(house_open(h)); /* and nothing is left to do */
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
    struct house *h = *state;
    make_database(h);
    raw_run(h, "INSERT INTO migrations VALUES (999, 'from the future', 1)");
    assert_refused(h, "version 999");
    assert_int_equal(raw_number(h, "SELECT count(*) FROM accounts"), 1);
    raw_run(h, "DELETE FROM migrations WHERE number = 999");
    assert_ok(house_open(h));
}

/* Beside the one that serves, and of an older version too; nothing is made or changed. */
static void a_look_makes_nothing_and_brings_nothing_up_to_date(void **state)
{
    struct house *h = *state;
    h->look = true;
    assert_refused(h, "is not there");
    struct seat seat = {.db = raw_open(h)};
    char why[STORE_WHY_BYTES] = "";
    assert_ok(sqlite_migrate(&seat, still_clock(), 1, why));
    assert_ok(house_open(h));
    assert_false(has_account(h, 1));
    store_close(&h->store);
    seat_close(&seat);
    assert_int_equal(raw_number(h, "SELECT count(*) FROM migrations"), 1);
    raw_run(h, "INSERT INTO migrations VALUES (999, 'from the future', 1)");
    assert_refused(h, "version 999");
}

static void a_database_of_another_program_is_refused(void **state)
{
    struct house *h = *state;
    raw_run(h, "CREATE TABLE notes (text)");
    assert_refused(h, "another program");
    assert_int_equal(raw_number(h, "SELECT count(*) FROM sqlite_schema"), 1);
}

/* ---- what SQL itself guards */

static void audit_links_cannot_be_changed_or_deleted_by_sql(void **state)
{
    struct house *h = *state;
    static const char *const attempts[] = {
        "UPDATE security_events SET detail = 'x'",
        "DELETE FROM security_events",
    };
    assert_ok(house_open(h));
    struct store_tx tx = {0};
    const struct audit_row link = sample_audit(1);
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_ok(store_audit_insert(&tx, &link));
    assert_ok(store_commit(&tx));
    store_close(&h->store);
    sqlite3 *db = raw_open(h);
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        assert_int_equal(sqlite3_exec(db, attempts[i], NULL, NULL, NULL) & 0xff, SQLITE_CONSTRAINT);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(raw_number(h, "SELECT count(*) FROM security_events"), 1);
}

static void a_row_that_nobody_here_wrote_is_refused_when_read(void **state)
{
    struct house *h = *state;
    static const char *const edits[] = {
        "UPDATE sessions SET end_reason = 99",
        "UPDATE sessions SET end_reason = -1",
        "UPDATE sessions SET level = 256",
        "UPDATE sessions SET mpin_required = 2",
        "UPDATE sessions SET device_id = printf('%.500c', 'x')",
        "UPDATE sessions SET device_id = 'a' || char(0) || 'b'",
    };
    make_database(h);
    assert_ok(house_open(h));
    struct store_tx tx = {0};
    const struct session_row row = sample_session(1, 1);
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    assert_ok(store_session_create(&tx, &row));
    assert_ok(store_commit(&tx));
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        raw_run(h, edits[i]);
        struct session_row got = {0};
        bool found = false;
        assert_ok(store_begin(h->store, STORE_READ, &tx));
        assert_err(store_session_get(&tx, row.id, &got, &found), ERR_STORAGE);
        store_rollback(&tx);
        raw_run(h, "UPDATE sessions SET end_reason = 0, level = 1, mpin_required = 1,"
                   " device_id = 'phone-1'");
    }
}

static mono_t in_a_minute(void)
{
    return mono_after_ms(clock_mono(clock_system()), 60000);
}

/* Pages of sessions that were read, one after the other. */
static int64_t pragma_of(struct seat *seat, const char *question)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(seat->db, question, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return value;
}

/* What durability and erasure rest on stands in no table: the library is told so at each opening. */
static void a_connection_syncs_each_commit_wipes_what_goes_and_is_on_its_guard(void **state)
{
    struct house *h = *state;
    char path[256];
    make_database(h);
    (void)house_path(h, "canara.db", path);
    for (int writer = 0; writer < 2; writer++) {
        CLEANUP(seat_close) struct seat seat = {0};
        int defensive = 0;
        assert_ok(seat_open(&seat, path, NULL, writer != 0, h->why));
        assert_int_equal(pragma_of(&seat, "PRAGMA synchronous"), 2); /* FULL */
        assert_int_equal(pragma_of(&seat, "PRAGMA secure_delete"), 1);
        assert_int_equal(pragma_of(&seat, "PRAGMA query_only"), writer == 0);
        assert_int_equal(sqlite3_db_config(seat.db, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive),
                         SQLITE_OK);
        assert_int_equal(defensive, 1);
        assert_int_equal(sqlite3_limit(seat.db, SQLITE_LIMIT_LENGTH, -1), 16 * 1024 * 1024);
        assert_int_equal(sqlite3_limit(seat.db, SQLITE_LIMIT_ATTACHED, -1), 0);
    }
}

static void read_many(struct house *h, unsigned sessions)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->store, STORE_READ, &tx));
    for (unsigned i = 1; i <= sessions; i++) {
        struct session_row got = {0};
        bool found = false;
        assert_ok(store_session_get(&tx, sample_session(i, 1).id, &got, &found));
        assert_true(found);
    }
}

static void connections_that_nobody_uses_give_back_their_pages(void **state)
{
    enum { SESSIONS = 2000, PAGES_BYTES = 200 * 1024 };
    struct house *h = *state;
    make_database(h);
    assert_ok(house_open(h));
    struct store_tx tx = {0};
    assert_ok(store_begin(h->store, STORE_WRITE, &tx));
    for (unsigned i = 1; i <= SESSIONS; i++) {
        const struct session_row row = sample_session(i, 1);
        assert_ok(store_session_create(&tx, &row));
    }
    assert_ok(store_commit(&tx));
    store_rest(h->store, in_a_minute());
    const sqlite3_int64 rested = sqlite3_memory_used();

    read_many(h, SESSIONS);
    const sqlite3_int64 used = sqlite3_memory_used();
    assert_true(used > rested + PAGES_BYTES);
    store_rest(h->store, mono_after_ms(clock_mono(clock_system()), -60000));
    assert_int_equal(sqlite3_memory_used(), used); /* it was used a moment ago */
    store_rest(h->store, in_a_minute());
    assert_true(sqlite3_memory_used() < rested + PAGES_BYTES / 4);

    read_many(h, SESSIONS); /* and reads again */
    assert_true(sqlite3_memory_used() > rested + PAGES_BYTES);
}

static void a_connection_in_a_transaction_does_not_rest(void **state)
{
    enum { READERS = 2 };
    struct house *h = *state;
    make_database(h);
    assert_ok(house_open(h));
    struct store_tx reading[READERS] = {0};
    struct store_tx writing = {0};
    const struct account_row row = sample_account(2);
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    for (size_t i = 0; i < READERS; i++) {
        struct account_row got = {0};
        bool found = false;
        assert_ok(store_begin(h->store, STORE_READ, &reading[i]));
        assert_ok(store_account_by_id(&reading[i], sample_id('a', 1), &got, &found));
    }
    assert_ok(store_begin(h->store, STORE_WRITE, &writing));
    assert_ok(store_account_create(&writing, &row, &answer));
    const sqlite3_int64 used = sqlite3_memory_used();
    store_rest(h->store, in_a_minute());
    assert_int_equal(sqlite3_memory_used(), used);

    assert_ok(store_commit(&writing));
    for (size_t i = 0; i < READERS; i++) {
        struct account_row got = {0};
        bool found = true;
        assert_ok(store_account_by_id(&reading[i], sample_id('a', 2), &got, &found));
        assert_false(found); /* the state that it began with */
        store_rollback(&reading[i]);
    }
    store_rest(h->store, in_a_minute());
    assert_true(sqlite3_memory_used() < used);
    assert_true(has_account(h, 2));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_is_relative_to_data_dir_or_absolute),
        TEST(a_bad_address_is_refused_in_one_line),
        TEST(where_one_was_known_none_is_made),
        TEST(the_files_are_for_us_alone_whatever_the_umask),
        TEST(any_other_mode_is_refused),
        TEST(a_directory_that_others_may_write_to_is_refused),
        TEST(a_link_in_place_of_the_file_is_refused),
        TEST(a_read_only_directory_is_refused),
        TEST(a_file_of_another_user_is_refused),
        TEST(garbage_is_not_a_database),
        TEST(an_empty_file_is_a_loss_and_not_a_beginning),
        TEST(a_log_without_its_database_is_refused),
        TEST(a_database_cut_anywhere_is_refused),
        TEST(a_damaged_page_is_found_when_opening),
        TEST(what_an_interrupted_start_left_is_no_obstacle),
        TEST(a_killed_process_loses_nothing_it_committed),
        TEST(an_older_database_is_brought_up_with_its_rows),
        TEST(a_newer_database_is_refused_and_left_alone),
        TEST(a_look_makes_nothing_and_brings_nothing_up_to_date),
        TEST(a_database_of_another_program_is_refused),
        TEST(audit_links_cannot_be_changed_or_deleted_by_sql),
        TEST(a_row_that_nobody_here_wrote_is_refused_when_read),
        TEST(connections_that_nobody_uses_give_back_their_pages),
        TEST(a_connection_syncs_each_commit_wipes_what_goes_and_is_on_its_guard),
        TEST(a_connection_in_a_transaction_does_not_rest),
    };
    return cmocka_run_group_tests_name("sqlite files", tests, NULL, NULL);
}
