#include "codec/json_cursor.h"

#include "codec/number.h"
#include "codec/utf8.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "plain_run() counts from the low byte");

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

static void skip_blanks(struct json_cursor *c)
{
    const uint8_t *at = c->at;
    while (at < c->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    c->at = at;
}

static bool take_byte(struct json_cursor *c, uint8_t byte)
{
    if (c->at == c->end || *c->at != byte) {
        return false;
    }
    c->at++;
    return true;
}

/* Skip what stands for itself in a string: not a quote, backslash, control or byte >= 0x80.
 * The subtractions wrap where a byte is one of these; borrows only spoil bytes behind the first. */
NO_SANITIZE_WRAP __attribute__((always_inline)) static inline const uint8_t *plain_run(
    const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8) {
        uint64_t eight = 0;
        memcpy(&eight, at, sizeof eight);
        const uint64_t control = eight - EACH_BYTE * 0x20;
        const uint64_t quote = (eight ^ EACH_BYTE * '"') - EACH_BYTE;
        const uint64_t slash = (eight ^ EACH_BYTE * '\\') - EACH_BYTE;
        const uint64_t special = (eight | control | quote | slash) & HIGH_BITS;
        if (special != 0) {
            return at + (__builtin_ctzll(special) >> 3);
        }
        at += 8;
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

static bool read_hex4(const uint8_t *at, uint32_t *out)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t byte = at[i];
        const uint8_t lower = byte | 0x20;
        if (byte >= '0' && byte <= '9') {
            value = value << 4 | (uint32_t)(byte - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        } else {
            return false;
        }
    }
    *out = value;
    return true;
}

/* Read \uXXXX or a surrogate pair of two. Returns the bytes it takes, 0 when it is none. */
static size_t read_unicode_escape(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
    uint32_t first = 0;
    if (end - at < 6 || !read_hex4(at + 2, &first) || first == 0) {
        return 0;
    }
    if (first < 0xd800 || first > 0xdfff) {
        *code = first;
        return 6;
    }
    uint32_t second = 0;
    if (first > 0xdbff || end - at < 12 || at[6] != '\\' || at[7] != 'u' ||
        !read_hex4(at + 8, &second) || second < 0xdc00 || second > 0xdfff) {
        return 0; /* half a pair */
    }
    *code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    return 12;
}

/* Read the escape at a backslash. Returns the bytes it takes, 0 when it is none. */
static size_t read_escape(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
    if (end - at < 2) {
        return 0;
    }
    switch (at[1]) {
    case '"':
    case '\\':
    case '/': *code = at[1]; return 2;
    case 'b': *code = '\b'; return 2;
    case 'f': *code = '\f'; return 2;
    case 'n': *code = '\n'; return 2;
    case 'r': *code = '\r'; return 2;
    case 't': *code = '\t'; return 2;
    case 'u': return read_unicode_escape(at, end, code);
    default: return 0;
    }
}

struct text_end {
    const uint8_t *at; /* the closing quote; NULL when there is none, or a fault before it */
    size_t saved;      /* bytes that decoding takes away */
};

/* Go on from a byte that does not stand for itself to the closing quote. */
__attribute__((noinline)) static struct text_end scan_odd_text(const uint8_t *at,
                                                               const uint8_t *end)
{
    size_t saved = 0;
    while (at < end && *at != '"') {
        size_t step = 0;
        if (*at == '\\') {
            uint32_t code = 0;
            uint8_t decoded[4];
            step = read_escape(at, end, &code);
            saved += step == 0 ? 0 : step - utf8_put(code, decoded);
        } else {
            step = *at < 0x80 ? 0 : utf8_sequence((span_t){at, (size_t)(end - at)});
        }
        if (step == 0) {
            return (struct text_end){0};
        }
        at = plain_run(at + step, end);
    }
    return (struct text_end){.at = at == end ? NULL : at, .saved = saved};
}

/* Pass over a string and check it. `*saved` is more than 0 when it has escapes to decode.
 * Inlined on purpose: a span that goes through memory in halves and is read back whole waits for
 * the store, and that was most of the time of a scan. */
__attribute__((always_inline)) static inline err_t scan_text(struct json_cursor *c, span_t *raw,
                                                             size_t *saved)
{
    if (!take_byte(c, '"')) {
        return err_new(ERR_FORMAT);
    }
    const uint8_t *const first = c->at;
    struct text_end last = {.at = plain_run(first, c->end)};
    if (last.at < c->end && *last.at != '"') {
        last = scan_odd_text(last.at, c->end);
    }
    if (last.at == NULL || last.at == c->end) {
        return err_new(ERR_FORMAT);
    }
    const size_t len = (size_t)(last.at - first);
    if (len - last.saved > JSON_STRING_MAX) {
        return err_new(ERR_LIMIT);
    }
    raw->ptr = first;
    raw->len = len;
    *saved = last.saved;
    c->at = last.at + 1;
    return ERR_OK;
}

/* Decode a checked string behind the decoded text so far. Returns where it is, NULL when there is
 * no room: with memory for a whole message that cannot be. */
__attribute__((noinline)) static const uint8_t *decode_text(struct json_cursor *c, span_t raw,
                                                            size_t len)
{
    if (len > c->text_cap - c->text_len) {
        return NULL;
    }
    uint8_t *const first = c->text + c->text_len;
    uint8_t *to = first;
    const uint8_t *at = raw.ptr;
    const uint8_t *const end = at + raw.len;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        uint32_t code = 0;
        uint8_t decoded[4];
        at += read_escape(at, end, &code);
        const size_t n = utf8_put(code, decoded);
        memcpy(to, decoded, n);
        to += n;
    }
    c->text_len += len;
    return first;
}

