/* Refresh tokens of a session: good once, known for ever after, bounded, and dear to nobody when refused. */
#include "domain/accounts/account.h"
#include "domain/sessions/steps_test.h"

static enum refresh_outcome refresh(struct house *h, const char *token, struct session_row *row,
                                    credentials_t *out)
{
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;
    const refresh_ask_t ask = {.token = span_of(token)};
    assert_ok(look_and_refresh(h, &ask, row, out, &outcome, &wait_s));
    return outcome;
}

static void a_refresh_token_is_good_once_and_its_successor_after_it(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t first = {0};
    struct session_row row = {0};
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &first);
    credentials_t now = first;
    for (int i = 0; i < 10; i++) {
        credentials_t next = {0};
        assert_int_equal(refresh(h, now.refresh_token, &row, &next), REFRESH_DONE);
        assert_true(uuid_eq(row.id, seed.row.id));
        assert_string_not_equal(next.refresh_token, now.refresh_token);
        token_claims_t claims = {0};
        assert_int_equal(token_check(h->svc.keys, span_of(next.session_token),
                                     clock_wall(&h->clock.face).ms / MS_PER_S, &claims),
                         TOKEN_OK);
        assert_int_equal(claims.expires_s, seed.row.expires_max.ms / MS_PER_S);
        now = next;
    }
}

static void a_reused_refresh_token_revokes_its_family_and_ends_the_session(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t first = {0};
    credentials_t second = {0};
    credentials_t third = {0};
    struct session_row row = {0};
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &first);
    assert_int_equal(refresh(h, first.refresh_token, &row, &second), REFRESH_DONE);
    row = (struct session_row){0};
    assert_int_equal(refresh(h, first.refresh_token, &row, &third), REFRESH_STOLEN);
    assert_true(uuid_eq(row.id, seed.row.id));
    assert_int_equal(stored_session(h, seed.row.id).end, END_REFRESH_REUSED);
    assert_int_equal(refresh(h, second.refresh_token, &row, &third), REFRESH_REFUSED);
    assert_int_equal(refresh(h, first.refresh_token, &row, &third), REFRESH_REFUSED);
}

/* Both were good when they were looked at: the second to come is a copy, whoever it was that came first. */
static void of_two_refreshes_by_one_token_at_once_the_second_is_a_theft(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t first = {0};
    credentials_t next = {0};
    struct session_row row[2] = {0};

    enum refresh_outcome outcome[2] = {REFRESH_REFUSED, REFRESH_REFUSED};

    uint32_t wait_s = 0;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &first);
    const refresh_ask_t ask = {.token = span_of(first.refresh_token)};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(account_refresh_look(&h->svc, &ask, &row[i], &outcome[i]));
        assert_int_equal(outcome[i], REFRESH_DONE);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_ok(account_refresh(&h->svc, &ask, &row[i], &next, &outcome[i], &wait_s));
        assert_int_equal(outcome[i], i == 0 ? REFRESH_DONE : REFRESH_STOLEN);
    }
    assert_int_equal(stored_session(h, seed.row.id).end, END_REFRESH_REUSED);
}

/* Refresh `times`; the tokens that were spent on the way, the first one first. */
static void refresh_often(struct house *h, credentials_t *now, char (*spent)[REFRESH_CHARS + 1],
                          size_t times)
{
    for (size_t i = 0; i < times; i++) {
        struct session_row row = {0};
        credentials_t next = {0};
        memcpy(spent[i], now->refresh_token, REFRESH_CHARS + 1);
        assert_int_equal(refresh(h, now->refresh_token, &row, &next), REFRESH_DONE);
        *now = next;
    }
}

static void any_spent_token_of_a_live_family_ends_it_however_old(void **state)
{
    enum { TIMES = 50 };

    static const size_t old[] = {0, 1, 25, TIMES - 2, TIMES - 1};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        char spent[TIMES][REFRESH_CHARS + 1];
        session_seed_t seed = {0};
        session_seed_t beside = {0};
        credentials_t now = {0};
        credentials_t other = {0};
        credentials_t next = {0};
        struct session_row row = {0};
        open_session(h, ANN, "phone", &seed, &now);
        open_session(h, ANN, "tablet", &beside, &other);
        refresh_often(h, &now, spent, TIMES);
        assert_int_equal(refresh(h, spent[old[i]], &row, &next), REFRESH_STOLEN);
        assert_true(uuid_eq(row.id, seed.row.id));
        assert_int_equal(stored_session(h, seed.row.id).end, END_REFRESH_REUSED);
        assert_int_equal(refresh(h, now.refresh_token, &row, &next), REFRESH_REFUSED);
        assert_int_equal(refresh(h, spent[0], &row, &next), REFRESH_REFUSED);
        assert_int_equal(refresh(h, other.refresh_token, &row, &next), REFRESH_DONE);
    }
}

