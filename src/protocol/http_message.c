#include "protocol/http_message.h"

#include "base/err.h"
#include "protocol/http_parse.h"

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20U) : c;
}

void http_reader_init(struct http_reader *r, size_t body_max)
{
    MUST(body_max <= HTTP_BODY_LIMIT);
    *r = (struct http_reader){.body_max = (uint32_t)body_max, .phase = HTTP_PHASE_START};
}

bool http_same(span_t a, span_t b)
{
    bool same = a.len == b.len;
    for (size_t i = 0; same && i < a.len; i++) {
        same = fold(a.ptr[i]) == fold(b.ptr[i]);
    }
    return same;
}

bool http_name_eq(span_t text, const char *name)
{
    size_t i = 0;
    while (i < text.len && name[i] != '\0' && fold(text.ptr[i]) == fold((uint8_t)name[i])) {
        i++;
    }
    return i == text.len && name[i] == '\0';
}

span_t http_fields_find(const struct http_header *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (http_name_eq(fields[i].name, name)) {
            return fields[i].value;
        }
    }
    return (span_t){NULL, 0};
}

size_t http_fields_count(const struct http_header *fields, size_t count, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += http_name_eq(fields[i].name, name) ? 1U : 0U;
    }
    return n;
}

bool http_list_next(span_t *rest, span_t *out_member)
{
    while (rest->len > 0) {
        const uint8_t *comma = memchr(rest->ptr, ',', rest->len);
        const size_t n = comma == NULL ? rest->len : (size_t)(comma - rest->ptr);
        const span_t member = http_trim((span_t){rest->ptr, n});
        const size_t used = comma == NULL ? n : n + 1;
        *rest = (span_t){rest->ptr + used, rest->len - used};
        if (member.len > 0) {
            *out_member = member;
            return true;
        }
    }
    return false;
}

bool http_list_has(span_t list, const char *token)
{
    for (span_t member = {0}; http_list_next(&list, &member);) {
        if (http_name_eq(member, token)) {
            return true;
        }
    }
    return false;
}
