/* verify-mpin, mpin-challenge, change-mpin: every try is spent, whatever fails behind it. */
#include "api/desk_test.h"

#define VERIFY    "/api/v1/auth/verify-mpin"
#define CHALLENGE "/api/v1/auth/mpin-challenge"
#define CHANGE    "/api/v1/auth/change-mpin"
#define RIGHT     "{\"mpin\":\"" MPIN "\"}"
#define BAD       "{\"mpin\":\"" WRONG "\"}"

static void challenge(struct bearer *b, double risk)
{
    (void)behaviour_fact(b->owner, b->live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, risk);
}

static const char *challenge_body(const struct bearer *b, const char *mpin)
{
    static _Thread_local char text[160];
    (void)snprintf(text, sizeof text, "{\"session_id\":\"%s\",\"mpin\":\"%s\"}", b->id, mpin);
    return text;
}

/* ---- right */

static void a_right_mpin_is_told_and_lowers_the_risk(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    challenge(&b, 0.8);
    assert_true(behaviour_mpin_required(b.owner, b.live));
    const double before = peek(&d->house, b.live).risk;
    struct call *c = desk_ask(d, &b, "POST", VERIFY, RIGHT);
    assert_int_equal(c->status, 200);
    assert_true(desk_said(c, "{\"message\":\"MPIN verified successfully\",\"session_id\":\""));
    assert_true(desk_said(c, "\"status\":\"verified\""));
    call_free(&c);
    assert_false(behaviour_mpin_required(b.owner, b.live));
    assert_true(peek(&d->house, b.live).risk < before);
    assert_int_equal(counter_read(&d->api.metrics.mpin_verified), 1);
}

static void a_challenge_is_answered_for_the_session_that_it_names(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "phone");
    challenge(&b, 0.8);
    struct call *c = desk_ask(d, &b, "POST", CHALLENGE, challenge_body(&other, MPIN));
    assert_int_equal(c->status, 401);
    assert_true(desk_said(c, "session-mismatch"));
    call_free(&c);
    assert_true(behaviour_mpin_required(b.owner, b.live));
    c = desk_ask(d, &b, "POST", CHALLENGE, challenge_body(&b, MPIN));
    assert_int_equal(c->status, 200);
    assert_true(desk_said(c, "\"risk_score_updated\":true,\"new_risk_score\":0."));
    call_free(&c);
    assert_false(behaviour_mpin_required(b.owner, b.live));
}

/* Whoever knows the MPIN and types it like a machine has answered all the same. */
static void how_an_mpin_was_typed_is_answered_by_it(void **state)
{
    enum { KEYS = 40 };

    char machine[4096];
    size_t len = (size_t)snprintf(machine, sizeof machine,
                                  "{\"mpin\":\"" MPIN "\",\"keystrokes\":{\"keys\":[");
    for (int i = 0; i < KEYS; i++) {
        len += (size_t)snprintf(machine + len, sizeof machine - len, "%s{\"down\":%d,\"up\":%d}",
                                i == 0 ? "" : ",", 8 * i, 8 * i + 3);
    }
    (void)snprintf(machine + len, sizeof machine - len, "]}}");
    struct desk *d = *state;
    struct bearer b;
    ledger_places_t newest;
    desk_enter(d, &b, "phone");
    challenge(&b, 0.69);
    assert_false(behaviour_mpin_required(b.owner, b.live));
    struct call *c = desk_ask(d, &b, "POST", VERIFY, machine);
    assert_int_equal(c->status, 200);
    call_free(&c);
    assert_int_equal(counter_read(&shard_metrics(b.owner)->challenges), 1); /* by its keys */
    assert_false(behaviour_mpin_required(b.owner, b.live));
    assert_int_equal(ledger_holds_mark(d->house.ledger, b.live->account, &newest), MARK_NONE);
    challenge(&b, 0.8);
    assert_int_equal(ledger_holds_mark(d->house.ledger, b.live->account, &newest), MARK_CHALLENGED);
}

