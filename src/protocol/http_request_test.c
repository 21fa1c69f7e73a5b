/* http_request_test.c - what is taken, what is refused with which status, and that cuts are unseen. */
#include "protocol/http_request.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD(line) line "\r\nHost: a\r\n"
#define POST(rest) HEAD("POST /x HTTP/1.1") rest
#define CHUNKED    POST("Transfer-Encoding: chunked\r\n\r\n")

struct outcome {
    enum http_progress progress;
    unsigned status;
    struct http_request req;
    uint8_t *bytes; /* what the spans point into; the caller frees it */
};

/* Feed `len` bytes, at most `step` new ones a call (0: all at once). Every call sees memory that
 * ends where the received bytes end, so that a read beyond them is found. */
static struct outcome feed(const void *text, size_t len, size_t step)
{
    struct outcome o = {.progress = HTTP_MORE};
    struct http_reader r;
    http_reader_init(&r, HTTP_BODY_MAX);
    size_t have = 0;
    while (o.progress == HTTP_MORE && have < len) {
        const size_t more = step == 0 ? len : size_min(step, len - have);
        uint8_t *grown = malloc(have + more);
        assert_non_null(grown);
        if (have > 0) {
            memcpy(grown, o.bytes, have);
        }
        memcpy(grown + have, (const uint8_t *)text + have, more);
        free(o.bytes);
        o.bytes = grown;
        have += more;
        o.progress = http_read(&r, o.bytes, have, &o.req);
    }
    o.status = r.status;
    return o;
}

/* clang-format off */
static const struct {
    const char *text, *method, *path, *query, *body;
    bool keep_alive;
} taken[] = {
    {HEAD("GET / HTTP/1.1") "\r\n",                     "GET", "/", "", "", true},
    {"\r\n" HEAD("GET / HTTP/1.1") "\r\n",              "GET", "/", "", "", true},
    {"GET / HTTP/1.0\r\n\r\n",                          "GET", "/", "", "", false},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", "", "", true},
    {HEAD("GET / HTTP/1.1") "connection: foo , Close\r\n\r\n", "GET", "/", "", "", false},
    {HEAD("DELETE /a/b?c=d&e=%20 HTTP/1.1") "\r\n",     "DELETE", "/a/b", "c=d&e=%20", "", true},
    {HEAD("GET /?a?b/ HTTP/1.1") "\r\n",                "GET", "/", "a?b/", "", true},
    {HEAD("GET /a%20b HTTP/1.1") "\r\n",                "GET", "/a%20b", "", "", true},
    {HEAD("GET /...x/.y HTTP/1.1") "\r\n",              "GET", "/...x/.y", "", "", true},
    {HEAD("GET //x HTTP/1.1") "\r\n",                   "GET", "//x", "", "", true},
    {HEAD("OPTIONS * HTTP/1.1") "\r\n",                 "OPTIONS", "*", "", "", true},
    {HEAD("PURGE /x HTTP/1.1") "\r\n",                  "PURGE", "/x", "", "", true},
    {HEAD("GET http://A/x?y HTTP/1.1") "\r\n",          "GET", "/x", "y", "", true},
    {HEAD("GET https://a HTTP/1.1") "\r\n",             "GET", "/", "", "", true},
    {HEAD("GET http://a?q HTTP/1.1") "\r\n",            "GET", "/", "q", "", true},
    {"GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",      "GET", "/", "", "", true},
    {"GET / HTTP/1.1\r\nHOST:\t127.0.0.1:80 \t\r\n\r\n", "GET", "/", "", "", true},
    {POST("Content-Length: 5\r\n\r\nhello"),            "POST", "/x", "", "hello", true},
    {POST("Content-Length: 005\r\n\r\nhello"),          "POST", "/x", "", "hello", true},
    {POST("Content-Length: 0\r\n\r\n"),                 "POST", "/x", "", "", true},
    {POST("\r\n"),                                      "POST", "/x", "", "", true},
    {CHUNKED "0\r\n\r\n",                               "POST", "/x", "", "", true},
    {CHUNKED "5\r\nhello\r\n0\r\n\r\n",                 "POST", "/x", "", "hello", true},
    {CHUNKED "1\r\nh\r\n00004\r\nello\r\n0\r\n\r\n",    "POST", "/x", "", "hello", true},
    {CHUNKED "A;x;y=z;q=\"a\\\";b\"\r\n0123456789\r\n0;l=1\r\n\r\n", "POST", "/x", "", "0123456789", true},
    {POST("transfer-encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n0\r\n\r\n"), "POST", "/x", "", "", true},
};

