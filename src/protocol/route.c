#include "protocol/route.h"

#include "base/err.h"

static const struct route *row_of(const struct route_table *table, size_t row)
{
    return (const void *)((const char *)table->rows + row * table->stride);
}

static size_t segment_len(span_t text)
{
    const uint8_t *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
    return slash == NULL ? text.len : (size_t)(slash - text.ptr);
}

static span_t take(span_t *rest, size_t n)
{
    const span_t head = {rest->ptr, n};
    *rest = (span_t){rest->ptr + n, rest->len - n};
    return head;
}

/* Compare segment by segment; both begin with a slash. `out` may be left half filled on false. */
static bool pattern_matches(span_t pattern, span_t path, struct route_match *out)
{
    out->param_count = 0;
    while (pattern.len > 0 && path.len > 0) {
        if (*pattern.ptr != *path.ptr) {
            return false;
        }
        (void)take(&pattern, 1); /* the slash */
        (void)take(&path, 1);
        const span_t want = take(&pattern, segment_len(pattern));
        const span_t have = take(&path, segment_len(path));
        if (want.len > 0 && *want.ptr == '{') {
            MUST(out->param_count < ROUTE_PARAMS_MAX);
            if (have.len == 0) {
                return false;
            }
            out->param[out->param_count++] = have;
            continue;
        }
        if (!span_eq(want, have)) {
            return false;
        }
    }
    return pattern.len == 0 && path.len == 0;
}

static bool answers(enum http_method row, enum http_method asked)
{
    return row == asked || (row == HTTP_GET && asked == HTTP_HEAD);
}

enum route_answer route_match(const struct route_table *table, enum http_method method, span_t path,
                              struct route_match *out)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = row_of(table, i);
        struct route_match match = {.row = i};
        if (!pattern_matches(route->pattern, path, &match)) {
            continue;
        }
        if (answers(route->method, method)) {
            *out = match;
            return ROUTE_FOUND;
        }
        allowed |= 1U << (unsigned)route->method;
        allowed |= route->method == HTTP_GET ? 1U << (unsigned)HTTP_HEAD : 0U;
    }
    if (allowed == 0) {
        return ROUTE_NOT_FOUND;
    }
    *out = (struct route_match){.allowed = allowed | 1U << (unsigned)HTTP_OPTIONS};
    return method == HTTP_OPTIONS ? ROUTE_OPTIONS : ROUTE_METHOD;
}

static size_t put_text(char *out, size_t at, const char *text)
{
    for (; *text != '\0'; text++) {
        MUST(at < ROUTE_ALLOW_MAX); /* all seven methods take 44 */
        out[at++] = *text;
    }
    return at;
}

span_t route_allow(unsigned allowed, char out[ROUTE_ALLOW_MAX])
{
    size_t n = 0;
    for (unsigned m = 0; m < HTTP_OTHER; m++) {
        if ((allowed & 1U << m) != 0) {
            n = put_text(out, n, n > 0 ? ", " : "");
            n = put_text(out, n, http_method_name((enum http_method)m));
        }
    }
    return (span_t){(const uint8_t *)out, n};
}
