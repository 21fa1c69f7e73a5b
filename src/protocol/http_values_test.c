/* http_values_test.c - sets of letters, lists, query parameters and the fields we understand. */
#include "base/util.h"
#include "protocol/http_parse.h"
#include "protocol/http_request.h"
#include "tests/support/unit.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void sets_hold_the_letters_of_their_grammar(void **state)
{
    (void)state;
    static const char *const letters[] = {
        [HTTP_SET_TOKEN] = ALNUM "!#$%&'*+-.^_`|~",
        [HTTP_SET_PATH] = ALNUM "-._~!$&'()*+,;=:@/%",
        [HTTP_SET_QUERY] = ALNUM "-._~!$&'()*+,;=:@/%?",
        [HTTP_SET_HOST] = ALNUM "-._~",
        [HTTP_SET_B64TOKEN] = ALNUM "-._~+/=",
    };
    for (unsigned set = 0; set < ARRAY_LEN(letters); set++) {
        for (unsigned c = 0; c < 256; c++) {
            const bool want = c != 0 && strchr(letters[set], (int)c) != NULL;
            assert_int_equal(http_in((enum http_set)set, (uint8_t)c), want);
        }
    }
}

static void lists_give_their_members(void **state)
{
    (void)state;
    span_t rest = SPAN_LIT(" , a,, b c\t,d , ");
    span_t member = {0};
    assert_true(http_list_next(&rest, &member));
    assert_span_text(member, "a");
    assert_true(http_list_next(&rest, &member));
    assert_span_text(member, "b c");
    assert_true(http_list_next(&rest, &member));
    assert_span_text(member, "d");
    assert_false(http_list_next(&rest, &member));
    assert_true(http_list_has(SPAN_LIT("keep-alive, Upgrade"), "upgrade"));
    assert_false(http_list_has(SPAN_LIT("upgraded, xupgrade"), "upgrade"));
    assert_false(http_list_has((span_t){NULL, 0}, "upgrade"));
}

static void query_parameters_are_found_and_decoded(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *query;
        enum http_found found;
        const char *value;
    } cases[] = {
        {"", HTTP_ABSENT, ""},                {"tokens=x", HTTP_ABSENT, ""},
        {"xtoken=x&a", HTTP_ABSENT, ""},      {"token=abc", HTTP_FOUND, "abc"},
        {"a=b&token=a.b-c_d&c=d", HTTP_FOUND, "a.b-c_d"}, {"token=", HTTP_FOUND, ""},
        {"token", HTTP_FOUND, ""},            {"&&token=x&", HTTP_FOUND, "x"},
        {"%74oken=x", HTTP_FOUND, "x"},       {"token=a%20b+c%2B", HTTP_FOUND, "a b c+"},
        {"token=a=b", HTTP_FOUND, "a=b"},     {"token=12345678", HTTP_FOUND, "12345678"},
        {"token=123456789", HTTP_MALFORMED, ""}, {"token=a&token=a", HTTP_MALFORMED, ""},
        {"token=a&%74oken=b", HTTP_MALFORMED, ""}, {"token=%00", HTTP_MALFORMED, ""},
        {"token=%0a", HTTP_MALFORMED, ""},    {"token=%", HTTP_MALFORMED, ""},
        {"token=%4", HTTP_MALFORMED, ""},     {"token=%zz", HTTP_MALFORMED, ""},
        {"token=%7f", HTTP_MALFORMED, ""},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        uint8_t out[8];
        size_t len = 99;
        const enum http_found found =
            http_query_get(text_of(cases[c].query), "token", out, sizeof out, &len);
        assert_int_equal(found, cases[c].found);
        if (found == HTTP_FOUND) {
            assert_span_text((span_t){out, len}, cases[c].value);
        } else {
            assert_int_equal(len, 99);
        }
    }
}

static struct http_request request_with(const char *name, const char *value)
{
    struct http_request req = {.header_count = 1};
    req.headers[0] = (struct http_header){text_of(name), text_of(value)};
    return req;
}

static void bearers_are_taken_only_whole(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *value;
        enum http_found found;
    } cases[] = {
        {"Bearer abc.d-e_f", HTTP_FOUND}, {"bearer abc.d-e_f", HTTP_FOUND}, {"Bearer  abc.d-e_f", HTTP_FOUND},
        {"Bearer", HTTP_MALFORMED}, {"Basic abc", HTTP_MALFORMED}, {"Bearer a b", HTTP_MALFORMED},
        {"Bearer a,b", HTTP_MALFORMED}, {"Bearer\tabc", HTTP_MALFORMED}, {"", HTTP_MALFORMED},
        {"Bearerabc", HTTP_MALFORMED}, {"Bearer \"a\"", HTTP_MALFORMED},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct http_request req = request_with("authorization", cases[c].value);
        span_t token = {0};
        assert_int_equal(http_bearer(&req, &token), cases[c].found);
        if (cases[c].found == HTTP_FOUND) {
            assert_span_text(token, "abc.d-e_f");
        }
    }
    const struct http_request none = {0};
    span_t token = {0};
    assert_int_equal(http_bearer(&none, &token), HTTP_ABSENT);
}

static void media_types_are_compared_without_parameters(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *value;
        bool json;
    } cases[] = {
        {"application/json", true}, {"Application/JSON", true}, {"application/json; charset=utf-8", true},
        {"application/json;charset=\"UTF-8\"", true}, {"application/json;a=b", true},
        {"application/json; charset=latin1", false}, {"text/plain", false}, {"", false},
        {"application/jsonx", false}, {"application/json, text/plain", false},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct http_request req = request_with("Content-Type", cases[c].value);
        assert_int_equal(http_content_is(&req, "application/json"), cases[c].json);
    }
    const struct http_request none = {0};
    assert_false(http_content_is(&none, "application/json"));
}

static void codings_count_unless_their_weight_is_zero(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *value;
        bool gzip;
    } cases[] = {
        {"gzip, deflate, br", true}, {"br, GZIP;q=0.5", true}, {"gzip;q=1.0", true}, {"gzip;q=0.001", true},
        {"gzip;q=0", false}, {"gzip; q=0.000", false}, {"gzip;Q=0.", false}, {"br", false}, {"", false}, {"xgzip", false},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct http_request req = request_with("Accept-Encoding", cases[c].value);
        assert_int_equal(http_accepts_coding(&req, "gzip"), cases[c].gzip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_hold_the_letters_of_their_grammar),
        cmocka_unit_test(lists_give_their_members),
        cmocka_unit_test(query_parameters_are_found_and_decoded),
        cmocka_unit_test(bearers_are_taken_only_whole),
        cmocka_unit_test(media_types_are_compared_without_parameters),
        cmocka_unit_test(codings_count_unless_their_weight_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
