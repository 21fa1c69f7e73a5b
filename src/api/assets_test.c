#include "api/assets.h"

#include "tests/support/unit.h"

#include <string.h>

static span_t text(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
}

/* How long the packed form says that the page is (RFC 1952, ISIZE). */
static size_t packed_of(const struct asset *a)
{
    const unsigned char *const size = a->gz + a->gz_len - 4;
    return (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
}

static void every_page_and_document_is_found_with_its_type(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *path, *type, *begins;
    } cases[] = {
        {"/docs",                       "text/html; charset=utf-8",       "<!DOCTYPE html>"},
        {"/docs/docs.css",              "text/css; charset=utf-8",        "body {"},
        {"/docs/docs-init.js",          "text/javascript; charset=utf-8", "// Starts Swagger UI"},
        {"/docs/swagger-ui.css",        "text/css; charset=utf-8",        ".swagger-ui"},
        {"/docs/swagger-ui-bundle.js",  "text/javascript; charset=utf-8", "/*!"},
        {"/docs/favicon.png",           "image/png",                      "\x89PNG"},
        {"/api/v1/openapi.json",        "application/json",               "{"},
        {"/api/v1/asyncapi.json",       "application/json",               "{"},
    };

    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct asset *a = asset_find(text(cases[i].path));
        assert_non_null(a);
        assert_string_equal(a->content_type, cases[i].type);
        assert_true(a->gz_len > 18 && a->gz[0] == 0x1f && a->gz[1] == 0x8b);
        assert_true(strncmp(a->etag, "W/\"", 3) == 0);

        const size_t begins = strlen(cases[i].begins);
        assert_true(a->raw_len > begins && memcmp(a->raw, cases[i].begins, begins) == 0);
        assert_int_equal(packed_of(a), a->raw_len);
    }
}

static void a_path_that_is_not_exactly_an_asset_finds_nothing(void **state)
{
    (void)state;
    static const char *const cases[] = {"",        "/",         "/doc",       "/docs/",
                                        "/docs?x", "/docs/../", "/docs%2f..", "docs"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(asset_find(text(cases[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_and_document_is_found_with_its_type),
        cmocka_unit_test(a_path_that_is_not_exactly_an_asset_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
