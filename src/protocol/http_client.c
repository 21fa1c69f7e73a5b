#include "protocol/http_client.h"

#include "protocol/http_parse.h"

/* "HTTP/1.1 200 OK"; the reason may be empty, and is not kept. */
static bool status_line(struct http_reader *r, span_t line, struct http_message *m)
{
    struct http_response *out = m->self;
    static const span_t version = SPAN_INIT("HTTP/1.");
    if (line.len < 12 || memcmp(line.ptr, version.ptr, version.len) != 0 ||
        (line.ptr[7] != '0' && line.ptr[7] != '1') || line.ptr[8] != ' ') {
        return http_refuse(r, 502, "no status line of HTTP/1");
    }
    unsigned status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9') {
            return http_refuse(r, 502, "status is not a number");
        }
        status = status * 10 + (unsigned)(line.ptr[i] - '0');
    }
    if (status < 100 || (line.len > 12 && line.ptr[12] != ' ')) {
        return http_refuse(r, 502, "status is not a number");
    }
    for (size_t i = 12; i < line.len; i++) {
        if (line.ptr[i] < 0x20 && line.ptr[i] != '\t') {
            return http_refuse(r, 502, "control byte in the status line");
        }
    }
    if (line.ptr[7] == '0') {
        http_note(r, HTTP_IS_1_0);
    }
    out->status = status;
    return true;
}

static bool response_field(struct http_reader *r, const struct http_header *f,
                           struct http_message *m)
{
    (void)m;
    if (http_name_eq(f->name, "Content-Length")) {
        return http_take_length(r, f->value);
    }
    if (http_name_eq(f->name, "Transfer-Encoding")) {
        return http_take_coding(r, f->value);
    }
    if (http_name_eq(f->name, "Connection")) {
        return http_take_connection(r, f->value);
    }
    return true;
}

static bool response_end(struct http_reader *r, struct http_message *m, bool to_head)
{
    struct http_response *out = m->self;
    const bool http_1_0 = http_has(r, HTTP_IS_1_0);
    out->keep_alive = !http_has(r, HTTP_SAYS_CLOSE) && (!http_1_0 || http_has(r, HTTP_SAYS_KEEP));
    if (to_head || out->status < 200 || out->status == 204 || out->status == 304) {
        r->body_len = 0;
        r->phase = HTTP_PHASE_BODY;
        return true;
    }
    if (!http_has(r, HTTP_ONCE_LENGTH) && !http_has(r, HTTP_ONCE_CODING)) {
        return http_refuse(r, 502, "body without a length");
    }
    http_enter_body(r);
    return true;
}

static bool response_head_end(struct http_reader *r, struct http_message *m)
{
    return response_end(r, m, false);
}

static bool response_head_end_of_head(struct http_reader *r, struct http_message *m)
{
    return response_end(r, m, true);
}

static const struct http_rules rules[] = {
    {.first_line = status_line, .field = response_field, .head_end = response_head_end},
    {.first_line = status_line, .field = response_field, .head_end = response_head_end_of_head},
};

enum http_progress http_response_read(struct http_reader *r, uint8_t *bytes, size_t len,
                                      bool to_head, struct http_response *out)
{
    struct http_message m = {.headers = out->headers, .self = out};
    const enum http_progress step = http_message_read(r, &rules[to_head ? 1 : 0], bytes, len, &m);
    if (step == HTTP_READY) {
        out->header_count = m.header_count;
        out->body = m.body;
        out->used = m.used;
    }
    return step;
}

span_t http_response_find(const struct http_response *res, const char *name)
{
    return http_fields_find(res->headers, res->header_count, name);
}
