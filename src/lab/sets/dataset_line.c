#include "lab/sets/dataset_line.h"

#include "base/util.h"
#include "codec/event_fields.h"
#include "codec/json_cursor.h"
#include "codec/utf8.h"
#include "lab/sets/dataset_time.h"

#include <stdio.h>

static enum line_answer refuse(struct line_fault *fault, const char *field, const char *message)
{
    *fault = (struct line_fault){.message = message};
    (void)snprintf(fault->field, sizeof fault->field, "%s", field);
    return LINE_REFUSED;
}

static const char marked[] =
    "begins with a byte order mark; only the first line of a file may, and only once";

bool line_has_mark(span_t line)
{
    return line.len >= LINE_MARK_BYTES && memcmp(line.ptr, "\xef\xbb\xbf", LINE_MARK_BYTES) == 0;
}

static bool is_blank(uint8_t b)
{
    return b == ' ' || b == '\t' || b == '\r';
}

bool line_is_blank(span_t line)
{
    size_t i = 0;
    while (i < line.len && is_blank(line.ptr[i])) {
        i++;
    }
    return i == line.len;
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

bool dataset_name_is_readable(span_t text)
{
    return text.len > 0 && text.len <= DATASET_NAME_LONGEST && span_trim(text).len == text.len &&
           utf8_is_printable(text);
}

/* ---- a line of events.jsonl ---- */

_Static_assert((size_t)DATASET_LINE_BYTES <= (size_t)EVENT_LAB_MAX,
               "an event is shorter than its line");

enum part { PART_TIMESTAMP, PART_TYPE, PART_DATA, PART_SESSION, PART_EMAIL, PARTS };

#define KIND(next) (1U << (unsigned)JSON_NEXT_##next)
#define ANY_NAME   (KIND(TEXT) | KIND(NUMBER))
#define ANYTHING   (ANY_NAME | KIND(OBJECT) | KIND(ARRAY) | KIND(BOOL) | KIND(NULL))

static const struct {
    span_t name;
    unsigned kinds; /* that its value may be of */
    bool optional;
    const char *missing;
} parts[PARTS] = {
    [PART_TIMESTAMP] = {SPAN_INIT("timestamp"), ANY_NAME, false,
                        "must be a time such as 2026-01-31T09:00:00.000Z, or seconds or "
                        "milliseconds since 1970"},
    [PART_TYPE] = {SPAN_INIT("event_type"), KIND(TEXT), false, "must be a string"},
    [PART_DATA] = {SPAN_INIT("data"), ANYTHING, false, "must be an object"},
    [PART_SESSION] = {SPAN_INIT("session_id"), ANY_NAME, false,
                      "must be a string of 1 to 256 bytes, printable UTF-8"},
    [PART_EMAIL] = {SPAN_INIT("user_email"), ANY_NAME | KIND(NULL), true,
                    "must be a string of at most 256 bytes, printable UTF-8: an address or a name"},
};

struct line_parts {
    span_t text[PARTS]; /* of null: empty */
    enum part wrong;    /* PARTS: none */
    unsigned seen;
    unsigned numbers; /* parts that are written as numbers */
    double at;        /* the time, of those */
};

static enum part part_find(span_t name)
{
    enum part p = PART_TIMESTAMP;
    while (p < PARTS && !span_eq(parts[p].name, name)) {
        p++;
    }
    return p;
}

/* Take the value of one part, whichever kind it may be of. */
static err_t take_part(struct json_cursor *in, enum part p, struct line_parts *out)
{
    const enum json_next next = cursor_peek(in);
    out->seen |= 1U << p;
    if ((parts[p].kinds & 1U << (unsigned)next) == 0) {
        out->wrong = p;
        return cursor_skip(in, NULL);
    }
    if (p == PART_DATA) {
        return cursor_skip(in, &out->text[p]);
    }
    if (next == JSON_NEXT_TEXT) {
        return cursor_take_text(in, &out->text[p]);
    }
    if (next != JSON_NEXT_NUMBER) {
        return cursor_skip(in, NULL);
    }
    const uint8_t *const first = in->at;
    double value = 0.0;
    TRY(cursor_take_number(in, &value));
    out->text[p] = (span_t){first, (size_t)(in->at - first)};
    out->at = p == PART_TIMESTAMP ? value : out->at;
    out->numbers |= 1U << p;
    return ERR_OK;
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
        TRY(p == PARTS ? cursor_skip(in, NULL) : take_part(in, p, out));
    }
}

static enum line_answer refuse_part(struct line_fault *fault, enum part p)
{
    return refuse(fault, (const char *)parts[p].name.ptr, parts[p].missing);
}

static const struct {
    enum event_odd odd;
    enum dataset_note note;
} odds[] = {
    {EVENT_ODD_NAME, NOTE_FIELD_NAME}, {EVENT_ODD_NULL, NOTE_NULL},
    {EVENT_ODD_CLASS, NOTE_KEY_CLASS}, {EVENT_ODD_MEMBER, NOTE_KEY_MEMBER},
    {EVENT_ODD_SECRET, NOTE_SECRET},
};

