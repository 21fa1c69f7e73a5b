/* HTTP connections, with one loop and with three. */
#include "base/limits.h"
#include "server/visitor_test.h"

#define LIVE    "GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"
#define AS_JSON "Content-Type: application/json\r\n"

static unsigned one = 1;
static unsigned three = 3;

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

static void expect_id(const struct visitor *v, const char *id)
{
    assert_span_text(http_response_find(&v->answer, "x-request-id"), id);
}

/* ---- one after another */

static void a_connection_serves_until_somebody_says_close(void **state)
{
    struct visitor v;
    visitor_open(&v, *state);
    for (int i = 0; i < 5; i++) {
        visitor_ask(&v, "GET", "/health/live", "", "");
        assert_int_equal(visitor_read(&v, false), 200);
        assert_true(v.answer.keep_alive);
    }
    visitor_ask(&v, "HEAD", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, true), 200);
    assert_int_equal(v.answer.body.len, 0);
    visitor_ask(&v, "GET", "/health/live", "Connection: close\r\n", "");
    assert_int_equal(visitor_read(&v, false), 200);
    assert_false(v.answer.keep_alive);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
    site_wait(nobody_is_here, *state);
}

static void http_1_0_ends_with_its_answer(void **state)
{
    struct visitor v;
    visitor_open(&v, *state);
    visitor_write(&v, "GET /health/live HTTP/1.0\r\n\r\n");
    assert_int_equal(visitor_read(&v, false), 200);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct visitor v;
    struct badge b;
    visitor_open(&v, *state);
    site_register(*state, ANN);
    badge_get(&b, &v, ANN, "phone");
    char text[2048];
    const int len = snprintf(text, sizeof text,
                             "POST /api/v1/ws/sessions/%s/events HTTP/1.1\r\nHost: h\r\n%s%s"
                             "Transfer-Encoding: chunked\r\n\r\n"
                             "f\r\n[{\"event_type\":\r\n8\r\n\"app_res\r\n"
                             "14\r\nume\",\"data\":{\"n\":1}}\r\n1\r\n]\r\n0\r\n\r\n",
                             b.session, AS_JSON, b.authorization);
    for (int i = 0; i < len; i++) {
        visitor_send(&v, (span_t){(const uint8_t *)text + i, 1});
        if (i % 64 == 0) { /* let some of them travel alone */
            (void)nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
        }
    }
    const unsigned status = visitor_read(&v, false);
    if (status != 200 || !visitor_heard(&v, "\"accepted\":1")) {
        fail_msg("%u %.*s", status, (int)v.answer.body.len, (const char *)v.answer.body.ptr);
    }
    visitor_close(&v);
}

/* ---- pipelines */

/* Cheap ones, ones of a pool, ones of a session that another loop may own: each in its turn. */
static void pipelined_requests_are_answered_in_their_order(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int round = 0; round < 8; round++) {
        struct visitor v;
        struct badge b;
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        char text[16384];
        int len = 0;
        for (int i = 0; i < 16; i++) {
            static const char *const targets[] = {"/health/live", "/api/v1/auth/session-status",
                                                  "/health/ready", "/nothing"};
            len += snprintf(text + len, sizeof text - (size_t)len,
                            "%s %s HTTP/1.1\r\nHost: h\r\nX-Request-Id: n-%d\r\n%s\r\n",
                            i == 8 ? "HEAD" : "GET", targets[i % 4], i, b.authorization);
        }
        visitor_send(&v, (span_t){(const uint8_t *)text, (size_t)len});
        for (int i = 0; i < 16; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "n-%d", i);
            assert_int_equal(visitor_read(&v, i == 8), i % 4 == 3 ? 404 : 200);
            expect_id(&v, id);
        }
        visitor_close(&v);
    }
}

