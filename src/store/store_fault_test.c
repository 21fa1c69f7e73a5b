/* The SQLite driver on a failing disk and without memory: each operation happens whole or not at all. */
#include "store/fault_vfs_test.h"
#include "store/house_test.h"
#include "store/sqlite_migrate.h"
#include "store/store_sqlite.h"
#include "tests/support/unit.h"

enum { WRITES_MAX = 400, ALLOCATIONS_MAX = 4000 };

enum seen { NOTHING, WHOLE, HALF };

struct fixture {
    struct house house;
    struct fault_plan plan;
    bool every; /* fail each allocation of a start, which takes a while, and not some */
};

static int set_up(void **state)
{
    const bool *const every = *state;
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->every = *every;
    fault_begin(&f->plan);
    house_begin(&f->house);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    house_end(&f->house);
    fault_end(&f->plan);
    free(f);
    return 0;
}

static err_t reopen(struct fixture *f)
{
    store_close(&f->house.store);
    const struct store_config config = house_config(&f->house);
    return store_sqlite_open(&config, "fault", &f->house.store, f->house.why);
}

/* ---- the operations: do number n, and look for it afterwards */

static err_t do_account(struct store_tx *tx, unsigned n)
{
    const struct account_row row = sample_account(n);
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    TRY(store_account_create(tx, &row, &answer));
    return answer == ACCOUNT_CREATED ? ERR_OK : err_new(ERR_RANGE);
}

static err_t see_account(struct store_tx *tx, unsigned n, enum seen *out)
{
    struct account_row by_id = {0};
    bool has_id = false;
    bool has_email = false;
    const struct account_row want = sample_account(n);
    TRY(store_account_by_id(tx, want.id, &by_id, &has_id));
    TRY(store_account_by_email(tx, want.email_key, &by_id, &has_email));
    *out = has_id != has_email ? HALF : has_id ? WHOLE : NOTHING;
    return ERR_OK;
}

static err_t do_tries(struct store_tx *tx, unsigned n)
{
    const struct mpin_state tries = {.failures = n, .total_failures = n, .locked_until = {n}};
    return store_mpin_save(tx, sample_id('a', 1), &tries);
}

static err_t see_tries(struct store_tx *tx, unsigned n, enum seen *out)
{
    struct mpin_state tries = {0};
    TRY(store_mpin_load(tx, sample_id('a', 1), &tries));
    const bool same =
        tries.failures == tries.total_failures && tries.failures == (uint64_t)tries.locked_until.ms;
    *out = !same ? HALF : tries.failures == n ? WHOLE : NOTHING;
    return ERR_OK;
}

static err_t do_device(struct store_tx *tx, unsigned n)
{
    struct device_standing was = {0};
    uint8_t key[STORE_DIGEST_BYTES];
    sample_digest(key, 'k', n);
    TRY(store_device_touch(tx, sample_id('a', 1), key, (wall_t){n}, &was));
    return store_device_prove(tx, sample_id('a', 1), key, (wall_t){n});
}

static err_t see_device(struct store_tx *tx, unsigned n, enum seen *out)
{
    bool known = false;
    uint8_t key[STORE_DIGEST_BYTES];
    sample_digest(key, 'k', n);
    TRY(store_device_known(tx, sample_id('a', 1), key, &known));
    *out = known ? WHOLE : NOTHING;
    return ERR_OK;
}

/* A login that ends the session it replaces: two rows and a token. */
static err_t do_login(struct store_tx *tx, unsigned n)
{
    struct session_row live[1] = {0};
    size_t count = 0;
    TRY(store_sessions_live_of(tx, sample_id('a', 1), live, 1, &count));
    bool ended = false;
    if (count == 1) {
        TRY(store_session_end(tx, live[0].id, END_REPLACED, (wall_t){n}, &ended));
    }
    const struct session_row row = sample_session(n, 1);
    const struct refresh_row token = sample_refresh(n, n);
    TRY(store_session_create(tx, &row));
    return store_refresh_put(tx, &token);
}

