/* Register, log in, refresh, change the password: what is answered, and that nothing is half done. */
#include "api/desk_test.h"
#include "base/limits.h"

#define REGISTER "/api/v1/auth/register"
#define LOG_IN   "/api/v1/auth/login"
#define REFRESH  "/api/v1/auth/refresh"
#define CHANGE   "/api/v1/auth/change-password"
#define GOOD_NEW "{\"email\":\"" ANN "\",\"password\":\"" PASSWORD "\",\"mpin\":\"" MPIN "\"}"
#define GOOD_LOGIN                                                  \
    "{\"email\":\"Ann@Example.org\",\"password\":\"" PASSWORD "\"," \
    "\"device_id\":\"phone\"}"
#define BAD_LOGIN "{\"email\":\"" ANN "\",\"password\":\"wrong horse\",\"device_id\":\"phone\"}"

enum { OPERATIONS_MAX = 60 };

static void take_text(const struct call *c, const char *name, char *out, size_t size)
{
    struct json *tree = answer_of(c);
    span_t text = {0};
    assert_true(json_get_text(tree, name, &text));
    assert_true(text.len < size);
    (void)snprintf(out, size, "%.*s", (int)text.len, (const char *)text.ptr);
    json_free(&tree);
}

/* ---- register */

static void an_account_is_made_once(void **state)
{
    struct desk *d = *state;
    struct call *c = desk_ask(d, NULL, "POST", REGISTER, GOOD_NEW);
    assert_int_equal(c->status, 200);
    assert_span_text(buf_span(&c->reply), "{\"message\":\"User registered successfully\","
                                          "\"email\":\"" ANN "\",\"next_step\":\"login\"}");
    call_free(&c);
    c = desk_ask(
        d, NULL, "POST", REGISTER,
        "{\"email\":\"ANN@EXAMPLE.ORG\",\"password\":\"another long one\",\"mpin\":\"9274\"}");
    assert_int_equal(c->status, 400);
    assert_true(desk_said(c, "email-taken"));
    call_free(&c);
    desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200); /* the first one stands */
}

static void registering_is_throttled_by_address(void **state)
{
    struct desk *d = *state;
    d->house.svc.rules.register_per_address = (throttle_t){2, 60};
    unsigned taken = 0;
    for (int i = 0; i < 5; i++) {
        char body[256];
        (void)snprintf(
            body, sizeof body,
            "{\"email\":\"u%d@example.org\",\"password\":\"" PASSWORD "\",\"mpin\":\"8305\"}", i);
        struct call *c = desk_ask(d, NULL, "POST", REGISTER, body);
        assert_true(c->status == 200 || c->status == 429);
        assert_true(desk_said(c, "Retry-After: ") == (c->status == 429));
        taken += c->status == 200 ? 1U : 0U;
        call_free(&c);
    }
    assert_int_equal(taken, 2);
}

/* Every try counts: what has no right shape is no way round the throttle. */
static void malformed_registrations_are_charged(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {
        {"{}", 422},
        {"{\"email\":\"x\",\"password\":\"y\",\"mpin\":\"z\"}", 422},
        {"{\"email\":\"" ANN "\",\"password\":\"" PASSWORD "\",\"mpin\":\"12345\"}", 400},
        {"{\"email\":\"" ANN "\",\"password\":\"" PASSWORD "\",\"mpin\":\"1111\"}", 422},
        {"{}", 429},
        {GOOD_NEW, 429},
    };
    struct desk *d = *state;
    d->house.svc.rules.register_per_address = (throttle_t){4, 60};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        desk_expect(d, NULL, "POST", REGISTER, cases[i].body, cases[i].status);
    }
}

/* ---- log in */

static void a_login_hands_out_a_session(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct call *c = desk_ask(d, NULL, "POST", LOG_IN, GOOD_LOGIN);
    assert_int_equal(c->status, 200);
    assert_true(desk_said(c, "\"token_type\":\"bearer\",\"expires_in\":3600,"));
    assert_true(desk_said(c, "\"risk_level\":\"normal\",\"mpin_required\":false}"));
    struct bearer b = {0};
    take_text(c, "session_token", b.token, sizeof b.token);
    (void)snprintf(b.header, sizeof b.header, "Authorization: Bearer %s\r\n", b.token);
    call_free(&c);
    desk_expect(d, &b, "GET", "/api/v1/auth/session-status", "", 200);
    assert_int_equal(counter_read(&d->api.metrics.logins_accepted), 1);
}