static const struct {
    unsigned status;
    const char *text;
} refused[] = {
    /* request line */
    {400, "\x16\x03\x01"}, {400, " GET / HTTP/1.1\r\n"}, {400, "\r\n\r\nGET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\nHost: a\n\n"}, {400, "\n"}, {400, "\rGET / HTTP/1.1\r\n"},
    {400, "GET /\r\n"}, {400, "GET  / HTTP/1.1\r\n"}, {400, "GET / HTTP/1.1 \r\n"},
    {400, "GET\t/ HTTP/1.1\r\n"}, {400, "G\x7fT / HTTP/1.1\r\n"}, {400, "GET / HTTP/1\r\n"},
    {400, "GET / http/1.1\r\n"}, {400, "GET / HTTP/1.1x\r\n"}, {400, "GET / HTTP/x.1\r\n"},
    {400, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n"}, {400, "get\r\n"},
    {505, "GET / HTTP/2.0\r\n"}, {505, "GET / HTTP/1.2\r\n"}, {505, "GET / HTTP/0.9\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    /* target */
    {400, "GET x HTTP/1.1\r\n"}, {400, "GET * HTTP/1.1\r\n"}, {400, "CONNECT a:80 HTTP/1.1\r\n"},
    {400, "GET /a\\b HTTP/1.1\r\n"}, {400, "GET /a#b HTTP/1.1\r\n"}, {400, "GET /\"a HTTP/1.1\r\n"},
    {400, "GET /\xc3\xa9 HTTP/1.1\r\n"}, {400, "GET /a\rb HTTP/1.1\r\n"}, {400, "GET /[a] HTTP/1.1\r\n"},
    {400, "GET /?a|b HTTP/1.1\r\n"}, {400, "GET /% HTTP/1.1\r\n"}, {400, "GET /%4 HTTP/1.1\r\n"},
    {400, "GET /%4g HTTP/1.1\r\n"}, {400, "GET /?%zz HTTP/1.1\r\n"}, {400, "GET /%00 HTTP/1.1\r\n"},
    {400, "GET /a%2Fb HTTP/1.1\r\n"}, {400, "GET /a%5cb HTTP/1.1\r\n"}, {400, "GET /%2e%2E/x HTTP/1.1\r\n"},
    {400, "GET /a%0d%0ab HTTP/1.1\r\n"}, {400, "GET /. HTTP/1.1\r\n"}, {400, "GET /.. HTTP/1.1\r\n"},
    {400, "GET /a/../b HTTP/1.1\r\n"}, {400, "GET /a/./b HTTP/1.1\r\n"}, {400, "GET /a/..?x HTTP/1.1\r\n"},
    {400, "GET http:// HTTP/1.1\r\n"}, {400, "GET http://u@a/ HTTP/1.1\r\n"}, {400, "GET ftp://a/ HTTP/1.1\r\n"},
    {400, HEAD("GET http://b/ HTTP/1.1")}, {400, "GET http://a/ HTTP/1.0\r\n\r\n"},
    {400, HEAD("GET http://a:80/ HTTP/1.1")}, {400, "GET http://a/../b HTTP/1.1\r\n"},
    /* fields */
    {400, "GET / HTTP/1.1\r\n\r\n"}, {400, HEAD("GET / HTTP/1.1") "Host: a\r\n"},
    {400, "GET / HTTP/1.1\r\nHost:\r\n"}, {400, "GET / HTTP/1.1\r\nHost: a b\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a,b\r\n"}, {400, "GET / HTTP/1.1\r\nHost: a:\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:1x\r\n"}, {400, "GET / HTTP/1.1\r\nHost: a:123456\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: u@a\r\n"}, {400, "GET / HTTP/1.1\r\nHost: [::1\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: []\r\n"}, {400, "GET / HTTP/1.1\r\nHost: [::g]\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n"}, {400, "GET / HTTP/1.1\r\nHost: a/b\r\n"},
    {400, "GET / HTTP/1.1\r\nHost : a\r\n"}, {400, "GET / HTTP/1.1\r\n Host: a\r\n"},
    {400, HEAD("GET / HTTP/1.1") " folded\r\n"}, {400, HEAD("GET / HTTP/1.1") "\tfolded: x\r\n"},
    {400, HEAD("GET / HTTP/1.1") "X: a\rb\r\n"}, {400, HEAD("GET / HTTP/1.1") "X: a\nY: b\r\n"},
    {400, HEAD("GET / HTTP/1.1") "X: a\x01\r\n"}, {400, HEAD("GET / HTTP/1.1") "X: a\x7f\r\n"},
    {400, HEAD("GET / HTTP/1.1") "X\r\n"}, {400, HEAD("GET / HTTP/1.1") ": x\r\n"},
    {400, HEAD("GET / HTTP/1.1") "X Y: x\r\n"}, {400, HEAD("GET / HTTP/1.1") "X\x80: x\r\n"},
    {400, HEAD("GET / HTTP/1.1") "X(: x\r\n"}, {400, HEAD("GET / HTTP/1.1") "\n"},
    {400, HEAD("GET / HTTP/1.1") "X: a\r\r\n"},
    {400, HEAD("GET / HTTP/1.1") "Authorization: a\r\nAuthorization: b\r\n"},
    {400, HEAD("GET / HTTP/1.1") "Origin: a\r\nOrigin: a\r\n"},
    {417, POST("Expect: 200-ok\r\n")}, {417, POST("Expect:\r\n")},
    {400, POST("Expect: 100-continue\r\nExpect: 100-continue\r\n")},
    /* framing */
    {400, POST("Content-Length: 5\r\nContent-Length: 5\r\n")}, {400, POST("Content-Length: 5\r\nContent-Length: 6\r\n")},
    {400, POST("Content-Length: 5, 5\r\n")}, {400, POST("Content-Length: +5\r\n")}, {400, POST("Content-Length: -1\r\n")},
    {400, POST("Content-Length:\r\n")}, {400, POST("Content-Length: 0x5\r\n")}, {400, POST("Content-Length: 5 5\r\n")},
    {400, POST("Content-Length: 5.0\r\n")}, {400, POST("Content-Length: 00000000000000005\r\n")},
    {400, POST("Content-Length: 18446744073709551621\r\n")}, {413, POST("Content-Length: 65537\r\n")},
    {413, POST("Content-Length: 9999999999999999\r\n")},
    {400, POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
    {400, POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
    {400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {501, POST("Transfer-Encoding: gzip, chunked\r\n")}, {501, POST("Transfer-Encoding: chunked, chunked\r\n")},
    {501, POST("Transfer-Encoding: identity\r\n")}, {501, POST("Transfer-Encoding: xchunked\r\n")},
    {501, POST("Transfer-Encoding: \"chunked\"\r\n")}, {501, POST("Transfer-Encoding: chunked;a=b\r\n")},
    {501, POST("Transfer-Encoding:\r\n")}, {400, POST("Transfer-Encoding: \x0b" "chunked\r\n")},
    {400, POST("Transfer-Encoding : chunked\r\n")},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    /* chunks */
    {400, CHUNKED "\r\n"}, {400, CHUNKED "x\r\n"}, {400, CHUNKED "0x5\r\n"}, {400, CHUNKED "-1\r\n"},
    {400, CHUNKED "+1\r\n"}, {400, CHUNKED " 5\r\n"}, {400, CHUNKED "5 \r\n"}, {400, CHUNKED "000000005\r\n"},
    {400, CHUNKED "5\nhello\r\n"}, {400, CHUNKED "5\r\nhelloX"}, {400, CHUNKED "5\r\nhello\rX"},
    {400, CHUNKED "5\r\nhello\n"}, {400, CHUNKED "5;\r\n"}, {400, CHUNKED "5;a=\r\n"}, {400, CHUNKED "5;a=\"b\r\n"},
    {400, CHUNKED "5;a=\"b\\\r\n"}, {400, CHUNKED "5;a b\r\n"}, {400, CHUNKED "5;=b\r\n"}, {400, CHUNKED "5;a=\"\x01\"\r\n"},
    {400, CHUNKED "0;a\rb\r\n"}, {400, CHUNKED "0\r\nX: y\r\n\r\n"}, {400, CHUNKED "0\r\n\n"},
    {413, CHUNKED "10001\r\n"}, {413, CHUNKED "ffffffff\r\n"}, {413, CHUNKED "1\r\nx\r\n10000\r\n"},
};

/* clang-format on */

static void good_requests_are_taken_apart(void **state)
{
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(taken); c++) {
        const struct outcome o = feed(taken[c].text, strlen(taken[c].text), 0);
        assert_int_equal(o.progress, HTTP_READY);
        assert_span_text(o.req.method_text, taken[c].method);
        assert_span_text(o.req.path, taken[c].path);
        assert_span_text(o.req.query, taken[c].query);
        assert_span_text(o.req.body, taken[c].body);
        assert_int_equal(o.req.keep_alive, taken[c].keep_alive);
        assert_int_equal(o.req.used, strlen(taken[c].text));
        free(o.bytes);
    }
}

static void bad_requests_are_refused_with_their_status(void **state)
{
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(refused); c++) {
        const struct outcome o = feed(refused[c].text, strlen(refused[c].text), 0);
        if (o.progress != HTTP_BAD || o.status != refused[c].status) {
            fail_msg("%s: progress %d, status %u", refused[c].text, (int)o.progress, o.status);
        }
        free(o.bytes);
    }
}

static void a_zero_byte_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char text[] = POST("Content-Length: 5\r\nX: y\r\n\r\n");
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        copy[at] = '\0';
        const struct outcome o = feed(copy, sizeof text - 1, 0);
        assert_int_not_equal(o.progress, HTTP_READY);
        free(o.bytes);
    }
}

/* RFC 9110 5.5, for every byte in every place of a value, whatever stands beside it. */
static void a_value_holds_no_control_byte_but_the_tab(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[] = HEAD("GET / HTTP/1.1") "X-A: "
                                                 "a\xff\x80\tcdefghijklmnopqr"
                                                 "\r\n\r\n";
            char *const value = strstr(text, "X-A: ") + 5;
            value[at] = (char)byte;
            const struct outcome o = feed(text, sizeof text - 1, 0);
            const bool good = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
            assert_int_equal(o.progress, good ? HTTP_READY : HTTP_BAD);
            assert_int_equal(o.status, good ? 0 : 400);
            free(o.bytes);
        }
    }
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->progress, b->progress);
    assert_int_equal(a->status, b->status);
    if (a->progress != HTTP_READY) {
        return;
    }
    assert_int_equal(a->req.used, b->req.used);
    assert_int_equal(a->req.header_count, b->req.header_count);
    assert_true(span_eq(a->req.target, b->req.target) && span_eq(a->req.path, b->req.path));
    assert_true(span_eq(a->req.query, b->req.query) && span_eq(a->req.body, b->req.body));
    assert_int_equal(a->req.method, b->req.method);
    for (size_t i = 0; i < a->req.header_count; i++) {
        assert_true(span_eq(a->req.headers[i].name, b->req.headers[i].name));
        assert_true(span_eq(a->req.headers[i].value, b->req.headers[i].value));
    }
}

