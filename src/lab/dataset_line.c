#include "lab/dataset_line.h"

#include "base/util.h"
#include "codec/email.h"
#include "codec/json_cursor.h"
#include "codec/time_text.h"

#include <stdio.h>

static enum line_answer refuse(struct line_fault *fault, const char *field, const char *message)
{
    *fault = (struct line_fault){.message = message};
    (void)snprintf(fault->field, sizeof fault->field, "%s", field);
    return LINE_REFUSED;
}

const char line_marked[] = "begins with a byte order mark; the file must begin without";

bool line_has_mark(span_t line)
{
    return line.len >= 3 && memcmp(line.ptr, "\xef\xbb\xbf", 3) == 0;
}

bool dataset_name_is_good(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
              b == '.' || b == '_' || b == '@' || b == '-')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= DATASET_NAME_BYTES;
}

/* ---- a line of events.jsonl ---- */

enum part { PART_TIMESTAMP, PART_TYPE, PART_DATA, PART_SESSION, PART_EMAIL, PARTS };

static const struct {
    span_t name;
    enum json_next kind;
    const char *missing;
} parts[PARTS] = {
    [PART_TIMESTAMP] = {SPAN_INIT("timestamp"), JSON_NEXT_TEXT,
                        "must be a string, a time such as 2026-01-31T09:00:00.000Z"},
    [PART_TYPE] = {SPAN_INIT("event_type"), JSON_NEXT_TEXT,
                   "must be a string, 1 to 64 of a-z, 0-9 and _"},
    [PART_DATA] = {SPAN_INIT("data"), JSON_NEXT_OBJECT, "must be an object"},
    [PART_SESSION] = {SPAN_INIT("session_id"), JSON_NEXT_TEXT,
                      "must be a string, 1 to 64 of A-Z, a-z, 0-9, ., _, @ and -"},
    [PART_EMAIL] =
        {SPAN_INIT("user_email"), JSON_NEXT_TEXT,
         "must be a string, an address such as a@b.example or a name, 1 to 64 of A-Z, a-z, 0-9, ., _, @ and -"},
};

struct line_parts {
    span_t text[PARTS];
    enum part wrong; /* PARTS: none */
    unsigned seen;
};

static enum part part_find(span_t name)
{
    enum part p = PART_TIMESTAMP;
    while (p < PARTS && !span_eq(parts[p].name, name)) {
        p++;
    }
    return p;
}

