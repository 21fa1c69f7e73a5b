/* Status, logout, the list of sessions, ending one, tickets. */
#include "api/desk_test.h"

#define STATUS   "/api/v1/auth/session-status"
#define SESSIONS "/api/v1/auth/sessions"
#define LOGOUT   "/api/v1/auth/logout"
#define TICKET   "/api/v1/ws/ticket"
#define BEN      "ben@example.org"

enum { OPERATIONS_MAX = 20 };

static const char *path_of(const char *id)
{
    static _Thread_local char text[128];
    (void)snprintf(text, sizeof text, SESSIONS "/%s", id);
    return text;
}

static struct json *answer_to(struct desk *d, const struct bearer *b, const char *target)
{
    struct call *c = desk_ask(d, b, "GET", target, "");
    assert_int_equal(c->status, 200);
    struct json *tree = answer_of(c);
    call_free(&c);
    return tree;
}

static void expect_text(const struct json *tree, const char *name, const char *want)
{
    span_t text = {0};
    assert_true(json_get_text(tree, name, &text));
    assert_span_text(text, want);
}

/* ---- status */

static void a_status_says_how_the_session_stands(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    struct json *a = answer_to(d, &b, STATUS);
    bool flag = false;
    int64_t number = -1;
    expect_text(a, "session_id", b.id);
    expect_text(a, "user_email", ANN);
    expect_text(a, "device_id", "phone");
    expect_text(a, "created_at", "2026-03-01T09:30:00.000Z");
    expect_text(a, "expires_at", "2026-03-01T10:30:00.000Z");
    expect_text(a, "risk_level", "normal");
    assert_true(json_get_bool(a, "is_active", &flag) && flag);
    assert_true(json_get_bool(a, "is_blocked", &flag) && !flag);
    assert_true(json_get_bool(a, "mpin_required", &flag) && !flag);
    assert_true(json_get_int(a, "behavioral_events_count", &number) && number == 0);
    assert_true(json_get_int(a, "mpin_attempts", &number) && number == 0);
    json_free(&a);
}

static void a_blocked_session_can_still_be_looked_at_until_it_expires(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    bool flag = false;
    desk_enter(d, &b, "phone");
    desk_expect(d, &b, "GET", STATUS, "", 200);
    behaviour_block(b.owner, b.live, END_OPERATOR, false);
    struct json *a = answer_to(d, &b, STATUS);
    assert_true(json_get_bool(a, "is_blocked", &flag) && flag);
    assert_true(json_get_bool(a, "is_active", &flag) && !flag);
    assert_true(json_get_bool(a, "mpin_required", &flag) && !flag);
    json_free(&a);
    scripted_clock_pass(&d->house.clock, 2 * HOUR_MS);
    desk_expect(d, &b, "GET", STATUS, "", 401);
}

/* As after a restart: the loop has forgotten it, the store has not. */
static void the_store_remembers_that_a_session_was_blocked(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    bool flag = false;
    desk_enter(d, &b, "phone");
    bool now = false;
    enum session_end before = END_NONE;
    assert_ok(session_end_stored(&d->house.svc, b.live->id, END_OPERATOR, &now, &before));
    shard_end(b.owner, b.live, END_LOGGED_OUT, true);
    struct json *a = answer_to(d, &b, STATUS);
    expect_text(a, "user_email", ANN);
    expect_text(a, "risk_level", "blocked");
    assert_true(json_get_bool(a, "is_blocked", &flag) && flag);
    json_free(&a);
    store_scripted_fail_begins(d->house.svc.store, 1);
    desk_expect(d, &b, "GET", STATUS, "", 503);
    scripted_clock_pass(&d->house.clock, HOUR_MS);
    desk_expect(d, &b, "GET", STATUS, "", 401);
}

static void expect_turn(struct desk *d, const struct bearer *b, bool alone)
{
    struct call *c = desk_ask(d, b, "GET", STATUS, "");
    assert_int_equal(c->status, 200);
    assert_true(c->alone == alone);
    call_free(&c);
}

