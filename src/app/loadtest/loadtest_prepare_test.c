/* loadtest_prepare_test.c - a prepared directory holds what was asked for; no other one is touched. */
#include "app/loadtest/loadtest_prepare.h"

#include "app/house/house.h"
#include "crypto/token.h"
#include "load/tokens.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct prepare request(const char *dir)
{
    return (struct prepare){.dir = dir,
                            .accounts = 70,
                            .sessions = 150,
                            .learnt = 66,
                            .logins = 1,
                            .tokens = 140,
                            .hours = 12};
}

static void a_directory_with_anything_in_it_is_refused(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    char why[PREPARE_WHY_BYTES];
    struct stat st;
    scratch_path(&dir, "precious", path);
    scratch_write(path, SPAN_LIT("x"), 0600);
    const struct prepare into_full = request(dir.path);
    assert_err(loadtest_prepare(&into_full, why), ERR_IO);
    assert_non_null(strstr(why, "is not empty"));
    const struct prepare into_file = request(path);
    assert_err(loadtest_prepare(&into_file, why), ERR_IO);
    scratch_path(&dir, "canara.db", path);
    assert_int_not_equal(stat(path, &st), 0);
    scratch_path(&dir, "secret_key", path);
    assert_int_not_equal(stat(path, &st), 0);
}

/* Keys of the environment have no say: sessions are good in this directory alone. */
static void expect_own_keys(const struct house *h, const struct tokens *t)
{
    token_claims_t claims;
    const int64_t now_s = clock_wall(clock_system()).ms / MS_PER_S;
    for (size_t i = 0; i < t->sessions; i++) {
        const char *const text = t->session[i].token;
        assert_int_equal(token_check(h->service.keys, (span_t){(const uint8_t *)text, strlen(text)},
                                     now_s, &claims),
                         TOKEN_OK);
    }
}

static err_t count_live(void *ctx, const struct session_row *row)
{
    size_t *const count = ctx;
    *count += row->end == END_NONE ? 1U : 0U;
    return ERR_OK;
}

static void expect_rows(struct house *h, const struct tokens *t)
{
    size_t live = 0;
    struct account_row row;
    struct profile_head head;
    bool found = false;
    bool match = true;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->service.store, STORE_READ, &tx));
    assert_ok(store_sessions_live_all(&tx, count_live, &live));
    assert_int_equal(live, 150);
    for (unsigned i = 1; i < 71; i += 23) { /* 1, 24, 47, 70: the one that can log in */
        char email[64];
        (void)snprintf(email, sizeof email, "load%07u@example.com", i);
        assert_ok(store_account_by_email(&tx, email, &row, &found));
        assert_true(found);
        assert_ok(store_profile_head(&tx, row.id, &head));
        assert_int_equal(head.revision, i < 66 ? 1 : 0);
        const struct pwhash_subject who = {.account = row.id, .purpose = PWHASH_PASSWORD};
        const char *const known = t->login[0].password;
        assert_ok(pwhash_verify(h->service.keys, &h->service.hashing, who,
                                (span_t){(const uint8_t *)known, strlen(known)}, row.password_hash,
                                &match));
        assert_int_equal(match, i == 70); /* a verifier of nobody's is still one that reads */
    }
}

static void a_new_directory_gets_accounts_sessions_and_tokens(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    char file[SCRATCH_PATH + 16];
    char why[PREPARE_WHY_BYTES];
    struct stat st;
    scratch_path(&dir, "data", path);
    /* One thread: NOLINTBEGIN(concurrency-mt-unsafe) */
    assert_int_equal(setenv("SECRET_KEY", "0123456789012345678901234567890123456789", 1), 0);
    const struct prepare p = request(path);
    if (failed(loadtest_prepare(&p, why))) {
        fail_msg("%s", why);
    }
    assert_int_equal(unsetenv("SECRET_KEY"), 0);
    /* NOLINTEND(concurrency-mt-unsafe) */
    (void)snprintf(file, sizeof file, "%s/tokens", path);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    CLEANUP(tokens_deinit) struct tokens t = {0};
    size_t line = 0;
    assert_ok(tokens_load(file, (struct tokens_want){.most = 1000}, &t, &line));
    assert_int_equal(t.sessions, 140);
    assert_int_equal(t.logins, 1);
    assert_int_equal(strlen(t.session[0].mpin), 4);
    assert_string_equal(t.session[1].mpin, "");

    char set[SCRATCH_PATH + 32];
    (void)snprintf(set, sizeof set, "DATA_DIR=%s", path);
    const char *const sets[] = {set, "DEBUG=True", "LOG_LEVEL=error", "REPLAY_MEMORY_MB=0"};
    struct settings settings;
    struct settings_report report;
    const struct settings_sources from = {.set = sets, .sets = 4};
    assert_ok(settings_load(&from, &settings, &report));
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    assert_ok(house_up_offline(h, &settings, clock_system()));
    expect_own_keys(h, &t);
    expect_rows(h, &t);
    house_down(h);
    free(h);
    assert_err(loadtest_prepare(&p, why), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_with_anything_in_it_is_refused),
        cmocka_unit_test(a_new_directory_gets_accounts_sessions_and_tokens),
    };
    return cmocka_run_group_tests_name("loadtest_prepare", tests, NULL, NULL);
}
