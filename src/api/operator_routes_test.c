/* What an operator may ask of a running server. */
#include "api/desk_test.h"
#include "codec/uuid_text.h"

#define BEN "ben@example.org"

static struct json *good(struct desk *d, const char *method, const char *target, const char *body)
{
    struct call *c = ask_local(d, method, target, body);
    if (c->status != 200) {
        fail_msg("%s %s: %u %.*s", target, body, c->status, (int)c->reply.len,
                 (const char *)c->reply.ptr);
    }
    struct json *tree = answer_of(c);
    call_free(&c);
    return tree;
}

static void done(struct desk *d, const char *method, const char *target, const char *body)
{
    struct json *answer = good(d, method, target, body);
    json_free(&answer);
}

static void refused(struct desk *d, const char *target, const char *body, unsigned status)
{
    struct call *c = ask_local(d, "POST", target, body);
    if (c->status != status) {
        fail_msg("%s %s: %u instead of %u", target, body, c->status, status);
    }
    call_free(&c);
}

static int64_t number(const struct json *object, const char *name)
{
    int64_t n = -1;
    assert_true(json_get_int(object, name, &n));
    return n;
}

/* A body with an id in the place of its %s. */
static const char *body_for(const char *format, uuid_t id)
{
    static _Thread_local char text[256];
    char name[UUID_TEXT_SIZE];
    uuid_print(id, name);
    const char *const at = strstr(format, "%s");
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - format), format, name, at + 2);
    return text;
}

/* ---- status and sessions ---- */

static void status_tells_what_the_server_is_doing(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    (void)desk_log_in(d, ANN, "phone");
    d->numbers.cold_depth = 3;
    d->numbers.hash_depth = 4;
    d->numbers.hash_busy = 1;
    gauge_add(&d->api.metrics.ws_connections, 5);
    struct json *a = good(d, "GET", "/ctl/status", "");
    span_t text = {0};
    bool ready = false;
    assert_true(json_get_text(a, "version", &text));
    assert_span_text(text, "1.2.3");
    assert_int_equal(number(a, "uptime_s"), 90);
    assert_true(json_get_bool(a, "ready", &ready) && ready);
    assert_int_equal(number(a, "sessions"), 1);
    assert_int_equal(number(json_get(a, "by_level"), "normal"), 1);
    assert_int_equal(number(json_get(a, "connections"), "websocket"), 5);
    assert_true(json_get_text(json_get(a, "journal"), "state", &text));
    assert_span_text(text, "running");
    assert_int_equal(number(json_get(a, "queues"), "cold"), 3);
    assert_int_equal(number(json_get(a, "queues"), "hash"), 4);
    assert_int_equal(number(a, "hash_workers_busy"), 1);
    json_free(&a);
    assert_int_equal(house_audited(&d->house, "operator.status"), 0);
}

static void sessions_of_every_loop_are_listed_and_can_be_one_customers(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    (void)register_account(&d->house, BEN);
    for (size_t i = 0; i < 8; i++) { /* spread over both loops, but for one try in 128 */
        (void)desk_log_in(d, i < 5 ? ANN : BEN, "phone");
    }
    struct json *all = good(d, "POST", "/ctl/sessions", "");
    assert_int_equal(json_count(json_get(all, "sessions")), 8);
    assert_int_equal(number(all, "count"), 8);
    json_free(&all);
    struct json *anns = good(d, "POST", "/ctl/sessions", "{\"email\":\"ANN@Example.ORG\"}");
    const struct json *list = json_get(anns, "sessions");
    assert_int_equal(json_count(list), 5);
    for (size_t i = 0; i < json_count(list); i++) {
        span_t email = {0};
        assert_true(json_get_text(json_item(list, i), "email", &email));
        assert_span_text(email, ANN);
    }
    json_free(&anns);
    refused(d, "/ctl/sessions", "{\"email\":\"nobody\"}", 422);
    assert_int_equal(house_audited(&d->house, "operator.sessions"), 2);
}

