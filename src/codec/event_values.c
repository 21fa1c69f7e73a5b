#include "codec/event_values.h"

#include "base/hash.h"
#include "codec/decimal.h"
#include "codec/hex.h"
#include "codec/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { ALL_AXES = (1 << 6) - 1, ARRAY_ALIGN = 16 };

/* The only faults that name no field of a table. */
static const char key_shape[] = "a key must be an object of down, up, class and optionally zone, "
                                "pressure, size, x, y, ax, ay, az, rx, ry, rz";
static const char key_needs[] = "a key must have down, up and class";
static const char key_order[] = "down must not decrease from key to key";
static const char not_printable[] = "must be printable UTF-8, without control characters";
static const char key_ends[] = "up must not be before down";

err_t scan_refuse(struct scan *scan, const char *message, const char *format, ...)
{
    char path[sizeof scan->fault->field];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(path, sizeof path, format, args);
    va_end(args);

    scan_fault_t fault = {.message = message};
    if (scan->index < 0) {
        memcpy(fault.field, path, sizeof path);
    } else {
        const char *const dot = path[0] == '\0' ? "" : ".";
        (void)snprintf(fault.field, sizeof fault.field, "[%d]%s%.48s", scan->index, dot, path);
    }
    *scan->fault = fault;
    return err_new(ERR_RANGE);
}

static err_t refuse_field(struct scan *scan, const struct event_field *field)
{
    return scan_refuse(scan, field->message, "data.%s", (const char *)field->name.ptr);
}

static err_t refuse_item(struct scan *scan, const struct event_field *field, size_t index)
{
    return scan_refuse(scan, field->message, "data.%s[%zu]", (const char *)field->name.ptr, index);
}

/* The next free bytes for a typed array, and how many there are. */
static void *arrays_open(struct scan *scan, size_t *room)
{
    *room = sizeof scan->s->arrays - scan->s->arrays_len;
    return scan->s->arrays + scan->s->arrays_len;
}

static void arrays_close(struct scan *scan, size_t bytes)
{
    const size_t padded = (bytes + ARRAY_ALIGN - 1) / ARRAY_ALIGN * ARRAY_ALIGN;
    MUST(padded <= sizeof scan->s->arrays - scan->s->arrays_len);
    scan->s->arrays_len += padded;
}

/* Take a number in low..high; `*in_range` false when it is none. */
static err_t take_number(struct scan *scan, double low, double high, double *out, bool *in_range)
{
    double value = 0.0;
    bool found = false;
    TRY(cursor_try_number(&scan->in, &value, &found));
    *in_range = found && value >= low && value <= high;
    *out = value;
    return ERR_OK;
}

/* How canara.h stores numbers that were sent as an array. */
struct number_run {
    const double *items;
    size_t count;
};

#define IS_RUN(from, first, second)                                   \
    _Static_assert(offsetof(canara_event_t, of.from.second) -         \
                           offsetof(canara_event_t, of.from.first) == \
                       offsetof(struct number_run, count),            \
                   "the count stands behind the pointer")
IS_RUN(typing, key_press_intervals, intervals);
IS_RUN(features, values, count);

static err_t take_numbers(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_ARRAY) {
        return refuse_field(scan, field);
    }
    json_frame_t frame = {0};
    size_t room = 0;
    double *const items = arrays_open(scan, &room);
    TRY(cursor_enter(&scan->in, &frame));
    for (size_t n = 0;; n++) {
        bool more = false;
        bool in_range = false;
        TRY(cursor_next_item(&scan->in, &frame, &more));
        if (!more) {
            if (field->form == FORM_VALUES && n == 0) {
                return refuse_field(scan, field);
            }
            arrays_close(scan, n * sizeof *items);
            const struct number_run run = {items, n};
            memcpy((char *)event + field->at, &run, sizeof run);
            return ERR_OK;
        }
        if (field->form == FORM_VALUES && n == FEATURE_VALUES_MAX) {
            return refuse_field(scan, field);
        }
        MUST((n + 1) * sizeof *items <= room);
        if (field->form == FORM_VALUES && cursor_peek(&scan->in) == JSON_NEXT_NULL) {
            items[n] = NAN; /* a gap in a published table */
            TRY(cursor_skip(&scan->in, NULL));
            continue;
        }
        TRY(take_number(scan, field->low, field->high, &items[n], &in_range));
        if (!in_range) {
            return refuse_item(scan, field, n);
        }
    }
}

static bool is_plain_name(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_' || b == '-')) {
            return false;
        }
    }
    return text.len > 0;
}

static void put_text(canara_event_t *event, const struct event_field *field, canara_text_t value)
{
    memcpy((char *)event + field->at, &value, sizeof value);
}