static void any_cut_equals_the_whole(void **state)
{
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(taken) + ARRAY_LEN(refused); c++) {
        const char *text =
            c < ARRAY_LEN(taken) ? taken[c].text : refused[c - ARRAY_LEN(taken)].text;
        const struct outcome whole = feed(text, strlen(text), 0);
        for (size_t step = 1; step < strlen(text); step++) {
            const struct outcome cut = feed(text, strlen(text), step);
            assert_same(&whole, &cut);
            free(cut.bytes);
        }
        free(whole.bytes);
    }
}

static void what_follows_a_request_is_left_alone(void **state)
{
    (void)state;
    static const char two[] = POST("Content-Length: 2\r\n\r\nab") HEAD("GET /y HTTP/1.1") "\r\n";
    const struct outcome first = feed(two, sizeof two - 1, 0);
    assert_int_equal(first.progress, HTTP_READY);
    assert_span_text(first.req.body, "ab");
    const struct outcome second = feed(two + first.req.used, sizeof two - 1 - first.req.used, 0);
    assert_span_text(second.req.path, "/y");
    assert_int_equal(second.req.used, sizeof two - 1 - first.req.used);
    free(first.bytes);
    free(second.bytes);
}

static size_t put(char *out, size_t at, const char *text)
{
    while (*text != '\0') {
        out[at++] = *text++;
    }
    return at;
}

