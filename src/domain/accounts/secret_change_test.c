/* A new password, a new MPIN: who may still write it when its turn has come, and what it ends. */
#include "domain/accounts/secret_change.h"

#include "domain/sessions/steps_test.h"

#define NEW_PASSWORD "new password 9"
#define NEW_MPIN     "5926"

static bool password_is(struct house *h, const char *password)
{
    login_t login = login_from(ANN, "a device that asks");
    return try_login(h, &login, password);
}

static bool mpin_is(struct house *h, const struct session_row *who, const char *mpin)
{
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, who->account, who->id, span_of(mpin), &r));
    return r.answer == MPIN_RIGHT;
}

static struct session_row enter(struct house *h, const char *device)
{
    return stored_session(h, log_in(h, ANN, device)->id);
}

/* ---- what a change does */

static void a_new_password_ends_the_other_sessions_and_keeps_this_one(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row one = enter(h, "phone");
    const struct session_row two = enter(h, "tablet");
    const struct session_row keep = enter(h, "laptop");
    change_order_t order = {.account = keep.account, .session = keep.id};
    bool right = true;
    assert_ok(password_change_order(&h->svc, span_of("not the password"), span_of(NEW_PASSWORD),
                                    &order, &right));
    assert_false(right);
    const change_t done = change(h, order_password(h, &keep, PASSWORD, NEW_PASSWORD));
    assert_int_equal(done.answer, CHANGED);
    assert_int_equal(done.ended, 2);
    assert_int_equal(stored_session(h, one.id).end, END_REVOKED);
    assert_int_equal(stored_session(h, two.id).end, END_REVOKED);
    assert_int_equal(stored_session(h, keep.id).end, END_NONE);
    assert_false(password_is(h, PASSWORD));
    assert_true(password_is(h, NEW_PASSWORD));
}

static void a_new_mpin_ends_the_other_sessions_and_the_old_one_is_wrong(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row one = enter(h, "phone");
    const struct session_row keep = enter(h, "laptop");
    const change_t done = change(h, order_mpin(h, &keep, MPIN, NEW_MPIN));
    assert_int_equal(done.answer, CHANGED);
    assert_int_equal(done.ended, 1);
    assert_true(uuid_eq(done.ended_session[0], one.id));
    assert_int_equal(stored_session(h, keep.id).end, END_NONE);
    assert_false(mpin_is(h, &keep, MPIN));
    assert_true(mpin_is(h, &keep, NEW_MPIN));
}

static void a_login_with_the_old_password_is_overtaken_by_its_change(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    const uuid_t ann = register_account(h, ANN);
    const struct session_row keep = enter(h, "laptop");
    login_t login = login_from(ANN, "phone");
    assert_true(try_login(h, &login, PASSWORD));
    (void)change(h, order_password(h, &keep, PASSWORD, NEW_PASSWORD));
    assert_ok(login_open(&h->svc, &login, &seed, &cred));
    assert_true(seed.overtaken);
    assert_int_equal(live_in_store(h, ann), 1);
}

static void an_old_hash_that_is_made_anew_takes_back_no_change(void **state)
{
    struct house *h = *state;
    bool right = false;
    (void)register_account(h, ANN);
    const struct session_row keep = enter(h, "laptop");
    login_t login = login_from(ANN, "phone");
    assert_ok(login_look(&h->svc, &login));
    (void)change(h, order_password(h, &keep, PASSWORD, NEW_PASSWORD));
    h->svc.hashing.cost.passes += 1;
    assert_ok(login_prove(&h->svc, &login, span_of(PASSWORD), &right));
    assert_true(password_is(h, NEW_PASSWORD));
}

/* ---- who may still write */

static void nothing_is_changed(struct house *h, change_order_t order, enum session_end how)
{
    const change_t refused = change(h, order);
    assert_int_equal(refused.answer, CHANGE_ENDED);
    assert_int_equal(refused.how, how);
    assert_int_equal(refused.ended, 0);
}

