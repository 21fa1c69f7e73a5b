/* Events by REST, the summary of a session, the rehearsed analysis. */
#include "api/desk_test.h"

static const char *path_of(const char *id, const char *what)
{
    static _Thread_local char text[160];
    (void)snprintf(text, sizeof text, "/api/v1/ws/sessions/%s/%s", id, what);
    return text;
}

static struct json *good(struct desk *d, const struct bearer *b, const char *method,
                         const char *what, const char *body)
{
    struct call *c = desk_ask(d, b, method, path_of(b->id, what), body);
    if (c->status != 200) {
        fail_msg("%s %s: %u %.*s", what, body, c->status, (int)c->reply.len,
                 (const char *)c->reply.ptr);
    }
    struct json *tree = answer_of(c);
    call_free(&c);
    return tree;
}

static int64_t number(const struct json *tree, const char *name)
{
    int64_t n = -1;
    assert_true(json_get_int(tree, name, &n));
    return n;
}

static void send_events(struct desk *d, const struct bearer *b, const char *body, int64_t accepted)
{
    struct json *a = good(d, b, "POST", "events", body);
    assert_int_equal(number(a, "accepted"), accepted);
    json_free(&a);
}

#define ONE "[{\"event_type\":\"app_resume\",\"data\":{}}]"
#define THREE                                                                               \
    "[{\"event_type\":\"app_resume\",\"data\":{}},{\"event_type\":\"my_own\",\"data\":{}}," \
    "{\"event_type\":\"my_own\",\"data\":{}}]"

/* ---- events */

static void events_are_answered_when_they_are_on_the_disk(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    send_events(d, &b, THREE, 3);
    assert_int_equal(b.live->events, 3);
    assert_true(journal_durable(shard_lane(b.owner)) >= b.live->position);
    send_events(d, &b, "[{\"event_type\":\"app_resume\",\"data\":{},\"seq\":7}]", 1);
    assert_int_equal(b.live->seq_durable, 7);
    send_events(d, &b, "[{\"event_type\":\"app_resume\",\"data\":{},\"seq\":7}]", 1); /* again */
    assert_int_equal(b.live->events, 4); /* acknowledged, not stored twice */
}

static void events_that_are_wrong_are_refused_together(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
        const char *words;
    } cases[] = {
        {"{", 400, "invalid-json"},
        {"[]", 422, "\"errors\":["},
        {"7", 422, "\"errors\":["},
        {"[{\"event_type\":\"app_resume\",\"data\":{}},{\"data\":{}}]", 422,
         "\"field\":\"[1].event_type\",\"message\":\"Missing event_type in behavioral data\""},
        {"[{\"event_type\":\"mpin_verified\",\"data\":{}}]", 422, "\"errors\":["},
    };
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uint64_t lines = b.live->lines;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = desk_ask(d, &b, "POST", path_of(b.id, "events"), cases[i].body);
        if (c->status != cases[i].status || !desk_said(c, cases[i].words)) {
            fail_msg("%s: %u %.*s", cases[i].body, c->status, (int)c->reply.len,
                     (const char *)c->reply.ptr);
        }
        call_free(&c);
    }
    assert_int_equal(b.live->lines, lines);
}

static void more_events_than_the_rate_allows_wait(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    d->house.svc.rules.events_per_second = 5;
    unsigned status = 200;
    for (int i = 0; i < 1000 && status == 200; i++) { /* time stands still */
        struct call *c = desk_ask(d, &b, "POST", path_of(b.id, "events"), ONE);
        status = c->status;
        assert_true(desk_said(c, "Retry-After: 1\r\n") == (status == 429));
        call_free(&c);
    }
    assert_int_equal(status, 429);
    scripted_clock_pass(&d->house.clock, 1000);
    send_events(d, &b, ONE, 1);
}

static void more_bytes_than_the_rate_allows_wait(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char body[1200];
    desk_enter(d, &b, "phone");
    (void)snprintf(body, sizeof body, "[{\"event_type\":\"zzz\",\"data\":{\"a\":\"%01000d\"}}]", 0);
    for (size_t i = 0; i < LIMIT_EVENT_BYTES_FIRST / strlen(body); i++) { /* time stands still */
        send_events(d, &b, body, 1);
    }
    struct call *c = desk_ask(d, &b, "POST", path_of(b.id, "events"), body);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: 1\r\n"));
    call_free(&c);
    assert_int_equal(counter_read(&d->api.metrics.refused_rate), 1);
    scripted_clock_pass(&d->house.clock, 1000);
    send_events(d, &b, body, 1);
}