static void a_list_of_sessions_has_an_end(void **state)
{
    struct desk *d = *state;
    for (unsigned i = 0; i < 1001; i++) {
        session_seed_t seed = {.email = ANN,
                               .row = {.created = {SCRIPTED_WALL_MS},
                                       .last_activity = {SCRIPTED_WALL_MS},
                                       .expires_max = {SCRIPTED_WALL_MS + HOUR_MS}}};
        memset(seed.row.device_id, 1, sizeof seed.row.device_id - 1); /* the longest as JSON */
        memcpy(seed.row.id.byte, &i, sizeof i);
        struct live *live = NULL;
        assert_ok(shard_open(desk_owner(d, seed.row.id), &seed, &live));
    }
    struct json *a = good(d, "POST", "/ctl/sessions", "{}");
    bool truncated = false;
    assert_in_range(json_count(json_get(a, "sessions")), 500, 1000);
    assert_true(json_get_bool(a, "truncated", &truncated) && truncated);
    json_free(&a);
}

/* ---- end ---- */

static void ending_a_session_blocks_it_in_the_store_and_in_its_loop(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    const uuid_t id = live->id;
    struct json *a = good(d, "POST", "/ctl/end", body_for("{\"session_id\":\"%s\"}", id));
    assert_int_equal(number(a, "ended"), 1);
    json_free(&a);
    assert_int_equal(stored_session(&d->house, id).end, END_OPERATOR);
    assert_int_equal(d->news, 1);
    assert_int_equal(d->told[0].what, TELL_BLOCK);
    assert_int_equal(d->told[0].how, END_OPERATOR);
    assert_true(live->blocked);
    assert_int_equal(house_audited(&d->house, "operator.end"), 1);
    refused(d, "/ctl/end", body_for("{\"session_id\":\"%s\"}", id), 404);
    assert_int_equal(d->news, 1);
}

static void ending_a_customer_ends_every_session_and_nobody_elses(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    const uuid_t ben = register_account(&d->house, BEN);
    for (size_t i = 0; i < 3; i++) {
        (void)desk_log_in(d, ANN, "phone");
    }
    (void)desk_log_in(d, BEN, "phone");
    struct json *a = good(d, "POST", "/ctl/end", "{\"email\":\"" ANN "\"}");
    assert_int_equal(number(a, "ended"), 3);
    json_free(&a);
    assert_int_equal(live_in_store(&d->house, ann), 0);
    assert_int_equal(live_in_store(&d->house, ben), 1);
    a = good(d, "POST", "/ctl/end", "{\"email\":\"" ANN "\"}");
    assert_int_equal(number(a, "ended"), 0);
    json_free(&a);
    refused(d, "/ctl/end", "{\"email\":\"nobody@example.org\"}", 404);
}

/* ---- unlock ---- */

static void unlocking_forgets_the_failures_and_the_lock(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    for (size_t i = 0; i < 3; i++) {
        mpin_result_t r = {0};
        assert_ok(mpin_check(&d->house.svc, ann, (uuid_t){{1}}, span_of(WRONG), &r));
    }
    struct live *live = desk_log_in(d, ANN, "phone");
    assert_int_equal(live->mpin_failures, 3);
    done(d, "POST", "/ctl/unlock", "{\"email\":\"" ANN "\"}");
    assert_int_equal(tries_of(&d->house, ann).failures, 0);
    assert_int_equal(live->mpin_failures, 0);
    done(d, "POST", "/ctl/unlock", body_for("{\"account_id\":\"%s\"}", ann));
    assert_int_equal(house_audited(&d->house, "operator.unlock"), 2);
    refused(d, "/ctl/unlock", "{\"email\":\"nobody@example.org\"}", 404);
    refused(d, "/ctl/unlock", body_for("{\"account_id\":\"%s\"}", live->id), 404);
}

/* ---- a new MPIN ---- */

#define NEW_MPIN "5926"
#define RESET    "{\"email\":\"" ANN "\",\"mpin\":\"" NEW_MPIN "\"}"

