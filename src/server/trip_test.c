/* Calls between loops and pools, with one loop and with three. */
#include "server/visitor_test.h"

#define AS_JSON "Content-Type: application/json\r\n"
#define LOGIN   "{\"email\":\"" ANN "\",\"password\":\"" PASSWORD "\",\"device_id\":\"phone\"}"

enum { VISITORS = 12 };

static unsigned one = 1;
static unsigned three = 3;

static void ask_login(struct visitor *v)
{
    visitor_ask(v, "POST", "/api/v1/auth/login", AS_JSON, LOGIN);
}

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

/* ---- the way */

static void a_call_reaches_its_session_from_any_connection(void **state)
{
    struct site *s = *state;
    struct visitor v[VISITORS];
    struct badge b[VISITORS];
    site_register(s, ANN);
    for (int i = 0; i < VISITORS; i++) {
        visitor_open(&v[i], s);
        badge_get(&b[i], &v[i], ANN, "phone");
    }
    for (int i = 0; i < VISITORS; i++) { /* everybody asks for everybody's session */
        for (int j = 0; j < VISITORS; j++) {
            visitor_ask(&v[j], "GET", "/api/v1/auth/session-status",
                        b[(i + j) % VISITORS].authorization, "");
        }
        for (int j = 0; j < VISITORS; j++) {
            assert_int_equal(visitor_read(&v[j], false), 200);
            assert_true(visitor_heard(&v[j], b[(i + j) % VISITORS].session));
        }
    }
    for (int i = 0; i < VISITORS; i++) {
        visitor_close(&v[i]);
    }
}

/* Owner, pool, hash, owner, journal, owner, home: the longest ways there are. */
static void a_call_that_travels_far_comes_home(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < VISITORS; i++) {
        struct visitor v;
        struct badge b;
        char body[128];
        char headers[SITE_TOKEN_BYTES + 128];
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        (void)snprintf(headers, sizeof headers, "%s%s", b.authorization, AS_JSON);
        (void)snprintf(body, sizeof body, "{\"mpin\":\"%s\"}", i % 4 == 1 ? "9461" : MPIN);
        visitor_ask(&v, "POST", "/api/v1/auth/verify-mpin", headers, body);
        visitor_ask(
            &v, "POST", "/api/v1/risk/evaluate", headers,
            "{\"action\":\"transfer\",\"amount\":{\"value\":\"10.00\",\"currency\":\"EUR\"}}");
        assert_int_equal(visitor_read(&v, false), i % 4 == 1 ? 401 : 200);
        const unsigned status = visitor_read(&v, false);
        if (status != 200 && status != 422) {
            fail_msg("%u %.*s", status, (int)v.answer.body.len, (const char *)v.answer.body.ptr);
        }
        visitor_close(&v);
    }
    site_wait(nobody_is_here, s);
}

/* ---- nobody waits at home any more */

static bool pools_are_empty(struct site *s)
{
    return pool_depth(s->server->cold) + pool_depth(s->server->hash) == 0 &&
           pool_busy(s->server->cold) + pool_busy(s->server->hash) == 0;
}

static bool calls_are_queued(struct site *s)
{
    return pool_depth(s->server->cold) == VISITORS;
}

static void a_connection_may_go_while_its_call_is_on_the_way(void **state)
{
    struct site *s = *state;
    struct visitor v[VISITORS];
    struct stopper held[2];
    site_register(s, ANN);
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        stopper_begin(&held[i], s->server->cold);
    }
    for (int i = 0; i < VISITORS; i++) {
        visitor_open(&v[i], s);
        ask_login(&v[i]);
    }
    site_wait(calls_are_queued, s);
    for (int i = 0; i < VISITORS; i++) { /* not only half of it: with a reset */
        const struct linger hard = {.l_onoff = 1};
        assert_int_equal(setsockopt(v[i].fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, s);
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        stopper_go_on(&held[i]);
    }
    site_wait(pools_are_empty, s);
    visitor_open(&v[0], s); /* perhaps in the place of one that went */
    visitor_ask(&v[0], "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v[0], false), 200);
    assert_true(visitor_heard(&v[0], "\"status\""));
    visitor_close(&v[0]);
}

/* ---- too much at once */

static bool one_waits(struct site *s)
{
    return pool_depth(s->server->cold) == 1;
}

static void a_full_queue_answers_at_once_that_it_is_full(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor first;
    struct visitor v;
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.cold_workers = 1;
    s.config.cold_queue = 1;
    site_open(&s);
    site_register(&s, ANN);
    stopper_begin(&held, s.server->cold);
    visitor_open(&first, &s);
    ask_login(&first);
    site_wait(one_waits, &s);
    visitor_open(&v, &s);
    for (int i = 0; i < 3; i++) {
        ask_login(&v);
        assert_int_equal(visitor_read(&v, false), 503);
        assert_true(visitor_heard(&v, "\"urn:canara:problem:overloaded\""));
        assert_span_text(http_response_find(&v.answer, "retry-after"), "2");
        assert_true(v.answer.keep_alive);
    }
    stopper_go_on(&held);
    assert_int_equal(visitor_read(&first, false), 200);
    ask_login(&v);
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&first);
    visitor_close(&v);
    site_end(&s);
}