static void what_is_refused_counts_for_the_bytes_as_what_is_taken_does(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char body[1200];
    desk_enter(d, &b, "phone");
    (void)snprintf(body, sizeof body,
                   "[{\"event_type\":\"zzz\",\"data\":{\"a\":\"%01000d\"},\"seq\":-1}]", 0);
    for (size_t i = 0; i < LIMIT_EVENT_BYTES_FIRST / strlen(body); i++) { /* time stands still */
        desk_expect(d, &b, "POST", path_of(b.id, "events"), body, 422);
    }
    struct call *c = desk_ask(d, &b, "POST", path_of(b.id, "events"), body);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: 1\r\n"));
    call_free(&c);
    assert_int_equal(counter_read(&d->api.metrics.refused_rate), 1);
    scripted_clock_pass(&d->house.clock, 1000);
    desk_expect(d, &b, "POST", path_of(b.id, "events"), body, 422);
    d->house.svc.rules.event_bytes_per_second = 0;
    for (size_t i = 0; i < LIMIT_EVENT_BYTES_FIRST / strlen(body); i++) {
        desk_expect(d, &b, "POST", path_of(b.id, "events"), body, 422);
    }
}

static void a_session_that_is_another_ones_is_not_found(void **state)
{
    static const struct {
        const char *method, *what, *body;
    } routes[] = {{"POST", "events", ONE},
                  {"GET", "behavior-summary", ""},
                  {"POST", "simulate-ml-analysis", ""}};
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    d->api.debug = true;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "phone");
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        desk_expect(d, &b, routes[i].method, path_of(other.id, routes[i].what), routes[i].body,
                    404);
        desk_expect(d, &b, routes[i].method, path_of("x", routes[i].what), routes[i].body, 404);
        struct call *c =
            desk_ask(d, &b, routes[i].method, path_of(other.id, routes[i].what), routes[i].body);
        assert_true(desk_said(c, "\"detail\":\"Session not found\""));
        call_free(&c);
    }
}

static void a_blocked_session_takes_no_events(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    behaviour_block(b.owner, b.live, END_OPERATOR, true);
    desk_expect(d, &b, "POST", path_of(b.id, "events"), ONE, 401);
}

/* ---- the summary */

static void a_summary_counts_what_the_client_sent(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    send_events(d, &b, THREE, 3);
    scripted_clock_pass(&d->house.clock, 90 * MS_PER_S);
    send_events(d, &b, ONE, 1);
    struct json *a = good(d, &b, "GET", "behavior-summary", "");
    const struct json *types = json_get(a, "event_breakdown");
    double minutes = 0.0;
    bool blocked = true;
    assert_int_equal(number(a, "total_events"), 4);
    assert_int_equal(json_count(types), 2); /* and nothing of what the server wrote itself */
    assert_int_equal(number(types, "my_own"), 2);
    assert_int_equal(number(types, "app_resume"), 2);
    assert_true(json_get_double(a, "session_duration_minutes", &minutes));
    assert_near(minutes, 1.5, 0.001, "minutes");
    assert_true(json_get_bool(a, "is_blocked", &blocked) && !blocked);
    json_free(&a);
}

static void a_summary_covers_the_newest_events(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    d->house.svc.rules.summary_events = 2;
    desk_enter(d, &b, "phone");
    for (int i = 0; i < 5; i++) {
        send_events(d, &b, ONE, 1);
    }
    send_events(d, &b, "[{\"event_type\":\"my_own\",\"data\":{}}]", 1);
    struct call *c = desk_ask(d, &b, "GET", path_of(b.id, "behavior-summary"), "");
    assert_true(c->alone); /* it reads them all: no second worker does at the same time */
    call_free(&c);
    struct json *a = good(d, &b, "GET", "behavior-summary", "");
    assert_int_equal(number(a, "total_events"), 6);
    assert_int_equal(number(json_get(a, "event_breakdown"), "my_own"), 1);
    json_free(&a);
}