static enum mpin_answer tried(struct desk *d, const struct live *live, const char *mpin)
{
    mpin_result_t r = {0};
    assert_ok(mpin_check(&d->house.svc, live->account, live->id, span_of(mpin), &r));
    return r.answer;
}

static void a_new_mpin_takes_the_place_of_a_forgotten_one_and_ends_what_was_open(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    (void)register_account(&d->house, BEN);
    struct live *asked = desk_log_in(d, ANN, "phone");
    const struct live *other = desk_log_in(d, ANN, "laptop");
    const struct live *bens = desk_log_in(d, BEN, "phone");
    predict(&d->house, asked, 0.75);
    assert_true(desk_log_in(d, ANN, "tablet")->owes);
    assert_int_equal(tried(d, asked, WRONG), MPIN_WRONG);
    struct json *a = good(d, "POST", "/ctl/mpin", RESET);
    assert_int_equal(number(a, "ended"), 3);
    json_free(&a);
    assert_int_equal(live_in_store(&d->house, ann), 0);
    assert_int_equal(d->news, 3);
    assert_int_equal(d->told[0].what, TELL_BLOCK);
    assert_int_equal(d->told[0].how, END_OPERATOR);
    assert_true(asked->blocked && other->blocked && !bens->blocked);
    assert_int_equal(house_audited(&d->house, "operator.reset_mpin"), 1);
    assert_int_equal(house_audited(&d->house, "mpin.reset"), 1);
    const struct live *next = desk_log_in(d, ANN, "phone");
    assert_true(next->owes && !next->restricted); /* the new one, once */
    assert_int_equal(next->mpin_failures, 0);
    assert_int_equal(tried(d, next, MPIN), MPIN_WRONG);
    assert_int_equal(tried(d, next, NEW_MPIN), MPIN_RIGHT);
}

/* In the words of a registration. */
static void a_new_mpin_is_held_against_the_rules_of_a_registration(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
        const char *word;
    } rows[] = {
        {"{}", 422, "field required"},
        {"{\"email\":\"" ANN "\"}", 422, "field required"},
        {"{\"email\":\"" ANN "\",\"mpin\":5926}", 422, "must be a string"},
        {"{\"email\":\"nobody\",\"mpin\":\"5926\"}", 422, "must be an email address"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"\"}", 400, "MPIN must be exactly 4 digits"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"592\"}", 400, "MPIN must be exactly 4 digits"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"59261\"}", 400, "MPIN must be exactly 4 digits"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"592a\"}", 400, "MPIN must be exactly 4 digits"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"1111\"}", 422, "is too easy to guess"},
        {"{\"email\":\"" ANN "\",\"mpin\":\"1234\"}", 422, "is too easy to guess"},
        {"{\"email\":\"nobody@example.org\",\"mpin\":\"5926\"}", 404, "Account not found"},
    };
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    const struct live *live = desk_log_in(d, ANN, "phone");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call *c = ask_local(d, "POST", "/ctl/mpin", rows[i].body);
        const struct buf *const said = &c->reply;
        if (c->status != rows[i].status ||
            memmem(said->ptr, said->len, rows[i].word, strlen(rows[i].word)) == NULL) {
            fail_msg("%s: %u %.*s", rows[i].body, c->status, (int)said->len,
                     (const char *)said->ptr);
        }
        assert_null(memmem(said->ptr, said->len, "5926", 4));
        call_free(&c);
    }
    assert_int_equal(d->news, 0);
    assert_false(live->blocked);
    assert_int_equal(house_audited(&d->house, "operator.reset_mpin"), 0);
    d->house.svc.rules.debug = true; /* as it lets it be registered */
    done(d, "POST", "/ctl/mpin", "{\"email\":\"" ANN "\",\"mpin\":\"1234\"}");
    assert_true(live->blocked);
}

