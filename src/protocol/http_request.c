#include "protocol/http_request.h"

#include "base/err.h"
#include "base/util.h"
#include "protocol/http_parse.h"

enum { METHOD_MAX = 32, PORT_DIGITS_MAX = 5 };

static const char *const method_names[HTTP_METHODS] = {
    [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",         [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    [HTTP_OPTIONS] = "OPTIONS", [HTTP_OTHER] = "OTHER",
};

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

static span_t from(span_t text, size_t at)
{
    return (span_t){text.ptr + at, text.len - at};
}

static size_t index_of(span_t text, uint8_t c)
{
    const uint8_t *found = text.len == 0 ? NULL : memchr(text.ptr, c, text.len);
    return found == NULL ? text.len : (size_t)(found - text.ptr);
}

static bool starts_with(span_t text, span_t prefix)
{
    return text.len >= prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
}

static enum http_method method_of(span_t text)
{
    for (unsigned m = 0; m < HTTP_OTHER; m++) {
        const char *name = method_names[m];
        if (text.len == strlen(name) && memcmp(text.ptr, name, text.len) == 0) {
            return (enum http_method)m;
        }
    }
    return HTTP_OTHER;
}

/* Every '%' is followed by two hexadecimal digits. */
static bool escapes_are_whole(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%' &&
            (text.len - i < 3 || http_hex(text.ptr[i + 1]) < 0 || http_hex(text.ptr[i + 2]) < 0)) {
            return false;
        }
    }
    return true;
}

/* No escape hides a slash, a backslash, a dot or a control byte. Escapes must be whole. */
static bool escapes_are_harmless(span_t path)
{
    for (size_t i = index_of(path, '%'); i < path.len; i++) {
        if (path.ptr[i] != '%') {
            continue;
        }
        const int c = http_hex(path.ptr[i + 1]) * 16 + http_hex(path.ptr[i + 2]);
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '.') {
            return false;
        }
    }
    return true;
}

static bool has_dot_segment(span_t path)
{
    while (path.len > 0) {
        const span_t rest = from(path, 1); /* the slash */
        const size_t n = index_of(rest, '/');
        if (n <= 2 && n > 0 && rest.ptr[0] == '.' && (n == 1 || rest.ptr[1] == '.')) {
            return true;
        }
        path = from(rest, n);
    }
    return false;
}

static bool take_path(struct http_reader *r, span_t text, struct http_request *out)
{
    const size_t mark = index_of(text, '?');
    const span_t path = {text.ptr, mark};
    const span_t query = from(text, mark == text.len ? mark : mark + 1);
    if (!http_all_in(HTTP_SET_PATH, path) || !http_all_in(HTTP_SET_QUERY, query)) {
        return http_refuse(r, 400, "byte that no target may hold");
    }
    if (!escapes_are_whole(text) || !escapes_are_harmless(path) || has_dot_segment(path)) {
        return http_refuse(r, 400, "escape or dot segment in the path");
    }
    out->path = path;
    out->query = query;
    return true;
}

/* Bytes of the host that an authority begins with; 0 when it is malformed. Names, IPv4 and
 * [IPv6], RFC 3986 3.2.2 without escapes and sub-delims. */
static size_t host_len(span_t text)
{
    if (text.len == 0 || text.ptr[0] != '[') {
        const size_t n = index_of(text, ':');
        return http_all_in(HTTP_SET_HOST, (span_t){text.ptr, n}) ? n : 0;
    }
    const size_t close = index_of(text, ']');
    if (close == text.len || close < 3) {
        return 0;
    }
    for (size_t i = 1; i < close; i++) {
        if (http_hex(text.ptr[i]) < 0 && text.ptr[i] != ':' && text.ptr[i] != '.') {
            return 0;
        }
    }
    return close + 1;
}

