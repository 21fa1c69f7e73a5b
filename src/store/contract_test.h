/*
 * contract_test.h - the drivers that keep the contract, and steps that many of its tests take.
 *
 * Floor      store (tests only)
 * Ownership  each test gets a fresh store of the driver and gives it back.
 *
 * A driver joins by a row in `drivers`.
 */
#ifndef STORE_CONTRACT_TEST_H
#define STORE_CONTRACT_TEST_H

#include "store/house_test.h"
#include "tests/support/unit.h"

/* ---- the drivers */

struct driver {
    const char *name;
    err_t (*open)(struct house *h);
    bool keeps; /* after close and open everything is there again */
};

static inline err_t scripted_open(struct house *h)
{
    return store_scripted_new(&h->store);
}

static const struct driver drivers[] = {
    {"sqlite", house_open, true},
    {"scripted", scripted_open, false},
};

struct fixture {
    struct house house;
    const struct driver *driver;
};

static inline struct store *store_of(void **state)
{
    const struct fixture *f = *state;
    return f->house.store;
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->driver = *state;
    house_begin(&f->house);
    assert_ok(f->driver->open(&f->house));
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    house_end(&f->house);
    free(f);
    return 0;
}

/* ---- steps that many tests take */

static inline void begin(void **state, enum store_mode mode, struct store_tx *tx)
{
    assert_ok(store_begin(store_of(state), mode, tx));
}

static inline void add_account(struct store_tx *tx, unsigned n)
{
    const struct account_row row = sample_account(n);
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    assert_ok(store_account_create(tx, &row, &answer));
    assert_int_equal(answer, ACCOUNT_CREATED);
}

static inline void add_session(struct store_tx *tx, unsigned n, unsigned account)
{
    const struct session_row row = sample_session(n, account);
    assert_ok(store_session_create(tx, &row));
}

static inline void add_refresh(struct store_tx *tx, unsigned n, unsigned session)
{
    const struct refresh_row row = sample_refresh(n, session);
    assert_ok(store_refresh_put(tx, &row));
}

static inline bool has_account(struct store_tx *tx, unsigned n)
{
    struct account_row row = {0};
    bool found = false;
    assert_ok(store_account_by_id(tx, sample_id('a', n), &row, &found));
    return found;
}

static inline bool has_session(struct store_tx *tx, unsigned n, struct session_row *out)
{
    bool found = false;
    assert_ok(store_session_get(tx, sample_id('s', n), out, &found));
    return found;
}

static inline void end_session(struct store_tx *tx, unsigned n, enum session_end why, int64_t at,
                               bool want)
{
    bool ended = !want;
    assert_ok(store_session_end(tx, sample_id('s', n), why, (wall_t){at}, &ended));
    assert_int_equal(ended, want);
}

static inline enum refresh_answer show(struct store_tx *tx, unsigned n, unsigned session,
                                       int64_t at)
{
    const struct refresh_mark mark = sample_mark(n, session);
    struct refresh_row row = {0};
    enum refresh_answer answer = REFRESH_UNKNOWN;
    assert_ok(store_refresh_ask(tx, &mark, (wall_t){at}, &answer, &row));
    if (answer != REFRESH_UNKNOWN) {
        assert_memory_equal(row.family, mark.family, sizeof row.family);
        assert_true(uuid_eq(row.session, sample_id('s', session)));
    }
    return answer;
}

static inline void turn(struct store_tx *tx, unsigned n, unsigned session)
{
    const struct refresh_mark mark = sample_mark(n, session);
    assert_ok(store_refresh_turn(tx, sample_id('s', session), mark.whole));
}

/* A device with a number, so often as there are numbers. */
static inline struct device_standing touch(struct store_tx *tx, unsigned account, unsigned device,
                                           int64_t at)
{
    uint8_t key[STORE_DIGEST_BYTES];
    struct device_standing was = {0};
    sample_digest(key, 'k', device);
    assert_ok(store_device_touch(tx, sample_id('a', account), key, (wall_t){at}, &was));
    return was;
}

static inline bool is_known(struct store_tx *tx, unsigned account, unsigned device)
{
    uint8_t key[STORE_DIGEST_BYTES];
    bool known = false;
    sample_digest(key, 'k', device);
    assert_ok(store_device_known(tx, sample_id('a', account), key, &known));
    return known;
}

/* How many of the devices `from` to `to` are known. */
static inline size_t count_known(struct store_tx *tx, unsigned account, unsigned from, unsigned to)
{
    size_t n = 0;
    for (unsigned device = from; device <= to; device++) {
        n += is_known(tx, account, device);
    }
    return n;
}

/* Save one part, empty to take it away, as the revision after `base`. */
static inline enum profile_answer save_part(struct store_tx *tx, unsigned account, uint32_t base,
                                            const char *name, span_t content)
{
    const struct profile_part part = {.name = name, .content = content};
    const struct profile_save save = {.account = sample_id('a', account),
                                      .base = base,
                                      .at = {100 + (int64_t)base},
                                      .part = &part,
                                      .count = 1};
    enum profile_answer answer = PROFILE_GONE;
    assert_ok(store_profile_save(tx, &save, &answer));
    return answer;
}

/* ---- the lists */

struct sentence {
    const char *name;
    CMUnitTestFunction run;
};

// clang-format off
#define SENTENCE(f) {#f, f}

// clang-format on
enum { SENTENCES_MAX = 32 };

/* Run the list against every driver; how many failed. */
static inline int contract_run(const struct sentence *list, size_t count)
{
    MUST(count <= SENTENCES_MAX);
    int failures = 0;
    for (size_t d = 0; d < ARRAY_LEN(drivers); d++) {
        struct driver driver = drivers[d];
        struct CMUnitTest tests[SENTENCES_MAX] = {0};
        for (size_t i = 0; i < count; i++) {
            tests[i] = (struct CMUnitTest){list[i].name, list[i].run, set_up, tear_down, &driver};
        }
        failures += _cmocka_run_group_tests(driver.name, tests, count, NULL, NULL);
    }
    return failures;
}

#endif