/* What its loop knows costs nothing; what is counted in a file is counted for one call at a time. */
static void of_looks_that_read_a_file_one_is_worked_on_at_a_time(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    bool now = false;
    enum session_end before = END_NONE;
    desk_enter(d, &b, "phone");
    expect_turn(d, &b, false);
    assert_ok(session_end_stored(&d->house.svc, b.live->id, END_OPERATOR, &now, &before));
    shard_end(b.owner, b.live, END_LOGGED_OUT, true);
    expect_turn(d, &b, true);
}

/* ---- logout */

static void a_logout_ends_and_may_be_repeated(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uuid_t id = b.live->id;
    struct call *c = desk_ask(d, &b, "POST", LOGOUT, "");
    assert_int_equal(c->status, 200);
    assert_span_text(buf_span(&c->reply), "{\"message\":\"Logged out successfully\"}");
    call_free(&c);
    assert_null(shard_find(b.owner, id));
    assert_int_equal(stored_session(&d->house, id).end, END_LOGGED_OUT);
    desk_expect(d, &b, "POST", LOGOUT, "", 200);
    desk_expect(d, &b, "GET", STATUS, "", 401);
}

/* The ledger writes blocks and expiries a moment later. */
static void a_logout_is_too_late_when_the_store_has_not_heard_of_the_end(void **state)
{
    struct desk *d = *state;
    struct bearer blocked;
    struct bearer old;
    desk_enter(d, &blocked, "phone");
    const uuid_t id = blocked.live->id;
    behaviour_block(blocked.owner, blocked.live, END_BLOCKED, false);
    assert_int_equal(stored_session(&d->house, id).end, END_NONE);
    desk_expect(d, &blocked, "POST", LOGOUT, "", 401);
    assert_int_equal(stored_session(&d->house, id).end, END_NONE);
    assert_true(shard_find(blocked.owner, id)->blocked);

    desk_enter(d, &old, "phone");
    const uuid_t gone = old.live->id;
    shard_end(old.owner, old.live, END_EXPIRED, false);
    assert_int_equal(stored_session(&d->house, gone).end, END_NONE);
    desk_expect(d, &old, "POST", LOGOUT, "", 401);
    assert_int_equal(stored_session(&d->house, gone).end, END_NONE);
    store_scripted_fail_begins(d->house.svc.store, 1);
    desk_expect(d, &old, "POST", LOGOUT, "", 503);
}

static void a_logout_that_the_store_did_not_hear_of_is_none(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    bool done = false;
    desk_enter(d, &b, "phone");
    for (uint64_t n = 1; n < OPERATIONS_MAX && !done; n++) {
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = desk_ask(d, &b, "POST", LOGOUT, "");
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        assert_true(c->status == 200 || c->status == 503);
        done = c->status == 200;
        call_free(&c);
        desk_expect(d, &b, "GET", STATUS, "", done ? 401 : 200);
    }
    assert_true(done);
}

/* ---- the list */

static void a_customer_sees_the_open_sessions_of_every_loop(void **state)
{
    struct desk *d = *state;
    struct bearer b[6];
    for (size_t i = 0; i < ARRAY_LEN(b); i++) {
        desk_enter(d, &b[i], i == 0 ? "phone" : "tablet");
    }
    (void)register_account(&d->house, BEN);
    (void)desk_log_in(d, BEN, "phone");
    desk_expect(d, &b[5], "POST", LOGOUT, "", 200);
    scripted_clock_pass(&d->house.clock, MINUTE_MS);
    live_touch(b[1].owner, b[1].live);
    struct json *a = answer_to(d, &b[0], SESSIONS);
    const struct json *list = json_get(a, "sessions");
    assert_int_equal(json_count(list), 5);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *row = json_item(list, i);
        bool current = false;
        span_t id = {0};
        assert_true(json_get_text(row, "session_id", &id));
        assert_true(json_get_bool(row, "current", &current));
        assert_true(current == span_eq(id, span_of(b[0].id)));
        if (span_eq(id, span_of(b[1].id))) { /* what its loop knows, not the store */
            expect_text(row, "last_activity", "2026-03-01T09:31:00.000Z");
        }
        expect_text(row, "device_id", current ? "phone" : "tablet");
    }
    json_free(&a);
    store_scripted_fail_begins(d->house.svc.store, 1);
    desk_expect(d, &b[0], "GET", SESSIONS, "", 503);
}