/* Names of other people's data sets: the engine knows [a-z0-9_-] up to 64, so any other is known by its
 * hash. 128 bits of a hash of tables: two names of a set stay two unless somebody searched for them. */
static err_t take_foreign_name(struct scan *scan, const struct event_field *field,
                               canara_event_t *event)
{
    enum { MARK = 2, HASH = 16, LEN = MARK + 2 * HASH };

    span_t text = {0};
    size_t room = 0;
    TRY(cursor_take_text(&scan->in, &text));
    if ((double)text.len <= field->high && is_plain_name(text)) {
        put_text(event, field, (canara_text_t){(const char *)text.ptr, text.len});
        return ERR_OK;
    }
    if (!utf8_is_printable(text)) {
        return scan_refuse(scan, not_printable, "data.%s", (const char *)field->name.ptr);
    }
    uint8_t hash[HASH];
    for (size_t i = 0; i < HASH; i++) {
        hash[i] = (uint8_t)(hash_bytes(hash_key_of(i / 8), text) >> (56 - i % 8 * 8) & 0xff);
    }
    char *const name = arrays_open(scan, &room);
    MUST(room > LEN);
    memcpy(name, "n-", MARK);
    hex_encode((span_t){hash, HASH}, name + MARK);
    arrays_close(scan, LEN + 1);
    *scan->odd |= EVENT_ODD_NAME;
    put_text(event, field, (canara_text_t){name, LEN});
    return ERR_OK;
}

static err_t take_text(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_TEXT) {
        return refuse_field(scan, field);
    }
    if (field->form == FORM_NAME && scan->odd != NULL) {
        return take_foreign_name(scan, field, event);
    }
    span_t text = {0};
    TRY(cursor_take_text(&scan->in, &text));
    if ((double)text.len > field->high || (field->form == FORM_NAME && !is_plain_name(text))) {
        return refuse_field(scan, field);
    }
    put_text(event, field, (canara_text_t){(const char *)text.ptr, text.len});
    return ERR_OK;
}

static err_t take_amount(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    bool in_range = false;
    double value = 0.0;
    if (cursor_peek(&scan->in) == JSON_NEXT_TEXT) {
        span_t text = {0};
        decimal_t amount = {0};
        TRY(cursor_take_text(&scan->in, &text));
        in_range = !failed(decimal_parse_text(text, &amount));
        value = amount.value;
    } else {
        TRY(take_number(scan, field->low, field->high, &value, &in_range));
    }
    if (!in_range) {
        return refuse_field(scan, field);
    }
    event->of.transaction.amount = value;
    return ERR_OK;
}

static err_t take_flag(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_BOOL) {
        return refuse_field(scan, field);
    }
    bool yes = false;
    TRY(cursor_take_bool(&scan->in, &yes));
    const uint8_t value = yes ? 1 : 0;
    memcpy((char *)event + field->at, &value, sizeof value);
    return ERR_OK;
}

/* {"mean": m, "sd": s}: both or nothing; other members are kept and not scored. */
static err_t take_axis(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_OBJECT) {
        return refuse_field(scan, field);
    }
    json_frame_t frame = {0};
    bool has_mean = false;
    bool has_sd = false;
    TRY(cursor_enter(&scan->in, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        bool in_range = true;
        TRY(cursor_next_name(&scan->in, &frame, &name, &more));
        if (!more) {
            break;
        }
        if (span_eq(name, SPAN_LIT("mean"))) {
            double *const mean = &event->of.motion.mean[field->at];
            TRY(take_number(scan, -field->high, field->high, mean, &in_range));
            has_mean = true;
        } else if (span_eq(name, SPAN_LIT("sd"))) {
            double *const sd = &event->of.motion.sd[field->at];
            TRY(take_number(scan, 0.0, field->high, sd, &in_range));
            has_sd = true;
        } else {
            TRY(cursor_skip(&scan->in, NULL));
        }
        if (!in_range) {
            return refuse_field(scan, field);
        }
    }
    if (!has_mean || !has_sd) {
        return refuse_field(scan, field);
    }
    scan->axes |= 1U << field->at;
    return ERR_OK;
}