static err_t see_login(struct store_tx *tx, unsigned n, enum seen *out)
{
    struct session_row live[3] = {0};
    struct refresh_row token = {0};
    const struct refresh_mark mark = sample_mark(n, n);
    size_t count = 0;
    bool found = false;
    enum refresh_answer answer = REFRESH_UNKNOWN;
    struct session_row row = {0};
    TRY(store_sessions_live_of(tx, sample_id('a', 1), live, 3, &count));
    TRY(store_session_get(tx, sample_id('s', n), &row, &found));
    TRY(store_refresh_ask(tx, &mark, (wall_t){1}, &answer, &token));
    const bool has_token = answer == REFRESH_FRESH;
    *out = count > 1 || found != has_token ? HALF : found ? WHOLE : NOTHING;
    return ERR_OK;
}

static err_t do_audit(struct store_tx *tx, unsigned n)
{
    struct audit_row row = sample_audit(n);
    TRY(store_audit_head(tx, &row.seq, row.prev));
    row.seq++;
    return store_audit_insert(tx, &row);
}

static err_t see_audit(struct store_tx *tx, unsigned n, enum seen *out)
{
    uint64_t seq = 0;
    uint8_t head[STORE_DIGEST_BYTES];
    TRY(store_audit_head(tx, &seq, head));
    *out = memcmp(head, sample_audit(n).hash, sizeof head) == 0 ? WHOLE : NOTHING;
    return ERR_OK;
}

static err_t do_decision(struct store_tx *tx, unsigned n)
{
    const struct decision_row row = sample_decision(n, 1, 1);
    TRY(store_decision_put(tx, &row));
    TRY(store_decisions_mpin_passed(tx, row.session, row.decision, row.at, (wall_t){10000 + n}));
    return store_decisions_spend(tx, row.session, (wall_t){10000 + n});
}

static err_t see_decision(struct store_tx *tx, unsigned n, enum seen *out)
{
    struct decision_row row = {0};
    bool found = false;
    TRY(store_decision_get(tx, sample_id('x', n), &row, &found));
    *out = !found ? NOTHING : row.retry_used ? WHOLE : HALF;
    return ERR_OK;
}

/* Two parts that say which number they are of; what they replace goes, so that the file does not
 * grow with every try. */
static err_t do_profile(struct store_tx *tx, unsigned n)
{
    uint8_t blob[STORE_PART_BYTES];
    memset(blob, (int)(n & 0xff), sizeof blob);
    const struct profile_part part[] = {{.name = "pointer", .content = {blob, sizeof blob}},
                                        {.name = "keys:password", .content = {blob, sizeof blob}}};
    struct profile_head head = {0};
    TRY(store_profile_head(tx, sample_id('a', 1), &head));
    const struct profile_save save = {.account = sample_id('a', 1),
                                      .base = head.revision,
                                      .at = {n},
                                      .part = part,
                                      .count = ARRAY_LEN(part)};
    enum profile_answer answer = PROFILE_GONE;
    size_t purged = 0;
    TRY(store_profile_save(tx, &save, &answer));
    assert_int_equal(answer, PROFILE_SAVED);
    return store_profile_purge(tx, save.account, 1, (wall_t){(int64_t)n + 1}, &purged);
}

struct look_at_parts {
    unsigned n;
    size_t new, old;
};

static err_t look_at_part(void *ctx, const struct profile_part *part)
{
    struct look_at_parts *look = ctx;
    bool is_new = part->content.len == STORE_PART_BYTES;
    for (size_t i = 0; i < part->content.len; i++) {
        is_new = is_new && part->content.ptr[i] == (look->n & 0xff);
    }
    look->new += is_new ? 1U : 0U;
    look->old += is_new ? 0U : 1U;
    return ERR_OK;
}

static err_t see_profile(struct store_tx *tx, unsigned n, enum seen *out)
{
    struct look_at_parts look = {.n = n};
    struct profile_head head = {0};
    TRY(store_profile_head(tx, sample_id('a', 1), &head));
    TRY(store_profile_load(tx, sample_id('a', 1), head.revision, look_at_part, &look));
    const bool is_new = head.saved.ms == (int64_t)n;
    *out = look.new == (is_new ? 2 : 0) && look.old <= 2 ? (is_new ? WHOLE : NOTHING) : HALF;
    return ERR_OK;
}

struct operation {
    const char *name;
    err_t (*act)(struct store_tx *tx, unsigned n);
    err_t (*see)(struct store_tx *tx, unsigned n, enum seen *out);
};