/* A request with a filler of `n` letters in one place. */
static struct outcome with_filler(const char *before, size_t n, const char *after)
{
    const size_t len = strlen(before) + n + strlen(after);
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'a', len);
    (void)put(text, 0, before);
    (void)put(text, strlen(before) + n, after);
    const struct outcome o = feed(text, len, 0);
    const struct outcome cut = feed(text, len, 1021);
    assert_same(&o, &cut);
    free(cut.bytes);
    free(text);
    return o;
}

static void limits_hold_at_their_edge(void **state)
{
    (void)state;
    static const char tail[] = " HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char field[] = HEAD("GET / HTTP/1.1") "X:";
    const size_t head = HTTP_HEAD_MAX - (sizeof field - 1) - 4;

    /* clang-format off */
    const struct {
        const char *before;
        size_t n;
        const char *after;
        unsigned status;
    } cases[] = {
        {"GET /", HTTP_TARGET_MAX - 2, tail, 0}, {"GET /", HTTP_TARGET_MAX - 1, tail, 0},
        {"GET /", HTTP_TARGET_MAX, tail, 414},   {"GET /", HTTP_HEAD_MAX, tail, 414},
        {"GET /", HTTP_HEAD_MAX, "", 414},       {"GET /", 60, "\x01" " HTTP/1.1\r\n", 400},
        {field, head - 1, "\r\n\r\n", 0},        {field, head, "\r\n\r\n", 0},
        {field, head + 1, "\r\n\r\n", 431},      {field, 4UL * HTTP_HEAD_MAX, "", 431},
        {POST("Content-Length: 65535\r\n\r\n"), 65535, "", 0},
        {POST("Content-Length: 65536\r\n\r\n"), 65536, "", 0},
        {POST("Content-Length: 65537\r\n\r\n"), 65537, "", 413},
        {CHUNKED "10000\r\n", 65536, "\r\n0\r\n\r\n", 0},
        {CHUNKED "10000\r\n", 65536, "\r\n1\r\nx\r\n", 413},
        {CHUNKED "5;", 250, "\r\nhello\r\n0\r\n\r\n", 0},
        {CHUNKED "5;", 252, "\r\nhello\r\n0\r\n\r\n", 0},
        {CHUNKED "5;", 253, "\r\nhello\r\n0\r\n\r\n", 400},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct outcome o = with_filler(cases[c].before, cases[c].n, cases[c].after);
        if (o.status != cases[c].status ||
            o.progress != (cases[c].status == 0 ? HTTP_READY : HTTP_BAD)) {
            fail_msg("row %zu: progress %d, status %u", c, (int)o.progress, o.status);
        }
        free(o.bytes);
    }
}