/* It proved the secret, and its owner threw it out while it waited for its turn to write. */
static void a_session_that_has_ended_since_changes_nothing(void **state)
{
    static const enum session_end ends[] = {END_REVOKED,  END_LOGGED_OUT, END_BLOCKED,
                                            END_REPLACED, END_EXPIRED,    END_OPERATOR};
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row owner = enter(h, "laptop");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        bool ended = false;
        enum session_end before = END_NONE;
        const struct session_row thief = enter(h, "phone");
        const change_order_t password = order_password(h, &thief, PASSWORD, NEW_PASSWORD);
        const change_order_t mpin = order_mpin(h, &thief, MPIN, NEW_MPIN);
        assert_ok(session_end_stored(&h->svc, thief.id, ends[i], &ended, &before));
        nothing_is_changed(h, password, ends[i]);
        nothing_is_changed(h, mpin, ends[i]);
        assert_int_equal(stored_session(h, owner.id).end, END_NONE);
    }
    assert_true(password_is(h, PASSWORD));
    assert_true(mpin_is(h, &owner, MPIN));
}

static void a_session_whose_block_waits_for_the_store_changes_nothing(void **state)
{
    struct house *h = *state;
    uint64_t place = 0;
    (void)register_account(h, ANN);
    const struct session_row owner = enter(h, "laptop");
    const struct session_row thief = enter(h, "phone");
    const change_order_t password = order_password(h, &thief, PASSWORD, NEW_PASSWORD);
    const change_order_t mpin = order_mpin(h, &thief, MPIN, NEW_MPIN);
    const ledger_item_t block = {.session = thief.id,
                                 .account = thief.account,
                                 .at = clock_wall(&h->clock.face),
                                 .risk = 0.97,
                                 .how = END_BLOCKED};
    assert_ok(ledger_post(h->ledger, &block, &place));
    nothing_is_changed(h, password, END_BLOCKED);
    nothing_is_changed(h, mpin, END_BLOCKED);
    assert_true(password_is(h, PASSWORD));
    assert_true(mpin_is(h, &owner, MPIN));
    /* A block of another session holds nobody back: this is how its owner answers it. */
    assert_int_equal(change(h, order_password(h, &owner, PASSWORD, NEW_PASSWORD)).answer, CHANGED);
}

static void nobody_changes_secrets_in_the_name_of_another_accounts_session(void **state)
{
    struct house *h = *state;
    (void)register_account(h, "ben@example.org");
    (void)register_account(h, ANN);
    const struct session_row bens = stored_session(h, log_in(h, "ben@example.org", "phone")->id);
    change_order_t order = order_password(h, &bens, PASSWORD, NEW_PASSWORD);
    order.account = account_of(h, ANN);
    nothing_is_changed(h, order, END_EXPIRED);
    order.account = bens.account;
    order.session = (uuid_t){{9}}; /* which is nobody's */
    nothing_is_changed(h, order, END_EXPIRED);
    assert_true(password_is(h, PASSWORD));
}

/* ---- two at once */

static void of_two_changes_by_two_sessions_the_second_finds_itself_ended(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row owner = enter(h, "laptop");
    const struct session_row thief = enter(h, "phone");
    const change_order_t first = order_password(h, &owner, PASSWORD, NEW_PASSWORD);
    const change_order_t second = order_password(h, &thief, PASSWORD, "password of a thief");
    assert_int_equal(change(h, first).answer, CHANGED);
    nothing_is_changed(h, second, END_REVOKED);
    assert_true(password_is(h, NEW_PASSWORD));
    assert_false(password_is(h, "password of a thief"));
}

static void of_two_changes_by_one_session_the_second_is_overtaken(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row who = enter(h, "laptop");
    const change_order_t first = order_password(h, &who, PASSWORD, NEW_PASSWORD);
    const change_order_t second = order_password(h, &who, PASSWORD, "a third password");
    const change_order_t first_mpin = order_mpin(h, &who, MPIN, NEW_MPIN);
    const change_order_t second_mpin = order_mpin(h, &who, MPIN, "7351");
    assert_int_equal(change(h, first).answer, CHANGED);
    assert_int_equal(change(h, second).answer, CHANGE_OVERTAKEN);
    assert_int_equal(change(h, first_mpin).answer, CHANGED);
    assert_int_equal(change(h, second_mpin).answer, CHANGE_OVERTAKEN);
    assert_true(password_is(h, NEW_PASSWORD));
    assert_true(mpin_is(h, &who, NEW_MPIN));
}

