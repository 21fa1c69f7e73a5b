#include "journal/view_line.h"

#include "codec/event_redact.h"
#include "codec/json_write.h"
#include "codec/time_text.h"

#include <string.h>

void view_renderer_init(struct view_renderer *renderer)
{
    buf_init(&renderer->shown, 2 * JOURNAL_DATA_MAX);
    buf_init(&renderer->compact, 2 * JOURNAL_DATA_MAX);
    renderer->head.len = 0;
}

void view_renderer_deinit(struct view_renderer *renderer)
{
    buf_deinit(&renderer->shown);
    buf_deinit(&renderer->compact);
}

/* Whether a byte of eight is a control byte or a space. Bytes from 0x80 on may be said to be one. */
static bool has_space(const uint8_t *at)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    const uint64_t low = eight & (each * 0x7f);
    return (~(low + each * (0x80 - 0x21)) & (each * 0x80)) != 0;
}

/* JSON that holds no white space at all, which is what most programs write, is shown as it is. */
static bool is_compact(span_t json)
{
    size_t i = 0;
    for (; i + 8 <= json.len; i += 8) {
        if (has_space(json.ptr + i)) {
            return false;
        }
    }
    for (; i < json.len; i++) {
        if (json.ptr[i] <= ' ') {
            return false;
        }
    }
    return true;
}

/* Copy JSON without the white space between its tokens: a line then holds no newline. */
static err_t append_compact(span_t json, struct buf *out)
{
    TRY(buf_reserve(out, json.len));
    uint8_t *to = out->ptr + out->len;
    bool in_text = false;
    bool escaped = false;
    size_t n = 0;
    for (size_t i = 0; i < json.len; i++) {
        const uint8_t c = json.ptr[i];
        if (c < 0x20 || (!in_text && c == ' ')) {
            continue; /* inside a string no control byte is lawful */
        }
        to[n++] = c;
        if (escaped) {
            escaped = false;
        } else if (c == '\\') {
            escaped = in_text;
        } else if (c == '"') {
            in_text = !in_text;
        }
    }
    out->len += n;
    return ERR_OK;
}

err_t view_render_data(struct view_renderer *renderer, const journal_record_t *record, span_t *out)
{
    span_t data = record->data;
    if (record->secret) {
        buf_clear(&renderer->shown);
        const err_t e = event_redact_keys(record->data, &renderer->shown);
        if (failed(e) && e.code != ERR_FORMAT) {
            return e;
        }
        data = failed(e) ? (span_t){0} : buf_span(&renderer->shown); /* rather nothing than keys */
    }
    if (data.len < 2) {
        *out = SPAN_LIT("{}");
        return ERR_OK;
    }
    span_t text = data;
    if (!is_compact(data)) {
        buf_clear(&renderer->compact);
        TRY(append_compact(data, &renderer->compact));
        text = buf_span(&renderer->compact);
    }
    const bool is_object = text.len >= 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}';
    *out = is_object ? text : SPAN_LIT("{}");
    return ERR_OK;
}

err_t view_render_tail(uuid_t session, const char *email, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w);
    json_name(&w, "session_id");
    json_uuid(&w, session);
    json_name(&w, "user_email");
    json_cstr(&w, email);
    json_end_object(&w);
    TRY(json_finish(&w));
    out->ptr[0] = ','; /* it goes on with the object that view_render_line() begins */
    return buf_append_byte(out, '\n');
}

/* {"timestamp":"…","event_type":"…","data": */
static err_t write_head(const journal_record_t *record, struct buf *out)
{
    char head[] = "{\"timestamp\":\"0000-00-00T00:00:00.000Z\",\"event_type\":";

    enum { TIME_AT = 14 };

    time_print(record->at, head + TIME_AT);
    head[TIME_AT + TIME_TEXT_LEN] = '"'; /* where time_print() ends its text */
    TRY(buf_append(out, (span_t){(const uint8_t *)head, sizeof head - 1}));
    struct json_writer w;
    json_writer_init(&w, out);
    json_text(&w, record->type);
    TRY(json_finish(&w));
    return buf_append(out, SPAN_LIT(",\"data\":"));
}

static void keep_head(struct view_renderer *renderer, const journal_record_t *record, span_t head)
{
    const span_t type = record->type;
    renderer->head.len = 0;
    if (type.len == 0 || type.len > VIEW_HEAD_TYPE || head.len > VIEW_HEAD_BYTES) {
        return;
    }
    memcpy(renderer->head.type, type.ptr, type.len);
    memcpy(renderer->head.text, head.ptr, head.len);
    renderer->head.at = record->at;
    renderer->head.type_len = type.len;
    renderer->head.len = head.len;
}

static bool head_is_kept(const struct view_renderer *renderer, const journal_record_t *record)
{
    return renderer->head.len > 0 && renderer->head.at.ms == record->at.ms &&
           renderer->head.type_len == record->type.len &&
           memcmp(renderer->head.type, record->type.ptr, record->type.len) == 0;
}

static err_t append_head(struct view_renderer *renderer, const journal_record_t *record,
                         struct buf *out)
{
    if (head_is_kept(renderer, record)) {
        return buf_append(out, (span_t){renderer->head.text, renderer->head.len});
    }
    const size_t before = out->len;
    TRY(write_head(record, out));
    keep_head(renderer, record, (span_t){out->ptr + before, out->len - before});
    return ERR_OK;
}

static err_t append_line(struct view_renderer *renderer, const journal_record_t *record,
                         span_t data, span_t tail, struct buf *out)
{
    TRY(append_head(renderer, record, out));
    TRY(buf_append(out, data));
    return buf_append(out, tail);
}

err_t view_render_line(struct view_renderer *renderer, const journal_record_t *record, span_t tail,
                       struct buf *out)
{
    span_t data = {0};
    TRY(view_render_data(renderer, record, &data));
    const size_t before = out->len;
    const err_t e = append_line(renderer, record, data, tail, out);
    if (failed(e)) {
        out->len = before; /* a line is whole or not there */
    }
    return e;
}