/* Elsewhere they are a member like any that the route does not know, whatever they hold. */
static void only_verify_mpin_takes_how_it_was_typed(void **state)
{
    static const char *const typed[] = {
        "",
        ",\"keystrokes\":{\"keys\":[{\"down\":0,\"up\":3},{\"down\":8,\"up\":11}]}",
        ",\"keystrokes\":{\"keys\":[{\"down\":-5,\"up\":-9}]}",
        ",\"keystrokes\":{\"keys\":{}}",
        ",\"keystrokes\":{}",
        ",\"keystrokes\":1",
    };
    struct desk *d = *state;
    struct bearer b;
    char body[320];
    desk_enter(d, &b, "phone");
    uint64_t lines = b.live->lines;
    (void)snprintf(body, sizeof body, "{\"mpin\":\"" MPIN "\"%s}", typed[1]);
    desk_expect(d, &b, "POST", VERIFY, body, 200);
    assert_int_equal(b.live->lines, lines + 2); /* mpin_verified, and the keys */
    for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
        lines = b.live->lines;
        (void)snprintf(body, sizeof body, "{\"session_id\":\"%s\",\"mpin\":\"" MPIN "\"%s}", b.id,
                       typed[i]);
        desk_expect(d, &b, "POST", CHALLENGE, body, 200);
        assert_int_equal(b.live->lines, lines + 1);
        lines = b.live->lines;
        (void)snprintf(body, sizeof body, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"" MPIN "\"%s}",
                       typed[i]);
        desk_expect(d, &b, "POST", CHANGE, body, 200);
        assert_int_equal(b.live->lines, lines + 1);
    }
}

/* ---- wrong */

static void wrong_ones_are_counted_down_and_then_lock_every_session(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "tablet");
    for (int left = 2; left > 0; left--) {
        char words[64];
        struct call *c = desk_ask(d, &b, "POST", VERIFY, BAD);
        (void)snprintf(words, sizeof words, "Invalid MPIN. %d attempts remaining", left);
        assert_int_equal(c->status, 401);
        assert_true(desk_said(c, words));
        call_free(&c);
        assert_int_equal(b.live->mpin_failures, 3 - left);
        assert_int_equal(other.live->mpin_failures, 3 - left);
    }
    struct call *c = desk_ask(d, &b, "POST", VERIFY, BAD);
    assert_int_equal(c->status, 403);
    assert_true(desk_said(c, "account-locked"));
    assert_true(desk_said(c, "Retry-After: 900\r\n"));
    call_free(&c);
    assert_true(b.live->blocked && other.live->blocked);
    desk_expect(d, &b, "POST", VERIFY, RIGHT, 403);
    desk_expect(d, &other, "POST", VERIFY, RIGHT, 403);
    assert_int_equal(counter_read(&d->api.metrics.locks), 1);
}

static void an_mpin_of_another_form_costs_nothing(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uuid_t ann = b.live->account;
    static const char *const bodies[] = {"{\"mpin\":\"1\"}",
                                         "{\"mpin\":\"12345\"}",
                                         "{\"mpin\":\"abcd\"}",
                                         "{\"mpin\":1234}",
                                         "{}",
                                         ("{\"mpin\":\"" WRONG "\",\"keystrokes\":1}")};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
            desk_expect(d, &b, "POST", VERIFY, bodies[i], i < 3 ? 400 : 422);
        }
    }
    assert_int_equal(tries_of(&d->house, ann).failures, 0);
}

static void guessing_from_one_address_is_slowed_down(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    d->house.svc.rules.mpin_per_address = (throttle_t){1, 60};
    desk_expect(d, &b, "POST", VERIFY, BAD, 401);
    struct call *c = desk_ask(d, &b, "POST", VERIFY, RIGHT);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: "));
    call_free(&c);
    desk_expect(d, &b, "POST", CHALLENGE, challenge_body(&b, MPIN), 429);
    desk_expect(d, &b, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"9274\"}", 429);
    assert_int_equal(tries_of(&d->house, b.live->account).failures, 1);
}

