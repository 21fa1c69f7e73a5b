/* Accounts, logins and what they open, down to what the store holds afterwards. */
#include "domain/accounts/account.h"

#include "domain/sessions/steps_test.h"
#include "tests/support/scarce_memory.h"

#include <pthread.h>
#include <unistd.h>

/* ---- register */

static void an_address_is_taken_once_whatever_its_case(void **state)
{
    struct house *h = *state;
    enum register_answer answer = REGISTERED;
    const uuid_t ann = register_account(h, ANN);
    assert_ok(account_register(&h->svc, "Ann@Example.org", ANN, span_of("another password"),
                               span_of("5926"), &answer));
    assert_int_equal(answer, REGISTER_EMAIL_TAKEN);
    assert_true(uuid_eq(account_of(h, ANN), ann)); /* and the first one's secrets stand */
    login_t login = login_from(ANN, "phone");
    assert_true(try_login(h, &login, PASSWORD));
    assert_string_equal(login.account.email, ANN);
}

static void neither_secret_stands_in_the_row(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    login_t login = login_from(ANN, "phone");
    assert_ok(login_look(&h->svc, &login));
    assert_null(strstr(login.account.password_hash, PASSWORD));
    assert_null(strstr(login.account.mpin_hash, MPIN));
    assert_string_not_equal(login.account.password_hash, login.account.mpin_hash);
    account_wipe(&login.account);
    assert_int_equal(login.account.password_hash[0], 0);
    assert_int_equal(login.account.mpin_hash[0], 0);
}

static void a_registration_that_fails_leaves_nothing(void **state)
{
    struct house *h = *state;
    for (uint64_t n = 1; n < 12; n++) {
        enum register_answer answer = REGISTER_EMAIL_TAKEN;
        char email[64];
        (void)snprintf(email, sizeof email, "user%u@example.org", (unsigned)n);
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e =
            account_register(&h->svc, email, email, span_of(PASSWORD), span_of(MPIN), &answer);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        if (failed(e)) {
            (void)register_account(h, email); /* it is still free */
        } else {
            assert_int_equal(answer, REGISTERED);
        }
    }
}

/* ---- look and prove */

static void a_wrong_password_and_an_unknown_address_look_alike(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    login_t known = login_from(ANN, "phone");
    login_t unknown = login_from("nobody@example.org", "phone");
    known.address_narrow = 1;
    unknown.address_narrow = 2;
    for (int i = 0; i < 8; i++) {
        assert_false(try_login(h, &known, "not the password"));
        assert_false(try_login(h, &unknown, "not the password"));
        assert_int_equal(known.wait_s, unknown.wait_s);
        assert_int_equal(known.wait_s > 0, i >= 5);
    }
}

static void five_failures_from_strangers_slow_an_account_to_one_try_a_minute(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (uint64_t i = 0; i < 5; i++) {
        login_t login = login_from(ANN, "strange");
        login.address_narrow = i; /* from anywhere */
        login.address_wide = 1000 + i;
        assert_false(try_login(h, &login, "not the password"));
        assert_int_equal(login.wait_s, 0);
    }
    login_t sixth = login_from(ANN, "strange");
    assert_false(try_login(h, &sixth, PASSWORD)); /* even the right one has to wait */
    assert_int_equal(sixth.wait_s, 60);
    scripted_clock_pass(&h->clock, MINUTE_MS);
    assert_true(try_login(h, &sixth, PASSWORD));
    assert_int_equal(sixth.wait_s, 0);
}

static void a_device_that_is_known_has_an_allowance_of_its_own(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "her phone");
    (void)log_in(h, ANN, "her tablet");
    login_t strange = login_from(ANN, "strange");
    for (int i = 0; i < 6; i++) {
        (void)try_login(h, &strange, "not the password");
    }
    assert_true(strange.wait_s > 0);
    login_t own = login_from(ANN, "her phone");
    assert_true(try_login(h, &own, PASSWORD));
    assert_true(own.device_known);

    for (int i = 0; i < 5; i++) {
        assert_false(try_login(h, &own, "a slip of the finger"));
        assert_int_equal(own.wait_s, 0);
    }
    assert_false(try_login(h, &own, PASSWORD)); /* it has a limit, too */
    assert_true(own.wait_s > 0);
    login_t other = login_from(ANN, "her tablet");
    assert_true(try_login(h, &other, PASSWORD)); /* which is nobody else's */
    assert_true(other.device_known);
}

