/* What comes before the first request: PROXY headers. */
#include "base/limits.h"
#include "server/greet_test.h"

#define SIGN "\r\n\r\n\0\r\nQUIT\n"

/* ---- PROXY headers ---- */

static void proxied(struct site *s, const char *trusted, bool secure, bool timed)
{
    static struct cidr_list list; /* outlives the site */
    assert_ok(cidr_list_parse(span_of(trusted), &list));
    site_make(s, 1, timed);
    s->config.trusted = &list;
    s->config.proxy_protocol = true;
    s->config.connections_per_address = secure ? 1000 : 2;
    if (secure) {
        site_secure(s);
    }
    site_open(s);
}

/* The metrics page is for this machine, so it tells whose connection it is. */
static void the_header_says_whose_connection_it_is(void **state)
{
    const struct {
        span_t header;
        unsigned status; /* 0: hung up */
    } cases[] = {
        {FROM(10, 0, 0, 9), 401},
        {FROM(127, 0, 0, 1), 200},
        {SPAN_LIT(SIGN "\x20\x00\x00\x00"), 200}, /* the proxy itself, which is on this machine */
        {SPAN_LIT(SIGN "\x21\x00\x00\x00"), 401}, /* nobody knows who */
        {SPAN_LIT(SIGN "\x21\x12\x00\x00"), 0},
        {SPAN_LIT("PROXY TCP4 10.0.0.9 10.0.0.1 1 2\r\n"), 0},
        {SPAN_LIT(""), 0}, /* a request where a header should be */
    };

    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", false, false);
    uint64_t bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t step = 1; step <= 64; step += 63) {
            struct visitor v;
            visitor_connect(&v, server_port(s.server));
            for (size_t at = 0; at < cases[i].header.len && cases[i].status != 0; at += step) {
                const size_t n = size_min(step, cases[i].header.len - at);
                visitor_send(&v, (span_t){cases[i].header.ptr + at, n});
            }
            if (cases[i].status == 0) {
                bad += 1;
                struct buf all;
                buf_init(&all, 4096);
                assert_ok(buf_append(&all, cases[i].header));
                assert_ok(buf_append(&all, SPAN_LIT(GET_METRICS)));
                visitor_send(&v, buf_span(&all));
                buf_deinit(&all);
                assert_true(is_hung_up(&v));
            } else {
                visitor_write(&v, GET_METRICS);
                assert_int_equal(visitor_read(&v, false), cases[i].status);
            }
            visitor_close(&v);
            site_wait(nobody_is_here, &s);
        }
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_header), bad);
    site_end(&s);
}

static void a_header_and_its_handshake_may_come_together(void **state)
{
    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", true, false);
    for (int i = 0; i < 4; i++) {
        struct visitor v;
        visitor_connect(&v, server_port(s.server));
        visitor_send(&v, FROM(10, 0, 0, 9));
        v.tls = SSL_new(s.visitors);
        assert_int_equal(SSL_set_fd(v.tls, v.fd), 1);
        assert_int_equal(SSL_connect(v.tls), 1);
        visitor_write(&v, GET_METRICS);
        assert_int_equal(visitor_read(&v, false), 401);
        visitor_close(&v);
        site_wait(nobody_is_here, &s);
    }
    site_end(&s);
}

static void throttles_count_the_client_and_not_the_proxy(void **state)
{
    (void)state;
    struct site s;
    struct visitor v[8];
    proxied(&s, "127.0.0.0/8", false, false);
    for (uint8_t i = 0; i < 8; i++) {
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], i < 3 ? FROM(10, 0, 0, 9) : FROM(10, 0, 1, i));
        visitor_ask(&v[i], "GET", "/health/live", "X-Forwarded-For: 10.0.0.77\r\n", "");
        assert_int_equal(visitor_read(&v[i], false), i == 2 ? 429 : 200);
    }
    for (size_t i = 0; i < 8; i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_stop(&s);
    assert_int_equal(s.server->guests.count.as_uuid.count, 0);
    site_end(&s);
}

/* The networks of TRUSTED_PROXIES hold more machines than proxies. */
static void a_client_among_the_trusted_is_a_client_behind_a_header(void **state)
{
    static const char *const claims[] = {"X-Forwarded-For: 127.0.0.1\r\n",
                                         "Forwarded: for=127.0.0.1\r\n"};
    struct site s;
    struct visitor v[3];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        proxied(&s, "127.0.0.0/8, 10.0.0.0/8", false, false);
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            visitor_connect(&v[k], server_port(s.server));
            visitor_send(&v[k], FROM(10, 0, 0, 9));
            visitor_ask(&v[k], "GET", "/metrics", claims[i], ""); /* for this machine alone */
            assert_int_equal(visitor_read(&v[k], false), k < 2 ? 401 : 429);
        }
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            visitor_close(&v[k]);
        }
        site_wait(nobody_is_here, &s);
        site_end(&s);
    }
}

static void a_proxy_that_speaks_for_itself_is_no_guest_and_is_taken_by_its_own_address(void **state)
{
    struct site s;
    struct visitor v[4];
    (void)state;
    proxied(&s, "127.0.0.0/8", false, false);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) { /* two of an address, of others */
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], SPAN_LIT(SIGN "\x20\x00\x00\x00"));
        visitor_ask(&v[i], "GET", "/metrics", "X-Forwarded-For: 10.0.0.77\r\n", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_end(&s);
}

static bool one_was_too_many(struct site *s)
{
    return count_of(&s->api.metrics.tls_crowded) == 1;
}