static void a_wrong_password_and_an_unknown_address_look_the_same(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct call *wrong = desk_ask(d, NULL, "POST", LOG_IN, BAD_LOGIN);
    struct call *unknown = desk_ask(d, NULL, "POST", LOG_IN,
                                    "{\"email\":\"no@example.org\",\"password\":\"" PASSWORD
                                    "\",\"device_id\":\"phone\"}");
    assert_int_equal(wrong->status, 401);
    assert_int_equal(unknown->status, 401);
    memcpy(unknown->request_id, wrong->request_id, sizeof unknown->request_id);
    struct json *a = answer_of(wrong);
    struct json *b = answer_of(unknown);
    static const char *const names[] = {"type", "title", "detail", "instance"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        span_t x = {0};
        span_t y = {0};
        assert_true(json_get_text(a, names[i], &x) && json_get_text(b, names[i], &y));
        assert_true(span_eq(x, y));
    }
    json_free(&a);
    json_free(&b);
    assert_true(span_eq(buf_span(&wrong->extra), buf_span(&unknown->extra)));
    call_free(&wrong);
    call_free(&unknown);
    assert_int_equal(counter_read(&d->api.metrics.logins_failed), 2);
}

static void guessing_a_password_is_slowed_down(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    d->house.svc.rules.login_per_account = (throttle_t){3, 900};
    for (int i = 0; i < 3; i++) {
        desk_expect(d, NULL, "POST", LOG_IN, BAD_LOGIN, 401);
    }
    struct call *c = desk_ask(d, NULL, "POST", LOG_IN, GOOD_LOGIN); /* even the right one waits */
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: "));
    call_free(&c);
    assert_int_equal(counter_read(&d->api.metrics.logins_throttled), 1);
}

static void logins_that_succeed_are_bounded_too(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    d->house.svc.rules.login_success_per_account = (throttle_t){3, 3600};
    for (int i = 0; i < 3; i++) {
        desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200);
    }
    struct call *c = desk_ask(d, NULL, "POST", LOG_IN, GOOD_LOGIN);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: 1200"));
    assert_true(desk_said(c, "urn:canara:problem:too-many-requests"));
    call_free(&c);
    assert_int_equal(counter_read(&d->api.metrics.logins_throttled), 1);
    scripted_clock_pass(&d->house.clock, 1200 * MS_PER_S);
    desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200);
}

static void the_oldest_session_makes_room_for_one_too_many(void **state)
{
    struct desk *d = *state;
    struct bearer b[4];
    d->house.svc.rules.sessions_per_account = 3;
    for (size_t i = 0; i < 3; i++) {
        desk_enter(d, &b[i], "phone");
        scripted_clock_pass(&d->house.clock, 1000);
    }
    desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200);
    desk_expect(d, &b[0], "GET", "/api/v1/auth/session-status", "", 401);
    desk_expect(d, &b[1], "GET", "/api/v1/auth/session-status", "", 200);
    assert_int_equal(d->told[0].how, END_REPLACED);
}

/* What fails on the way leaves no session behind that anybody could use. */
static void a_login_that_fails_on_the_way_is_no_login(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    bool done = false;
    for (uint64_t n = 1; n < OPERATIONS_MAX && !done; n++) {
        const size_t held = shard_count(d->shard[0]) + shard_count(d->shard[1]);
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = desk_ask(d, NULL, "POST", LOG_IN, GOOD_LOGIN);
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        assert_true(c->status == 200 || c->status == 503);
        done = c->status == 200;
        if (!done) {
            assert_false(desk_said(c, "session_token"));
            const size_t now = shard_count(d->shard[0]) + shard_count(d->shard[1]);
            assert_true(now <= held + 1);
        }
        call_free(&c);
    }
    assert_true(done);
    assert_true(live_in_store(&d->house, ann) >= 1);
}