// clang-format off
static const struct operation operations[] = {
    {"create an account", do_account,  see_account},
    {"spend a try",       do_tries,    see_tries},
    {"touch a device",    do_device,   see_device},
    {"log in",            do_login,    see_login},
    {"append to audit",   do_audit,    see_audit},
    {"decide",            do_decision, see_decision},
    {"save a profile",    do_profile,  see_profile},
};

// clang-format on

/* All of them in one transaction. */
static err_t do_all(struct store_tx *tx, unsigned n)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        TRY(operations[i].act(tx, n));
    }
    return ERR_OK;
}

static err_t see_all(struct store_tx *tx, unsigned n, enum seen *out)
{
    enum seen first = NOTHING;
    TRY(operations[0].see(tx, n, &first));
    *out = first;
    for (size_t i = 1; i < ARRAY_LEN(operations); i++) {
        enum seen next = NOTHING;
        TRY(operations[i].see(tx, n, &next));
        *out = next == first ? *out : HALF;
    }
    return ERR_OK;
}

static err_t act(struct store *st, const struct operation *op, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(op->act(&tx, n));
    return store_commit(&tx);
}

/* Some looks spend what they see, so they are never committed. */
static enum seen look(struct store *st, const struct operation *op, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    enum seen seen = HALF;
    assert_ok(store_begin(st, STORE_WRITE, &tx));
    assert_ok(op->see(&tx, n, &seen));
    return seen;
}

struct fault {
    const char *name;
    int code;
    bool stays;
};

static const struct fault faults[] = {
    {"one write fails", SQLITE_IOERR_WRITE, false},
    {"the disk is full once", SQLITE_FULL, false},
    {"the disk is full from here on", SQLITE_FULL, true},
    {"all writes fail from here on", SQLITE_IOERR_WRITE, true},
};

/* One operation, closing included, with the failure at write `at`; false when it never came. */
static bool fail_once(struct fixture *f, const struct operation *op, const struct fault *fault,
                      uint64_t at, unsigned n)
{
    fault_arm(&f->plan, at, fault->stays, fault->code);
    const err_t done = act(f->house.store, op, n);
    const bool fired_early = fault_fired(&f->plan);
    if (failed(done)) {
        assert_true(fired_early);
        assert_err(done, ERR_STORAGE);
        fault_arm(&f->plan, 0, false, 0);
        assert_int_equal(look(f->house.store, op, n), NOTHING);
        fault_arm(&f->plan, 1, fault->stays, fault->code);
    }
    store_close(&f->house.store); /* folds the log back: more writes that may fail */
    const bool fired = fault_fired(&f->plan);
    fault_arm(&f->plan, 0, false, 0);

    if (failed(reopen(f))) {
        fail_msg("%s, %s at write %u: %s", op->name, fault->name, (unsigned)at, f->house.why);
    }
    const enum seen seen = look(f->house.store, op, n);
    if (seen == HALF || (!failed(done) && seen != WHOLE)) {
        fail_msg("%s, %s at write %u: seen %d after %d", op->name, fault->name, (unsigned)at,
                 (int)seen, (int)done.code);
    }
    return fired;
}

static void try_all_faults(struct fixture *f, const struct operation *op)
{
    unsigned n = 1;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        for (uint64_t at = 1; fail_once(f, op, &faults[i], at, ++n); at++) {
            assert_true(at < WRITES_MAX);
        }
    }
    assert_true(n > 3 * ARRAY_LEN(faults)); /* every operation writes at least twice */
}

static void begin_with_one_account(struct fixture *f)
{
    assert_ok(reopen(f));
    assert_ok(act(f->house.store, &operations[0], 1));
}

static void each_operation_happens_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    begin_with_one_account(f);
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        try_all_faults(f, &operations[i]);
    }
}

static void a_long_transaction_happens_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    static const struct operation all = {"all together", do_all, see_all};
    begin_with_one_account(f);
    for (size_t i = 1; i < ARRAY_LEN(operations); i++) { /* numbers below are used there */
        assert_ok(act(f->house.store, &operations[i], 1));
    }
    try_all_faults(f, &all);
}