/* Take one member of a key. */
static err_t take_key_part(struct scan *scan, const struct key_field *field, canara_key_t *key,
                           bool *in_range)
{
    if (field->part == KEY_CLASS || field->part == KEY_ZONE) {
        span_t name = {0};
        *in_range = cursor_peek(&scan->in) == JSON_NEXT_TEXT;
        if (!*in_range) {
            return ERR_OK;
        }
        TRY(cursor_take_text(&scan->in, &name));
        *in_range = field->part == KEY_CLASS ? key_class_find(name, &key->key_class)
                                             : key_zone_find(name, &key->zone);
        return ERR_OK;
    }
    double *const out = field->part == KEY_DOWN ? &key->down_ms
                        : field->part == KEY_UP ? &key->up_ms
                                                : &key->extra[field->extra];
    if (field->part == KEY_EXTRA) {
        key->has = (uint16_t)(key->has | 1U << field->extra);
    }
    return take_number(scan, field->low, field->high, out, in_range);
}

/* In a data set a key may have members that nobody knows, and null for what is optional: passed over. */
static err_t pass_key_part(struct scan *scan, const struct key_field *field, bool *passed)
{
    const bool optional = field != NULL && field->part != KEY_DOWN && field->part != KEY_UP;
    *passed = field == NULL || (optional && cursor_peek(&scan->in) == JSON_NEXT_NULL);
    if (!*passed) {
        return ERR_OK;
    }
    *scan->odd |= field == NULL ? EVENT_ODD_MEMBER : EVENT_ODD_NULL;
    return cursor_skip(&scan->in, NULL);
}

/* What a key must have; in a data set the class is other where there is none. */
static err_t check_key_parts(struct scan *scan, size_t n, unsigned parts, canara_key_t *key)
{
    unsigned needed = 1U << KEY_DOWN | 1U << KEY_UP | 1U << KEY_CLASS;
    if (scan->odd != NULL && (parts & 1U << KEY_CLASS) == 0) {
        *scan->odd |= EVENT_ODD_CLASS;
        key->key_class = CANARA_KEY_OTHER;
        needed &= ~(1U << KEY_CLASS);
    }
    return (parts & needed) == needed ? ERR_OK : scan_refuse(scan, key_needs, "data.keys[%zu]", n);
}

/* Take one key. What it may hold is closed: a member that told which key it was must not get in. */
static err_t take_key(struct scan *scan, size_t n, canara_key_t *key)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_OBJECT) {
        return scan_refuse(scan, key_shape, "data.keys[%zu]", n);
    }
    json_frame_t frame = {0};
    unsigned parts = 0;
    TRY(cursor_enter(&scan->in, &frame));
    for (;;) {
        span_t name = {0};
        size_t index = 0;
        bool more = false;
        bool in_range = false;
        bool passed = false;
        TRY(cursor_next_name(&scan->in, &frame, &name, &more));
        if (!more) {
            break;
        }
        const struct key_field *const field = key_field_find(name, &index);
        if (scan->odd != NULL) {
            TRY(pass_key_part(scan, field, &passed));
        }
        if (passed) {
            continue;
        }
        if (field == NULL) {
            return scan_refuse(scan, key_shape, "data.keys[%zu]", n);
        }
        TRY(take_key_part(scan, field, key, &in_range));
        if (!in_range) {
            return scan_refuse(scan, field->message, "data.keys[%zu].%s", n,
                               (const char *)field->name.ptr);
        }
        parts |= 1U << field->part;
    }
    return check_key_parts(scan, n, parts, key);
}

static err_t take_keys(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_ARRAY) {
        return refuse_field(scan, field);
    }
    json_frame_t frame = {0};
    size_t room = 0;
    size_t n = 0;
    canara_key_t *const keys = arrays_open(scan, &room);
    TRY(cursor_enter(&scan->in, &frame));
    for (;; n++) {
        bool more = false;
        TRY(cursor_next_item(&scan->in, &frame, &more));
        if (!more) {
            break;
        }
        if ((double)n >= field->high) {
            return refuse_field(scan, field);
        }
        MUST((n + 1) * sizeof *keys <= room);
        canara_key_t *const key = &keys[n];
        *key = (canara_key_t){0};
        TRY(take_key(scan, n, key));
        if (n > 0 && key->down_ms < keys[n - 1].down_ms) {
            return scan_refuse(scan, key_order, "data.keys[%zu].down", n);
        }
        if (key->up_ms < key->down_ms) {
            return scan_refuse(scan, key_ends, "data.keys[%zu].up", n);
        }
        scan->open_keys = scan->open_keys || key->key_class != CANARA_KEY_OTHER;
    }
    if (n == 0) {
        return refuse_field(scan, field);
    }
    arrays_close(scan, n * sizeof *keys);
    event->of.keystrokes.keys = keys;
    event->of.keystrokes.count = n;
    return ERR_OK;
}

