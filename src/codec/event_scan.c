#include "codec/event_scan.h"

#include "base/util.h"
#include "codec/event_values.h"

static const char bad_json[] = "Invalid JSON format";                  /* [seed] */
static const char no_type[] = "Missing event_type in behavioral data"; /* [seed] */
static const char bad_type[] = "event_type must be 1 to 64 of a-z, 0-9 and _";
static const char is_fact[] = "event_type names a fact that only the server can state";
static const char is_evaluation[] = "event_type features is for evaluation only";
static const char features_need[] = "data must have name and values";
static const char bad_data[] = "data must be an object";
static const char no_data[] = "data is missing: it must be an object";
static const char bad_timestamp[] = "timestamp must be a string of at most 64 bytes";
static const char bad_seq[] = "seq must be an integer from 0 to 9007199254740991";
static const char bad_event[] = "an event must be an object";
static const char bad_message[] = "a message must be one event or an array of 1 to 256 events";
static const char too_long[] = "a message must not be longer than 65536 bytes";
static const char open_secret[] = "keys of a secret field must all have the class other";

/* Names that a client may not use (CONTRACT.md section 5). */
static const span_t fact_names[] = {
    SPAN_INIT("mpin_verified"),      SPAN_INIT("mpin_failed"),
    SPAN_INIT("external_fact"),      SPAN_INIT("risk_score_update"),
    SPAN_INIT("ml_analysis_result"), SPAN_INIT("mpin_challenge_passed"),
};
static const span_t fact_prefixes[] = {
    SPAN_INIT("session_"),
    SPAN_INIT("device_"),
    SPAN_INIT("policy_"),
};

static bool starts_with(span_t text, span_t prefix)
{
    return text.len >= prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
}

bool event_type_is_server_fact(span_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(fact_names); i++) {
        if (span_eq(type, fact_names[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(fact_prefixes); i++) {
        if (starts_with(type, fact_prefixes[i])) {
            return !span_eq(type, SPAN_LIT("device_context"));
        }
    }
    return false;
}

static bool is_type_name(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= EVENT_TYPE_MAX;
}

static err_t take_type(struct scan *scan, scanned_event_t *out, const struct event_row **row)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_TEXT) {
        return scan_refuse(scan, bad_type, "event_type");
    }
    TRY(cursor_take_text(&scan->in, &out->type));
    const span_t type = out->type;
    if (!is_type_name(type)) {
        return scan_refuse(scan, bad_type, "event_type");
    }
    const struct event_row *const found = event_row_find(type);
    if (found->kind == CANARA_UNKNOWN) {
        if (event_type_is_server_fact(type)) {
            return scan_refuse(scan, is_fact, "event_type");
        }
        if (span_eq(type, SPAN_LIT("features"))) {
            return scan_refuse(scan, is_evaluation, "event_type");
        }
    }
    out->event.kind = found->kind;
    *row = found;
    return ERR_OK;
}

static err_t take_timestamp(struct scan *scan, scanned_event_t *out)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_TEXT) {
        return scan_refuse(scan, bad_timestamp, "timestamp");
    }
    TRY(cursor_take_text(&scan->in, &out->timestamp));
    return out->timestamp.len <= EVENT_TIMESTAMP_MAX
               ? ERR_OK
               : scan_refuse(scan, bad_timestamp, "timestamp");
}

/* A whole number as it is written: 1.0 and 1e3 are none. */
static err_t take_seq(struct scan *scan, scanned_event_t *out)
{
    span_t raw = {0};
    if (cursor_peek(&scan->in) != JSON_NEXT_NUMBER) {
        return scan_refuse(scan, bad_seq, "seq");
    }
    TRY(cursor_skip(&scan->in, &raw));
    int64_t value = 0;
    for (size_t i = 0; i < raw.len; i++) {
        const uint8_t digit = (uint8_t)(raw.ptr[i] - '0');
        if (digit > 9 || value > EVENT_SEQ_MAX / 10) {
            return scan_refuse(scan, bad_seq, "seq");
        }
        value = value * 10 + digit;
    }
    if (value > EVENT_SEQ_MAX) {
        return scan_refuse(scan, bad_seq, "seq");
    }
    out->has_seq = true;
    out->seq = value;
    return ERR_OK;
}