static void only_failures_are_counted(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    h->svc.rules.login_success_per_account = (throttle_t){0};
    for (int i = 0; i < 200; i++) {
        login_t login = login_from(ANN, "strange");
        assert_true(try_login(h, &login, PASSWORD));
    }
}

static void an_address_is_slowed_over_all_accounts(void **state)
{
    struct house *h = *state;
    for (unsigned i = 0; i < 60; i++) {
        char email[64];
        (void)snprintf(email, sizeof email, "user%u@example.org", i);
        login_t login = login_from(email, "botnet");
        assert_false(try_login(h, &login, PASSWORD));
        assert_int_equal(login.wait_s, 0);
    }
    login_t next = login_from(ANN, "botnet");
    assert_ok(login_look(&h->svc, &next));
    assert_true(next.wait_s > 0);
    login_t elsewhere = login_from(ANN, "botnet");
    elsewhere.address_narrow = 8;
    assert_ok(login_look(&h->svc, &elsewhere));
    assert_int_equal(elsewhere.wait_s, 0);
}

static void an_account_has_sixty_logins_at_once_and_then_one_a_minute(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    (void)register_account(h, "bob@example.org");
    for (unsigned i = 0; i < 60; i++) {
        char device[16];
        (void)snprintf(device, sizeof device, "phone %u", i);
        login_t login = login_from(ANN, device);
        assert_true(try_login(h, &login, PASSWORD));
        assert_int_equal(login.wait_s, 0);
    }
    login_t next = login_from(ANN, "phone 1");
    assert_ok(login_look(&h->svc, &next)); /* it does not come to a hash, whatever the password */
    assert_int_equal(next.wait_s, 60);
    login_t other = login_from("bob@example.org", "phone 1");
    assert_true(try_login(h, &other, PASSWORD));
    for (int i = 0; i < 3; i++) {
        scripted_clock_pass(&h->clock, MINUTE_MS - 1);
        assert_false(try_login(h, &next, PASSWORD));
        assert_int_equal(next.wait_s, 1);
        scripted_clock_pass(&h->clock, 1);
        assert_true(try_login(h, &next, PASSWORD));
        assert_false(try_login(h, &next, PASSWORD));
        assert_int_equal(next.wait_s, 60);
    }
}

static void failures_take_nothing_from_the_bucket_of_successes(void **state)
{
    struct house *h = *state;
    h->svc.rules.login_success_per_account = (throttle_t){1, 3600};
    (void)register_account(h, ANN);
    login_t login = login_from(ANN, "phone");
    for (int i = 0; i < 4; i++) {
        assert_false(try_login(h, &login, "not the password"));
        assert_int_equal(login.wait_s, 0);
    }
    assert_true(try_login(h, &login, PASSWORD));
    assert_false(try_login(h, &login, PASSWORD));
    assert_int_equal(login.wait_s, 3600);
}

static void parallel_successes_take_no_more_than_the_bucket_holds(void **state)
{
    struct house *h = *state;
    h->svc.rules.login_success_per_account = (throttle_t){3, 3600};
    (void)register_account(h, ANN);
    login_t logins[7];
    for (size_t i = 0; i < ARRAY_LEN(logins); i++) { /* all look before the first one is in */
        logins[i] = login_from(ANN, "phone");
        assert_ok(login_look(&h->svc, &logins[i]));
        assert_int_equal(logins[i].wait_s, 0);
    }
    size_t in = 0;
    for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
        bool right = false;
        assert_ok(login_prove(&h->svc, &logins[i], span_of(PASSWORD), &right));
        assert_int_equal(right, logins[i].wait_s == 0);
        in += right ? 1 : 0;
    }
    assert_int_equal(in, 3);
}

/* ---- open */

static void the_first_device_is_not_new_and_the_second_one_is(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_false(seed.new_device);
    open_session(h, ANN, "tablet", &seed, &cred);
    assert_true(seed.new_device);
    open_session(h, ANN, "tablet", &seed, &cred);
    assert_false(seed.new_device);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_false(seed.new_device);
}

