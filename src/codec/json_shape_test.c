/* What a text is made of, and that too much of it is refused before anything is taken. */
#include "codec/json_shape.h"

#include "base/util.h"
#include "codec/json_read.h"
#include "tests/support/unit.h"

#include <string.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void each_value_is_counted_once(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t values, nodes, names, strings, longest;
    } rows[] = {
        {"5", 1, 0, 0, 0, 1},
        {"{}", 1, 1, 0, 0, 1},
        {"[ ]", 1, 1, 0, 0, 2},
        {"[{}]", 2, 2, 0, 0, 1},
        {"[[],{ },[]]", 4, 4, 0, 0, 2},
        {"[1,2,3]", 4, 1, 0, 0, 2},
        {"{\"a\":1}", 2, 1, 1, 1, 3},
        {"{\"a\":\"b\"}", 2, 1, 1, 2, 3},
        {" {\"a\" : [1 , {\"b\":{}}]}\r\n", 5, 4, 2, 2, 3},
        {"\"{[,:\\\"]}\"", 1, 0, 0, 1, 10},
        {"{\"\\\\\":\"\\u0041\",\"[\":null}", 3, 1, 2, 3, 8},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_shape shape = {0};
        struct json *tree = NULL;
        assert_ok(json_measure(text_of(rows[i].text), NULL, &shape, NULL));
        if (shape.values != rows[i].values || shape.objects + shape.arrays != rows[i].nodes ||
            shape.names != rows[i].names || shape.strings != rows[i].strings ||
            shape.longest != rows[i].longest || shape.bytes != strlen(rows[i].text)) {
            fail_msg("%s: values %zu, nodes %zu, names %zu, strings %zu, longest %zu", rows[i].text,
                     shape.values, shape.objects + shape.arrays, shape.names, shape.strings,
                     shape.longest);
        }
        assert_ok(json_parse(text_of(rows[i].text), &tree, NULL));
        json_free(&tree);
    }
}

static void a_text_may_have_so_many_values_and_no_more(void **state)
{
    (void)state;
    const json_limits_t limits = {.values = 5, .nodes = 3};

    static const struct {
        const char *text;
        const char *of; /* NULL: it passes */
        size_t most;
    } rows[] = {
        {"[1,2,3]", NULL, 0},
        {"[1,2,3,4]", NULL, 0},
        {"[1,2,3,4,5]", "values", 5},
        {"{\"a\":1,\"b\":2,\"c\":3}", NULL, 0},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":{}}", NULL, 0},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":{\"e\":1}}", "values", 5},
        {"[[1,2,3]]", NULL, 0},
        {"[[1,2,3,4]]", "values", 5},
        {"[{},[]]", NULL, 0},
        {"[{},[],{}]", "objects and arrays", 3},
        {"[[[]]]", NULL, 0},
        {"[[[[]]]]", "objects and arrays", 3},
        {",,,,", NULL, 0}, /* no JSON, but that is for the reader to say */
        {",,,,,", "values", 5},
        {"}}{{{{", "objects and arrays", 3},
        {"\"[[[[[[,,,,,,,", NULL, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_shape shape = {.bytes = 77};
        struct json_fault fault = {0};
        const err_t outcome = json_measure(text_of(rows[i].text), &limits, &shape, &fault);
        if (failed(outcome) != (rows[i].of != NULL)) {
            fail_msg("%s: %s", rows[i].text, failed(outcome) ? "refused" : "taken");
        }
        if (rows[i].of != NULL) {
            assert_int_equal(outcome.code, ERR_LIMIT);
            assert_string_equal(fault.of, rows[i].of);
            assert_int_equal(fault.most, rows[i].most);
            assert_non_null(fault.message);
            assert_true(fault.at < strlen(rows[i].text));
            assert_int_equal(shape.bytes, 77);
        }
    }
}

static void what_is_no_json_whatever_follows_is_no_matter_of_limits(void **state)
{
    (void)state;
    static const span_t cases[] = {SPAN_INIT(""), SPAN_INIT("[1,2\0]"), SPAN_INIT("[[[[[[[[["),
                                   SPAN_INIT("{}{}{}[[[[[[[[[")};
    const json_limits_t limits = {.values = 20, .nodes = 20};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_shape shape = {0};
        struct json_fault fault = {0};
        assert_int_equal(json_measure(cases[i], &limits, &shape, &fault).code, ERR_FORMAT);
        assert_true(fault.message != NULL && fault.of == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_counted_once),
        cmocka_unit_test(a_text_may_have_so_many_values_and_no_more),
        cmocka_unit_test(what_is_no_json_whatever_follows_is_no_matter_of_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
