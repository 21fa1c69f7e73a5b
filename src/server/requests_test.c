/* Whose request it is, behind a proxy and without one. */
#include "server/visitor_test.h"

static unsigned ask(const char *trusted, const char *header, const char *path)
{
    struct site s;
    struct visitor v;
    struct cidr_list list = {0};
    assert_ok(cidr_list_parse(span_of(trusted), &list));
    site_make(&s, 1, false);
    s.config.trusted = &list;
    site_open(&s);
    visitor_open(&v, &s);
    visitor_ask(&v, "GET", path, header, "");
    const unsigned status = visitor_read(&v, false);
    visitor_close(&v);
    site_end(&s);
    return status;
}

/* The metrics page is for this machine, so it tells whose request it is. */
static void a_request_that_a_proxy_of_ours_brings_is_never_this_machines(void **state)
{
    static const struct {
        const char *trusted, *header;
        bool near;
    } cases[] = {
        {"", "", true},
        {"", "X-Forwarded-For: 10.0.0.1\r\n", true}, /* anybody can write that */
        {"192.0.2.0/24", "X-Forwarded-For: 10.0.0.1\r\n", true},
        {"127.0.0.0/8", "", false},
        {"127.0.0.0/8", "X-Forwarded-For: 10.0.0.1\r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: 127.0.0.1,  10.0.0.1 \r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: 10.0.0.1, 127.0.0.1\r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: 127.0.0.9\r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: who, 10.0.0.1\r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: unix:\r\n", false},
        {"127.0.0.0/8", "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: who\r\n", false},
        {"127.0.0.0/8", "Forwarded: for=unknown\r\n", false},
        {"127.0.0.0/8", "Forwarded: for=_hidden\r\n", false},
        {"127.0.0.0/8", "Forwarded: for=192.0.2.1;host=\"x;for=127.0.0.1;y\"\r\n", false},
        {"127.0.0.0/8,10.0.0.0/8", "X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const unsigned status = ask(cases[i].trusted, cases[i].header, "/metrics");
        if ((status == 200) != cases[i].near) {
            fail_msg("case %zu: %u", i, status);
        }
    }
}

static void a_proxy_may_look_whether_we_are_well_without_a_word_of_whom_for(void **state)
{
    (void)state;
    assert_int_equal(ask("127.0.0.0/8", "", "/health/live"), 200);
    assert_int_equal(ask("127.0.0.0/8", "Forwarded: for=unknown\r\n", "/health/live"), 200);
}

static unsigned register_from(struct visitor *v, int n, const char *before, const char *after)
{
    char headers[256];
    char body[256];
    (void)snprintf(headers, sizeof headers,
                   "Content-Type: application/json\r\nForwarded: %s%d%s\r\n", before, n, after);
    (void)snprintf(
        body, sizeof body,
        "{\"email\":\"p%d@example.org\",\"password\":\"" PASSWORD "\",\"mpin\":\"" MPIN "\"}", n);
    visitor_ask(v, "POST", "/api/v1/auth/register", headers, body);
    return visitor_read(v, false);
}

/* A throttle counts the address that the proxy wrote; its client makes up none. */
static void no_quoted_address_wins_another_allowance(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"for=203.0.114.9;host=\"x;for=198.51.100.", ";y\""},
        {"for=203.0.114.9;host=\"x,for=198.51.100.", "\""},
        {"for=198.51.100.", ";for=203.0.114.9"},
        {"for=_hidden", ""},
    };

    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct site s;
        struct visitor v;
        struct cidr_list trusted = {0};
        assert_ok(cidr_list_parse(span_of("127.0.0.0/8"), &trusted));
        site_make(&s, 1, false);
        s.house.svc.rules.register_per_address = (throttle_t){3, 3600};
        s.config.trusted = &trusted;
        site_open(&s);
        visitor_open(&v, &s);
        for (int i = 1; i <= 4; i++) {
            assert_int_equal(register_from(&v, i, cases[c].before, cases[c].after),
                             i < 4 ? 200 : 429);
        }
        visitor_close(&v);
        site_end(&s);
    }
}

/* A buffer that takes nothing stands for a machine without memory. What has come cannot be remembered then, and the
 * rest of it would be read as a request of its own. */
static void what_cannot_be_kept_ends_the_connection(void **state)
{
    static const char half[] = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nX: ";
    (void)state;
    struct site s;
    int peer = -1;
    char byte = 0;
    uint8_t bytes[sizeof half];
    memcpy(bytes, half, sizeof half);
    site_make(&s, 1, false);
    site_build(&s);
    struct conn *const c = site_bring(&s, &peer);
    c->state = CONN_HTTP;
    c->in.limit = 16;
    conn_read_requests(c, bytes, sizeof half - 1);
    assert_int_equal(s.server->worker[0]->conns.count, 0);
    assert_int_equal(recv(peer, &byte, 1, 0), 0); /* hung up */
    assert_int_equal(close(peer), 0);
    site_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_a_proxy_of_ours_brings_is_never_this_machines),
        cmocka_unit_test(a_proxy_may_look_whether_we_are_well_without_a_word_of_whom_for),
        cmocka_unit_test(what_cannot_be_kept_ends_the_connection),
        cmocka_unit_test(no_quoted_address_wins_another_allowance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