static void a_device_is_unproved_until_a_mpin_is_passed_on_it(void **state)
{
    static const struct {
        const char *device, *mpin;
        bool unproved;
    } rows[] = {
        {"phone", NULL, false},  {"tablet", NULL, false}, /* new: that is told by itself */
        {"tablet", NULL, true},  {"tablet", "1111", true}, {"tablet", MPIN, true},
        {"tablet", NULL, false}, {"phone", NULL, false},
    };
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        session_seed_t seed = {0};
        credentials_t cred = {0};
        mpin_result_t r = {0};
        open_session(h, ANN, rows[i].device, &seed, &cred);
        assert_int_equal(seed.unproved_device, rows[i].unproved);
        if (rows[i].mpin != NULL) {
            assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(rows[i].mpin), &r));
        }
    }
}

/* Who has an account would be told by the time that the answer takes: the same memory is asked for. */
static void an_unknown_address_costs_a_hash_as_a_known_one_does(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    h->svc.hashing.cost = PWHASH_COST;
    login_t known = login_from(ANN, "phone");
    assert_true(try_login(h, &known, PASSWORD)); /* from now on hers costs as much, too */
    login_t unknown = login_from("nobody@example.org", "phone");
    assert_ok(login_look(&h->svc, &known));
    assert_ok(login_look(&h->svc, &unknown));
    bool right = false;
    scarce_memory_begin((size_t)4 << 20);
    const err_t of_known = login_prove(&h->svc, &known, span_of(PASSWORD), &right);
    const err_t of_unknown = login_prove(&h->svc, &unknown, span_of(PASSWORD), &right);
    scarce_memory_end();
    assert_err(of_known, ERR_NOMEM);
    assert_err(of_unknown, ERR_NOMEM);
}

static void an_unknown_pepper_does_not_tell_who_has_an_account(void **state)
{
    struct house *h = *state;
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    struct keyring *const ours = h->svc.keys;
    (void)register_account(h, ANN);
    scratch_path(&h->dir, "foreign", path);
    assert_ok(pepper_file_make(path, why));
    const struct keyring_config config = {
        .debug = true, .data_dir = h->dir.path, .pepper_file = path};
    assert_ok(keyring_open(&config, &h->svc.keys, why));
    for (int i = 0; i < 2; i++) {
        login_t login = login_from(i == 0 ? ANN : "nobody@example.org", "phone");
        assert_false(try_login(h, &login, PASSWORD)); /* and no error */
        assert_int_equal(login.wait_s, 0);
    }
    keyring_close(&h->svc.keys);
    h->svc.keys = ours;
}

static void a_session_token_names_account_session_and_device(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    token_claims_t claims = {0};
    uint8_t mac[DEVICE_MAC_BYTES];
    const uuid_t ann = register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    const int64_t now_s = clock_wall(&h->clock.face).ms / MS_PER_S;
    assert_int_equal(token_check(h->svc.keys, span_of(cred.session_token), now_s, &claims),
                     TOKEN_OK);
    device_mac(h->svc.keys, span_of("phone"), mac);
    assert_true(uuid_eq(claims.account, ann));
    assert_true(uuid_eq(claims.session, seed.row.id));
    assert_memory_equal(claims.device_mac, mac, sizeof mac);
    assert_int_equal(claims.expires_s - claims.issued_s, 12 * 3600);
}

static void a_session_starts_restricted_while_the_account_is_locked(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    const uuid_t ann = register_account(h, ANN);
    for (int i = 0; i < 3; i++) {
        mpin_result_t r = {0};
        assert_ok(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(WRONG), &r));
    }
    open_session(h, ANN, "phone", &seed, &cred);
    assert_true(seed.restricted);
    assert_true(stored_session(h, seed.row.id).mpin_required);
}

static void a_session_starts_restricted_after_a_risk_block_until_an_mpin_succeeds(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    mpin_result_t r = {0};
    const uuid_t ann = register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_false(seed.restricted);
    bool ended = false;
    enum session_end before = END_NONE;
    assert_ok(session_end_stored(&h->svc, seed.row.id, END_BLOCKED, &ended, &before));
    assert_true(ended);
    for (int i = 0; i < 2; i++) {
        open_session(h, ANN, "phone", &seed, &cred);
        assert_true(seed.restricted);
    }
    assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(WRONG), &r));
    open_session(h, ANN, "phone", &seed, &cred);
    assert_true(seed.restricted);
    assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_false(seed.restricted);
}

