/* http_values.c - what single fields and query parameters of a request say. */
#include "protocol/http_parse.h"
#include "protocol/http_request.h"

/* Decode one byte of a query at `*at` and move on; -1 for what may not be there. */
static int query_byte(span_t text, size_t *at)
{
    const uint8_t c = text.ptr[(*at)++];
    if (c == '+') {
        return ' ';
    }
    if (c != '%') {
        return c;
    }
    if (text.len - *at < 2) {
        return -1;
    }
    const int high = http_hex(text.ptr[*at]);
    const int low = http_hex(text.ptr[*at + 1]);
    *at += 2;
    const int value = high * 16 + low;
    return high < 0 || low < 0 || value < 0x20 || value == 0x7f ? -1 : value;
}

/* Compare a still encoded name with a plain one. */
static bool query_name_eq(span_t text, const char *name)
{
    size_t i = 0;
    size_t at = 0;
    while (at < text.len && name[i] != '\0') {
        if (query_byte(text, &at) != (uint8_t)name[i]) {
            return false;
        }
        i++;
    }
    return at == text.len && name[i] == '\0';
}

static bool query_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; n++) {
        const int c = query_byte(text, &at);
        if (c < 0 || n == cap) {
            return false;
        }
        out[n] = (uint8_t)c;
    }
    *out_len = n;
    return true;
}

static span_t next_part(span_t *rest, uint8_t separator)
{
    if (rest->len == 0) {
        return *rest; /* an absent field has no address to count from */
    }
    const uint8_t *found = memchr(rest->ptr, separator, rest->len);
    const size_t n = found == NULL ? rest->len : (size_t)(found - rest->ptr);
    const span_t part = {rest->ptr, n};
    const size_t used = found == NULL ? n : n + 1;
    *rest = (span_t){rest->ptr + used, rest->len - used};
    return part;
}

enum http_found http_query_get(span_t query, const char *name, uint8_t *out, size_t cap,
                               size_t *out_len)
{
    span_t value = {0};
    size_t times = 0;
    while (query.len > 0) {
        span_t pair = next_part(&query, '&');
        if (query_name_eq(next_part(&pair, '='), name)) {
            value = pair;
            times++;
        }
    }
    if (times == 0) {
        return HTTP_ABSENT;
    }
    return times == 1 && query_decode(value, out, cap, out_len) ? HTTP_FOUND : HTTP_MALFORMED;
}

enum http_found http_bearer(const struct http_request *req, span_t *out_token)
{
    const span_t value = http_header_find(req, "Authorization");
    if (value.ptr == NULL) {
        return HTTP_ABSENT;
    }
    span_t rest = value;
    const span_t scheme = next_part(&rest, ' ');
    const span_t token = http_trim(rest);
    if (!http_name_eq(scheme, "Bearer") || token.len == 0 ||
        !http_all_in(HTTP_SET_B64TOKEN, token)) {
        return HTTP_MALFORMED;
    }
    *out_token = token;
    return HTTP_FOUND;
}

bool http_content_is(const struct http_request *req, const char *media_type)
{
    span_t rest = http_header_find(req, "Content-Type");
    if (!http_name_eq(http_trim(next_part(&rest, ';')), media_type)) {
        return false;
    }
    while (rest.len > 0) {
        span_t value = next_part(&rest, ';');
        const span_t name = http_trim(next_part(&value, '='));
        if (http_name_eq(name, "charset") && !http_name_eq(value, "utf-8") &&
            !http_name_eq(value, "\"utf-8\"")) {
            return false;
        }
    }
    return true;
}

/* "q=0", "q=0.", "q=0.000": not wanted (RFC 9110 12.4.2). */
static bool weight_is_zero(span_t parameters)
{
    while (parameters.len > 0) {
        const span_t part = http_trim(next_part(&parameters, ';'));
        if (part.len < 3 || (part.ptr[0] | 0x20U) != 'q' || part.ptr[1] != '=') {
            continue;
        }
        for (size_t i = 2; i < part.len; i++) {
            if (part.ptr[i] != '0' && part.ptr[i] != '.') {
                return false;
            }
        }
        return true;
    }
    return false;
}

bool http_accepts_coding(const struct http_request *req, const char *coding)
{
    span_t list = http_header_find(req, "Accept-Encoding");
    for (span_t member = {0}; http_list_next(&list, &member);) {
        if (http_name_eq(http_trim(next_part(&member, ';')), coding)) {
            return !weight_is_zero(member);
        }
    }
    return false;
}
