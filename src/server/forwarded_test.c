#include "server/forwarded.h"

#include "base/limits.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

static span_t text_of(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
}

static void expect(const char *peer, const char *request, const char *want)
{
    uint8_t bytes[2048];
    const int len =
        snprintf((char *)bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", request);
    struct http_reader reader;
    struct http_request req;
    http_reader_init(&reader, 0);
    assert_int_equal(http_read(&reader, bytes, (size_t)len, &req), HTTP_READY);

    struct cidr_list trusted = {0};
    struct peer_address from = {0};
    assert_ok(cidr_list_parse(text_of("10.0.0.0/8, ::1"), &trusted));
    assert_ok(address_parse(text_of(peer), &from));
    const struct peer_address found = forwarded_for(&trusted, from, &req);
    char text[ADDRESS_TEXT_BYTES];
    address_print(&found, text);
    if (strcmp(text, want) != 0) {
        fail_msg("%s with %s: got %s, want %s", peer, request, text, want);
    }
}

static void the_nearest_address_that_is_no_proxy_of_ours_is_the_client(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *peer, *request, *want;
    } rows[] = {
        {"10.0.0.1", "",                                                             "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.7\r\n",                               "192.0.2.7"},
        {"10.0.0.1", "X-Forwarded-For: 1.2.3.4, 192.0.2.7\r\n",                      "192.0.2.7"},
        {"10.0.0.1", "X-Forwarded-For: 1.2.3.4, 192.0.2.7, 10.9.9.9\r\n",            "192.0.2.7"},
        {"10.0.0.1", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 192.0.2.7\r\n",   "192.0.2.7"},
        {"10.0.0.1", "X-Forwarded-For: 2001:db8::9\r\n",                             "2001:db8::9"},
        {"10.0.0.1", "Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43\r\n",     "192.0.2.60"},
        {"10.0.0.1", "Forwarded: by=203.0.113.43;For=\"192.0.2.43:47011\"\r\n",      "192.0.2.43"},
        {"10.0.0.1", "Forwarded: for=\"[2001:db8:cafe::17]:4711\"\r\n",              "2001:db8:cafe::17"},
        {"10.0.0.1", "Forwarded: for=1.2.3.4, for=192.0.2.7, for=10.1.1.1\r\n",      "192.0.2.7"},
        {"10.0.0.1", "Forwarded: for=1.2.3.4\r\nForwarded: for=192.0.2.7\r\n",       "192.0.2.7"},
        {"::1",      "Forwarded: for=192.0.2.60\r\n",                                "192.0.2.60"},
        {"10.0.0.1", "Forwarded: for=10.0.0.8, for=10.1.1.1\r\n",                    "10.0.0.8"},
        /* one header is believed: the one that our proxies are known by */
        {"10.0.0.1", "Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 192.0.2.7\r\n",     "192.0.2.7"},
    };

    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect(rows[i].peer, rows[i].request, rows[i].want);
    }
}

static void a_stranger_is_not_believed(void **state)
{
    (void)state;
    expect("198.51.100.1", "X-Forwarded-For: 192.0.2.7\r\n", "198.51.100.1");
    expect("198.51.100.1", "Forwarded: for=192.0.2.7\r\n", "198.51.100.1");
}

static void what_cannot_be_read_is_nobody_and_never_the_proxy(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "Forwarded: for=unknown\r\n",
        "Forwarded: for=_hidden\r\n",
        "Forwarded: for=\"_hidden:80\"\r\n",
        "Forwarded: proto=http\r\n",
        "Forwarded: for=\"[::1\"\r\n",
        "Forwarded: for=\"[::1]x\"\r\n",
        "Forwarded: for=192.0.2.7:\r\n",
        "Forwarded: for=\r\n",
        "Forwarded: ;;;,,,\r\n",
        "Forwarded: for=\"\r\n",
        "Forwarded: \r\n",
        "Forwarded: for=192.0.2.7,\r\n",
        "Forwarded: for=192.0.2.7;for=192.0.2.8\r\n",
        "Forwarded: for=192.0.2.7;For=192.0.2.7\r\n",
        "Forwarded: for=192.0.2.7;host\r\n",
        "Forwarded: for=192.0.2.7;=x\r\n",
        "Forwarded: for=192.0.2.7;host=a b\r\n",
        "Forwarded: for=192.0.2.7;host=\"a\"b\r\n",
        "Forwarded: for=192.0.2.7;host=a\"b\"\r\n",
        "Forwarded: for=192.0.2.7;host=\"a\\\"\r\n",
        "Forwarded: for=\"192.0.2\\.7\"\r\n",
        "X-Forwarded-For: localhost\r\n",
        "X-Forwarded-For: unix:\r\n",
        "X-Forwarded-For: ,\r\n",
        "X-Forwarded-For: \r\n",
        "X-Forwarded-For: 1.2.3.4,\r\n",
        "X-Forwarded-For: 1.2.3.4, unknown\r\n",
        "X-Forwarded-For: 1.2.3.4, unknown, 10.1.1.1\r\n",
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For:\r\n",
        "X-Forwarded-For:\r\nForwarded: for=1.2.3.4\r\n",
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        expect("10.0.0.1", odd[i], "::");
    }
}