/* Keystrokes of a secret field tell nothing but their rhythm. */
static err_t check_secret(struct scan *scan, scanned_event_t *out)
{
    if (out->event.kind != CANARA_KEYSTROKES) {
        return ERR_OK;
    }
    const canara_text_t name = out->event.of.keystrokes.field;
    const span_t field = {(const uint8_t *)name.ptr, name.len};
    out->secret = span_eq(field, SPAN_LIT("password")) || span_eq(field, SPAN_LIT("mpin"));
    if (out->secret && scan->open_keys && scan->odd == NULL) {
        return scan_refuse(scan, open_secret, "data.keys");
    }
    return ERR_OK;
}

/* Take the object `data` by the fields of its row. */
static err_t take_data(struct scan *scan, const struct event_row *row, scanned_event_t *out)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_OBJECT) {
        return scan_refuse(scan, bad_data, "data");
    }
    const uint8_t *const first = scan->in.at;
    json_frame_t frame = {0};
    scan->axes = 0;
    scan->open_keys = false;
    TRY(cursor_enter(&scan->in, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        TRY(cursor_next_name(&scan->in, &frame, &name, &more));
        if (!more) {
            break;
        }
        const struct event_field *const field = event_field_find(row, name);
        if (field == NULL) {
            TRY(cursor_skip(&scan->in, NULL)); /* kept by the journal, not scored */
            continue;
        }
        TRY(event_field_take(scan, field, &out->event));
    }
    out->data = (span_t){first, (size_t)(scan->in.at - first)};
    return check_secret(scan, out);
}

/* `data` came before `event_type`: it was only passed over, so read it again by its row. */
static err_t take_data_again(struct scan *scan, const struct event_row *row, scanned_event_t *out)
{
    const struct json_cursor after = scan->in;
    scan->in.at = out->data.ptr;
    scan->in.end = out->data.ptr + out->data.len;
    scan->in.depth++; /* the event's own brace */
    TRY(take_data(scan, row, out));
    const size_t text_len = scan->in.text_len;
    scan->in = after;
    scan->in.text_len = text_len;
    return ERR_OK;
}

enum member { MEMBER_OTHER, MEMBER_TYPE, MEMBER_DATA, MEMBER_TIMESTAMP, MEMBER_SEQ };

static enum member member_find(span_t name)
{
    static const span_t names[] = {
        [MEMBER_OTHER] = SPAN_INIT(""),    [MEMBER_TYPE] = SPAN_INIT("event_type"),
        [MEMBER_DATA] = SPAN_INIT("data"), [MEMBER_TIMESTAMP] = SPAN_INIT("timestamp"),
        [MEMBER_SEQ] = SPAN_INIT("seq"),
    };
    for (enum member m = MEMBER_TYPE; m <= MEMBER_SEQ; m++) {
        if (span_eq(names[m], name)) {
            return m;
        }
    }
    return MEMBER_OTHER;
}

/* What was seen of one event so far. */
struct progress {
    const struct event_row *row; /* NULL until its type was read */
    bool data_passed;
};

static err_t take_member(struct scan *scan, enum member member, struct progress *now,
                         scanned_event_t *out)
{
    switch (member) {
    case MEMBER_TYPE: return take_type(scan, out, &now->row);
    case MEMBER_TIMESTAMP: return take_timestamp(scan, out);
    case MEMBER_SEQ: return take_seq(scan, out);
    case MEMBER_DATA:
        if (now->row != NULL) {
            return take_data(scan, now->row, out);
        }
        now->data_passed = true;
        return cursor_skip(&scan->in, &out->data);
    case MEMBER_OTHER: break;
    }
    return cursor_skip(&scan->in, NULL);
}

