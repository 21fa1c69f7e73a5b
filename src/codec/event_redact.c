#include "codec/event_redact.h"

#include "codec/json_cursor.h"

static err_t count_items(struct json_cursor *c, size_t *out)
{
    json_frame_t frame = {0};
    size_t n = 0;
    if (cursor_peek(c) != JSON_NEXT_ARRAY) {
        return err_new(ERR_FORMAT);
    }
    TRY(cursor_enter(c, &frame));
    for (;; n++) {
        bool more = false;
        TRY(cursor_next_item(c, &frame, &more));
        if (!more) {
            *out = n;
            return ERR_OK;
        }
        TRY(cursor_skip(c, NULL));
    }
}

/* Find the value of the member "keys": its bytes, and how many items it has. */
static err_t find_keys(span_t data, span_t *value, size_t *items)
{
    uint8_t text[JSON_STRING_MAX];
    struct json_cursor c = {
        .at = data.ptr,
        .end = data.ptr + data.len,
        .text = text,
        .text_cap = sizeof text,
        .depth_max = JSON_DEPTH_MAX,
    };
    json_frame_t frame = {0};
    if (cursor_peek(&c) != JSON_NEXT_OBJECT) {
        return err_new(ERR_FORMAT);
    }
    TRY(cursor_enter(&c, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        TRY(cursor_next_name(&c, &frame, &name, &more));
        if (!more) {
            return cursor_end(&c);
        }
        if (!span_eq(name, SPAN_LIT("keys"))) {
            TRY(cursor_skip(&c, NULL));
            continue;
        }
        (void)cursor_peek(&c); /* past the blanks */
        value->ptr = c.at;
        TRY(count_items(&c, items));
        value->len = (size_t)(c.at - value->ptr);
    }
}

static err_t append_redacted(span_t data, span_t keys, size_t items, struct buf *out)
{
    const size_t before = (size_t)(keys.ptr - data.ptr);
    const size_t after = before + keys.len;
    TRY(buf_append(out, (span_t){data.ptr, before}));
    TRY(buf_append_format(out, "%zu", items));
    return buf_append(out, (span_t){data.ptr + after, data.len - after});
}

err_t event_redact_keys(span_t data, struct buf *out)
{
    span_t keys = {0};
    size_t items = 0;
    const size_t start = out->len;
    if (data.len == 0) {
        return err_new(ERR_FORMAT);
    }
    TRY(find_keys(data, &keys, &items));
    if (keys.ptr == NULL) {
        return buf_append(out, data);
    }
    const err_t outcome = append_redacted(data, keys, items, out);
    if (failed(outcome)) {
        out->len = start;
    }
    return outcome;
}