/* Far more answers than one connection may have unsent: reading waits until they are taken. */
static void a_long_pipeline_is_answered_whole(void **state)
{
    enum { REQUESTS = 6000 };
    struct visitor v;
    struct buf all;
    visitor_open(&v, *state);
    buf_init(&all, (size_t)1 << 20);
    for (int i = 0; i < REQUESTS; i++) {
        assert_ok(buf_append_format(
            &all, "GET /health/live HTTP/1.1\r\nHost: h\r\nX-Request-Id: n-%d\r\n\r\n", i));
    }
    visitor_send(&v, buf_span(&all));
    buf_deinit(&all);
    for (int i = 0; i < REQUESTS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "n-%d", i);
        assert_int_equal(visitor_read(&v, false), 200);
        expect_id(&v, id);
    }
    visitor_close(&v);
    site_wait(nobody_is_here, *state);
}

/* However the reads fall, what is kept and what comes next are never too much together. */
static void pipelined_requests_may_have_the_largest_bodies(void **state)
{
    enum { REQUESTS = 8 };

    static char body[LIMIT_HTTP_BODY_BYTES + 1];
    struct visitor v;
    struct buf all;
    visitor_open(&v, *state);
    buf_init(&all, (size_t)1 << 20);
    memset(body, ' ', LIMIT_HTTP_BODY_BYTES);
    for (int i = 0; i < REQUESTS; i++) {
        assert_ok(buf_append_format(&all,
                                    "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n" AS_JSON
                                    "X-Request-Id: n-%d\r\nContent-Length: %d\r\n\r\n%s",
                                    i, LIMIT_HTTP_BODY_BYTES, body));
    }
    visitor_send(&v, buf_span(&all));
    buf_deinit(&all);
    for (int i = 0; i < REQUESTS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "n-%d", i);
        assert_int_equal(visitor_read(&v, false), 400); /* blanks are no JSON */
        expect_id(&v, id);
        assert_true(v.answer.keep_alive);
    }
    visitor_close(&v);
}

static void a_peer_that_never_reads_holds_one_buffer_and_no_more(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    const struct timeval soon = {.tv_usec = 300000};
    assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon), 0);
    bool stuck = false;
    for (int i = 0; i < 2000000 && !stuck; i++) { /* until the server stops reading */
        stuck = send(v.fd, LIVE, sizeof LIVE - 1, MSG_NOSIGNAL) < 0;
    }
    assert_true(stuck);
    struct visitor other;
    visitor_open(&other, s);
    visitor_ask(&other, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&other, false), 200);
    visitor_close(&other);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

/* ---- half-closed */

static void a_peer_that_has_said_all_still_gets_every_answer(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int round = 0; round < 6; round++) {
        struct visitor v;
        struct badge b;
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        visitor_ask(&v, "GET", "/health/ready", "", "");
        visitor_ask(&v, "GET", "/api/v1/auth/session-status", b.authorization, "");
        for (int i = 0; i < 40; i++) { /* together more than the kernel takes at once */
            visitor_ask(&v, "GET", "/api/v1/openapi.json", "", "");
        }
        visitor_say_end(&v);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        for (int i = 0; i < 42; i++) {
            assert_int_equal(visitor_read(&v, false), 200);
        }
        assert_true(visitor_ends(&v));
        visitor_close(&v);
    }
    site_wait(nobody_is_here, s);
}

/* More than what the peer lets in at once; the last one closes, or does not. */
static void a_peer_that_has_said_all_takes_its_last_answers_at_leisure(void **state)
{
    struct site *s = *state;
    for (int closing = 0; closing < 2; closing++) {
        struct visitor v = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const int narrow = 2048;
        const struct sockaddr_in to = {.sin_family = AF_INET,
                                       .sin_port = htons(server_port(s->server)),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        buf_init(&v.in, (size_t)1 << 24);
        assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow), 0);
        assert_int_equal(connect(v.fd, (const struct sockaddr *)&to, sizeof to), 0);
        for (int i = 0; i < 40; i++) {
            visitor_ask(&v, "GET", "/api/v1/openapi.json",
                        closing == 1 && i == 39 ? "Connection: close\r\n" : "", "");
        }
        assert_int_equal(shutdown(v.fd, SHUT_WR), 0);
        for (int i = 0; i < 40; i++) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            assert_int_equal(visitor_read(&v, false), 200);
        }
        assert_true(visitor_ends(&v));
        visitor_close(&v);
    }
    site_wait(nobody_is_here, s);
}