/* "host" or "host:port". */
static bool authority_is_valid(span_t text)
{
    const size_t n = host_len(text);
    if (n == 0 || n == text.len) {
        return n > 0;
    }
    const span_t port = from(text, n); /* with its colon */
    bool digits = port.ptr[0] == ':' && port.len > 1 && port.len <= PORT_DIGITS_MAX + 1;
    for (size_t i = 1; i < port.len; i++) {
        digits = digits && port.ptr[i] >= '0' && port.ptr[i] <= '9';
    }
    return digits;
}

/* "http://authority[/path][?query]": taken, when Host then says the same (RFC 9112 3.2.2). */
static bool take_absolute(struct http_reader *r, span_t target, struct http_message *m)
{
    struct http_request *out = m->self;
    const span_t rest = from(target, starts_with(target, SPAN_LIT("https://")) ? 8 : 7);
    const size_t n = size_min(index_of(rest, '/'), index_of(rest, '?'));
    const span_t authority = {rest.ptr, n};
    if (!authority_is_valid(authority)) {
        return http_refuse(r, 400, "target names no host");
    }
    r->authority_at = (uint16_t)(authority.ptr - m->bytes);
    r->authority_len = (uint16_t)authority.len;
    http_note(r, HTTP_IS_ABSOLUTE);
    const span_t tail = from(rest, n);
    if (!take_path(r, tail, out)) {
        return false;
    }
    if (out->path.len == 0) {
        out->path = SPAN_LIT("/");
    }
    return true;
}

static bool take_target(struct http_reader *r, span_t target, struct http_message *m)
{
    struct http_request *out = m->self;
    if (target.len > HTTP_TARGET_MAX) {
        return http_refuse(r, 414, "target too long");
    }
    out->target = target;
    if (target.len > 0 && target.ptr[0] == '/') {
        return take_path(r, target, out);
    }
    if (starts_with(target, SPAN_LIT("http://")) || starts_with(target, SPAN_LIT("https://"))) {
        return take_absolute(r, target, m);
    }
    if (span_eq(target, SPAN_LIT("*")) && out->method == HTTP_OPTIONS) {
        out->path = target;
        out->query = from(target, 1);
        return true;
    }
    return http_refuse(r, 400, "form of target is not taken");
}

static bool take_version(struct http_reader *r, span_t text)
{
    if (span_eq(text, SPAN_LIT("HTTP/1.1"))) {
        return true;
    }
    if (span_eq(text, SPAN_LIT("HTTP/1.0"))) {
        http_note(r, HTTP_IS_1_0);
        return true;
    }
    const bool shaped = text.len == 8 && starts_with(text, SPAN_LIT("HTTP/")) &&
                        text.ptr[5] >= '0' && text.ptr[5] <= '9' && text.ptr[6] == '.' &&
                        text.ptr[7] >= '0' && text.ptr[7] <= '9';
    return shaped ? http_refuse(r, 505, "version of HTTP is not 1.1 or 1.0")
                  : http_refuse(r, 400, "request line has no version");
}

static bool request_line(struct http_reader *r, span_t line, struct http_message *m)
{
    struct http_request *out = m->self;
    const size_t method_len = index_of(line, ' ');
    const span_t method = {line.ptr, method_len};
    if (method_len == 0 || method_len == line.len || method_len > METHOD_MAX ||
        !http_all_in(HTTP_SET_TOKEN, method)) {
        return http_refuse(r, 400, "method is not a token");
    }
    const span_t rest = from(line, method_len + 1);
    const size_t target_len = index_of(rest, ' ');
    if (target_len == rest.len) {
        return http_refuse(r, 400, "request line has no version");
    }
    out->method_text = method;
    out->method = method_of(method);
    return take_version(r, from(rest, target_len + 1)) &&
           take_target(r, (span_t){rest.ptr, target_len}, m);
}