static void the_eleventh_session_ends_the_oldest(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    uuid_t id[13];
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        session_seed_t seed = {0};
        credentials_t cred = {0};
        scripted_clock_pass(&h->clock, 1);
        open_session(h, ANN, "phone", &seed, &cred);
        id[i] = seed.row.id;
        assert_int_equal(seed.ended, i >= 10 ? 1 : 0);
        if (i >= 10) {
            assert_true(uuid_eq(seed.ended_session[0], id[i - 10]));
            assert_int_equal(stored_session(h, id[i - 10]).end, END_REPLACED);
        }
        assert_int_equal(live_in_store(h, ann), i < 10 ? i + 1 : 10);
    }
}

static void no_setting_keeps_more_sessions_than_a_lock_can_end(void **state)
{
    struct house *h = *state;
    h->svc.rules.sessions_per_account = 1000;
    h->svc.rules.login_success_per_account = (throttle_t){0};
    const uuid_t ann = register_account(h, ANN);
    session_seed_t seed = {0};
    credentials_t cred = {0};
    for (int i = 0; i < MPIN_SESSIONS_MAX + 3; i++) {
        scripted_clock_pass(&h->clock, 1);
        open_session(h, ANN, "phone", &seed, &cred);
    }
    assert_int_equal(seed.ended, 1);
    for (int i = 0; i < 3; i++) {
        mpin_result_t r = {0};
        assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(WRONG), &r));
    }
    assert_int_equal(live_in_store(h, ann), 0);
}

static void a_login_that_cannot_be_stored_opens_nothing(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    login_t login = login_from(ANN, "phone");
    assert_true(try_login(h, &login, PASSWORD));
    unsigned failures = 0;
    for (uint64_t n = 1; n < 20; n++) {
        session_seed_t seed = {0};
        credentials_t cred = {0};
        const size_t before = live_in_store(h, ann);
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e = login_open(&h->svc, &login, &seed, &cred);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_int_equal(live_in_store(h, ann), before + (failed(e) ? 0 : 1));
        failures += failed(e) ? 1U : 0U;
    }
    assert_true(failures >= 8);
}

/* ---- endings and hashes */

static void a_session_that_nobody_knows_ended_long_ago(void **state)
{
    struct house *h = *state;
    bool ended = true;
    enum session_end before = END_NONE;
    assert_ok(session_end_stored(&h->svc, (uuid_t){{9}}, END_LOGGED_OUT, &ended, &before));
    assert_false(ended);
    assert_int_equal(before, END_EXPIRED);
}

static void parallel_failures_meet_the_throttle_before_they_hash(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    login_t logins[7];
    for (size_t i = 0; i < 7; i++) { /* all look before the first one has failed */
        logins[i] = login_from(ANN, "phone");
        assert_ok(login_look(&h->svc, &logins[i]));
        assert_int_equal(logins[i].wait_s, 0);
    }
    size_t compared = 0;
    for (size_t i = 0; i < 7; i++) {
        bool right = true;
        assert_ok(login_prove(&h->svc, &logins[i], span_of("not the password"), &right));
        assert_false(right);
        compared += logins[i].wait_s == 0 ? 1 : 0;
    }
    assert_int_equal(compared, h->svc.rules.login_per_account.count);
}

enum { GUESSERS = 8 };

struct guesser {
    struct house *house;
    login_t login;
};

static void *guess(void *context)
{
    struct guesser *g = context;
    bool right = true;
    MUST(!failed(login_prove(&g->house->svc, &g->login, span_of("not the password"), &right)));
    MUST(!right);
    return NULL;
}

static void guesses_side_by_side_are_as_many_as_one_after_the_other(void **state)
{
    struct house *h = *state;
    struct guesser guesser[GUESSERS];
    pthread_t thread[GUESSERS];
    (void)register_account(h, ANN);
    for (size_t i = 0; i < GUESSERS; i++) {
        guesser[i] = (struct guesser){.house = h, .login = login_from(ANN, "phone")};
        assert_ok(login_look(&h->svc, &guesser[i].login));
    }
    for (size_t i = 0; i < GUESSERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, guess, &guesser[i]), 0);
    }
    size_t compared = 0;
    for (size_t i = 0; i < GUESSERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        compared += guesser[i].login.wait_s == 0 ? 1 : 0;
    }
    assert_int_equal(compared, h->svc.rules.login_per_account.count);
}

/* An MPIN that is right on the last try leaves no restricted session, however the two meet. */
struct newcomer {
    struct house *house;
    login_t login;
    session_seed_t seed;
    credentials_t credentials;
};