__attribute__((always_inline)) static inline err_t take_text(struct json_cursor *c, span_t *out)
{
    span_t raw = {0};
    size_t saved = 0;
    TRY(scan_text(c, &raw, &saved));
    const uint8_t *const text = saved == 0 ? raw.ptr : decode_text(c, raw, raw.len - saved);
    if (text == NULL) {
        return err_new(ERR_FORMAT);
    }
    out->ptr = text;
    out->len = raw.len - saved;
    return ERR_OK;
}

/* Any total order does: length first is the cheapest. */
static int compare_names(span_t a, span_t b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

/* Put `name` in its place among names[0..count), which are sorted. False when it is there. */
static bool insert_sorted(span_t *names, size_t count, span_t name)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_names(names[middle], name);
        if (order == 0) {
            return false;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(names + low + 1, names + low, (count - low) * sizeof *names);
    names[low] = name;
    return true;
}

/* Add `name` to names[0..count). False when it is there already. */
static bool add_name(span_t *names, size_t count, span_t name)
{
    if (count < JSON_NAMES_LINEAR) {
        for (size_t i = 0; i < count; i++) {
            if (span_eq(names[i], name)) {
                return false;
            }
        }
        names[count] = name;
        return true;
    }
    if (count == JSON_NAMES_LINEAR) { /* from here on they are kept sorted */
        for (size_t i = 1; i < count; i++) {
            MUST(insert_sorted(names, i, names[i]));
        }
    }
    return insert_sorted(names, count, name);
}

/* Remember the name of a member; ERR_FORMAT when its object has it already, ERR_LIMIT when it has too many. */
static err_t note_name(struct json_cursor *c, json_frame_t *frame, span_t name)
{
    if (frame->count == JSON_MEMBERS_MAX) {
        return err_new(ERR_LIMIT);
    }
    if (c->names != NULL) {
        if (c->names_len == c->names_cap ||
            !add_name(c->names + frame->names_base, frame->count, name)) {
            return err_new(ERR_FORMAT);
        }
        c->names_len++;
    }
    frame->count++;
    return ERR_OK;
}

enum json_next cursor_peek(struct json_cursor *c)
{
    skip_blanks(c);
    if (c->at == c->end) {
        return JSON_NEXT_NONE;
    }
    const uint8_t byte = *c->at;
    if (byte == '-' || (byte >= '0' && byte <= '9')) {
        return JSON_NEXT_NUMBER;
    }
    switch (byte) {
    case '{': return JSON_NEXT_OBJECT;
    case '[': return JSON_NEXT_ARRAY;
    case '"': return JSON_NEXT_TEXT;
    case 't':
    case 'f': return JSON_NEXT_BOOL;
    case 'n': return JSON_NEXT_NULL;
    default: return JSON_NEXT_NONE;
    }
}

err_t cursor_enter(struct json_cursor *c, json_frame_t *frame)
{
    if (c->at == c->end || (*c->at != '{' && *c->at != '[')) {
        return err_new(ERR_FORMAT);
    }
    if (c->depth == c->depth_max) {
        return err_new(ERR_LIMIT);
    }
    c->at++;
    c->depth++;
    *frame = (json_frame_t){.names_base = c->names_len};
    return ERR_OK;
}

/* Step over a comma, or over the closing byte of what `frame` opened. */
static err_t next_in(struct json_cursor *c, json_frame_t *frame, uint8_t closing, bool *more)
{
    skip_blanks(c);
    if (take_byte(c, closing)) {
        c->depth--;
        c->names_len = frame->names_base;
        *more = false;
        return ERR_OK;
    }
    if (frame->count > 0) {
        if (!take_byte(c, ',')) {
            return err_new(ERR_FORMAT);
        }
        skip_blanks(c);
    }
    *more = true;
    return ERR_OK;
}

err_t cursor_next_name(struct json_cursor *c, json_frame_t *frame, span_t *name, bool *more)
{
    TRY(next_in(c, frame, '}', more));
    if (!*more) {
        return ERR_OK;
    }
    span_t found = {0};
    c->text_len = c->names == NULL ? 0 : c->text_len; /* nobody looks back at the last name */
    TRY(take_text(c, &found));
    TRY(note_name(c, frame, found));
    skip_blanks(c);
    if (!take_byte(c, ':')) {
        return err_new(ERR_FORMAT);
    }
    *name = found;
    return ERR_OK;
}

err_t cursor_next_item(struct json_cursor *c, json_frame_t *frame, bool *more)
{
    TRY(next_in(c, frame, ']', more));
    if (*more && frame->count++ == JSON_ITEMS_MAX) {
        return err_new(ERR_LIMIT);
    }
    return ERR_OK;
}

err_t cursor_take_text(struct json_cursor *c, span_t *out)
{
    return take_text(c, out);
}

err_t cursor_take_number(struct json_cursor *c, double *out)
{
    const size_t len = number_scan((span_t){c->at, (size_t)(c->end - c->at)}, out);
    if (len == 0) {
        return err_new(ERR_FORMAT);
    }
    c->at += len;
    return ERR_OK;
}

err_t cursor_try_number(struct json_cursor *c, double *out, bool *found)
{
    skip_blanks(c);
    const bool number = c->at < c->end && (*c->at == '-' || (uint8_t)(*c->at - '0') <= 9);
    if (number) {
        TRY(cursor_take_number(c, out));
    }
    *found = number;
    return ERR_OK;
}

static bool take_word(struct json_cursor *c, span_t word)
{
    if ((size_t)(c->end - c->at) < word.len || memcmp(c->at, word.ptr, word.len) != 0) {
        return false;
    }
    c->at += word.len;
    return true;
}

err_t cursor_take_bool(struct json_cursor *c, bool *out)
{
    const bool yes = take_word(c, SPAN_LIT("true"));
    if (!yes && !take_word(c, SPAN_LIT("false"))) {
        return err_new(ERR_FORMAT);
    }
    *out = yes;
    return ERR_OK;
}

static err_t skip_object(struct json_cursor *c)
{
    json_frame_t frame = {0};
    TRY(cursor_enter(c, &frame));
    for (;;) {
        span_t name = {0};
        bool more = false;
        TRY(cursor_next_name(c, &frame, &name, &more));
        if (!more) {
            return ERR_OK;
        }
        TRY(cursor_skip(c, NULL));
    }
}

static err_t skip_array(struct json_cursor *c)
{
    json_frame_t frame = {0};
    TRY(cursor_enter(c, &frame));
    for (;;) {
        bool more = false;
        TRY(cursor_next_item(c, &frame, &more));
        if (!more) {
            return ERR_OK;
        }
        TRY(cursor_skip(c, NULL));
    }
}

/* Pass over one value by its kind. Recursion ends at depth_max. */
static err_t skip_value(struct json_cursor *c)
{
    span_t ignored = {0};
    size_t saved = 0;
    double number = 0.0;
    bool yes = false;
    switch (cursor_peek(c)) {
    case JSON_NEXT_OBJECT: return skip_object(c);
    case JSON_NEXT_ARRAY: return skip_array(c);
    case JSON_NEXT_TEXT: return scan_text(c, &ignored, &saved);
    case JSON_NEXT_NUMBER: return cursor_take_number(c, &number);
    case JSON_NEXT_BOOL: return cursor_take_bool(c, &yes);
    case JSON_NEXT_NULL: return take_word(c, SPAN_LIT("null")) ? ERR_OK : err_new(ERR_FORMAT);
    case JSON_NEXT_NONE: break;
    }
    return err_new(ERR_FORMAT);
}

err_t cursor_skip(struct json_cursor *c, span_t *raw)
{
    skip_blanks(c);
    const uint8_t *const first = c->at;
    const size_t text_len = c->text_len;
    TRY(skip_value(c));
    c->text_len = text_len; /* decoded names inside it are not needed any more */
    if (raw != NULL) {
        *raw = (span_t){first, (size_t)(c->at - first)};
    }
    return ERR_OK;
}

err_t cursor_end(struct json_cursor *c)
{
    skip_blanks(c);
    return c->at == c->end ? ERR_OK : err_new(ERR_FORMAT);
}
