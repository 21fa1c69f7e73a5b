/* http_response_test.c - what we write is what we read, and dates are right. */
#include "protocol/http_response.h"

#include "base/util.h"
#include "protocol/http_client.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <time.h>

static void an_answer_is_written_to_the_letter(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    assert_ok(http_response_begin(&out, 200));
    assert_ok(http_response_header(&out, "Content-Type", SPAN_LIT("text/plain")));
    assert_ok(http_response_number(&out, "Retry-After", UINT64_MAX));
    assert_ok(http_response_end(&out, SPAN_LIT("hello")));
    assert_ok(http_response_begin(&out, 204));
    assert_ok(http_response_finish(&out));
    assert_ok(http_response_begin(&out, 799));
    assert_ok(http_response_end_head(&out, 0));
    assert_ok(http_response_continue(&out));
    assert_span_text(buf_span(&out),
                     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                     "Retry-After: 18446744073709551615\r\nContent-Length: 5\r\n\r\nhello"
                     "HTTP/1.1 204 No Content\r\n\r\n"
                     "HTTP/1.1 799 Unknown\r\nContent-Length: 0\r\n\r\n"
                     "HTTP/1.1 100 Continue\r\n\r\n");
    buf_deinit(&out);
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 24);
    assert_ok(http_response_begin(&out, 200));
    assert_err(http_response_header(&out, "Content-Type", SPAN_LIT("text/plain")), ERR_LIMIT);
    buf_deinit(&out);
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    static const int64_t days[] = {0,     1,      58,     59,      60,     365,   789,
                                   10956, 10957,  11016,  11017,   11322,  11323, 19782,
                                   19783, 19784,  47540,  47541,   47542,  84064, 84065,
                                   84066, 157113, 157114, 2932895, 2932896};
    for (size_t i = 0; i < ARRAY_LEN(days) + 4000; i++) {
        const int64_t day = i < ARRAY_LEN(days) ? days[i] : (int64_t)(i * 733) % 2932896;
        const time_t seconds = (time_t)(day * 86400 + (int64_t)(i * 7919) % 86400);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        char want[64];
        assert_int_equal(strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm),
                         HTTP_DATE_LEN);
        char got[HTTP_DATE_LEN];
        http_date((wall_t){(int64_t)seconds * 1000 + 999}, got);
        assert_span_text((span_t){(const uint8_t *)got, sizeof got}, want);
    }
    char got[HTTP_DATE_LEN];
    http_date((wall_t){-5}, got);
    assert_span_text((span_t){(const uint8_t *)got, sizeof got}, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date((wall_t){INT64_MAX}, got);
    assert_span_text((span_t){(const uint8_t *)got, sizeof got}, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static enum http_progress read_all(const char *text, bool to_head, size_t step,
                                   struct http_response *out, uint8_t **bytes)
{
    const size_t len = strlen(text);
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    struct http_reader r;
    http_reader_init(&r, HTTP_BODY_MAX);
    enum http_progress p = HTTP_MORE;
    for (size_t have = 0; p == HTTP_MORE && have < len;) {
        const size_t more = step == 0 ? len : size_min(step, len - have);
        memcpy(copy + have, text + have, more);
        have += more;
        p = http_response_read(&r, copy, have, to_head, out);
    }
    *bytes = copy;
    return p;
}

static void answers_are_read_back(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *text;
        bool to_head;
        enum http_progress progress;
        unsigned status;
        const char *body;
        size_t used; /* 0: all */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, HTTP_READY, 200, "hi", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true, HTTP_READY, 200, "", 0},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false, HTTP_READY, 200, "hi", 0},
        {"HTTP/1.1 204\r\n\r\n", false, HTTP_READY, 204, "", 0},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81", false, HTTP_READY, 101, "", 56},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, HTTP_READY, 200, "", 0},
        {"HTTP/1.1 200 OK\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 20 OK\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 2000\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 099 x\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/2.0 200 OK\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 200 a\rb\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", false, HTTP_BAD, 0, "", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", false, HTTP_MORE, 0, "", 0},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        for (size_t step = 0; step < 20; step++) {
            struct http_response res;
            uint8_t *bytes = NULL;
            const enum http_progress p =
                read_all(cases[c].text, cases[c].to_head, step, &res, &bytes);
            assert_int_equal(p, cases[c].progress);
            if (p == HTTP_READY) {
                const size_t all = strlen(cases[c].text);
                assert_int_equal(res.status, cases[c].status);
                assert_span_text(res.body, cases[c].body);
                assert_int_equal(res.used, cases[c].used == 0 ? all : cases[c].used);
            }
            free(bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_written_to_the_letter),
        cmocka_unit_test(a_full_buffer_is_an_error),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(answers_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