static void a_guess_that_locks_is_one_of_its_address_too(void **state)
{
    struct desk *d = *state;
    struct bearer b[2];
    desk_enter(d, &b[0], "phone");
    d->house.svc.rules.mpin_attempts = 1;
    d->house.svc.rules.mpin_per_address = (throttle_t){1, 60};
    desk_expect(d, &b[0], "POST", VERIFY, BAD, 403);
    desk_enter(d, &b[1], "phone");
    desk_expect(d, &b[1], "POST", VERIFY, RIGHT, 429);
}

/* ---- change */

static void a_new_mpin_takes_the_place_of_the_old_one(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "tablet");
    desk_expect(d, &b, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"1111\"}", 422);
    desk_expect(d, &b, "POST", CHANGE, "{\"mpin\":\"" WRONG "\",\"new_mpin\":\"9274\"}", 401);
    struct call *c =
        desk_ask(d, &b, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"9274\"}");
    assert_int_equal(c->status, 200);
    assert_span_text(buf_span(&c->reply), "{\"message\":\"MPIN changed successfully\"}");
    call_free(&c);
    desk_expect(d, &other, "GET", "/api/v1/auth/session-status", "", 401);
    desk_expect(d, &b, "POST", VERIFY, RIGHT, 401);
    desk_expect(d, &b, "POST", VERIFY, "{\"mpin\":\"9274\"}", 200);
}

static void a_challenged_session_changes_no_mpin(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    challenge(&b, 0.8);
    struct call *c =
        desk_ask(d, &b, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"9274\"}");
    assert_int_equal(c->status, 403);
    assert_true(desk_said(c, "mpin-required"));
    call_free(&c);
}

static void the_risk_blocks(struct desk *d, void *ctx)
{
    (void)d;
    challenge(ctx, 0.99);
}

static void the_owner_changes_it(struct desk *d, void *ctx)
{
    desk_expect(d, ctx, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"9274\"}", 200);
}

/* Stages of a change: 1 its beginning, 2 the comparison, 3 ask the session again, 4 write, 5 tell. */
static void a_change_that_waits_is_refused_when_its_session_ends_meanwhile(void **state)
{
    static const struct {
        void (*what)(struct desk *d, void *ctx);
        unsigned before;
        unsigned status;
    } cases[] = {
        {desk_owner_ends, 2, 401}, {desk_owner_ends, 3, 401}, {desk_owner_ends, 4, 401},
        {the_risk_blocks, 2, 403}, {the_risk_blocks, 3, 403}, {the_risk_blocks, 4, 403},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bearer thief;
        struct bearer owner;
        d->news = 0;
        desk_enter(d, &thief, "phone");
        desk_meanwhile(d, cases[i].before, cases[i].what, &thief);
        desk_expect(d, &thief, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"9274\"}",
                    cases[i].status);
        desk_enter(d, &owner, "laptop");
        desk_expect(d, &owner, "POST", VERIFY, RIGHT, 200); /* the old one stands */
    }
}

static void of_two_changes_from_one_mpin_one_is_made(void **state)
{
    struct desk *d = *state;
    struct bearer owner;
    struct bearer thief;
    desk_enter(d, &owner, "phone");
    desk_enter(d, &thief, "tablet");
    desk_meanwhile(d, 4, the_owner_changes_it, &owner);
    desk_expect(d, &thief, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"5926\"}", 401);
    desk_expect(d, &owner, "POST", VERIFY, "{\"mpin\":\"9274\"}", 200);
}

static void of_two_changes_by_one_session_the_second_has_a_wrong_mpin(void **state)
{
    struct desk *d = *state;
    struct bearer owner;
    desk_enter(d, &owner, "phone");
    desk_meanwhile(d, 4, the_owner_changes_it, &owner);
    struct call *c =
        desk_ask(d, &owner, "POST", CHANGE, "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"5926\"}");
    assert_int_equal(c->status, 401);
    assert_true(desk_said(c, "Invalid MPIN. 3 attempts remaining"));
    call_free(&c);
    desk_expect(d, &owner, "POST", VERIFY, "{\"mpin\":\"9274\"}", 200);
}