static void a_peer_that_leaves_inside_a_request_is_forgotten(void **state)
{
    for (int i = 0; i < 10; i++) {
        struct visitor v;
        visitor_open(&v, *state);
        visitor_write(&v, "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Le");
        visitor_close(&v);
    }
    site_wait(nobody_is_here, *state);
}

/* ---- 100-continue */

static void a_body_that_waits_for_leave_gets_it(void **state)
{
    struct visitor v;
    visitor_open(&v, *state);
    visitor_write(&v, "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n" AS_JSON
                      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_int_equal(visitor_read(&v, false), 100);
    visitor_write(&v, "{}");
    assert_int_equal(visitor_read(&v, false), 422);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
}

/* ---- what HTTP does not allow */

static void what_is_no_http_is_refused_and_the_connection_closed(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
        const char *name;
    } cases[] = {
        {"hello\r\n\r\n", 400, "invalid-http"},
        {"GET / HTTP/1.1\r\n\r\n", 400,
         "invalid-http\",\"title\":\"Malformed HTTP request\",\"status\":400,\"detail\":\"HTTP/1.1 without Host"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400, "invalid-http"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         400, "invalid-http"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", 413, "payload-too-large"},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", 417,
         "expectation-failed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct visitor v;
        char type[160];
        visitor_open(&v, *state);
        visitor_send(&v, span_of(cases[i].text));
        const unsigned status = visitor_read(&v, false);
        (void)snprintf(type, sizeof type, "\"urn:canara:problem:%s\"", cases[i].name);
        if (status != cases[i].status || !visitor_heard(&v, type) || v.answer.keep_alive) {
            fail_msg("%s: %u %.*s", cases[i].text, status, (int)v.answer.body.len,
                     (const char *)v.answer.body.ptr);
        }
        assert_true(visitor_ends(&v));
        visitor_close(&v);
    }
}

static void a_head_that_is_too_long_is_refused_with_431_and_a_target_with_414(void **state)
{
    char long_text[LIMIT_HTTP_HEAD_BYTES];
    memset(long_text, 'a', sizeof long_text);
    for (int i = 0; i < 2; i++) {
        struct visitor v;
        visitor_open(&v, *state);
        visitor_write(&v, i == 0 ? "GET / HTTP/1.1\r\nHost: h\r\nX-Long: " : "GET /");
        visitor_send(&v, (span_t){(const uint8_t *)long_text, sizeof long_text});
        assert_int_equal(visitor_read(&v, false), i == 0 ? 431 : 414);
        assert_true(visitor_ends(&v));
        visitor_close(&v);
    }
}

/* ---- deadlines, on a clock of our own */

static bool somebody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) > 0;
}