static bool one_waits_to_hash(struct site *s)
{
    return pool_depth(s->server->hash) == 1;
}

static void nobody_is_hashed_for_that_has_waited_too_long(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct stopper held;
    site_register(s, ANN);
    visitor_open(&v, s);
    for (int i = 0; i < 2; i++) {
        stopper_begin(&held, s->server->hash);
        ask_login(&v);
        site_wait(one_waits_to_hash, s);
        site_pass(s, i == 0 ? 2001 : 1999);
        stopper_go_on(&held);
        assert_int_equal(visitor_read(&v, false), i == 0 ? 503 : 200);
    }
    visitor_close(&v);
}

/* ---- greedy bodies */

enum { GREEDY = 24 };

static size_t held_by_bodies(const struct site *s)
{
    size_t held = 0;
    for (unsigned i = 0; i < s->server->workers; i++) {
        held += bodies_held(&s->server->worker[i]->bodies);
    }
    return held;
}

static bool no_body_is_held(struct site *s)
{
    return held_by_bodies(s) == 0;
}

/* A login with as much beside as a body may have: its tree is a megabyte. */
static span_t greedy_login(void)
{
    static char text[80000];
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n" AS_JSON
                                  "Content-Length: 65000\r\n\r\n");
    const size_t end = len + 65000;
    len += (size_t)snprintf(text + len, sizeof text - len, "{\"keys\":[");
    for (int i = 0; i < 620; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "{\"a\":\"\",\"b\":\"\",\"c\":\"\"},");
    }
    len += (size_t)snprintf(text + len, sizeof text - len, "0],\"z\":\"");
    memset(text + len, 'a', end - len);
    text[end - 2] = '"';
    text[end - 1] = '}';
    return (span_t){(const uint8_t *)text, end};
}

static bool greedy_are_told_or_wait(struct site *s)
{
    return counter_read(&s->api.metrics.bodies_refused) + pool_depth(s->server->cold) == GREEDY;
}

static bool one_more_than_before(struct site *s)
{
    return counter_read(&s->api.metrics.bodies_refused) + pool_depth(s->server->cold) == GREEDY + 1;
}

/* The store stands still and they pile up: an address has its part of each loop, and no more. */
static void greedy_bodies_have_a_bound_and_others_go_on(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor greedy[GREEDY];
    struct visitor v;
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.cold_workers = 1;
    site_open(&s);
    site_register(&s, ANN);
    stopper_begin(&held, s.server->cold);
    for (int i = 0; i < GREEDY; i++) {
        visitor_open(&greedy[i], &s);
        visitor_send(&greedy[i], greedy_login());
    }
    site_wait(greedy_are_told_or_wait, &s);
    const size_t bound = (size_t)*loops * LIMIT_BODIES_ADDRESS_BYTES;
    const size_t refused = counter_read(&s.api.metrics.bodies_refused);
    assert_in_range(held_by_bodies(&s), 1, bound);
    assert_in_range(refused, GREEDY - bound / 1000000, GREEDY - 1);

    visitor_open(&v, &s);
    ask_login(&v);
    site_wait(one_more_than_before, &s);
    assert_int_equal(counter_read(&s.api.metrics.bodies_refused), refused);
    stopper_go_on(&held);
    assert_int_equal(visitor_read(&v, false), 200);
    size_t told = 0;
    for (int i = 0; i < GREEDY; i++) {
        const unsigned status = visitor_read(&greedy[i], false);
        assert_true(status == 422 || status == 503); /* it names no address, or had no room */
        told += status == 503 ? 1 : 0;
    }
    assert_int_equal(told, refused);
    site_wait(no_body_is_held, &s);
    visitor_send(&greedy[0], greedy_login());
    assert_int_equal(visitor_read(&greedy[0], false), 422);

    stopper_begin(&held, s.server->cold); /* whoever goes away leaves nothing behind */
    visitor_send(&greedy[1], greedy_login());
    site_wait(one_waits, &s);
    for (int i = 0; i < GREEDY; i++) {
        visitor_close(&greedy[i]);
    }
    stopper_go_on(&held);
    site_wait(no_body_is_held, &s);
    visitor_close(&v);
    site_end(&s);
}