/* Two halves, because gcc clears the whole at once with a slow string instruction. */
static void event_clear(scanned_event_t *out)
{
    out->type = (span_t){0};
    out->data = (span_t){0};
    out->timestamp = (span_t){0};
    out->has_seq = false;
    out->secret = false;
    out->seq = 0;
    out->event = (canara_event_t){0};
}

/* Take one event. Members in any order; those that we do not know are passed over. */
static err_t scan_event(struct scan *scan, scanned_event_t *out)
{
    struct progress now = {0};
    json_frame_t frame = {0};
    event_clear(out);
    TRY(cursor_enter(&scan->in, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        TRY(cursor_next_name(&scan->in, &frame, &name, &more));
        if (!more) {
            break;
        }
        TRY(take_member(scan, member_find(name), &now, out));
    }
    if (now.row == NULL) {
        return scan_refuse(scan, no_type, "event_type");
    }
    if (out->data.len == 0) {
        return scan_refuse(scan, no_data, "data");
    }
    return now.data_passed ? take_data_again(scan, now.row, out) : ERR_OK;
}

static err_t scan_array(struct scan *scan, scanned_event_t *out, size_t *count)
{
    json_frame_t frame = {0};
    size_t n = 0;
    scan->in.depth_max++; /* an event is as deep in an array as it is alone */
    TRY(cursor_enter(&scan->in, &frame));
    for (;; n++) {
        bool more = false;
        TRY(cursor_next_item(&scan->in, &frame, &more));
        if (!more) {
            break;
        }
        if (n == EVENTS_PER_MESSAGE_MAX) {
            scan->index = -1;
            return scan_refuse(scan, bad_message, "%s", "");
        }
        scan->index = (int)n;
        if (cursor_peek(&scan->in) != JSON_NEXT_OBJECT) {
            return scan_refuse(scan, bad_event, "%s", "");
        }
        TRY(scan_event(scan, &out[n]));
    }
    scan->index = -1;
    if (n == 0) {
        return scan_refuse(scan, bad_message, "%s", "");
    }
    *count = n;
    return ERR_OK;
}

static err_t scan_message(struct scan *scan, scanned_event_t *out, size_t *count)
{
    const enum json_next next = cursor_peek(&scan->in);
    size_t n = 1;
    if (next == JSON_NEXT_ARRAY) {
        TRY(scan_array(scan, out, &n));
    } else if (next == JSON_NEXT_OBJECT) {
        TRY(scan_event(scan, &out[0]));
    } else {
        return scan_refuse(scan, bad_message, "%s", "");
    }
    TRY(cursor_end(&scan->in));
    *count = n;
    return ERR_OK;
}

_Static_assert(sizeof(((struct event_scratch *)NULL)->arrays) >= 2048 * sizeof(canara_point_t) +
                                                                     512 * sizeof(canara_key_t) +
                                                                     4096 * sizeof(double),
               "what an event of a data set may hold has room, however long it is written");

static struct json_cursor cursor_over(struct event_scratch *s, span_t text)
{
    return (struct json_cursor){
        .at = text.ptr,
        .end = text.ptr + text.len,
        .names = s->names,
        .names_cap = ARRAY_LEN(s->names),
        .text = s->text,
        .text_cap = sizeof s->text,
        .depth_max = JSON_DEPTH_MAX,
    };
}

/* Is the whole message JSON as we take it? A fault of syntax goes before every other. */
static bool is_json(struct event_scratch *s, span_t text)
{
    struct json_cursor c = cursor_over(s, text);
    if (cursor_peek(&c) == JSON_NEXT_ARRAY) {
        c.depth_max++;
    }
    return !failed(cursor_skip(&c, NULL)) && !failed(cursor_end(&c));
}

enum scan_outcome event_scan(struct event_scratch *s, span_t text,
                             scanned_event_t out[EVENTS_PER_MESSAGE_MAX], size_t *count,
                             scan_fault_t *fault)
{
    if (text.len == 0 || text.len > EVENT_MESSAGE_MAX) {
        *fault = (scan_fault_t){.message = text.len == 0 ? bad_json : too_long};
        return SCAN_REFUSED;
    }
    s->arrays_len = 0;
    struct scan scan = {.in = cursor_over(s, text), .s = s, .fault = fault, .index = -1};
    const err_t outcome = scan_message(&scan, out, count);
    if (!failed(outcome)) {
        return SCAN_OK;
    }
    if (outcome.code != ERR_RANGE || !is_json(s, text)) {
        *fault = (scan_fault_t){.message = bad_json};
    }
    return SCAN_REFUSED;
}

/* The `data` of one event, from the journal or (odd) from a data set. */
struct whole {
    span_t data;
    size_t longest; /* bytes of data */
    unsigned *odd;
    uint8_t *text; /* for strings that had escapes: `longest` bytes */
};

static enum scan_outcome scan_apart(struct event_scratch *s, const struct event_row *row,
                                    const struct whole *whole, scanned_event_t *out,
                                    scan_fault_t *fault)
{
    s->arrays_len = 0;
    struct scan scan = {
        .in = cursor_over(s, whole->data), .s = s, .fault = fault, .index = -1, .odd = whole->odd};
    scan.in.text = whole->text;
    scan.in.text_cap = whole->longest;
    const err_t taken = take_data(&scan, row, out);
    if (!failed(taken) && !failed(cursor_end(&scan.in))) {
        return SCAN_OK;
    }
    if (taken.code != ERR_RANGE) {
        *fault = (scan_fault_t){.message = bad_json};
    }
    return SCAN_REFUSED;
}

static bool is_scannable(span_t type, const struct whole *whole)
{
    return whole->data.len > 0 && whole->data.len <= whole->longest && is_type_name(type);
}

/* Everything but `features`. */
static enum scan_outcome scan_typed(struct event_scratch *s, span_t type, const struct whole *whole,
                                    scanned_event_t *out, scan_fault_t *fault)
{
    if (!is_scannable(type, whole)) {
        *fault = (scan_fault_t){.message = bad_json};
        return SCAN_REFUSED;
    }
    *out = (scanned_event_t){.type = type, .event.kind = event_row_find(type)->kind};
    return scan_apart(s, event_row_find(type), whole, out, fault);
}

enum scan_outcome event_scan_stored(struct event_scratch *s, span_t type, span_t data,
                                    scanned_event_t *out, scan_fault_t *fault)
{
    const struct whole whole = {.data = data, .longest = sizeof s->text, .text = s->text};
    if (is_scannable(type, &whole) && span_eq(type, SPAN_LIT("features"))) {
        *fault = (scan_fault_t){.message = is_evaluation, .field = "event_type"};
        return SCAN_REFUSED;
    }
    return scan_typed(s, type, &whole, out, fault);
}

enum scan_outcome event_scan_lab(struct event_lab_scratch *s, span_t type, span_t data,
                                 scanned_event_t *out, unsigned *odd, scan_fault_t *fault)
{
    const struct whole whole = {
        .data = data, .longest = sizeof s->text, .odd = odd, .text = s->text};
    *odd = 0;
    if (!span_eq(type, SPAN_LIT("features"))) {
        return scan_typed(&s->scan, type, &whole, out, fault);
    }
    if (!is_scannable(type, &whole)) {
        *fault = (scan_fault_t){.message = bad_json};
        return SCAN_REFUSED;
    }
    *out = (scanned_event_t){.type = type, .event.kind = CANARA_FEATURES};
    if (scan_apart(&s->scan, event_row_of_features(), &whole, out, fault) != SCAN_OK) {
        return SCAN_REFUSED;
    }
    if (out->event.of.features.name.len == 0 || out->event.of.features.count == 0) {
        *fault = (scan_fault_t){.message = features_need, .field = "data"};
        return SCAN_REFUSED;
    }
    return SCAN_OK;
}
