/* route_test.c - every path finds its row, and says what else it would take. */
#include "protocol/route.h"

#include "base/util.h"
#include "tests/support/unit.h"

static const struct row {
    struct route route;
    int handler; /* the caller's own part of a row */
} rows[] = {
    {{HTTP_GET, SPAN_INIT("/")}, 0},
    {{HTTP_POST, SPAN_INIT("/api/v1/auth/login")}, 1},
    {{HTTP_GET, SPAN_INIT("/api/v1/auth/sessions")}, 2},
    {{HTTP_DELETE, SPAN_INIT("/api/v1/auth/sessions/{id}")}, 3},
    {{HTTP_GET, SPAN_INIT("/api/v1/ws/sessions/{id}/behavior-summary")}, 4},
    {{HTTP_POST, SPAN_INIT("/api/v1/ws/sessions/{id}/events")}, 5},
    {{HTTP_GET, SPAN_INIT("/api/v1/ws/sessions/{id}/events")}, 6},
    {{HTTP_GET, SPAN_INIT("/two/{a}/{b}")}, 7},
};

static void every_path_gets_its_answer(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        enum http_method method;
        const char *path;
        enum route_answer answer;
        int row;
        const char *first, *second, *allow;
    } cases[] = {
        {HTTP_GET, "/", ROUTE_FOUND, 0, "", "", ""},
        {HTTP_HEAD, "/", ROUTE_FOUND, 0, "", "", ""},
        {HTTP_POST, "/api/v1/auth/login", ROUTE_FOUND, 1, "", "", ""},
        {HTTP_HEAD, "/api/v1/auth/login", ROUTE_METHOD, 0, "", "", "POST, OPTIONS"},
        {HTTP_GET, "/api/v1/auth/login", ROUTE_METHOD, 0, "", "", "POST, OPTIONS"},
        {HTTP_OTHER, "/", ROUTE_METHOD, 0, "", "", "GET, HEAD, OPTIONS"},
        {HTTP_OPTIONS, "/", ROUTE_OPTIONS, 0, "", "", "GET, HEAD, OPTIONS"},
        {HTTP_DELETE, "/api/v1/auth/sessions/abc", ROUTE_FOUND, 3, "abc", "", ""},
        {HTTP_GET, "/api/v1/auth/sessions", ROUTE_FOUND, 2, "", "", ""},
        {HTTP_GET, "/api/v1/ws/sessions/x-1/behavior-summary", ROUTE_FOUND, 4, "x-1", "", ""},
        {HTTP_GET, "/api/v1/ws/sessions/x/events", ROUTE_FOUND, 6, "x", "", ""},
        {HTTP_POST, "/api/v1/ws/sessions/x/events", ROUTE_FOUND, 5, "x", "", ""},
        {HTTP_DELETE, "/api/v1/ws/sessions/x/events", ROUTE_METHOD, 0, "", "", "GET, HEAD, POST, OPTIONS"},
        {HTTP_GET, "/two/a/b", ROUTE_FOUND, 7, "a", "b", ""},
        {HTTP_GET, "/two/a/", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "/two//b", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "/two/a/b/", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "/two/a", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "//", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_OPTIONS, "*", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_DELETE, "/api/v1/auth/sessions/", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_GET, "/API/v1/auth/sessions", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_POST, "/api/v1/auth/login/", ROUTE_NOT_FOUND, 0, "", "", ""},
        {HTTP_POST, "/api/v1/auth/log", ROUTE_NOT_FOUND, 0, "", "", ""},
    };
    /* clang-format on */
    const struct route_table table = ROUTE_TABLE(rows);
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const span_t path = {(const uint8_t *)cases[c].path, strlen(cases[c].path)};
        struct route_match match = {0};
        const enum route_answer answer = route_match(&table, cases[c].method, path, &match);
        assert_int_equal(answer, cases[c].answer);
        if (answer == ROUTE_FOUND) {
            assert_int_equal(rows[match.row].handler, cases[c].row);
            assert_span_text(match.param[0], cases[c].first);
            assert_span_text(match.param[1], cases[c].second);
        } else if (answer != ROUTE_NOT_FOUND) {
            char text[ROUTE_ALLOW_MAX];
            assert_span_text(route_allow(match.allowed, text), cases[c].allow);
        }
    }
}

static void all_methods_fit_into_allow(void **state)
{
    (void)state;
    char text[ROUTE_ALLOW_MAX];
    assert_span_text(route_allow(~0U, text), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    assert_span_text(route_allow(0, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_gets_its_answer),
        cmocka_unit_test(all_methods_fit_into_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