static void a_bearer_reaches_no_reset_of_an_mpin(void **state)
{
    struct desk *d = *state;
    struct bearer ann;
    desk_enter(d, &ann, "phone");
    static const char *const paths[] = {"/ctl/mpin", "/api/v1/ctl/mpin"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct call *c = desk_ask(d, &ann, "POST", paths[i], RESET);
        assert_int_equal(c->status, 404);
        call_free(&c);
    }
    assert_int_equal(tried(d, ann.live, MPIN), MPIN_RIGHT);
}

/* Whatever fails on the way: either all of it was done, and written down before, or nothing. */
static void a_reset_that_fails_on_the_way_was_not_done(void **state)
{
    struct desk *d = *state;
    const uuid_t ann = register_account(&d->house, ANN);
    unsigned failures = 0;
    bool good_once = false;
    for (uint64_t n = 1; n < 40 && !good_once; n++) {
        struct live *live = desk_log_in(d, ANN, "phone");
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c = ask_local(d, "POST", "/ctl/mpin", RESET);
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        good_once = c->status == 200;
        failures += c->status == 503 ? 1U : 0U;
        assert_true(good_once || c->status == 503);
        assert_true(live->blocked == good_once);
        assert_int_equal(live_in_store(&d->house, ann) == 0, good_once);
        assert_true(house_audited(&d->house, "mpin.reset") == (good_once ? 1U : 0U));
        assert_true(!good_once || house_audited(&d->house, "operator.reset_mpin") > 0);
        call_free(&c);
    }
    assert_true(good_once && failures > 8);
}

/* ---- fact ---- */

static void a_fact_moves_the_risk_and_can_block(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    const uint64_t lines = live->lines;
    struct json *a =
        good(d, "POST", "/ctl/fact",
             body_for("{\"session_id\":\"%s\",\"nats\":1.5,\"source\":\"fraud-2\"}", live->id));
    double risk = 0.0;
    assert_true(json_get_double(a, "risk_score", &risk));
    assert_near(risk, peek(&d->house, live).risk, 0.001, "risk");
    assert_true(risk > 0.1);
    assert_true(live->lines > lines);
    json_free(&a);
    done(d, "POST", "/ctl/fact", body_for("{\"session_id\":\"%s\",\"nats\":10}", live->id));
    assert_true(live->blocked);
    assert_int_equal(house_audited(&d->house, "operator.fact"), 2);
    refused(d, "/ctl/fact", body_for("{\"session_id\":\"%s\",\"nats\":1}", live->id), 403);
}

static void a_fact_of_a_session_that_is_gone_is_not_found(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    const uuid_t id = live->id;
    refused(d, "/ctl/fact", body_for("{\"session_id\":\"%s\",\"nats\":1}", live->account), 404);
    shard_end(desk_owner(d, id), live, END_LOGGED_OUT, true);
    refused(d, "/ctl/fact", body_for("{\"session_id\":\"%s\",\"nats\":1}", id), 404);
}

/* ---- analysis ---- */

static void a_result_of_the_batch_path_challenges_and_blocks(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    struct json *a =
        good(d, "POST", "/ctl/analysis",
             body_for("{\"session_id\":\"%s\",\"predicted_risk_score\":0.75}", live->id));
    double risk = 0.0;
    bool required = false;
    assert_true(json_get_double(a, "risk_score", &risk));
    assert_true(json_get_bool(a, "mpin_required", &required) && required);
    assert_near(risk, 0.75, 0.001, "risk");
    json_free(&a);
    assert_false(live->blocked);
    done(d, "POST", "/ctl/analysis",
         body_for("{\"session_id\":\"%s\",\"predicted_risk_score\":0.97}", live->id));
    assert_true(live->blocked);
    assert_int_equal(house_audited(&d->house, "operator.analysis"), 2);
    refused(d, "/ctl/analysis",
            body_for("{\"session_id\":\"%s\",\"predicted_risk_score\":0.1}", live->id), 403);
}