/* ---- one floods, others are served */

#define BOB       "bob@example.org"
#define BOB_LOGIN "{\"email\":\"" BOB "\",\"password\":\"" PASSWORD "\",\"device_id\":\"phone\"}"

enum { FLOOD = 4 };

static bool cold_is_full(struct site *s)
{
    return pool_depth(s->server->cold) == FLOOD;
}

static bool hash_is_full(struct site *s)
{
    return pool_depth(s->server->hash) == FLOOD;
}

static bool somebody_was_refused(struct site *s)
{
    return pool_refused(s->server->cold) + pool_refused(s->server->hash) == 1;
}

static bool one_more_waits(struct site *s)
{
    return pool_depth(s->server->cold) == FLOOD + 1;
}

static void one_of_the_flood_is_refused(struct visitor flood[FLOOD])
{
    unsigned refused = 0;
    for (int i = 0; i < FLOOD; i++) {
        const unsigned status = visitor_read(&flood[i], false);
        assert_true(status == 200 || status == 503);
        refused += status == 503 ? 1U : 0U;
        visitor_close(&flood[i]);
    }
    assert_int_equal(refused, 1);
}

/* The queue is full of one account's logins: another one's takes the place of the newest, and a
 * logout has a place of its own. */
static void a_flood_of_one_account_keeps_no_other_from_log_in_and_out(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor flood[FLOOD];
    struct visitor bob;
    struct visitor leaver;
    struct badge b;
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.cold_workers = 1;
    s.config.cold_queue = FLOOD;
    s.config.cold_reserved = 1;
    site_open(&s);
    site_register(&s, ANN);
    site_register(&s, BOB);
    visitor_open(&bob, &s);
    visitor_open(&leaver, &s);
    badge_get(&b, &leaver, BOB, "tablet");
    site_wait(pools_are_empty, &s);

    stopper_begin(&held, s.server->cold);
    for (int i = 0; i < FLOOD; i++) {
        visitor_open(&flood[i], &s);
        ask_login(&flood[i]);
    }
    site_wait(cold_is_full, &s);
    visitor_ask(&bob, "POST", "/api/v1/auth/login", AS_JSON, BOB_LOGIN);
    site_wait(somebody_was_refused, &s);
    visitor_ask(&leaver, "POST", "/api/v1/auth/logout", b.authorization, "");
    site_wait(one_more_waits, &s);
    stopper_go_on(&held);
    assert_int_equal(visitor_read(&bob, false), 200);
    assert_int_equal(visitor_read(&leaver, false), 200);
    assert_true(visitor_heard(&leaver, "Logged out"));
    one_of_the_flood_is_refused(flood);
    visitor_close(&bob);
    visitor_close(&leaver);
    site_end(&s);
}

static void a_flood_of_one_account_keeps_no_other_from_its_hash(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor flood[FLOOD];
    struct visitor bob;
    struct badge b;
    struct stopper held;
    char headers[SITE_TOKEN_BYTES + 128];
    site_make(&s, *loops, false);
    s.config.hash_workers = 1;
    s.config.hash_queue = FLOOD;
    site_open(&s);
    site_register(&s, ANN);
    site_register(&s, BOB);
    visitor_open(&bob, &s);
    badge_get(&b, &bob, BOB, "phone");
    (void)snprintf(headers, sizeof headers, "%s%s", b.authorization, AS_JSON);

    stopper_begin(&held, s.server->hash);
    for (int i = 0; i < FLOOD; i++) {
        visitor_open(&flood[i], &s);
        ask_login(&flood[i]);
    }
    site_wait(hash_is_full, &s);
    visitor_ask(&bob, "POST", "/api/v1/auth/verify-mpin", headers, "{\"mpin\":\"" MPIN "\"}");
    site_wait(somebody_was_refused, &s);
    stopper_go_on(&held);
    assert_int_equal(visitor_read(&bob, false), 200);
    one_of_the_flood_is_refused(flood);
    visitor_close(&bob);
    site_end(&s);
}