static void the_longest_list_fits(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char device[STORE_DEVICE_BYTES];
    memset(device, '\\', sizeof device - 1);
    device[sizeof device - 1] = '\0';
    d->house.svc.rules.sessions_per_account = MPIN_SESSIONS_MAX;
    d->house.svc.rules.login_success_per_account = (throttle_t){0};
    for (int i = 0; i < MPIN_SESSIONS_MAX; i++) {
        desk_enter(d, &b, device);
    }
    struct json *a = answer_to(d, &b, SESSIONS);
    assert_int_equal(json_count(json_get(a, "sessions")), MPIN_SESSIONS_MAX);
    json_free(&a);
}

/* ---- ending one */

static void a_customer_ends_his_own_sessions_and_nobody_elses(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    char stranger[UUID_TEXT_SIZE];
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "tablet");
    (void)register_account(&d->house, BEN);
    const uuid_t bens = desk_log_in(d, BEN, "phone")->id;
    uuid_print(bens, stranger);
    desk_expect(d, &b, "DELETE", path_of(stranger), "", 404);
    desk_expect(d, &b, "DELETE", path_of("x"), "", 404);
    desk_expect(d, &b, "DELETE", path_of("11111111-1111-4111-8111-111111111111"), "", 404);
    assert_non_null(shard_find(desk_owner(d, bens), bens));
    struct call *c = desk_ask(d, &b, "DELETE", path_of(other.id), "");
    assert_int_equal(c->status, 204);
    assert_int_equal(c->reply.len, 0);
    call_free(&c);
    desk_expect(d, &other, "GET", STATUS, "", 401);
    desk_expect(d, &b, "DELETE", path_of(other.id), "", 404);
    desk_expect(d, &b, "DELETE", path_of(b.id), "", 204);
    desk_expect(d, &b, "GET", STATUS, "", 401);
}

static void an_end_that_the_store_did_not_hear_of_is_none(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    bool done = false;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "tablet");
    for (uint64_t n = 1; n < OPERATIONS_MAX && !done; n++) {
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = desk_ask(d, &b, "DELETE", path_of(other.id), "");
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        assert_true(c->status == 204 || c->status == 503);
        done = c->status == 204;
        call_free(&c);
        desk_expect(d, &other, "GET", STATUS, "", done ? 401 : 200);
    }
    assert_true(done);
}

/* ---- tickets */

static void a_ticket_is_a_secret_of_its_own_each_time(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    char before[64] = "";
    for (int i = 0; i < 6; i++) {
        struct call *c = desk_ask(d, &b, "POST", TICKET, "");
        assert_int_equal(c->status, 200);
        struct json *a = answer_of(c);
        span_t text = {0};
        int64_t life = 0;
        assert_true(json_get_text(a, "ticket", &text));
        assert_true(json_get_int(a, "expires_in", &life) && life == 30);
        assert_int_equal(text.len, TICKET_CHARS);
        assert_false(span_eq(text, span_of(before)));
        (void)snprintf(before, sizeof before, "%.*s", (int)text.len, (const char *)text.ptr);
        json_free(&a);
        call_free(&c);
    }
    behaviour_block(b.owner, b.live, END_OPERATOR, true);
    desk_expect(d, &b, "POST", TICKET, "", 401);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_status_says_how_the_session_stands),
        DESK_TEST(a_blocked_session_can_still_be_looked_at_until_it_expires),
        DESK_TEST(the_store_remembers_that_a_session_was_blocked),
        DESK_TEST(of_looks_that_read_a_file_one_is_worked_on_at_a_time),
        DESK_TEST(a_logout_ends_and_may_be_repeated),
        DESK_TEST(a_logout_is_too_late_when_the_store_has_not_heard_of_the_end),
        DESK_TEST(a_logout_that_the_store_did_not_hear_of_is_none),
        DESK_TEST(a_customer_sees_the_open_sessions_of_every_loop),
        DESK_TEST(the_longest_list_fits),
        DESK_TEST(a_customer_ends_his_own_sessions_and_nobody_elses),
        DESK_TEST(an_end_that_the_store_did_not_hear_of_is_none),
        DESK_TEST(a_ticket_is_a_secret_of_its_own_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