static void a_token_that_only_begins_as_a_family_is_taken_for_a_spent_one(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (int i = 0; i < 3; i++) {
        session_seed_t seed = {0};
        credentials_t cred = {0};
        credentials_t next = {0};
        struct session_row row = {0};
        open_session(h, ANN, "phone", &seed, &cred);
        char *token = cred.refresh_token;
        if (i == 0) {
            token[REFRESH_CHARS - 1] = token[REFRESH_CHARS - 1] == 'A' ? 'Q' : 'A';
        } else {
            token[i == 1 ? OPAQUE_CHARS : REFRESH_CHARS - 1] = '\0';
        }
        assert_int_equal(refresh(h, token, &row, &next), REFRESH_STOLEN);
    }
    session_seed_t seed = {0};
    credentials_t cred = {0};
    credentials_t next = {0};
    struct session_row row = {0};
    open_session(h, ANN, "phone", &seed, &cred);
    char *const end = &cred.refresh_token[OPAQUE_CHARS - 1];
    const char was = *end;
    *end = '\0'; /* less than how it begins is nothing */
    assert_int_equal(refresh(h, cred.refresh_token, &row, &next), REFRESH_REFUSED);
    *end = was;
    assert_int_equal(refresh(h, cred.refresh_token, &row, &next), REFRESH_DONE);
}

static void a_session_has_sixty_refreshes_at_once_and_what_is_beyond_spends_nothing(void **state)
{
    enum { TIMES = 60 };
    struct house *h = *state;
    char spent[TIMES][REFRESH_CHARS + 1];
    session_seed_t seed = {0};
    credentials_t now = {0};
    credentials_t next = {0};
    struct session_row row = {0};
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &now);
    refresh_often(h, &now, spent, TIMES);
    for (int i = 0; i < 3; i++) {
        const refresh_ask_t ask = {.token = span_of(now.refresh_token)};
        assert_ok(look_and_refresh(h, &ask, &row, &next, &outcome, &wait_s));
        assert_int_equal(outcome, REFRESH_TOO_OFTEN);
        assert_int_equal(wait_s, 60);
    }
    credentials_t other = {0};
    open_session(h, ANN, "phone", &seed, &other); /* a bucket of its own */
    assert_int_equal(refresh(h, other.refresh_token, &row, &next), REFRESH_DONE);
    scripted_clock_pass(&h->clock, MINUTE_MS);
    assert_int_equal(refresh(h, now.refresh_token, &row, &next), REFRESH_DONE);
    /* A thief is found out whatever the bucket says. */
    assert_int_equal(refresh(h, next.refresh_token, &row, &now), REFRESH_TOO_OFTEN);
    assert_int_equal(refresh(h, spent[0], &row, &now), REFRESH_STOLEN);
}

static void what_is_refused_waits_for_no_writer(void **state)
{
    struct house *h = *state;
    session_seed_t ended = {0};
    credentials_t gone = {0};
    credentials_t cred = {0};
    credentials_t next = {0};
    struct session_row row = {0};
    session_seed_t seed = {0};
    bool now = false;
    enum session_end before = END_NONE;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &ended, &gone);
    open_session(h, ANN, "phone", &seed, &cred);
    assert_ok(session_end_stored(&h->svc, ended.row.id, END_LOGGED_OUT, &now, &before));
    const span_t device = span_of("tablet");
    const refresh_ask_t elsewhere = {.token = span_of(cred.refresh_token), .device = &device};
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;

    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx)); /* or they would end in a time-out */
    assert_int_equal(refresh(h, "not a token at all", &row, &next), REFRESH_REFUSED);
    assert_int_equal(refresh(h, gone.refresh_token, &row, &next), REFRESH_REFUSED);
    assert_ok(look_and_refresh(h, &elsewhere, &row, &next, &outcome, &wait_s));
    assert_int_equal(outcome, REFRESH_REFUSED);
}

static void a_forged_refresh_token_is_refused(void **state)
{
    static const char *const forged[] = {"", "x", "not a token at all",
                                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    struct house *h = *state;
    for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
        credentials_t out = {0};
        struct session_row row = {0};
        assert_int_equal(refresh(h, forged[i], &row, &out), REFRESH_REFUSED);
    }
}