static void a_result_for_a_session_that_is_gone_is_not_found(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    const uuid_t id = live->id;
    static const char *const body = "{\"session_id\":\"%s\",\"predicted_risk_score\":0.5}";
    refused(d, "/ctl/analysis", body_for(body, live->account), 404);
    shard_end(desk_owner(d, id), live, END_LOGGED_OUT, true);
    refused(d, "/ctl/analysis", body_for(body, id), 404);
}

/* ---- the clock ---- */

static void a_clock_that_went_back_is_accepted_and_audited(void **state)
{
    struct desk *d = *state;
    desk_let_clock_settle(d);
    house_turn_wall(&d->house.clock, -HOUR_MS);
    assert_false(clock_guard_ok(&d->house.svc));
    store_scripted_fail_commits(d->house.svc.store, 1);
    refused(d, "/ctl/clock", "", 503);
    assert_false(clock_guard_ok(&d->house.svc));
    done(d, "POST", "/ctl/clock", "");
    assert_true(clock_guard_ok(&d->house.svc));
    assert_int_equal(house_audited(&d->house, "clock.accepted"), 1);
}

/* ---- reload and drain ---- */

static void reload_and_drain_reach_the_server(void **state)
{
    struct desk *d = *state;
    done(d, "POST", "/ctl/reload", "");
    assert_int_equal(d->reloads, 1);
    d->reload_fails = true;
    refused(d, "/ctl/reload", "", 503);
    assert_int_equal(d->reloads, 2);
    d->courier.reload = NULL;
    refused(d, "/ctl/reload", "", 404);
    done(d, "POST", "/ctl/drain", "");
    assert_int_equal(d->drains, 1);
    assert_int_equal(house_audited(&d->house, "operator.reload"), 2);
    assert_int_equal(house_audited(&d->house, "operator.drain"), 1);
}

/* ---- bad inputs ---- */

static void what_is_not_asked_rightly_is_refused(void **state)
{
    static const struct {
        const char *target, *body;
        unsigned status;
    } cases[] = {
        {"/ctl/end", "{}", 422},
        {"/ctl/end", "{\"session_id\":null,\"email\":null}", 422},
        {"/ctl/end", "{\"session_id\":\"x\"}", 422},
        {"/ctl/end", "{\"email\":7}", 422},
        {"/ctl/end", "{\"email\":\"" ANN "\",\"session_id\":\"x\"}", 422},
        {"/ctl/end", "[]", 422},
        {"/ctl/end", "{", 400},
        {"/ctl/unlock", "{}", 422},
        {"/ctl/unlock", "{\"account_id\":\"x\"}", 422},
        {"/ctl/mpin", "[]", 422},
        {"/ctl/mpin", "{", 400},
        {"/ctl/fact", "{}", 422},
        {"/ctl/fact", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\"}", 422},
        {"/ctl/fact", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"nats\":\"1\"}",
         422},
        {"/ctl/fact", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"nats\":10.1}",
         422},
        {"/ctl/fact", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"nats\":-10.1}",
         422},
        {"/ctl/fact",
         "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"nats\":1,\"source\":\"a b\"}",
         422},
        {"/ctl/fact", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"nats\":1}", 404},
        {"/ctl/analysis", "{}", 422},
        {"/ctl/analysis", "{\"session_id\":\"x\",\"predicted_risk_score\":0.5}", 422},
        {"/ctl/analysis", "{\"session_id\":\"11111111-1111-4111-8111-111111111111\"}", 422},
        {"/ctl/analysis",
         "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"predicted_risk_score\":1.1}",
         422},
        {"/ctl/analysis",
         "{\"session_id\":\"11111111-1111-4111-8111-111111111111\",\"predicted_risk_score\":\"1\"}",
         422},
        {"/ctl/nothing", "{}", 404},
        {"/ctl/status", "{}", 405},
        {"/api/v1/auth/login", "{}", 404},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refused(d, cases[i].target, cases[i].body, cases[i].status);
    }
    assert_int_equal(d->news, 0);
}