/* ---- sessions that are no more */

static void a_blocked_session_is_403_and_an_ended_one_401(void **state)
{
    struct desk *d = *state;
    struct bearer b[2];
    for (size_t i = 0; i < ARRAY_LEN(b); i++) {
        desk_enter(d, &b[i], "phone");
    }
    behaviour_block(b[0].owner, b[0].live, END_OPERATOR, true);
    struct call *c = desk_ask(d, &b[0], "POST", VERIFY, RIGHT);
    assert_int_equal(c->status, 403);
    assert_true(desk_said(c, "session-blocked"));
    call_free(&c);
    desk_expect(d, &b[0], "POST", VERIFY, BAD, 403);
    assert_int_equal(tries_of(&d->house, b[0].live->account).failures, 0); /* and costs no try */
    desk_expect(d, &b[1], "POST", "/api/v1/auth/logout", "", 200);
    desk_expect(d, &b[1], "POST", VERIFY, RIGHT, 401);
}

/* Before the comparison, and before what follows from it. */
static void a_session_that_is_blocked_meanwhile_is_not_verified(void **state)
{
    struct desk *d = *state;
    for (unsigned before = 2; before <= 3; before++) {
        struct bearer b;
        desk_enter(d, &b, "phone");
        desk_meanwhile(d, before, the_risk_blocks, &b);
        desk_expect(d, &b, "POST", VERIFY, RIGHT, 403);
        assert_true(b.live->blocked);
    }
}

/* ---- failures behind the try */

static void no_failure_gives_a_try_back_or_lets_a_wrong_one_pass(void **state)
{
    struct desk *d = *state;
    d->house.svc.rules.mpin_attempts = 1000;
    d->house.svc.rules.mpin_attempts_total = 1000;
    struct bearer b;
    for (uint64_t n = 1; n < 25; n++) {
        d->news = 0;
        desk_enter(d, &b, "phone"); /* so many failures would block one session */
        const uuid_t ann = b.live->account;
        const unsigned before = tries_of(&d->house, ann).failures;
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = desk_ask(d, &b, "POST", VERIFY, BAD);
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        assert_true(c->status == 401 || c->status == 503);
        /* what was compared was counted first; what was not counted was not compared */
        assert_true(c->status == 503 || tries_of(&d->house, ann).failures == before + 1);
        call_free(&c);
    }
    for (uint64_t n = 1; n < 4; n++) {
        store_scripted_fail_commits(d->house.svc.store, n);
        struct call *c = desk_ask(d, &b, "POST", VERIFY, RIGHT);
        store_scripted_fail_commits(d->house.svc.store, 0);
        assert_int_equal(c->status, 503);
        call_free(&c);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_right_mpin_is_told_and_lowers_the_risk),
        DESK_TEST(a_challenge_is_answered_for_the_session_that_it_names),
        DESK_TEST(how_an_mpin_was_typed_is_answered_by_it),
        DESK_TEST(only_verify_mpin_takes_how_it_was_typed),
        DESK_TEST(wrong_ones_are_counted_down_and_then_lock_every_session),
        DESK_TEST(an_mpin_of_another_form_costs_nothing),
        DESK_TEST(guessing_from_one_address_is_slowed_down),
        DESK_TEST(a_guess_that_locks_is_one_of_its_address_too),
        DESK_TEST(a_new_mpin_takes_the_place_of_the_old_one),
        DESK_TEST(a_challenged_session_changes_no_mpin),
        DESK_TEST(a_change_that_waits_is_refused_when_its_session_ends_meanwhile),
        DESK_TEST(of_two_changes_from_one_mpin_one_is_made),
        DESK_TEST(of_two_changes_by_one_session_the_second_has_a_wrong_mpin),
        DESK_TEST(a_blocked_session_is_403_and_an_ended_one_401),
        DESK_TEST(a_session_that_is_blocked_meanwhile_is_not_verified),
        DESK_TEST(no_failure_gives_a_try_back_or_lets_a_wrong_one_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