static void *come_in(void *context)
{
    struct newcomer *n = context;
    MUST(!failed(login_open(&n->house->svc, &n->login, &n->seed, &n->credentials)));
    return NULL;
}

static void put_tries(struct house *h, uuid_t account, const struct mpin_state *tries)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_mpin_save(&tx, account, tries));
    assert_ok(store_commit(&tx));
}

static void a_login_waits_for_the_try_that_is_compared(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const struct mpin_state spent = {.failures = 3,
                                     .total_failures = 3,
                                     .lock_count = 1,
                                     .locked_until =
                                         wall_after_ms(clock_wall(h->svc.clock), 15 * MINUTE_MS)};
    struct newcomer n = {.house = h, .login = login_from(ANN, "phone")};
    pthread_t thread;
    assert_true(try_login(h, &n.login, PASSWORD));
    pthread_mutex_t *held = account_locks_hold(h->svc.locks, ann);
    put_tries(h, ann, &spent);
    assert_int_equal(pthread_create(&thread, NULL, come_in, &n), 0);
    assert_int_equal(usleep(50000), 0); /* long enough to be in, if it does not wait */
    put_tries(h, ann, &(struct mpin_state){0});
    account_locks_let_go(&held);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(n.seed.restricted);
    assert_false(n.seed.row.mpin_required);
}

static void hashes_of_an_older_cost_are_made_anew_when_their_secret_comes(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    mpin_result_t r = {0};
    const uuid_t ann = register_account(h, ANN);
    login_t before = login_from(ANN, "phone");
    assert_ok(login_look(&h->svc, &before));
    h->svc.hashing.cost.passes += 1;
    open_session(h, ANN, "phone", &seed, &cred);
    assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(MPIN), &r));
    login_t after = login_from(ANN, "phone");
    assert_true(try_login(h, &after, PASSWORD));
    assert_string_not_equal(before.account.password_hash, after.account.password_hash);
    assert_string_not_equal(before.account.mpin_hash, after.account.mpin_hash);
    assert_false(pwhash_is_stale(h->svc.keys, &h->svc.hashing, after.account.password_hash));
    assert_false(pwhash_is_stale(h->svc.keys, &h->svc.hashing, after.account.mpin_hash));
    assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(an_address_is_taken_once_whatever_its_case),
        SENTENCE(neither_secret_stands_in_the_row),
        SENTENCE(a_registration_that_fails_leaves_nothing),
        SENTENCE(a_wrong_password_and_an_unknown_address_look_alike),
        SENTENCE(five_failures_from_strangers_slow_an_account_to_one_try_a_minute),
        SENTENCE(a_device_that_is_known_has_an_allowance_of_its_own),
        SENTENCE(only_failures_are_counted),
        SENTENCE(an_account_has_sixty_logins_at_once_and_then_one_a_minute),
        SENTENCE(failures_take_nothing_from_the_bucket_of_successes),
        SENTENCE(parallel_successes_take_no_more_than_the_bucket_holds),
        SENTENCE(an_address_is_slowed_over_all_accounts),
        SENTENCE(the_first_device_is_not_new_and_the_second_one_is),
        SENTENCE(a_device_is_unproved_until_a_mpin_is_passed_on_it),
        SENTENCE(an_unknown_address_costs_a_hash_as_a_known_one_does),
        SENTENCE(an_unknown_pepper_does_not_tell_who_has_an_account),
        SENTENCE(a_session_token_names_account_session_and_device),
        SENTENCE(a_session_starts_restricted_while_the_account_is_locked),
        SENTENCE(a_session_starts_restricted_after_a_risk_block_until_an_mpin_succeeds),
        ON_SQLITE(the_eleventh_session_ends_the_oldest),
        SENTENCE(no_setting_keeps_more_sessions_than_a_lock_can_end),
        SENTENCE(a_login_that_cannot_be_stored_opens_nothing),
        SENTENCE(a_session_that_nobody_knows_ended_long_ago),
        SENTENCE(parallel_failures_meet_the_throttle_before_they_hash),
        SENTENCE(guesses_side_by_side_are_as_many_as_one_after_the_other),
        SENTENCE(a_login_waits_for_the_try_that_is_compared),
        SENTENCE(hashes_of_an_older_cost_are_made_anew_when_their_secret_comes),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