static err_t take_parts(struct json_cursor *in, struct line_parts *out)
{
    json_frame_t frame = {0};
    TRY(cursor_enter(in, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        TRY(cursor_next_name(in, &frame, &name, &more));
        if (!more) {
            return cursor_end(in);
        }
        const enum part p = part_find(name);
        if (p == PARTS) {
            TRY(cursor_skip(in, NULL));
            continue;
        }
        out->seen |= 1U << p;
        if (cursor_peek(in) != parts[p].kind) {
            out->wrong = p;
            TRY(cursor_skip(in, NULL));
        } else if (parts[p].kind == JSON_NEXT_TEXT) {
            TRY(cursor_take_text(in, &out->text[p]));
        } else {
            TRY(cursor_skip(in, &out->text[p]));
        }
    }
}

static enum line_answer refuse_part(struct line_fault *fault, enum part p)
{
    return refuse(fault, (const char *)parts[p].name.ptr, parts[p].missing);
}

enum line_answer line_event_parse(struct line_scratch *s, const struct line_text *text,
                                  canara_event_t *out, struct line_fault *fault)
{
    scanned_event_t scanned;
    scan_fault_t why;
    if (event_scan_lab(&s->events, text->type, text->data, &scanned, &why) != SCAN_OK) {
        return refuse(fault, why.field[0] == '\0' ? "data" : why.field, why.message);
    }
    *out = scanned.event;
    return LINE_OK;
}

static bool is_type(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= EVENT_TYPE_MAX;
}

/* What a time without a zone lacks is said, and no more. */
static enum line_answer refuse_time(struct line_fault *fault, span_t text)
{
    uint8_t with_zone[40];
    wall_t at;
    if (text.len + 1 < sizeof with_zone) {
        memcpy(with_zone, text.ptr, text.len);
        with_zone[text.len] = 'Z';
        if (!failed(time_parse((span_t){with_zone, text.len + 1}, &at))) {
            return refuse(fault, "timestamp",
                          "has no zone; it must end in Z or an offset such as +02:00");
        }
    }
    return refuse_part(fault, PART_TIMESTAMP);
}

/* The name of the member whose value holds the byte at `at`: the last in front of a colon. Plain names only. */
static span_t name_before(span_t line, size_t at)
{
    size_t end = at;
    while (end > 1 && (line.ptr[end - 1] != ':' || line.ptr[end - 2] != '"')) {
        end--;
    }
    end = end < 2 ? 0 : end - 2; /* of the name */
    size_t first = end;
    while (first > 0 && ((line.ptr[first - 1] >= 'a' && line.ptr[first - 1] <= 'z') ||
                         line.ptr[first - 1] == '_')) {
        first--;
    }
    return (span_t){line.ptr + first, end - first};
}

/* A value that other writers put down and JSON has not. */
static const char *misspelt(span_t line, size_t at)
{
    static const char *const words[] = {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"};
    size_t before = at;
    while (before > 0 && line.ptr[before - 1] == ' ') {
        before--;
    }
    if (before > 0 && strchr(":[,", line.ptr[before - 1]) == NULL) {
        return NULL; /* within a text, or behind a value */
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (line.len - at >= strlen(words[i]) &&
            memcmp(line.ptr + at, words[i], strlen(words[i])) == 0) {
            return "has NaN or an infinity, which are no JSON; a number is allowed, null where one "
                   "is missing";
        }
    }
    const bool is_number =
        at < line.len && (line.ptr[at] == '-' || (line.ptr[at] >= '0' && line.ptr[at] <= '9'));
    return is_number ? "has a number that is too large or misspelt" : NULL;
}

/* Why a line is not read, as nearly as can be told from the byte that reading stopped at. */
static enum line_answer refuse_line(struct line_fault *fault, span_t line, const uint8_t *stopped)
{
    if (line_has_mark(line)) {
        return refuse(fault, "line", line_marked);
    }
    const size_t at = line.len == 0 ? 0 : (size_t)(stopped - line.ptr);
    const char *const why = misspelt(line, at);
    if (why == NULL) {
        return refuse(fault, "line", "is no JSON object; one whole object a line is allowed");
    }
    const span_t name = name_before(line, at);
    char field[64] = "line";
    if (name.len > 0 && name.len < sizeof field) {
        (void)snprintf(field, sizeof field, "%.*s", (int)name.len, (const char *)name.ptr);
    }
    return refuse(fault, field, why);
}

enum line_answer line_text_parse(struct line_scratch *s, span_t line, struct line_text *out,
                                 struct line_fault *fault)
{
    struct json_cursor in = {
        .at = line.ptr,
        .end = line.ptr + line.len,
        .names = s->names,
        .names_cap = ARRAY_LEN(s->names),
        .text = s->text,
        .text_cap = sizeof s->text,
        .depth_max = JSON_DEPTH_MAX,
    };
    struct line_parts found = {.wrong = PARTS};
    if (line.len > DATASET_LINE_BYTES || cursor_peek(&in) != JSON_NEXT_OBJECT ||
        failed(take_parts(&in, &found))) {
        return refuse_line(fault, line, in.at);
    }
    for (enum part p = PART_TIMESTAMP; p < PARTS; p++) {
        if ((found.seen & 1U << p) == 0 || found.wrong == p) {
            return refuse_part(fault, p);
        }
    }
    struct line_text line_out = {.type = found.text[PART_TYPE],
                                 .data = found.text[PART_DATA],
                                 .session = found.text[PART_SESSION],
                                 .email = found.text[PART_EMAIL]};
    if (failed(time_parse(found.text[PART_TIMESTAMP], &line_out.at))) {
        return refuse_time(fault, found.text[PART_TIMESTAMP]);
    }
    if (!is_type(line_out.type)) {
        return refuse_part(fault, PART_TYPE);
    }
    if (!dataset_name_is_good(line_out.session)) {
        return refuse_part(fault, PART_SESSION);
    }
    email_t email;
    if (!dataset_name_is_good(line_out.email) &&
        failed(email_parse(line_out.email, &email, NULL))) {
        return refuse_part(fault, PART_EMAIL);
    }
    *out = line_out;
    return LINE_OK;
}

enum line_answer event_line_parse(struct line_scratch *s, span_t line, struct event_line *out,
                                  struct line_fault *fault)
{
    struct line_text text;
    canara_event_t event;
    if (line_text_parse(s, line, &text, fault) != LINE_OK ||
        line_event_parse(s, &text, &event, fault) != LINE_OK) {
        return LINE_REFUSED;
    }
    *out = (struct event_line){
        .at = text.at, .session = text.session, .email = text.email, .event = event};
    return LINE_OK;
}

/* ---- a row of names ---- */

static const char *const labels[DATASET_LABELS] = {
    [DATASET_GENUINE] = "genuine",
    [DATASET_IMPOSTOR] = "impostor",
    [DATASET_HUMAN] = "human",
    [DATASET_BOT] = "bot",
};

const char *dataset_label_name(enum dataset_label label)
{
    return (unsigned)label < DATASET_LABELS ? labels[label] : "unknown";
}

static bool label_find(span_t text, enum dataset_label *out)
{
    for (enum dataset_label l = DATASET_GENUINE; l < DATASET_LABELS; l++) {
        if (span_eq(text, (span_t){(const uint8_t *)labels[l], strlen(labels[l])})) {
            *out = l;
            return true;
        }
    }
    return false;
}

/* Cut `line` at its tabs; false unless there are exactly `want` columns. */
static bool split(span_t line, size_t want, span_t out[3])
{
    size_t n = 0;
    while (n < want) {
        const uint8_t *const tab = line.len == 0 ? NULL : memchr(line.ptr, '\t', line.len);
        const size_t len = tab == NULL ? line.len : (size_t)(tab - line.ptr);
        out[n++] = (span_t){line.ptr, len};
        if (tab == NULL) {
            return n == want;
        }
        line.ptr += len + 1;
        line.len -= len + 1;
    }
    return false;
}

static const char *columns_wanted(enum row_form form)
{
    switch (form) {
    case ROW_BACKGROUND: return "must be one column: session";
    case ROW_ENROL: return "must be two columns with a tab between them: model, session";
    case ROW_TRIAL: break;
    }
    return "must be three columns with tabs between them: model, session, label";
}

enum line_answer name_row_parse(enum row_form form, span_t line, struct name_row *out,
                                struct line_fault *fault)
{
    static const char bad_name[] = "must be 1 to 64 of A-Z, a-z, 0-9, ., _, @ and -";
    span_t column[3] = {{0}};
    if (line_has_mark(line)) {
        return refuse(fault, "line", line_marked);
    }
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r' ? 1U : 0U; /* of a spreadsheet */
    if (!split(line, (size_t)form, column)) {
        return refuse(fault, "line", columns_wanted(form));
    }
    struct name_row row = {.session = column[form == ROW_BACKGROUND ? 0 : 1]};
    if (form != ROW_BACKGROUND) {
        row.model = column[0];
        if (!dataset_name_is_good(row.model)) {
            return refuse(fault, "model", bad_name);
        }
    }
    if (!dataset_name_is_good(row.session)) {
        return refuse(fault, "session", bad_name);
    }
    if (form == ROW_TRIAL && !label_find(column[2], &row.label)) {
        return refuse(fault, "label", "must be genuine, impostor, human or bot");
    }
    *out = row;
    return LINE_OK;
}