/* A revocation comes between the row of the session and its place in the loop. */
static void a_login_that_was_overtaken_is_void(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    struct http_reader reader;
    struct http_request req;
    char text[1024];
    const int len =
        snprintf(text, sizeof text,
                 "POST " LOG_IN " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 strlen(GOOD_LOGIN), GOOD_LOGIN);
    http_reader_init(&reader, HTTP_BODY_MAX);
    assert_int_equal(http_read(&reader, (uint8_t *)text, (size_t)len, &req), HTTP_READY);
    struct call *c = call_new(&d->api);
    const arrival_t from = {.from = "127.0.0.1", .bodies = &d->bodies};
    enum call_place place = api_dispatch(c, &req, &from);
    while (uuid_is_nil(c->target)) { /* as far as its row */
        place = c->next(c, NULL);
    }
    bool now = false;
    enum session_end before = END_NONE;
    assert_ok(session_end_stored(&d->house.svc, c->target, END_REVOKED, &now, &before));
    assert_true(now);
    const uuid_t id = c->target;
    desk_run(d, c, place);
    assert_int_equal(c->status, 503);
    assert_false(desk_said(c, "session_token"));
    assert_null(shard_find(desk_owner(d, id), id));
    assert_int_equal(live_in_store(&d->house, ann), 0);
    call_free(&c);
}

static unsigned fail_from(struct desk *d, uint64_t narrow, uint64_t wide)
{
    const arrival_t from = {.from = "192.0.2.1", .address_narrow = narrow, .address_wide = wide};
    struct call *c =
        ask_from(d, &from, "POST", LOG_IN, "Content-Type: application/json\r\n", BAD_LOGIN);
    const unsigned status = c->status;
    call_free(&c);
    return status;
}

static void failed_logins_count_for_their_address_and_its_neighbourhood(void **state)
{
    enum { FAILURES = 2 };

    struct desk *d = *state;
    d->house.svc.rules.login_per_account = (throttle_t){1000, 1};
    d->house.svc.rules.login_per_address = (throttle_t){FAILURES, 600};
    for (int i = 0; i < FAILURES; i++) {
        assert_int_equal(fail_from(d, 1, 1), 401);
    }
    assert_int_equal(fail_from(d, 1, 1), 429);
    for (int i = 0; i < FAILURES * LIMIT_WIDE_FACTOR; i++) {
        assert_int_equal(fail_from(d, 100 + (uint64_t)i, 2), 401);
    }
    assert_int_equal(fail_from(d, 99, 2), 429);
    assert_int_equal(fail_from(d, 99, 3), 401);
}

/* ---- refresh */

static void log_in_for_refresh(struct desk *d, struct bearer *b, char refresh[128])
{
    struct call *c = desk_ask(d, NULL, "POST", LOG_IN, GOOD_LOGIN);
    assert_int_equal(c->status, 200);
    take_text(c, "refresh_token", refresh, 128);
    take_text(c, "session_token", b->token, sizeof b->token);
    (void)snprintf(b->header, sizeof b->header, "Authorization: Bearer %s\r\n", b->token);
    call_free(&c);
}

static struct call *refresh(struct desk *d, const char *token)
{
    char body[512];
    (void)snprintf(body, sizeof body, "{\"refresh_token\":\"%s\"}", token);
    return desk_ask(d, NULL, "POST", REFRESH, body);
}

static void a_refresh_token_works_once_and_twice_ends_the_session(void **state)
{
    struct desk *d = *state;
    struct bearer b = {0};
    char first[128];
    char second[128];
    (void)register_account(&d->house, ANN);
    log_in_for_refresh(d, &b, first);
    struct call *c = refresh(d, first);
    assert_int_equal(c->status, 200);
    take_text(c, "refresh_token", second, sizeof second);
    assert_string_not_equal(first, second);
    call_free(&c);
    desk_expect(d, &b, "GET", "/api/v1/auth/session-status", "", 200);
    c = refresh(d, first);
    assert_int_equal(c->status, 401);
    assert_true(
        desk_said(c, "error=\"invalid_token\", error_description=\"Invalid refresh token\""));
    call_free(&c);
    assert_int_equal(d->told[d->news - 1].how, END_REFRESH_REUSED);
    desk_expect(d, &b, "GET", "/api/v1/auth/session-status", "", 401);
    c = refresh(d, second);
    assert_int_equal(c->status, 401);
    call_free(&c);
}

static void what_was_never_a_refresh_token_is_refused(void **state)
{
    static const char *const tokens[] = {"x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "\\u0001"};
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct call *c = refresh(*state, tokens[i]);
        assert_int_equal(c->status, 401);
        call_free(&c);
    }
    desk_expect(*state, NULL, "POST", REFRESH, "{}", 422);
}

static void a_refresh_with_another_device_is_refused_and_the_token_stays_good(void **state)
{
    static const char *const wrong[] = {"X-Device-ID: tablet\r\n", "X-Device-ID: \r\n",
                                        "X-Device-ID: phone\r\nX-Device-ID: phone\r\n"};
    struct desk *d = *state;
    struct bearer b;
    char token[128];
    char body[192];
    char headers[256];
    const arrival_t from = {.from = "127.0.0.1", .address_narrow = 7, .loopback = true};
    desk_enter(d, &b, "phone");
    log_in_for_refresh(d, &b, token);
    (void)snprintf(body, sizeof body, "{\"refresh_token\":\"%s\"}", token);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        (void)snprintf(headers, sizeof headers, "Content-Type: application/json\r\n%s", wrong[i]);
        struct call *c = ask_from(d, &from, "POST", REFRESH, headers, body);
        assert_int_equal(c->status, 401);
        assert_true(desk_said(c, "invalid-refresh-token"));
        call_free(&c);
    }
    struct call *c = ask_from(d, &from, "POST", REFRESH,
                              "Content-Type: application/json\r\nX-Device-ID: phone\r\n", body);
    assert_int_equal(c->status, 200);
    call_free(&c);
}

