/* json_read_test.c - bodies and settings, and everything that is not JSON. */
#include "codec/json_read.h"

#include "base/util.h"
#include "tests/support/unit.h"

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void members_are_read_by_name_and_kind(void **state)
{
    (void)state;
    CLEANUP(json_free) struct json *tree = NULL;
    assert_false(failed(json_parse(
        text_of("{\"email\":\"\\u00e4@b.c\",\"n\":-7,\"r\":2.5,\"yes\":true,\"no\":false,"
                "\"nil\":null,\"list\":[1,\"two\",{}]}"),
        &tree, NULL)));
    span_t text = {0};
    int64_t whole = 0;
    double number = 0.0;
    bool yes = false;
    assert_true(json_get_text(tree, "email", &text));
    assert_span_text(text, "\xc3\xa4@b.c");
    assert_true(json_get_int(tree, "n", &whole) && whole == -7);
    assert_true(json_get_double(tree, "n", &number));
    assert_near(number, -7.0, 0.0, "n");
    assert_true(json_get_double(tree, "r", &number));
    assert_near(number, 2.5, 0.0, "r");
    assert_true(json_get_bool(tree, "yes", &yes) && yes);
    assert_true(json_get_bool(tree, "no", &yes) && !yes);
    assert_int_equal(json_kind(json_get(tree, "nil")), JSON_KIND_NULL);
    assert_int_equal(json_kind(json_get(tree, "absent")), JSON_KIND_ABSENT);
    assert_int_equal(json_kind(tree), JSON_KIND_OBJECT);
    assert_int_equal(json_count(tree), 7);
    const struct json *const list = json_get(tree, "list");
    assert_int_equal(json_kind(list), JSON_KIND_ARRAY);
    assert_int_equal(json_count(list), 3);
    assert_true(json_as_text(json_item(list, 1), &text));
    assert_span_text(text, "two");
    assert_null(json_item(list, 3));
}

static void another_kind_is_no_answer(void **state)
{
    (void)state;
    CLEANUP(json_free) struct json *tree = NULL;
    assert_false(failed(json_parse(text_of("{\"a\":\"1\",\"b\":1.0,\"c\":1}"), &tree, NULL)));
    span_t text = {0};
    int64_t whole = 5;
    double number = 0.0;
    bool yes = false;
    assert_false(json_get_int(tree, "a", &whole));
    assert_false(json_get_int(tree, "b", &whole));
    assert_false(json_get_double(tree, "a", &number));
    assert_false(json_get_bool(tree, "c", &yes));
    assert_false(json_get_text(tree, "c", &text));
    assert_false(json_get_text(tree, "absent", &text));
    assert_false(json_get_text(NULL, "a", &text));
    assert_null(json_get(json_get(tree, "a"), "b"));
    assert_null(json_item(tree, 0));
    assert_int_equal(json_count(NULL), 0);
    assert_int_equal(whole, 5);
}

static void any_value_may_stand_alone(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum json_kind kind;
    } cases[] = {
        {"5", JSON_KIND_INT},
        {"1e2", JSON_KIND_REAL},
        {"\"\"", JSON_KIND_TEXT},
        {" null ", JSON_KIND_NULL},
        {"false", JSON_KIND_BOOL},
        {"[[[[[[[[]]]]]]]]", JSON_KIND_ARRAY},
        {"{\"[[[[[[[[[\":\"\\\"[[[\"}", JSON_KIND_OBJECT},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *tree = NULL;
        assert_false(failed(json_parse(text_of(cases[i].text), &tree, NULL)));
        assert_int_equal(json_kind(tree), cases[i].kind);
        json_free(&tree);
        assert_null(tree);
    }
    struct json *none = NULL;
    json_free(&none);
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const span_t cases[] = {
        SPAN_INIT(""),
        SPAN_INIT(" "),
        SPAN_INIT("{"),
        SPAN_INIT("{}x"),
        SPAN_INIT("{\"a\":1,}"),
        SPAN_INIT("{\"a\":NaN}"),
        SPAN_INIT("[Infinity]"),
        SPAN_INIT("{\"a\":1,\"a\":2}"),
        SPAN_INIT("{\"a\":1,\"\\u0061\":2}"),
        SPAN_INIT("[[[[[[[[[]]]]]]]]]"),
        SPAN_INIT("\"\xff\""),
        SPAN_INIT("\"\\u0000\""),
        SPAN_INIT("{}\0"),
        SPAN_INIT("{\"a\":1}\0{\"b\":2}"),
        SPAN_INIT("1e999"),
        SPAN_INIT("99999999999999999999"),
        SPAN_INIT("\xef\xbb\xbf{}"),
        SPAN_INIT("\"\\ud800\""),
        SPAN_INIT("'a'"),
        SPAN_INIT("[1 2]"),
        SPAN_INIT("]"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *tree = NULL;
        struct json_fault fault = {0};
        const err_t outcome = json_parse(cases[i], &tree, &fault);
        if (outcome.code != ERR_FORMAT || fault.message == NULL || tree != NULL) {
            fail_msg("%s: taken", (const char *)cases[i].ptr);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_by_name_and_kind),
        cmocka_unit_test(another_kind_is_no_answer),
        cmocka_unit_test(any_value_may_stand_alone),
        cmocka_unit_test(what_is_not_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