/* Proxies repeat what a client says of itself: its Host in host=, and its own Forwarded to the left. */
static void what_stands_in_quotes_names_nobody(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *request, *want;
    } rows[] = {
        {"Forwarded: for=203.0.114.9;host=\"x;for=198.51.100.7;y\"\r\n",               "203.0.114.9"},
        {"Forwarded: for=203.0.114.9;host=\"x,for=198.51.100.7\"\r\n",                 "203.0.114.9"},
        {"Forwarded: host=\"x,for=198.51.100.7;y\";for=203.0.114.9\r\n",               "203.0.114.9"},
        {"Forwarded: for=203.0.114.9;host=\"\\\",for=198.51.100.7\"\r\n",              "203.0.114.9"},
        {"Forwarded: for=203.0.114.9;host=\"\\\";for=127.0.0.1;\\\"\"\r\n",            "203.0.114.9"},
        {"Forwarded: for=1.2.3.4;host=\"a,b\", for=203.0.114.9;host=\"c;d\"\r\n",      "203.0.114.9"},
        {"Forwarded: for=203.0.114.9;host=a:8080;proto=https\r\n",                     "203.0.114.9"},
        {"Forwarded: for=\"203.0.114.9:_x\" ; proto=https\r\n",                        "203.0.114.9"},
        {"Forwarded: for=203.0.114.9;\r\n",                                            "203.0.114.9"},
        {"Forwarded: what is this, for=203.0.114.9\r\n",                               "203.0.114.9"},
        /* a quote that the client opened swallows what the proxy appends: nobody can tell */
        {"Forwarded: for=1.2.3.4;host=\", for=203.0.114.9\r\n",                        "::"},
        {"Forwarded: for=1.2.3.4;host=\", for=203.0.114.9;host=\"x\"\r\n",             "::"},
        {"Forwarded: a=\", for=203.0.114.9;host=\",for=1.2.3.4;y=\"\r\n",              "::"},
        {"Forwarded: a=\", for=203.0.114.9;host=\",for=1.2.3.4;y=\\\"z\"\r\n",         "::"},
        /* a line of its own is read on its own */
        {"Forwarded: for=1.2.3.4;host=\"\r\nForwarded: for=203.0.114.9\r\n",           "203.0.114.9"},
    };

    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect("10.0.0.1", rows[i].request, rows[i].want);
    }
}

static void a_line_may_name_so_many_proxies_of_ours_and_no_more(void **state)
{
    (void)state;
    for (size_t ours = LIMIT_FORWARDED_HOPS - 2; ours <= LIMIT_FORWARDED_HOPS; ours++) {
        char request[1024];
        size_t len = (size_t)snprintf(request, sizeof request, "Forwarded: for=192.0.2.7");
        for (size_t i = 0; i < ours; i++) {
            len += (size_t)snprintf(request + len, sizeof request - len, ", for=10.0.0.2");
        }
        (void)snprintf(request + len, sizeof request - len, "\r\n");
        expect("10.0.0.1", request, ours < LIMIT_FORWARDED_HOPS ? "192.0.2.7" : "::");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_address_that_is_no_proxy_of_ours_is_the_client),
        cmocka_unit_test(a_stranger_is_not_believed),
        cmocka_unit_test(what_cannot_be_read_is_nobody_and_never_the_proxy),
        cmocka_unit_test(what_stands_in_quotes_names_nobody),
        cmocka_unit_test(a_line_may_name_so_many_proxies_of_ours_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