static void refreshes_of_a_session_are_bounded_and_the_token_stays_good(void **state)
{
    struct desk *d = *state;
    struct bearer b = {0};
    char token[128];
    (void)register_account(&d->house, ANN);
    d->house.svc.rules.refresh_per_session = (throttle_t){2, 60};
    log_in_for_refresh(d, &b, token);
    for (int i = 0; i < 2; i++) {
        struct call *c = refresh(d, token);
        assert_int_equal(c->status, 200);
        take_text(c, "refresh_token", token, sizeof token);
        call_free(&c);
    }
    struct call *c = refresh(d, token);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: 30"));
    assert_true(desk_said(c, "urn:canara:problem:too-many-requests"));
    assert_false(desk_said(c, "WWW-Authenticate"));
    call_free(&c);
    desk_expect(d, &b, "GET", "/api/v1/auth/session-status", "", 200);
    scripted_clock_pass(&d->house.clock, 30 * MS_PER_S);
    c = refresh(d, token);
    assert_int_equal(c->status, 200);
    call_free(&c);
}

/* A client whose refresh failed may try the same token again, or has been answered. */
static void a_refresh_that_fails_on_the_way_can_be_repeated(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    d->house.svc.rules.login_per_address = (throttle_t){1000, 1};
    for (uint64_t n = 1; n < 12; n++) {
        struct bearer b = {0};
        char token[128];
        log_in_for_refresh(d, &b, token);
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = refresh(d, token);
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        const bool done = c->status == 200;
        assert_true(done || c->status == 503);
        call_free(&c);
        c = refresh(d, token);
        assert_int_equal(c->status, done ? 401 : 200);
        call_free(&c);
    }
}

/* Nor is a token spent for whoever is refused because of a clock that nobody can vouch for. */
static void a_refresh_that_a_jump_of_the_clock_refuses_can_be_repeated(void **state)
{
    struct desk *d = *state;
    struct bearer b = {0};
    char token[128];
    (void)register_account(&d->house, ANN);
    desk_let_clock_settle(d);
    log_in_for_refresh(d, &b, token);
    const int64_t jump_ms = 2 * d->house.svc.rules.session_idle_ms;
    house_turn_wall(&d->house.clock, jump_ms);
    clock_guard_watch(&d->house.svc);
    struct call *c = refresh(d, token);
    assert_int_equal(c->status, 401);
    call_free(&c);
    house_turn_wall(&d->house.clock, -jump_ms);
    clock_guard_watch(&d->house.svc);
    c = refresh(d, token);
    assert_int_equal(c->status, 200);
    call_free(&c);
}

/* Its block is in force before the store has it. */
static void a_blocked_session_spends_no_refresh_token(void **state)
{
    struct desk *d = *state;
    session_seed_t seed = {0};
    credentials_t credentials = {0};
    struct live *live = NULL;
    (void)register_account(&d->house, ANN);
    open_session(&d->house, ANN, "phone", &seed, &credentials);
    struct shard *owner = desk_owner(d, seed.row.id);
    assert_ok(shard_open(owner, &seed, &live));
    behaviour_block(owner, live, END_OPERATOR, false);
    for (int i = 0; i < 2; i++) {
        struct call *c = refresh(d, credentials.refresh_token);
        assert_int_equal(c->status, 401);
        call_free(&c);
    }
    assert_int_equal(stored_session(&d->house, seed.row.id).end, END_NONE); /* and no thief */
}