/* A clock by which something happens, once, while somebody looks at it. */
struct eventful_clock {
    struct clock face; /* the first member */
    struct house *h;
    const change_order_t **next; /* NULL once it was written */
};

static const struct eventful_clock *eventful(const struct clock *self)
{
    return (const struct eventful_clock *)(const void *)self;
}

static wall_t look_and_change(const struct clock *self)
{
    const struct eventful_clock *c = eventful(self);
    const change_order_t *order = *c->next;
    *c->next = NULL;
    if (order != NULL) {
        assert_int_equal(change(c->h, *order).answer, CHANGED);
    }
    return clock_wall(&c->h->clock.face);
}

static mono_t look_only(const struct clock *self)
{
    return clock_mono(&eventful(self)->h->clock.face);
}

static void an_mpin_that_is_changed_while_it_is_hashed_is_right_no_longer(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row who = enter(h, "laptop");
    const change_order_t order = order_mpin(h, &who, MPIN, NEW_MPIN);
    const change_order_t *next = &order;
    const struct eventful_clock clock = {
        .face = {.wall = look_and_change, .mono = look_only}, .h = h, .next = &next};
    struct steady_clock *steady = h->svc.steady;
    h->svc.steady = NULL;
    h->svc.clock = &clock.face; /* which is asked when the old hash has been read */
    const bool right = mpin_is(h, &who, MPIN);
    h->svc.clock = &h->clock.face;
    h->svc.steady = steady;
    assert_null(next);
    assert_false(right);
    assert_true(mpin_is(h, &who, NEW_MPIN));
}

/* mpin_check() makes an old hash anew: the change is against the one that then stands. */
static void a_hash_that_was_made_anew_on_the_way_does_not_overtake_its_own_change(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row who = enter(h, "laptop");
    h->svc.hashing.cost.passes += 1;
    assert_int_equal(change(h, order_mpin(h, &who, MPIN, NEW_MPIN)).answer, CHANGED);
    assert_true(mpin_is(h, &who, NEW_MPIN));
}

/* ---- failures */

static void a_change_that_cannot_be_stored_changes_nothing(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const struct session_row who = enter(h, "laptop");
    const struct session_row other = enter(h, "phone");
    const change_order_t order = order_password(h, &who, PASSWORD, NEW_PASSWORD);
    size_t failures = 0;
    bool done = false;
    for (uint64_t n = 1; n < 30 && !done; n++) {
        change_t out = {0};
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        done = !failed(secret_change(&h->svc, &order, &out));
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_int_equal(stored_session(h, other.id).end, done ? END_REVOKED : END_NONE);
        failures += done ? 0U : 1U;
    }
    assert_true(done);
    assert_true(failures >= 6);
    assert_true(password_is(h, NEW_PASSWORD));
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_new_password_ends_the_other_sessions_and_keeps_this_one),
        SENTENCE(a_new_mpin_ends_the_other_sessions_and_the_old_one_is_wrong),
        ON_SQLITE(a_login_with_the_old_password_is_overtaken_by_its_change),
        ON_SQLITE(an_old_hash_that_is_made_anew_takes_back_no_change),
        ON_SQLITE(a_session_that_has_ended_since_changes_nothing),
        ON_SQLITE(a_session_whose_block_waits_for_the_store_changes_nothing),
        SENTENCE(nobody_changes_secrets_in_the_name_of_another_accounts_session),
        ON_SQLITE(of_two_changes_by_two_sessions_the_second_finds_itself_ended),
        ON_SQLITE(of_two_changes_by_one_session_the_second_is_overtaken),
        ON_SQLITE(an_mpin_that_is_changed_while_it_is_hashed_is_right_no_longer),
        SENTENCE(a_hash_that_was_made_anew_on_the_way_does_not_overtake_its_own_change),
        SENTENCE(a_change_that_cannot_be_stored_changes_nothing),
    };
    return cmocka_run_group_tests_name("secret_change", tests, NULL, NULL);
}