static void sixty_four_fields_are_taken_and_no_more(void **state)
{
    (void)state;
    for (size_t n = HTTP_HEADERS_MAX - 1; n <= HTTP_HEADERS_MAX + 1; n++) {
        char text[HTTP_HEADERS_MAX * 8 + 64];
        size_t len = put(text, 0, HEAD("GET / HTTP/1.1"));
        for (size_t i = 1; i < n; i++) {
            len = put(text, len, "X: y\r\n");
        }
        len = put(text, len, "\r\n");
        const struct outcome o = feed(text, len, 7);
        assert_int_equal(o.status, n > HTTP_HEADERS_MAX ? 431 : 0);
        assert_int_equal(o.progress, n > HTTP_HEADERS_MAX ? HTTP_BAD : HTTP_READY);
        free(o.bytes);
    }
}

/* The first chunk says a little more than it must, so that the room ends at every byte of a line. */
static void refuse_tiny_chunks_behind(span_t first)
{
    static uint8_t text[HTTP_REQUEST_MAX];
    size_t n = sizeof CHUNKED - 1;
    memcpy(text, CHUNKED, n);
    memcpy(text + n, first.ptr, first.len);
    n += first.len;
    while (n + 6 <= sizeof text) {
        static const uint8_t chunk[6] = {'1', '\r', '\n', 'x', '\r', '\n'};
        memcpy(text + n, chunk, sizeof chunk);
        n += sizeof chunk;
    }
    struct http_reader r;
    struct http_request req;
    http_reader_init(&r, HTTP_BODY_MAX);
    assert_int_equal(http_read(&r, text, n, &req), HTTP_BAD);
    assert_int_equal(r.status, 413);
    assert_int_equal(http_read(&r, text, n, &req), HTTP_BAD); /* and it stays refused */
}