static void a_blocked_session_keeps_its_summary_even_when_the_loop_forgot_it(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    bool blocked = false;
    bool now = false;
    enum session_end before = END_NONE;
    desk_enter(d, &b, "phone");
    send_events(d, &b, THREE, 3);
    assert_ok(session_end_stored(&d->house.svc, b.live->id, END_OPERATOR, &now, &before));
    shard_end(b.owner, b.live, END_LOGGED_OUT, true); /* as after a restart */
    struct json *a = good(d, &b, "GET", "behavior-summary", "");
    assert_int_equal(number(a, "total_events"), 3);
    assert_true(json_get_bool(a, "is_blocked", &blocked) && blocked);
    json_free(&a);
    store_scripted_fail_begins(d->house.svc.store, 1);
    desk_expect(d, &b, "GET", path_of(b.id, "behavior-summary"), "", 503);
}

/* ---- the rehearsed analysis */

static void the_analysis_is_for_developers_only(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    desk_expect(d, &b, "POST", path_of(b.id, "simulate-ml-analysis"), "", 404);
    d->api.debug = true;
    desk_expect(d, &b, "POST", path_of(b.id, "simulate-ml-analysis"), "", 200);
}

static void a_given_score_is_acted_on(void **state)
{
    static const struct {
        const char *body, *action;
        bool asked, blocked;
    } cases[] = {
        {"{\"predicted_risk_score\":0}", "normal", false, false},
        {"{\"predicted_risk_score\":0.39}", "normal", false, false},
        {"{\"predicted_risk_score\":0.5}", "monitor", false, false},
        {"{\"predicted_risk_score\":0.75}", "challenge", true, false},
        {"{\"predicted_risk_score\":1}", "block", false, true},
    };
    struct desk *d = *state;
    d->api.debug = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bearer b;
        span_t action = {0};
        desk_enter(d, &b, "phone");
        struct json *a = good(d, &b, "POST", "simulate-ml-analysis", cases[i].body);
        assert_true(json_get_text(a, "action_taken", &action));
        assert_span_text(action, cases[i].action);
        json_free(&a);
        assert_true(b.live->blocked == cases[i].blocked);
        assert_true(b.live->blocked || behaviour_mpin_required(b.owner, b.live) == cases[i].asked);
    }
}

static void a_score_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"{\"predicted_risk_score\":1.01}", "must be between 0 and 1"},
        {"{\"predicted_risk_score\":-0.01}", "must be between 0 and 1"},
        {"{\"predicted_risk_score\":\"1\"}", "must be a number"},
        {"{\"predicted_risk_score\":{}}", "must be a number"},
    };
    struct desk *d = *state;
    struct bearer b;
    d->api.debug = true;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c =
            desk_ask(d, &b, "POST", path_of(b.id, "simulate-ml-analysis"), cases[i].body);
        assert_int_equal(c->status, 422);
        assert_true(desk_said(c, cases[i].message));
        call_free(&c);
    }
}

/* The journal alone gives the same score as the engine that lived through it. */
static void scoring_again_gives_what_was_scored(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    double again = -1.0;
    d->api.debug = true;
    desk_enter(d, &b, "phone");
    for (int i = 0; i < 20; i++) {
        send_events(d, &b,
                    "[{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65}},"
                    "{\"event_type\":\"app_resume\",\"data\":{}}]",
                    2);
        scripted_clock_pass(&d->house.clock, 700);
    }
    struct json *a = good(d, &b, "POST", "simulate-ml-analysis", "");
    assert_true(json_get_double(a, "predicted_risk_score", &again));
    assert_near(again, peek(&d->house, b.live).risk, 1e-9, "risk");
    json_free(&a);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(events_are_answered_when_they_are_on_the_disk),
        DESK_TEST(events_that_are_wrong_are_refused_together),
        DESK_TEST(more_events_than_the_rate_allows_wait),
        DESK_TEST(more_bytes_than_the_rate_allows_wait),
        DESK_TEST(what_is_refused_counts_for_the_bytes_as_what_is_taken_does),
        DESK_TEST(a_session_that_is_another_ones_is_not_found),
        DESK_TEST(a_blocked_session_takes_no_events),
        DESK_TEST(a_summary_counts_what_the_client_sent),
        DESK_TEST(a_summary_covers_the_newest_events),
        DESK_TEST(a_blocked_session_keeps_its_summary_even_when_the_loop_forgot_it),
        DESK_TEST(the_analysis_is_for_developers_only),
        DESK_TEST(a_given_score_is_acted_on),
        DESK_TEST(a_score_that_is_none_is_refused),
        DESK_TEST(scoring_again_gives_what_was_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