static void a_request_that_does_not_arrive_in_time_is_answered_408(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    visitor_send(&v, SPAN_LIT(LIVE "GET /health/live HTTP/1.1\r\nHo"));
    assert_int_equal(visitor_read(&v, false), 200); /* so the rest has come, too */
    site_pass(s, LIMIT_HEADER_DEADLINE_MS - 100);
    visitor_write(&v, "st: h\r\nX-Slow: ");
    visitor_ask(&v, "GET", "/", "", ""); /* not the answer to this */
    site_pass(s, 200);
    const unsigned status = visitor_read(&v, false);
    assert_true(status == 408 || status == 400); /* the bytes may have been faster than the time */
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static void a_slow_body_has_no_more_time_than_a_slow_head(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    visitor_write(&v, "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n" AS_JSON
                      "Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n");
    assert_int_equal(visitor_read(&v, false), 100);
    site_pass(s, LIMIT_HEADER_DEADLINE_MS + 100);
    assert_int_equal(visitor_read(&v, false), 408);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static void a_connection_that_says_nothing_is_closed_without_a_word(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    site_wait(somebody_is_here, s);
    site_pass(s, LIMIT_HEADER_DEADLINE_MS + 100);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static void an_idle_connection_is_kept_for_a_minute_after_its_answer(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    site_pass(s, LIMIT_IDLE_KEEPALIVE_MS - 1000);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    site_pass(s, LIMIT_IDLE_KEEPALIVE_MS - 1000);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    site_pass(s, LIMIT_IDLE_KEEPALIVE_MS + 100);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static void a_peer_that_does_not_hang_up_is_hung_up_on(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/live", "Connection: close\r\n", "");
    assert_int_equal(visitor_read(&v, false), 200);
    assert_true(visitor_ends(&v)); /* we keep our side open */
    site_wait(somebody_is_here, s);
    site_pass(s, LINGER_MS + 100);
    site_wait(nobody_is_here, s);
    visitor_close(&v);
}

/* ---- how many */

static void many_connections_at_once_are_all_served(void **state)
{
    enum { VISITORS = 300 };
    struct site *s = *state;
    struct visitor *v = calloc(VISITORS, sizeof *v);
    assert_non_null(v);
    for (int i = 0; i < VISITORS; i++) {
        visitor_open(&v[i], s);
        visitor_ask(&v[i], "GET", i % 3 == 0 ? "/health/ready" : "/health/live", "", "");
    }
    for (int round = 0; round < 3; round++) {
        for (int i = VISITORS - 1; i >= 0; i--) {
            assert_int_equal(visitor_read(&v[i], false), 200);
            visitor_ask(&v[i], "GET", "/health/live", "", "");
        }
    }
    assert_int_equal(gauge_read(&s->api.metrics.http_connections), VISITORS);
    for (int i = 0; i < VISITORS; i++) {
        visitor_close(&v[i]);
    }
    free(v);
    site_wait(nobody_is_here, s);
}

static void an_address_may_hold_so_many_connections_and_no_more(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor v[5];
    site_make(&s, *loops, false);
    s.config.connections_per_address = 4;
    site_open(&s);
    for (size_t i = 0; i < 4; i++) {
        visitor_open(&v[i], &s);
        visitor_ask(&v[i], "GET", "/health/live", "", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
    }
    visitor_open(&v[4], &s);
    assert_int_equal(visitor_read(&v[4], false), 429);
    assert_true(visitor_heard(&v[4], "too-many-requests"));
    assert_span_text(http_response_find(&v[4].answer, "retry-after"), "1");
    assert_true(visitor_ends(&v[4]));
    visitor_close(&v[4]);
    visitor_close(&v[0]);
    unsigned status = 429;
    for (int i = 0; i < 1000 && status == 429; i++) { /* until the loop has noticed */
        visitor_open(&v[0], &s);
        visitor_ask(&v[0], "GET", "/health/live", "", "");
        status = visitor_read(&v[0], false);
        if (status == 429) {
            visitor_close(&v[0]);
        }
    }
    assert_int_equal(status, 200);
    for (size_t i = 0; i < 4; i++) {
        visitor_close(&v[i]);
    }
    site_end(&s);
}

static void a_proxy_of_ours_may_bring_more_than_one_address_may(void **state)
{
    (void)state;
    struct site s;
    struct visitor v[5];
    struct cidr_list trusted = {0};
    assert_ok(cidr_list_parse(span_of("127.0.0.0/8"), &trusted));
    site_make(&s, 1, false);
    s.config.trusted = &trusted;
    s.config.connections_per_address = 2;
    site_open(&s);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_open(&v[i], &s);
        visitor_ask(&v[i], "GET", "/health/live", "X-Forwarded-For: 10.0.0.1\r\n", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
    site_end(&s);
}

static void a_loop_without_room_closes_what_it_accepts(void **state)
{
    (void)state;
    struct site s;
    struct visitor v[3];
    site_make(&s, 1, false);
    s.config.connections_max = 2;
    s.config.connections_per_address = 100;
    site_open(&s);
    for (size_t i = 0; i < 2; i++) {
        visitor_open(&v[i], &s);
        visitor_ask(&v[i], "GET", "/health/live", "", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
    }
    visitor_open(&v[2], &s);
    assert_true(visitor_ends(&v[2]));
    visitor_ask(&v[0], "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v[0], false), 200);
    for (size_t i = 0; i < 3; i++) {
        visitor_close(&v[i]);
    }
    site_stop(&s);
    assert_int_equal(s.server->guests.count.as_uuid.count, 0);
    site_end(&s);
}

#define BOTH(name)       SITE_TEST(name, one), SITE_TEST(name, three)
#define SECURE(name)     SITE_TEST_SECURE(name, one), SITE_TEST_SECURE(name, three)
#define BOTH_TIMED(name) SITE_TEST_TIMED(name, one), SITE_TEST_TIMED(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(a_connection_serves_until_somebody_says_close),
        SECURE(a_connection_serves_until_somebody_says_close),
        BOTH(http_1_0_ends_with_its_answer),
        SECURE(http_1_0_ends_with_its_answer),
        BOTH(a_request_may_come_byte_by_byte),
        SECURE(a_request_may_come_byte_by_byte),
        BOTH(pipelined_requests_are_answered_in_their_order),
        SECURE(pipelined_requests_are_answered_in_their_order),
        BOTH(a_long_pipeline_is_answered_whole),
        SECURE(a_long_pipeline_is_answered_whole),
        BOTH(pipelined_requests_may_have_the_largest_bodies),
        SECURE(pipelined_requests_may_have_the_largest_bodies),
        BOTH(a_peer_that_never_reads_holds_one_buffer_and_no_more),
        BOTH(a_peer_that_has_said_all_still_gets_every_answer),
        SECURE(a_peer_that_has_said_all_still_gets_every_answer),
        BOTH(a_peer_that_has_said_all_takes_its_last_answers_at_leisure),
        BOTH(a_peer_that_leaves_inside_a_request_is_forgotten),
        SECURE(a_peer_that_leaves_inside_a_request_is_forgotten),
        BOTH(a_body_that_waits_for_leave_gets_it),
        SECURE(a_body_that_waits_for_leave_gets_it),
        BOTH(what_is_no_http_is_refused_and_the_connection_closed),
        SECURE(what_is_no_http_is_refused_and_the_connection_closed),
        BOTH(a_head_that_is_too_long_is_refused_with_431_and_a_target_with_414),
        SECURE(a_head_that_is_too_long_is_refused_with_431_and_a_target_with_414),
        BOTH_TIMED(a_request_that_does_not_arrive_in_time_is_answered_408),
        BOTH_TIMED(a_slow_body_has_no_more_time_than_a_slow_head),
        BOTH_TIMED(a_connection_that_says_nothing_is_closed_without_a_word),
        BOTH_TIMED(an_idle_connection_is_kept_for_a_minute_after_its_answer),
        BOTH_TIMED(a_peer_that_does_not_hang_up_is_hung_up_on),
        BOTH(many_connections_at_once_are_all_served),
        SECURE(many_connections_at_once_are_all_served),
        cmocka_unit_test_prestate(an_address_may_hold_so_many_connections_and_no_more, &one),
        cmocka_unit_test_prestate(an_address_may_hold_so_many_connections_and_no_more, &three),
        cmocka_unit_test(a_proxy_of_ours_may_bring_more_than_one_address_may),
        cmocka_unit_test(a_loop_without_room_closes_what_it_accepts),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