static bool take_host(struct http_reader *r, span_t value, const struct http_message *m)
{
    if (!http_once(r, HTTP_ONCE_HOST)) {
        return false;
    }
    if (!authority_is_valid(value)) {
        return http_refuse(r, 400, "Host is malformed");
    }
    const span_t authority = {m->bytes + r->authority_at, r->authority_len};
    if (http_has(r, HTTP_IS_ABSOLUTE) && !http_same(value, authority)) {
        return http_refuse(r, 400, "Host differs from the target");
    }
    return true;
}

static bool take_expect(struct http_reader *r, span_t value)
{
    if (!http_once(r, HTTP_ONCE_EXPECT)) {
        return false;
    }
    return http_name_eq(value, "100-continue") || http_has(r, HTTP_IS_1_0) ||
           http_refuse(r, 417, "unknown expectation");
}

static bool request_field(struct http_reader *r, const struct http_header *f,
                          struct http_message *m)
{
    if (http_name_eq(f->name, "Host")) {
        return take_host(r, f->value, m);
    }
    if (http_name_eq(f->name, "Connection")) {
        return http_take_connection(r, f->value);
    }
    if (http_name_eq(f->name, "Content-Length")) {
        return http_take_length(r, f->value);
    }
    if (http_name_eq(f->name, "Transfer-Encoding")) {
        return http_take_coding(r, f->value);
    }
    if (http_name_eq(f->name, "Expect")) {
        return take_expect(r, f->value);
    }
    if (http_name_eq(f->name, "Authorization")) {
        return http_once(r, HTTP_ONCE_AUTHORIZATION);
    }
    if (http_name_eq(f->name, "Content-Type")) {
        return http_once(r, HTTP_ONCE_TYPE);
    }
    if (http_name_eq(f->name, "Origin")) {
        return http_once(r, HTTP_ONCE_ORIGIN);
    }
    return true;
}

static bool request_head_end(struct http_reader *r, struct http_message *m)
{
    struct http_request *out = m->self;
    if (!http_has(r, HTTP_ONCE_HOST) && !http_has(r, HTTP_IS_1_0)) {
        return http_refuse(r, 400, "HTTP/1.1 without Host");
    }
    if (!http_has(r, HTTP_ONCE_HOST) && http_has(r, HTTP_IS_ABSOLUTE)) {
        return http_refuse(r, 400, "absolute target without Host");
    }
    out->http_1_0 = http_has(r, HTTP_IS_1_0);
    out->keep_alive =
        !http_has(r, HTTP_SAYS_CLOSE) && (!out->http_1_0 || http_has(r, HTTP_SAYS_KEEP));
    out->expects_continue = http_has(r, HTTP_ONCE_EXPECT) && !out->http_1_0;
    http_enter_body(r);
    return true;
}

static const struct http_rules request_rules = {
    .first_line = request_line,
    .field = request_field,
    .head_end = request_head_end,
};

enum http_progress http_read(struct http_reader *r, uint8_t *bytes, size_t len,
                             struct http_request *out)
{
    struct http_message m = {.headers = out->headers, .self = out};
    const enum http_progress step = http_message_read(r, &request_rules, bytes, len, &m);
    if (step == HTTP_READY) {
        out->header_count = m.header_count;
        out->body = m.body;
        out->used = m.used;
    }
    return step;
}

bool http_reader_take_continue(struct http_reader *r)
{
    const bool waiting = (r->phase == HTTP_PHASE_BODY && r->scanned == r->head_len) ||
                         (r->phase == HTTP_PHASE_CHUNK_SIZE && r->scanned == r->head_len);
    if (!waiting || !http_has(r, HTTP_ONCE_EXPECT) || http_has(r, HTTP_IS_1_0) ||
        http_has(r, HTTP_CONTINUE_TAKEN)) {
        return false;
    }
    http_note(r, HTTP_CONTINUE_TAKEN);
    return true;
}

span_t http_header_find(const struct http_request *req, const char *name)
{
    return http_fields_find(req->headers, req->header_count, name);
}

size_t http_header_count(const struct http_request *req, const char *name)
{
    return http_fields_count(req->headers, req->header_count, name);
}