static void tiny_chunks_end_before_the_buffer_does(void **state)
{
    (void)state;
    static const span_t firsts[] = {SPAN_INIT("1\r\nx\r\n"),      SPAN_INIT("1;a\r\nx\r\n"),
                                    SPAN_INIT("1;ab\r\nx\r\n"),   SPAN_INIT("1;abc\r\nx\r\n"),
                                    SPAN_INIT("1;abcd\r\nx\r\n"), SPAN_INIT("1;a=b\r\nx\r\n")};
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        refuse_tiny_chunks_behind(firsts[i]);
    }
}

static void continue_is_asked_for_once(void **state)
{
    (void)state;
    static const char head[] = POST("Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    uint8_t bytes[sizeof head + 2];
    memcpy(bytes, head, sizeof head - 1);
    bytes[sizeof head - 1] = 'a';
    bytes[sizeof head] = 'b';
    struct http_reader r;
    struct http_request req;
    http_reader_init(&r, HTTP_BODY_MAX);
    assert_int_equal(http_read(&r, bytes, 20, &req), HTTP_MORE);
    assert_false(http_reader_take_continue(&r));
    assert_int_equal(http_read(&r, bytes, sizeof head - 1, &req), HTTP_MORE);
    assert_true(http_reader_take_continue(&r));
    assert_false(http_reader_take_continue(&r));
    assert_int_equal(http_read(&r, bytes, sizeof head + 1, &req), HTTP_READY);
    assert_true(req.expects_continue);

    http_reader_init(&r, HTTP_BODY_MAX);
    assert_int_equal(http_read(&r, bytes, sizeof head, &req), HTTP_MORE); /* its body has begun */
    assert_false(http_reader_take_continue(&r));
}

static void random_damage_never_escapes_the_reader(void **state)
{
    (void)state;
    uint64_t seed = 20250711;
    for (int round = 0; round < 4000; round++) {
        char text[512];
        const char *base = taken[random_below(&seed, ARRAY_LEN(taken))].text;
        const size_t len = size_min(strlen(base), sizeof text);
        for (size_t i = 0; i < len; i++) {
            text[i] = base[i];
        }
        for (uint64_t hits = 1 + random_below(&seed, 3); hits > 0; hits--) {
            text[random_below(&seed, len)] = (char)random_below(&seed, 256);
        }
        const struct outcome whole = feed(text, len, 0);
        const struct outcome cut = feed(text, len, 1 + random_below(&seed, 9));
        assert_same(&whole, &cut);
        free(whole.bytes);
        free(cut.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests_are_taken_apart),
        cmocka_unit_test(bad_requests_are_refused_with_their_status),
        cmocka_unit_test(a_zero_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(a_value_holds_no_control_byte_but_the_tab),
        cmocka_unit_test(any_cut_equals_the_whole),
        cmocka_unit_test(what_follows_a_request_is_left_alone),
        cmocka_unit_test(limits_hold_at_their_edge),
        cmocka_unit_test(sixty_four_fields_are_taken_and_no_more),
        cmocka_unit_test(tiny_chunks_end_before_the_buffer_does),
        cmocka_unit_test(continue_is_asked_for_once),
        cmocka_unit_test(random_damage_never_escapes_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