/* Whether the engine has something of this name, or the server states it. */
static bool is_known(span_t type)
{
    return event_row_find(type)->kind != CANARA_UNKNOWN || span_eq(type, SPAN_LIT("features"));
}

#define KIND_BIT(kind) (UINT32_C(1) << (unsigned)(kind))

/* Is there something in a summary, and nothing of it known? The members of other kinds that are compared are not
 * optional. */
static bool tells_in_vain(const canara_event_t *e, span_t data)
{
    static const uint32_t summaries =
        KIND_BIT(CANARA_TYPING_PATTERN) | KIND_BIT(CANARA_NAVIGATION_PATTERN) |
        KIND_BIT(CANARA_MOUSE_MOVEMENT) | KIND_BIT(CANARA_SCROLL) | KIND_BIT(CANARA_MOTION);
    return (summaries & KIND_BIT(e->kind)) != 0 && e->has == 0 &&
           memchr(data.ptr, '"', data.len) != NULL;
}

enum line_answer line_event_parse(struct line_scratch *s, const struct line_text *text,
                                  canara_event_t *out, uint32_t *notes, struct line_fault *fault)
{
    scanned_event_t scanned;
    scan_fault_t why;
    unsigned odd = 0;
    if (!is_known(text->type)) {
        *notes |= event_type_is_server_fact(text->type) ? 0 : NOTE_BIT(NOTE_UNKNOWN_EVENT);
        *out = (canara_event_t){.kind = CANARA_UNKNOWN};
        return LINE_OK;
    }
    if (text->data.len == 0 || text->data.ptr[0] != '{') {
        return refuse_part(fault, PART_DATA);
    }
    if (event_scan_lab(&s->events, text->type, text->data, &scanned, &odd, &why) != SCAN_OK) {
        return refuse(fault, why.field[0] == '\0' ? "data" : why.field, why.message);
    }
    for (size_t i = 0; i < ARRAY_LEN(odds); i++) {
        *notes |= (odd & odds[i].odd) != 0 ? NOTE_BIT(odds[i].note) : 0;
    }
    *out = scanned.event;
    *notes |= tells_in_vain(out, text->data) ? NOTE_BIT(NOTE_UNKNOWN_MEMBERS) : 0;
    return LINE_OK;
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

/* Name the member that the byte at `at` belongs to. */
static enum line_answer refuse_at(struct line_fault *fault, span_t line, size_t at, const char *why)
{
    const span_t name = name_before(line, at);
    char field[64] = "line";
    if (name.len > 0 && name.len < sizeof field) {
        (void)snprintf(field, sizeof field, "%.*s", (int)name.len, (const char *)name.ptr);
    }
    return refuse(fault, field, why);
}

/* Why a line is not read, as nearly as can be told from the byte that reading stopped at. */
static enum line_answer refuse_line(struct line_fault *fault, span_t line, const uint8_t *stopped)
{
    if (line_has_mark(line)) {
        return refuse(fault, "line", marked);
    }
    const size_t at = line.len == 0 ? 0 : (size_t)(stopped - line.ptr);
    const char *const why = misspelt(line, at);
    if (why == NULL) {
        return refuse(fault, "line", "is no JSON object; one whole object a line is allowed");
    }
    return refuse_at(fault, line, at, why);
}

/* JSON that is well formed as far as it was read. */
static enum line_answer refuse_limit(struct line_fault *fault, span_t line, const uint8_t *stopped)
{
    _Static_assert(JSON_DEPTH_MAX == 8 && JSON_MEMBERS_MAX == 256 && JSON_ITEMS_MAX == 4096 &&
                       JSON_STRING_MAX == 1024,
                   "the limits that are named below");
    return refuse_at(fault, line, (size_t)(stopped - line.ptr),
                     "goes over a limit; at most 8 levels, 256 members of an object, 4096 items of "
                     "an array and 1024 bytes of a string are allowed");
}

/* A name without the blanks about it. */
static span_t trim_name(span_t text, uint32_t *notes)
{
    const span_t name = span_trim(text);
    *notes |= name.len == text.len || name.len == 0 ? 0 : NOTE_BIT(NOTE_BLANKS);
    return name;
}

/* Check what the parts of a line say. */
static enum line_answer take_names(const struct line_parts *found, struct line_text *out,
                                   struct line_fault *fault)
{
    struct line_text line = {.type = found->text[PART_TYPE], .data = found->text[PART_DATA]};
    const bool is_number = (found->numbers & 1U << PART_TIMESTAMP) != 0;
    const err_t timed = is_number ? dataset_time_number(found->at, &line.at)
                                  : dataset_time_text(span_trim(found->text[PART_TIMESTAMP]),
                                                      &line.at, &line.notes);
    if (failed(timed)) {
        return refuse_part(fault, PART_TIMESTAMP);
    }
    line.notes |= is_number ? NOTE_BIT(NOTE_EPOCH) : 0;
    line.notes |= (found->numbers & ~(1U << PART_TIMESTAMP)) != 0 ? NOTE_BIT(NOTE_NUMBER_NAME) : 0;
    line.session = trim_name(found->text[PART_SESSION], &line.notes);
    line.email = trim_name(found->text[PART_EMAIL], &line.notes);
    if (!dataset_name_is_readable(line.session)) {
        return refuse_part(fault, PART_SESSION);
    }
    if (line.email.len > 0 && !dataset_name_is_readable(line.email)) {
        return refuse_part(fault, PART_EMAIL);
    }
    line.notes |= line.email.len == 0 ? NOTE_BIT(NOTE_NO_ACCOUNT) : 0;
    *out = line;
    return LINE_OK;
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
    if (line.len > DATASET_LINE_BYTES || cursor_peek(&in) != JSON_NEXT_OBJECT) {
        return refuse_line(fault, line, in.at);
    }
    const err_t e = take_parts(&in, &found);
    if (failed(e)) {
        return e.code == ERR_LIMIT ? refuse_limit(fault, line, in.at)
                                   : refuse_line(fault, line, in.at);
    }
    for (enum part p = PART_TIMESTAMP; p < PARTS; p++) {
        const bool missing = (found.seen & 1U << p) == 0 && !parts[p].optional;
        if (missing || found.wrong == p) {
            return refuse_part(fault, p);
        }
    }
    return take_names(&found, out, fault);
}

enum line_answer event_line_parse(struct line_scratch *s, span_t line, struct event_line *out,
                                  struct line_fault *fault)
{
    struct line_text text;
    canara_event_t event;
    if (line_text_parse(s, line, &text, fault) != LINE_OK ||
        line_event_parse(s, &text, &event, &text.notes, fault) != LINE_OK) {
        return LINE_REFUSED;
    }
    *out = (struct event_line){.at = text.at,
                               .session = text.session,
                               .email = text.email,
                               .notes = text.notes,
                               .event = event};
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

/* In small letters. False for what has other bytes than a word, or is too long for one. */
static bool lower(span_t text, char out[16], bool *changed)
{
    *changed = false;
    for (size_t i = 0; i < text.len && i < 15; i++) {
        const uint8_t b = text.ptr[i];
        const bool capital = b >= 'A' && b <= 'Z';
        out[i] = (char)(capital ? b + ('a' - 'A') : b);
        *changed = *changed || capital;
    }
    out[text.len < 15 ? text.len : 0] = '\0';
    return text.len < 15;
}

static bool label_find(span_t text, struct name_row *row)
{
    char word[16];
    bool changed = false;
    for (enum dataset_label l = DATASET_GENUINE; lower(text, word, &changed) && l < DATASET_LABELS;
         l++) {
        if (strcmp(word, labels[l]) == 0) {
            row->label = l;
            row->notes |= changed ? NOTE_BIT(NOTE_LABEL_CASE) : 0;
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

/* Without the carriage return of a spreadsheet and the blanks before it. */
static span_t trim_end(span_t line, uint32_t *notes)
{
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r' ? 1U : 0U;
    const size_t before = line.len;
    while (line.len > 0 && is_blank(line.ptr[line.len - 1])) {
        line.len--;
    }
    *notes |= line.len == before ? 0 : NOTE_BIT(NOTE_BLANKS);
    return line;
}

bool name_row_is_header(enum row_form form, span_t line)
{
    static const char *const words[3] = {"model", "session", "label"};
    span_t column[3] = {{0}};
    uint32_t unused = 0;
    bool is_header = split(trim_end(line, &unused), (size_t)form, column);
    for (size_t i = 0; i < ARRAY_LEN(words) && i < (size_t)form && is_header; i++) {
        char word[16];
        bool changed = false;
        is_header = lower(span_trim(column[i]), word, &changed) &&
                    strcmp(word, words[form == ROW_BACKGROUND ? 1 : i]) == 0;
    }
    return is_header;
}

enum line_answer name_row_parse(enum row_form form, span_t line, struct name_row *out,
                                struct line_fault *fault)
{
    static const char bad_name[] = "must be 1 to 256 bytes of printable UTF-8";
    span_t column[3] = {{0}};
    struct name_row row = {.notes = 0};
    if (line_has_mark(line)) {
        return refuse(fault, "line", marked);
    }
    if (!split(trim_end(line, &row.notes), (size_t)form, column)) {
        return refuse(fault, "line", columns_wanted(form));
    }
    row.session = trim_name(column[form == ROW_BACKGROUND ? 0 : 1], &row.notes);
    if (form != ROW_BACKGROUND) {
        row.model = trim_name(column[0], &row.notes);
        if (!dataset_name_is_readable(row.model)) {
            return refuse(fault, "model", bad_name);
        }
    }
    if (!dataset_name_is_readable(row.session)) {
        return refuse(fault, "session", bad_name);
    }
    if (form == ROW_TRIAL && !label_find(trim_name(column[2], &row.notes), &row)) {
        return refuse(fault, "label", "must be genuine, impostor, human or bot");
    }
    *out = row;
    return LINE_OK;
}