static void a_session_that_has_ended_is_not_refreshed(void **state)
{
    static const enum session_end how[] = {END_LOGGED_OUT, END_BLOCKED, END_MPIN_LOCKED,
                                           END_EXPIRED,    END_REVOKED, END_OPERATOR};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        session_seed_t seed = {0};
        credentials_t cred = {0};
        credentials_t next = {0};
        struct session_row row = {0};
        bool ended = false;
        enum session_end before = END_NONE;
        open_session(h, ANN, "phone", &seed, &cred);
        assert_ok(session_end_stored(&h->svc, seed.row.id, how[i], &ended, &before));
        assert_true(ended);
        assert_int_equal(refresh(h, cred.refresh_token, &row, &next), REFRESH_REFUSED);
        assert_ok(session_end_stored(&h->svc, seed.row.id, END_LOGGED_OUT, &ended, &before));
        assert_false(ended);
        assert_int_equal(before, how[i]);
    }
}

static void a_refresh_never_outlives_the_absolute_age(void **state)
{
    static const int64_t before_ms[] = {5000, 1000, 501, 500, 499, 1, 0, -1, -5000};
    for (size_t i = 0; i < ARRAY_LEN(before_ms); i++) {
        struct house *h = *state;
        char email[64];
        session_seed_t seed = {0};
        credentials_t cred = {0};
        credentials_t next = {0};
        struct session_row row = {0};
        (void)snprintf(email, sizeof email, "user%zu@example.org", i);
        (void)register_account(h, email);
        scripted_clock_set_wall(&h->clock, (wall_t){SCRIPTED_WALL_MS + 500});
        open_session(h, email, "phone", &seed, &cred); /* a token tells whole seconds only */
        scripted_clock_pass(&h->clock, 12 * HOUR_MS - before_ms[i]);
        const enum refresh_outcome outcome = refresh(h, cred.refresh_token, &row, &next);
        assert_int_equal(outcome, before_ms[i] > 500 ? REFRESH_DONE : REFRESH_REFUSED);
    }
}

static void a_refresh_that_cannot_be_stored_spends_nothing(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    credentials_t next = {0};
    struct session_row row = {0};
    enum refresh_outcome outcome = REFRESH_STOLEN;
    uint32_t wait_s = 0;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    store_scripted_fail_commits(h->svc.store, 1);
    const refresh_ask_t ask = {.token = span_of(cred.refresh_token)};
    assert_err(look_and_refresh(h, &ask, &row, &next, &outcome, &wait_s), ERR_STORAGE);
    assert_int_equal(refresh(h, cred.refresh_token, &row, &next), REFRESH_DONE);
}

static void a_refresh_by_another_device_is_refused_and_spends_nothing(void **state)
{
    static const char *const wrong[] = {"tablet", "", "phone ", "Phone"};
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    credentials_t next = {0};
    struct session_row row = {0};
    enum refresh_outcome outcome = REFRESH_STOLEN;
    uint32_t wait_s = 0;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const span_t device = span_of(wrong[i]);
        const refresh_ask_t ask = {.token = span_of(cred.refresh_token), .device = &device};
        assert_ok(look_and_refresh(h, &ask, &row, &next, &outcome, &wait_s));
        assert_int_equal(outcome, REFRESH_REFUSED);
    }
    const span_t device = span_of("phone");
    refresh_ask_t ask = {.token = span_of(cred.refresh_token), .device = &device};
    assert_ok(look_and_refresh(h, &ask, &row, &next, &outcome, &wait_s));
    assert_int_equal(outcome, REFRESH_DONE);
    const span_t other = span_of("tablet"); /* twice is stolen, whoever brings it */
    ask.device = &other;
    assert_ok(look_and_refresh(h, &ask, &row, &next, &outcome, &wait_s));
    assert_int_equal(outcome, REFRESH_STOLEN);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(a_refresh_token_is_good_once_and_its_successor_after_it),
        ON_SQLITE(a_reused_refresh_token_revokes_its_family_and_ends_the_session),
        ON_SQLITE(of_two_refreshes_by_one_token_at_once_the_second_is_a_theft),
        ON_SQLITE(any_spent_token_of_a_live_family_ends_it_however_old),
        SENTENCE(a_token_that_only_begins_as_a_family_is_taken_for_a_spent_one),
        SENTENCE(a_session_has_sixty_refreshes_at_once_and_what_is_beyond_spends_nothing),
        ON_SQLITE(what_is_refused_waits_for_no_writer),
        SENTENCE(a_forged_refresh_token_is_refused),
        SENTENCE(a_session_that_has_ended_is_not_refreshed),
        SENTENCE(a_refresh_never_outlives_the_absolute_age),
        SENTENCE(a_refresh_that_cannot_be_stored_spends_nothing),
        ON_SQLITE(a_refresh_by_another_device_is_refused_and_spends_nothing),
    };
    return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
