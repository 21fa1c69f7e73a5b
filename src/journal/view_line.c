#include "journal/view_line.h"

#include "codec/event_redact.h"
#include "codec/json_write.h"

void view_renderer_init(struct view_renderer *renderer)
{
    buf_init(&renderer->shown, 2 * JOURNAL_DATA_MAX);
    buf_init(&renderer->compact, 2 * JOURNAL_DATA_MAX);
}

void view_renderer_deinit(struct view_renderer *renderer)
{
    buf_deinit(&renderer->shown);
    buf_deinit(&renderer->compact);
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
    buf_clear(&renderer->compact);
    TRY(append_compact(data, &renderer->compact));
    const span_t text = buf_span(&renderer->compact);
    const bool is_object = text.len >= 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}';
    *out = is_object ? text : SPAN_LIT("{}");
    return ERR_OK;
}

err_t view_render_line(struct view_renderer *renderer, const journal_record_t *record,
                       const char *email, struct buf *out)
{
    span_t data = {0};
    TRY(view_render_data(renderer, record, &data));
    const size_t before = out->len;
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w);
    json_name(&w, "timestamp");
    json_time(&w, record->at);
    json_name(&w, "event_type");
    json_text(&w, record->type);
    json_name(&w, "data");
    json_raw(&w, data);
    json_name(&w, "session_id");
    json_uuid(&w, record->session);
    json_name(&w, "user_email");
    json_cstr(&w, email);
    json_end_object(&w);
    TRY(json_finish(&w));
    const err_t e = buf_append_byte(out, '\n');
    if (failed(e)) {
        out->len = before; /* a line is whole or not there */
    }
    return e;
}