static void nobody_but_the_control_socket_reaches_these_routes(void **state)
{
    static const char *const targets[] = {"/ctl/status", "/ctl/sessions", "/ctl/mpin",
                                          "/ctl/drain"};
    const arrival_t near = {.from = "127.0.0.1", .loopback = true};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct call *c = ask_from(d, &near, i == 0 ? "GET" : "POST", targets[i], "", "");
        assert_int_equal(c->status, 404);
        call_free(&c);
    }
    assert_int_equal(d->drains, 0);
}

static void without_the_store_nothing_is_done_except_a_stop(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    const char *const fact = "{\"session_id\":\"%s\",\"nats\":10}";
    store_scripted_fail_begins(d->house.svc.store, UINT64_MAX);
    refused(d, "/ctl/sessions", "", 503);
    refused(d, "/ctl/end", body_for("{\"session_id\":\"%s\"}", live->id), 503);
    refused(d, "/ctl/end", "{\"email\":\"" ANN "\"}", 503);
    refused(d, "/ctl/unlock", "{\"email\":\"" ANN "\"}", 503);
    refused(d, "/ctl/mpin", RESET, 503);
    refused(d, "/ctl/fact", body_for(fact, live->id), 503);
    refused(d, "/ctl/analysis",
            body_for("{\"session_id\":\"%s\",\"predicted_risk_score\":1}", live->id), 503);
    refused(d, "/ctl/reload", "", 503);
    assert_false(live->blocked);
    assert_int_equal(d->news + d->reloads, 0);
    done(d, "POST", "/ctl/drain", "");
    assert_int_equal(d->drains, 1);
    store_scripted_fail_begins(d->house.svc.store, 0);
}

/* Whatever fails on the way, an act that was done was written down before. */
static void no_act_is_done_that_was_not_written_down(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    for (uint64_t n = 1; n < 40; n++) {
        struct live *live = desk_log_in(d, ANN, "phone");
        const size_t before = house_audited(&d->house, "operator.end");
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        struct call *c =
            ask_local(d, "POST", "/ctl/end", body_for("{\"session_id\":\"%s\"}", live->id));
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        const bool done = stored_session(&d->house, live->id).end == END_OPERATOR;
        assert_true(c->status == (done ? 200U : 503U));
        assert_true(live->blocked == done);
        assert_true(!done || house_audited(&d->house, "operator.end") == before + 1);
        call_free(&c);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(status_tells_what_the_server_is_doing),
        DESK_TEST(sessions_of_every_loop_are_listed_and_can_be_one_customers),
        DESK_TEST(a_list_of_sessions_has_an_end),
        DESK_TEST(ending_a_session_blocks_it_in_the_store_and_in_its_loop),
        DESK_TEST(ending_a_customer_ends_every_session_and_nobody_elses),
        DESK_TEST(unlocking_forgets_the_failures_and_the_lock),
        DESK_TEST(a_new_mpin_takes_the_place_of_a_forgotten_one_and_ends_what_was_open),
        DESK_TEST(a_new_mpin_is_held_against_the_rules_of_a_registration),
        DESK_TEST(a_bearer_reaches_no_reset_of_an_mpin),
        DESK_TEST(a_reset_that_fails_on_the_way_was_not_done),
        DESK_TEST(a_fact_moves_the_risk_and_can_block),
        DESK_TEST(a_fact_of_a_session_that_is_gone_is_not_found),
        DESK_TEST(a_result_of_the_batch_path_challenges_and_blocks),
        DESK_TEST(a_result_for_a_session_that_is_gone_is_not_found),
        DESK_TEST(a_clock_that_went_back_is_accepted_and_audited),
        DESK_TEST(reload_and_drain_reach_the_server),
        DESK_TEST(what_is_not_asked_rightly_is_refused),
        DESK_TEST(nobody_but_the_control_socket_reaches_these_routes),
        DESK_TEST(without_the_store_nothing_is_done_except_a_stop),
        DESK_TEST(no_act_is_done_that_was_not_written_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