/* ---- change the password */

static void a_new_password_ends_every_other_session(void **state)
{
    struct desk *d = *state;
    struct bearer mine;
    struct bearer other;
    desk_enter(d, &mine, "phone");
    desk_enter(d, &other, "tablet");
    desk_expect(d, &mine, "POST", CHANGE,
                "{\"password\":\"wrong horse\",\"new_password\":\"a new long one\"}", 401);
    desk_expect(d, &mine, "POST", CHANGE,
                "{\"password\":\"" PASSWORD "\",\"new_password\":\"a new long one\"}", 200);
    desk_expect(d, &mine, "GET", "/api/v1/auth/session-status", "", 200);
    desk_expect(d, &other, "GET", "/api/v1/auth/session-status", "", 401);
    desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 401);
    desk_expect(d, NULL, "POST", LOG_IN,
                "{\"email\":\"" ANN "\",\"password\":\"a new long one\",\"device_id\":\"phone\"}",
                200);
}

static void a_challenged_session_changes_no_password(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    (void)behaviour_fact(b.owner, b.live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, 0.8);
    struct call *c =
        desk_ask(d, &b, "POST", CHANGE,
                 "{\"password\":\"" PASSWORD "\",\"new_password\":\"a new long one\"}");
    assert_int_equal(c->status, 403);
    assert_true(desk_said(c, "mpin-required"));
    call_free(&c);
}

#define RIGHT_CHANGE "{\"password\":\"" PASSWORD "\",\"new_password\":\"a new long one\"}"

static void the_risk_blocks(struct desk *d, void *ctx)
{
    const struct bearer *thief = ctx;
    (void)d;
    (void)behaviour_fact(thief->owner, thief->live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, 0.99);
}

static void the_risk_challenges(struct desk *d, void *ctx)
{
    const struct bearer *thief = ctx;
    (void)d;
    (void)behaviour_fact(thief->owner, thief->live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, 0.8);
}

/* Stages of a change: 1 its beginning, 2 prove and hash, 3 ask the session again, 4 write. */
static void a_change_that_waits_is_refused_when_its_session_ends_meanwhile(void **state)
{
    static const struct {
        void (*what)(struct desk *d, void *ctx);
        unsigned before;
        unsigned status;
    } cases[] = {
        {desk_owner_ends, 2, 401},     {desk_owner_ends, 3, 401},     {desk_owner_ends, 4, 401},
        {the_risk_blocks, 2, 401},     {the_risk_blocks, 3, 401},     {the_risk_blocks, 4, 401},
        {the_risk_challenges, 2, 403}, {the_risk_challenges, 3, 403},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bearer thief;
        desk_enter(d, &thief, "phone");
        desk_expect(d, &thief, "POST", "/api/v1/auth/verify-mpin", "{\"mpin\":\"" MPIN "\"}", 200);
        desk_meanwhile(d, cases[i].before, cases[i].what, &thief);
        struct call *c = desk_ask(d, &thief, "POST", CHANGE, RIGHT_CHANGE);
        assert_int_equal(c->status, cases[i].status);
        assert_true(
            desk_said(c, cases[i].status == 401 ? "Invalid session token" : "mpin-required"));
        call_free(&c);
        desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200); /* the old one stands */
        desk_expect(
            d, NULL, "POST", "/api/v1/auth/login",
            "{\"email\":\"" ANN "\",\"password\":\"a new long one\",\"device_id\":\"phone\"}", 401);
        scripted_clock_pass(&d->house.clock, 20 * MINUTE_MS); /* of the failures nothing is left */
    }
}

static void the_owner_changes_it(struct desk *d, void *ctx)
{
    desk_expect(d, ctx, "POST", CHANGE,
                "{\"password\":\"" PASSWORD "\",\"new_password\":\"what the owner chose\"}", 200);
}