/* Take one point, an array with one number for each column; `*good` false when it is none. */
static err_t take_point(struct scan *scan, const struct point_shape *shape, canara_point_t *point,
                        bool *good)
{
    *good = cursor_peek(&scan->in) == JSON_NEXT_ARRAY;
    if (!*good) {
        return ERR_OK;
    }
    json_frame_t frame = {0};
    size_t n = 0;
    TRY(cursor_enter(&scan->in, &frame));
    for (;; n++) {
        bool more = false;
        double value = 0.0;
        TRY(cursor_next_item(&scan->in, &frame, &more));
        if (!more) {
            break;
        }
        *good = n < shape->count;
        if (!*good) {
            return ERR_OK;
        }
        const struct point_column *const column = &shape->columns[n];
        TRY(take_number(scan, column->low, column->high, &value, good));
        if (!*good) {
            return ERR_OK;
        }
        if (!column->whole) {
            memcpy((char *)point + column->at, &value, sizeof value);
            continue;
        }
        point->buttons = (uint32_t)value;
        *good = !((double)point->buttons < value); /* no fraction was cut off */
        if (!*good) {
            return ERR_OK;
        }
    }
    *good = n == shape->count;
    return ERR_OK;
}

static err_t take_points(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (cursor_peek(&scan->in) != JSON_NEXT_ARRAY) {
        return refuse_field(scan, field);
    }
    const struct point_shape *const shape = point_shape_of(field->form);
    json_frame_t frame = {0};
    size_t room = 0;
    size_t n = 0;
    canara_point_t *const points = arrays_open(scan, &room);
    TRY(cursor_enter(&scan->in, &frame));
    for (;; n++) {
        bool more = false;
        bool good = false;
        TRY(cursor_next_item(&scan->in, &frame, &more));
        if (!more) {
            break;
        }
        if ((double)n >= field->high) {
            return refuse_field(scan, field);
        }
        MUST((n + 1) * sizeof *points <= room);
        points[n] = (canara_point_t){0};
        TRY(take_point(scan, shape, &points[n], &good));
        if (!good) {
            return scan_refuse(scan, shape->message, "data.points[%zu]", n);
        }
    }
    if (n == 0) {
        return refuse_field(scan, field);
    }
    arrays_close(scan, n * sizeof *points);
    event->of.path.points = points;
    event->of.path.count = n;
    return ERR_OK;
}

static err_t take_one_number(struct scan *scan, const struct event_field *field,
                             canara_event_t *event)
{
    double value = 0.0;
    bool in_range = false;
    TRY(take_number(scan, field->low, field->high, &value, &in_range));
    if (!in_range) {
        return refuse_field(scan, field);
    }
    memcpy((char *)event + field->at, &value, sizeof value);
    return ERR_OK;
}

static err_t take_by_form(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    switch (field->form) {
    case FORM_NUMBER: return take_one_number(scan, field, event);
    case FORM_NUMBERS:
    case FORM_VALUES: return take_numbers(scan, field, event);
    case FORM_AMOUNT: return take_amount(scan, field, event);
    case FORM_TEXT:
    case FORM_NAME: return take_text(scan, field, event);
    case FORM_FLAG: return take_flag(scan, field, event);
    case FORM_AXIS: return take_axis(scan, field, event);
    case FORM_KEYS: return take_keys(scan, field, event);
    case FORM_POINTER:
    case FORM_TOUCH: return take_points(scan, field, event);
    }
    return refuse_field(scan, field);
}

/* In a data set null, a name without a letter, and the number of keys that stands in a buffer file for those of a
 * secret field, is no field; passed over when it is one of these. */
static err_t pass_absent(struct scan *scan, const struct event_field *field, bool *passed)
{
    const enum json_next next = cursor_peek(&scan->in);
    const bool unnamed = field->form == FORM_NAME && next == JSON_NEXT_TEXT &&
                         scan->in.end - scan->in.at > 1 && scan->in.at[1] == '"';
    const bool redacted = field->form == FORM_KEYS && next == JSON_NEXT_NUMBER;
    *passed = next == JSON_NEXT_NULL || unnamed || redacted;
    if (!*passed) {
        return ERR_OK;
    }
    *scan->odd |= redacted ? EVENT_ODD_SECRET : EVENT_ODD_NULL;
    return cursor_skip(&scan->in, NULL);
}

err_t event_field_take(struct scan *scan, const struct event_field *field, canara_event_t *event)
{
    if (scan->odd != NULL) {
        bool passed = false;
        TRY(pass_absent(scan, field, &passed));
        if (passed) {
            return ERR_OK;
        }
    }
    TRY(take_by_form(scan, field, event));
    /* Six axes or none: one that is missing would read as perfect stillness. */
    if (field->form != FORM_AXIS || scan->axes == ALL_AXES) {
        event->has |= field->bit;
    }
    return ERR_OK;
}