static void the_store_is_usable_again_when_the_disk_is(void **state)
{
    struct fixture *f = *state;
    begin_with_one_account(f);
    unsigned n = 1;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        for (uint64_t at = 1; at <= 3; at++) {
            fault_arm(&f->plan, at, faults[i].stays, faults[i].code);
            const err_t done = act(f->house.store, &operations[6], ++n);
            fault_arm(&f->plan, 0, false, 0);
            assert_int_equal(look(f->house.store, &operations[6], n),
                             failed(done) ? NOTHING : WHOLE);
            assert_ok(act(f->house.store, &operations[6], ++n)); /* the same open store */
            assert_int_equal(look(f->house.store, &operations[6], n), WHOLE);
        }
    }
    assert_ok(reopen(f));
    assert_int_equal(look(f->house.store, &operations[6], n), WHOLE);
}

static void every_commit_that_changes_something_is_synced(void **state)
{
    struct fixture *f = *state;
    begin_with_one_account(f);
    for (unsigned n = 2; n < 12; n++) {
        for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
            const uint64_t before = f->plan.syncs;
            assert_ok(act(f->house.store, &operations[i], n));
            if (f->plan.syncs == before) {
                fail_msg("%s: number %u was committed without a sync", operations[i].name, n);
            }
        }
    }
}

static void what_a_killed_server_left_in_the_log_is_synced_before_it_is_told(void **state)
{
    struct fixture *f = *state;
    begin_with_one_account(f);
    assert_ok(act(f->house.store, &operations[6], 7));
    fault_arm(&f->plan, 1, true, SQLITE_IOERR_WRITE); /* a dying process folds nothing back */
    store_close(&f->house.store);
    fault_arm(&f->plan, 1, false, SQLITE_IOERR_WRITE); /* the first thing to fail is that sync */
    const uint64_t before = f->plan.syncs;
    assert_err(reopen(f), ERR_STORAGE);
    assert_true(f->plan.syncs > before);
    assert_non_null(strstr(f->house.why, "cannot be synced"));
    fault_arm(&f->plan, 0, false, 0);
    assert_ok(reopen(f));
    assert_int_equal(look(f->house.store, &operations[6], 7), WHOLE);
}

static void a_failed_first_start_leaves_no_obstacle(void **state)
{
    struct fixture *f = *state;
    char path[256];
    bool fired = true;
    for (uint64_t at = 1; fired; at++) {
        assert_true(at < WRITES_MAX);
        fault_arm(&f->plan, at, true, SQLITE_FULL);
        const err_t opened = reopen(f);
        fired = fault_fired(&f->plan);
        assert_true(!failed(opened) || (fired && f->house.why[0] != '\0'));
        store_close(&f->house.store);
        fault_arm(&f->plan, 0, false, 0);
        assert_ok(reopen(f));
        assert_ok(act(f->house.store, &operations[0], 1));
        store_close(&f->house.store);
        assert_int_equal(unlink(house_path(&f->house, "canara.db", path)), 0);
    }
}