static void a_client_among_the_trusted_shares_the_handshakes_of_its_address(void **state)
{
    enum { MOST = LIMIT_HANDSHAKES_PER_ADDRESS };

    struct site s;
    struct visitor v[MOST + 1];
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    (void)state;
    proxied(&s, "127.0.0.0/8, 10.0.0.0/8", true, false);
    for (size_t i = 0; i <= MOST; i++) {
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], FROM(10, 0, 0, 9));
        visitor_send(&v[i], (span_t){first, len / 2});
    }
    site_wait(one_was_too_many, &s);
    for (size_t i = 0; i <= MOST; i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_end(&s);
}

static void nobody_but_a_proxy_of_ours_may_send_a_header(void **state)
{
    (void)state;
    struct site s;
    struct visitor v;
    proxied(&s, "192.0.2.0/24", false, false);
    visitor_connect(&v, server_port(s.server));
    (void)send(v.fd, FROM(10, 0, 0, 9).ptr, 28, MSG_NOSIGNAL);
    assert_true(is_hung_up(&v));
    assert_int_equal(count_of(&s.api.metrics.proxy_stranger), 1);
    visitor_close(&v);
    site_end(&s);
}

static void a_header_that_does_not_come_in_time_is_not_waited_for(void **state)
{
    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", false, true);
    for (size_t len = 0; len < 28; len += 9) {
        struct visitor v;
        visitor_connect(&v, server_port(s.server));
        if (len > 0) {
            visitor_send(&v, (span_t){FROM(10, 0, 0, 9).ptr, len});
        }
        site_wait(somebody_is_here, &s);
        site_pass(&s, LIMIT_PROXY_DEADLINE_MS + 100);
        assert_true(is_hung_up(&v));
        visitor_close(&v);
        site_wait(nobody_is_here, &s);
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_late), 4);
    site_end(&s);
}

/* 127.0.0.1 is another machine in the mouth of each. */
static void this_machine_is_named_by_nobody_elsewhere(void **state)
{
    static const struct {
        const char *proxy, *source, *client;
    } cases[] = {
        {"127.0.0.1", "10.0.0.9", "10.0.0.9"},
        {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
        {"::1", "127.0.0.9", "127.0.0.9"},
        {"127.0.0.1", "::1", "::1"},
        {"10.1.2.3", "10.0.0.9", "10.0.0.9"},
        {"10.1.2.3", "2001:db8::9", "2001:db8::9"},
        {"10.1.2.3", "127.0.0.1", "::"},
        {"10.1.2.3", "127.200.0.1", "::"},
        {"10.1.2.3", "::ffff:127.0.0.1", "::"},
        {"2001:db8::1", "::1", "::"},
        {"2001:db8::1", "::", "::"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer_address proxy;
        struct peer_address source;
        char text[ADDRESS_TEXT_BYTES];
        assert_ok(address_parse(span_of(cases[i].proxy), &proxy));
        assert_ok(address_parse(span_of(cases[i].source), &source));
        struct proxy_header h = {.known = true, .source_port = 4711};
        memcpy(h.source, source.bytes, sizeof h.source);
        const struct peer_address client = greet_client(&proxy, &h);
        address_print(&client, text);
        assert_string_equal(text, cases[i].client);
        assert_int_equal(client.port, 4711);
    }
}

/* On a public address without TLS. */
static void where_only_proxies_may_speak_strangers_are_hung_up_on(void **state)
{
    static const struct {
        const char *peer;
        bool proxy_protocol, only_proxies, may;
    } cases[] = {
        {"10.1.2.3", false, true, true},     {"10.1.2.3", true, true, true},
        {"192.0.2.1", false, true, false},   {"192.0.2.1", false, false, true},
        {"192.0.2.1", true, false, false},   {"127.0.0.1", false, true, true},
        {"127.0.0.1", true, true, false},    {"::1", false, true, true},
        {"2001:db8::1", false, true, false},
    };

    (void)state;
    struct site s;
    struct cidr_list list;
    assert_ok(cidr_list_parse(SPAN_LIT("10.0.0.0/8"), &list));
    site_make(&s, 1, false);
    s.config.trusted = &list;
    site_open(&s);
    uint64_t refused = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer_address peer;
        assert_ok(address_parse(span_of(cases[i].peer), &peer));
        s.server->config.proxy_protocol = cases[i].proxy_protocol;
        s.server->config.only_proxies = cases[i].only_proxies;
        assert_int_equal(greet_allows(s.server, &peer), cases[i].may);
        refused += cases[i].may ? 0 : 1;
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_stranger), refused);
    site_end(&s);
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_says_whose_connection_it_is),
        cmocka_unit_test(a_header_and_its_handshake_may_come_together),
        cmocka_unit_test(throttles_count_the_client_and_not_the_proxy),
        cmocka_unit_test(a_client_among_the_trusted_is_a_client_behind_a_header),
        cmocka_unit_test(a_proxy_that_speaks_for_itself_is_no_guest_and_is_taken_by_its_own_address),
        cmocka_unit_test(a_client_among_the_trusted_shares_the_handshakes_of_its_address),
        cmocka_unit_test(nobody_but_a_proxy_of_ours_may_send_a_header),
        cmocka_unit_test(a_header_that_does_not_come_in_time_is_not_waited_for),
        cmocka_unit_test(this_machine_is_named_by_nobody_elsewhere),
        cmocka_unit_test(where_only_proxies_may_speak_strangers_are_hung_up_on),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