static void of_two_changes_from_one_password_one_is_made(void **state)
{
    struct desk *d = *state;
    struct bearer owner;
    struct bearer thief;
    desk_enter(d, &owner, "phone");
    desk_enter(d, &thief, "tablet");
    desk_meanwhile(d, 4, the_owner_changes_it, &owner);
    desk_expect(d, &thief, "POST", CHANGE, RIGHT_CHANGE, 401);
    desk_expect(d, NULL, "POST", LOG_IN,
                "{\"email\":\"" ANN "\",\"password\":\"what the owner chose\","
                "\"device_id\":\"phone\"}",
                200);
}

static void of_two_changes_by_one_session_the_second_has_a_wrong_password(void **state)
{
    struct desk *d = *state;
    struct bearer owner;
    desk_enter(d, &owner, "phone");
    desk_meanwhile(d, 4, the_owner_changes_it, &owner);
    struct call *c = desk_ask(d, &owner, "POST", CHANGE, RIGHT_CHANGE);
    assert_int_equal(c->status, 401);
    assert_true(desk_said(c, "invalid-credentials"));
    call_free(&c);
    desk_expect(d, &owner, "GET", "/api/v1/auth/session-status", "", 200);
}

static void a_new_password_does_not_hold_the_address(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    struct call *c =
        desk_ask(d, &b, "POST", CHANGE,
                 "{\"password\":\"" PASSWORD "\",\"new_password\":\"my ANN@example.org 7\"}");
    assert_int_equal(c->status, 422);
    assert_true(desk_said(c, "\"field\":\"new_password\",\"message\":\"must not contain the email "
                             "address\""));
    call_free(&c);
}

/* Whoever holds a session guesses no faster than a stranger, and a lock holds him, too. */
static void guessing_at_a_change_is_slowed_down(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    static const char *const wrong =
        "{\"password\":\"wrong horse\",\"new_password\":\"a new long one\"}";
    static const char *const right =
        "{\"password\":\"" PASSWORD "\",\"new_password\":\"a new long one\"}";
    d->house.svc.rules.login_per_account = (throttle_t){3, 900};
    desk_enter(d, &b, "phone");
    for (int i = 0; i < 3; i++) {
        desk_expect(d, &b, "POST", CHANGE, wrong, 401);
    }
    struct call *c = desk_ask(d, &b, "POST", CHANGE, right);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: "));
    call_free(&c);
    desk_expect(d, NULL, "POST", LOG_IN, GOOD_LOGIN, 200); /* the owner is not slowed down */
    desk_expect(d, &b, "POST", CHANGE, "{\"password\":\"x\",\"new_password\":\"short\"}", 422);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(an_account_is_made_once),
        DESK_TEST(registering_is_throttled_by_address),
        DESK_TEST(malformed_registrations_are_charged),
        DESK_TEST(a_login_hands_out_a_session),
        DESK_TEST(a_wrong_password_and_an_unknown_address_look_the_same),
        DESK_TEST(guessing_a_password_is_slowed_down),
        DESK_TEST(logins_that_succeed_are_bounded_too),
        DESK_TEST(the_oldest_session_makes_room_for_one_too_many),
        DESK_TEST(a_login_that_fails_on_the_way_is_no_login),
        DESK_TEST(a_login_that_was_overtaken_is_void),
        DESK_TEST(guessing_at_a_change_is_slowed_down),
        DESK_TEST(failed_logins_count_for_their_address_and_its_neighbourhood),
        DESK_TEST(a_refresh_token_works_once_and_twice_ends_the_session),
        DESK_TEST(what_was_never_a_refresh_token_is_refused),
        DESK_TEST(a_refresh_with_another_device_is_refused_and_the_token_stays_good),
        DESK_TEST(refreshes_of_a_session_are_bounded_and_the_token_stays_good),
        DESK_TEST(a_refresh_that_fails_on_the_way_can_be_repeated),
        DESK_TEST(a_refresh_that_a_jump_of_the_clock_refuses_can_be_repeated),
        DESK_TEST(a_blocked_session_spends_no_refresh_token),
        DESK_TEST(a_new_password_ends_every_other_session),
        DESK_TEST(a_challenged_session_changes_no_password),
        DESK_TEST(a_change_that_waits_is_refused_when_its_session_ends_meanwhile),
        DESK_TEST(of_two_changes_from_one_password_one_is_made),
        DESK_TEST(of_two_changes_by_one_session_the_second_has_a_wrong_password),
        DESK_TEST(a_new_password_does_not_hold_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