/* Nobody has to be able to hash to say that there is nothing to be hashed. */
static void a_malformed_registration_takes_no_place_to_hash(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor v;
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.hash_workers = 1;
    s.config.hash_queue = 1;
    site_open(&s);
    stopper_begin(&held, s.server->hash);
    visitor_open(&v, &s);
    for (int i = 0; i < 3; i++) {
        visitor_ask(&v, "POST", "/api/v1/auth/register", AS_JSON, "{}");
        assert_int_equal(visitor_read(&v, false), 422);
    }
    assert_int_equal(pool_depth(s.server->hash), 0);
    stopper_go_on(&held);
    visitor_close(&v);
    site_end(&s);
}

/* ---- a stop */

static void *stop(void *context)
{
    site_stop(context);
    return NULL;
}

static bool stop_has_begun(struct site *s)
{
    return !atomic_load(&s->server->serving);
}

/* Of three loops two have nothing to do: they must not go home before the call has. */
static void a_stop_lets_calls_finish_that_are_on_the_way(void **state)
{
    const unsigned *const loops = *state;
    for (int round = 0; round < 5; round++) { /* the new session belongs to any of the loops */
        struct site s;
        struct visitor v;
        struct stopper held[2];
        pthread_t stopping;
        site_begin(&s, *loops, false);
        site_register(&s, ANN);
        for (size_t i = 0; i < ARRAY_LEN(held); i++) {
            stopper_begin(&held[i], s.server->cold);
        }
        visitor_open(&v, &s);
        ask_login(&v);
        site_wait(one_waits, &s);
        assert_int_equal(pthread_create(&stopping, NULL, stop, &s), 0);
        site_wait(stop_has_begun, &s);
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* idle loops look up */
        for (size_t i = 0; i < ARRAY_LEN(held); i++) {
            stopper_go_on(&held[i]);
        }
        assert_int_equal(visitor_read(&v, false), 200);
        assert_true(visitor_heard(&v, "session_token"));
        assert_false(v.answer.keep_alive);
        visitor_close(&v);
        assert_int_equal(pthread_join(stopping, NULL), 0);
        site_end(&s);
    }
}

/* Whatever is where: nothing hangs, and nothing is used after it was freed. */
static void a_stop_at_any_moment_is_clean(void **state)
{
    const unsigned *const loops = *state;
    for (int round = 0; round < 5; round++) {
        struct site s;
        struct visitor v[VISITORS];
        struct badge b[VISITORS];
        site_begin(&s, *loops, false);
        site_register(&s, ANN);
        for (int i = 0; i < VISITORS; i++) {
            visitor_open(&v[i], &s);
            badge_get(&b[i], &v[i], ANN, "phone");
        }
        for (int i = 0; i < VISITORS; i++) {
            if (i % 3 == 0) {
                visitor_write(&v[i], "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n",
                              b[i].session, SITE_HANDSHAKE, b[i].authorization);
            } else if (i % 3 == 1) {
                ask_login(&v[i]);
            } else {
                visitor_ask(&v[i], "POST", "/api/v1/auth/logout", b[i].authorization, "");
            }
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = round * 500000L}, NULL);
        for (int i = 0; i < VISITORS; i += 2) {
            visitor_close(&v[i]);
        }
        pthread_t stopping;
        assert_int_equal(pthread_create(&stopping, NULL, stop, &s), 0);
        for (int i = 1; i < VISITORS; i += 2) {
            while (visitor_more(&v[i])) {}
            visitor_close(&v[i]);
        }
        assert_int_equal(pthread_join(stopping, NULL), 0);
        site_end(&s);
    }
}

#define BOTH(name)  SITE_TEST(name, one), SITE_TEST(name, three)
#define ALONE(name) cmocka_unit_test_prestate(name, &one), cmocka_unit_test_prestate(name, &three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(a_call_reaches_its_session_from_any_connection),
        BOTH(a_call_that_travels_far_comes_home),
        BOTH(a_connection_may_go_while_its_call_is_on_the_way),
        ALONE(a_full_queue_answers_at_once_that_it_is_full),
        SITE_TEST_TIMED(nobody_is_hashed_for_that_has_waited_too_long, one),
        SITE_TEST_TIMED(nobody_is_hashed_for_that_has_waited_too_long, three),
        ALONE(greedy_bodies_have_a_bound_and_others_go_on),
        ALONE(a_flood_of_one_account_keeps_no_other_from_log_in_and_out),
        ALONE(a_flood_of_one_account_keeps_no_other_from_its_hash),
        ALONE(a_malformed_registration_takes_no_place_to_hash),
        ALONE(a_stop_lets_calls_finish_that_are_on_the_way),
        ALONE(a_stop_at_any_moment_is_clean),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
