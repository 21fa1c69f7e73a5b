#include "api/assets.h"

#include "tests/support/unit.h"

#include <string.h>

static span_t text(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
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

        struct buf out;
        buf_init(&out, (size_t)4 << 20);
        assert_ok(asset_inflate(a, &out));
        assert_int_equal(out.len, a->raw_len);
        assert_memory_equal(out.ptr, cases[i].begins, strlen(cases[i].begins));
        buf_deinit(&out);
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

static void inflating_appends_and_respects_the_limit(void **state)
{
    (void)state;
    const struct asset *a = asset_find(text("/docs"));
    assert_non_null(a);

    struct buf out;
    buf_init(&out, a->raw_len + 2);
    assert_ok(buf_append(&out, SPAN_LIT("ab")));
    assert_ok(asset_inflate(a, &out));
    assert_memory_equal(out.ptr, "ab<!DOCTYPE", 11);
    assert_err(asset_inflate(a, &out), ERR_LIMIT);
    assert_int_equal(out.len, a->raw_len + 2);
    buf_deinit(&out);
}

static void damaged_bytes_are_an_error_and_leave_the_buffer_alone(void **state)
{
    (void)state;
    const struct asset *good = asset_find(text("/docs/docs.css"));
    assert_non_null(good);
    unsigned char copy[4096] = {0};
    assert_true(good->gz_len > 8 && good->gz_len < sizeof copy);

    struct buf out;
    buf_init(&out, (size_t)1 << 20);
    for (size_t cut = 0; cut < good->gz_len; cut++) {
        struct asset bad = *good;
        bad.gz_len = cut;
        assert_err(asset_inflate(&bad, &out), ERR_FORMAT);
        assert_int_equal(out.len, 0);
    }
    memcpy(copy, good->gz, good->gz_len);
    copy[good->gz_len - 6] ^= 1; /* the checksum in the gzip trailer */
    struct asset bad = *good;
    bad.gz = copy;
    assert_err(asset_inflate(&bad, &out), ERR_FORMAT);
    bad = *good;
    bad.raw_len--;
    assert_err(asset_inflate(&bad, &out), ERR_FORMAT);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_and_document_is_found_with_its_type),
        cmocka_unit_test(a_path_that_is_not_exactly_an_asset_finds_nothing),
        cmocka_unit_test(inflating_appends_and_respects_the_limit),
        cmocka_unit_test(damaged_bytes_are_an_error_and_leave_the_buffer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