/* A closed database as the first version left it, with one account. */
static void make_old(struct fixture *f)
{
    char path[256];
    char why[STORE_WHY_BYTES] = "";
    struct seat seat = {0};
    assert_int_equal(sqlite3_open(house_path(&f->house, "canara.db", path), &seat.db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
    assert_ok(sqlite_migrate(&seat, still_clock(), 1, why));
    assert_int_equal(sqlite3_exec(seat.db,
                                  "INSERT INTO accounts VALUES"
                                  " (x'61000000000000000000000000000001',"
                                  " 'User1@example.org', 'user1@example.org', 'p', 'm', 1, 2, 3)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    seat_close(&seat);
}

static void a_failed_migration_is_taken_up_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    char path[256];
    bool fired = true;
    for (uint64_t at = 1; fired; at++) {
        assert_true(at < WRITES_MAX);
        make_old(f);
        fault_arm(&f->plan, at, true, SQLITE_IOERR_WRITE);
        const err_t opened = reopen(f);
        fired = fault_fired(&f->plan);
        assert_true(!failed(opened) || (fired && f->house.why[0] != '\0'));
        store_close(&f->house.store);
        fault_arm(&f->plan, 0, false, 0);
        assert_ok(reopen(f));
        assert_int_equal(look(f->house.store, &operations[0], 1), WHOLE);
        assert_ok(act(f->house.store, &operations[5], 1)); /* of the second version */
        store_close(&f->house.store);
        assert_int_equal(unlink(house_path(&f->house, "canara.db", path)), 0);
    }
}

/* ---- memory that is not there ---- */

/* SQLite asks for memory without saying for whom, so this one thing is global. */
static struct {
    sqlite3_mem_methods real;
    uint64_t calls, fail_at;
} memory;

static bool memory_fails(void)
{
    memory.calls++;
    return memory.calls == memory.fail_at;
}

static void *memory_get(int size)
{
    return memory_fails() ? NULL : memory.real.xMalloc(size);
}

static void *memory_resize(void *old, int size)
{
    return memory_fails() ? NULL : memory.real.xRealloc(old, size);
}

static void memory_arm(uint64_t at)
{
    memory.calls = 0;
    memory.fail_at = at;
}

static bool memory_fired(void)
{
    return memory.calls >= memory.fail_at;
}

/* Before SQLite is used at all. Without its own store of small pieces every allocation counts. */
static void memory_begin(void)
{
    MUST(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real) == SQLITE_OK);
    sqlite3_mem_methods ours = memory.real;
    ours.xMalloc = memory_get;
    ours.xRealloc = memory_resize;
    MUST(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK);
    MUST(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
}

static void run_out_of_memory(struct fixture *f, const struct operation *op, unsigned *n)
{
    bool fired = true;
    for (uint64_t at = 1; fired; at++) {
        assert_true(at < ALLOCATIONS_MAX);
        memory_arm(at);
        const err_t done = act(f->house.store, op, ++*n);
        fired = memory_fired();
        memory_arm(0);
        const enum seen seen = look(f->house.store, op, *n);
        if (seen != (failed(done) ? NOTHING : WHOLE)) {
            fail_msg("%s, allocation %u: seen %d after %d", op->name, (unsigned)at, (int)seen,
                     (int)done.code);
        }
    }
}

static void without_memory_each_operation_happens_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    begin_with_one_account(f);
    unsigned n = 1;
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        run_out_of_memory(f, &operations[i], &n);
    }
    assert_ok(reopen(f));
    assert_int_equal(look(f->house.store, &operations[0], 1), WHOLE);
}

static void a_start_without_memory_says_so_and_harms_nothing(void **state)
{
    struct fixture *f = *state;
    char path[256];
    unsigned starts = 0;
    begin_with_one_account(f);
    for (int fresh = 0; fresh < 2; fresh++) {
        bool fired = true;
        const uint64_t step = f->every ? 1 : fresh == 0 ? 11 : 401;
        for (uint64_t at = 1; fired; at += step) {
            store_close(&f->house.store);
            if (fresh != 0) {
                assert_int_equal(unlink(house_path(&f->house, "canara.db", path)), 0);
            }
            memory_arm(at);
            const err_t opened = reopen(f);
            fired = memory_fired();
            memory_arm(0);
            assert_true(!failed(opened) || (fired && f->house.why[0] != '\0'));
            assert_ok(reopen(f));
            assert_int_equal(look(f->house.store, &operations[0], 1), fresh == 0 ? WHOLE : NOTHING);
            starts++;
        }
    }
    if (f->every) {
        print_message("%u starts, with one allocation less each\n", starts);
    }
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, set_up, tear_down, &every)

int main(int argc, char **argv)
{
    bool every = argc > 1 && strcmp(argv[1], "--every") == 0;
    memory_begin();
    const struct CMUnitTest tests[] = {
        TEST(each_operation_happens_whole_or_not_at_all),
        TEST(a_long_transaction_happens_whole_or_not_at_all),
        TEST(the_store_is_usable_again_when_the_disk_is),
        TEST(every_commit_that_changes_something_is_synced),
        TEST(what_a_killed_server_left_in_the_log_is_synced_before_it_is_told),
        TEST(a_failed_first_start_leaves_no_obstacle),
        TEST(without_memory_each_operation_happens_whole_or_not_at_all),
        TEST(a_start_without_memory_says_so_and_harms_nothing),
        TEST(a_failed_migration_is_taken_up_at_the_next_start),
    };
    return cmocka_run_group_tests_name("failing disk", tests, NULL, NULL);
}
