#include "codec/json_write.h"

#include "base/util.h"
#include "codec/time_text.h"
#include "codec/utf8.h"
#include "codec/uuid_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_ROOM = 48 };

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out, .start = out->len};
}

void json_writer_init_fixed(struct json_writer *w, void *memory, size_t cap)
{
    *w = (struct json_writer){.ptr = memory, .cap = cap};
}

/* Room for `more` bytes behind the text; NULL after an error. */
static uint8_t *reserve(struct json_writer *w, size_t more)
{
    if (failed(w->error)) {
        return NULL;
    }
    if (w->out != NULL) {
        w->error = buf_reserve(w->out, more);
        return failed(w->error) ? NULL : w->out->ptr + w->out->len;
    }
    if (more > w->cap - w->len) {
        w->error = err_new(ERR_LIMIT);
        return NULL;
    }
    return w->ptr + w->len;
}

static void advance(struct json_writer *w, size_t n)
{
    if (w->out != NULL) {
        w->out->len += n;
    } else {
        w->len += n;
    }
}

static void put(struct json_writer *w, span_t bytes)
{
    uint8_t *const to = reserve(w, bytes.len);
    if (to != NULL && bytes.len > 0) {
        memcpy(to, bytes.ptr, bytes.len);
        advance(w, bytes.len);
    }
}

static void put_byte(struct json_writer *w, char byte)
{
    put(w, (span_t){(const uint8_t *)&byte, 1});
}

static bool in_array(const struct json_writer *w)
{
    return w->depth > 0 && (w->arrays >> w->depth & 1U) != 0;
}

static void comma(struct json_writer *w)
{
    const uint32_t level = UINT32_C(1) << w->depth;
    if ((w->nonempty & level) != 0) {
        put_byte(w, ',');
    }
    w->nonempty |= level;
}

/* Every value begins here: behind its name, as an item, or as the one value of the document. */
static void begin_value(struct json_writer *w)
{
    if (w->named) {
        w->named = false;
        return;
    }
    MUST(in_array(w) || (w->depth == 0 && (w->nonempty & 1U) == 0));
    comma(w);
}

static void begin(struct json_writer *w, char opening, bool array)
{
    begin_value(w);
    MUST(w->depth < JSON_WRITE_DEPTH);
    w->depth++;
    const uint32_t level = UINT32_C(1) << w->depth;
    w->nonempty &= ~level;
    w->arrays = array ? w->arrays | level : w->arrays & ~level;
    put_byte(w, opening);
}

static void end(struct json_writer *w, char closing, bool array)
{
    MUST(w->depth > 0 && in_array(w) == array && !w->named);
    w->depth--;
    put_byte(w, closing);
}

void json_begin_object(struct json_writer *w)
{
    begin(w, '{', false);
}

void json_end_object(struct json_writer *w)
{
    end(w, '}', false);
}

void json_begin_array(struct json_writer *w)
{
    begin(w, '[', true);
}

void json_end_array(struct json_writer *w)
{
    end(w, ']', true);
}

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Not zero if one of the eight bytes, each below 0x80, is `byte`. Mycroft's test (1987), which is
 * exact for such bytes. */
static inline uint64_t has_byte(uint64_t eight, uint8_t byte)
{
    const uint64_t gone = eight ^ (EACH_BYTE * byte);
    return ~((gone & ~HIGH_BITS) + ~HIGH_BITS) & HIGH_BITS;
}

/* Whether eight bytes are ASCII that needs no escape. */
static inline bool all_plain(const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    if ((eight & HIGH_BITS) != 0) {
        return false;
    }
    const uint64_t control = ~(eight + EACH_BYTE * 0x60) & HIGH_BITS; /* below 0x20 */
    return (control | has_byte(eight, '"') | has_byte(eight, '\\') | has_byte(eight, 0x7f)) == 0;
}

/* Bytes at the head of `text` that stand for themselves. */
static size_t plain_length(span_t text)
{
    size_t n = 0;
    while (n < text.len) {
        if (text.len - n >= 8 && all_plain(text.ptr + n)) {
            n += 8;
            continue;
        }
        const uint8_t byte = text.ptr[n];
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
            break;
        }
        const span_t rest = {text.ptr + n, text.len - n};
        const size_t step = byte < 0x80 ? 1 : utf8_sequence(rest);
        uint32_t code = 0;
        if (step == 0 || utf8_steering(rest, &code) > 0) {
            break;
        }
        n += step;
    }
    return n;
}

static void put_code(struct json_writer *w, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\',
                           'u',
                           digits[code >> 12 & 15],
                           digits[code >> 8 & 15],
                           digits[code >> 4 & 15],
                           digits[code & 15]};
    put(w, (span_t){(const uint8_t *)escape, sizeof escape});
}

/* Write the head of `text`, which does not stand for itself; returns the bytes it takes. */
static size_t put_escaped(struct json_writer *w, span_t text)
{
    uint32_t code = text.ptr[0];
    switch (code) {
    case '"': put(w, SPAN_LIT("\\\"")); return 1;
    case '\\': put(w, SPAN_LIT("\\\\")); return 1;
    case '\n': put(w, SPAN_LIT("\\n")); return 1;
    case '\r': put(w, SPAN_LIT("\\r")); return 1;
    case '\t': put(w, SPAN_LIT("\\t")); return 1;
    default: break;
    }
    const size_t steering = utf8_steering(text, &code);
    if (steering == 0 && code >= 0x80) {
        put(w, SPAN_LIT("\xef\xbf\xbd")); /* U+FFFD */
        return 1;
    }
    put_code(w, code);
    return steering > 0 ? steering : 1;
}

/* A string without anything to escape is written at once. */
static bool put_plain(struct json_writer *w, span_t text)
{
    if (plain_length(text) != text.len) {
        return false;
    }
    uint8_t *const to = reserve(w, text.len + 2);
    if (to != NULL) {
        to[0] = '"';
        memcpy(to + 1, text.ptr, text.len);
        to[text.len + 1] = '"';
        advance(w, text.len + 2);
    }
    return true;
}

static void put_string(struct json_writer *w, span_t text)
{
    if (text.len > 0 && put_plain(w, text)) {
        return;
    }
    put_byte(w, '"');
    while (text.len > 0 && !failed(w->error)) {
        const size_t plain = plain_length(text);
        put(w, (span_t){text.ptr, plain});
        text = (span_t){text.ptr + plain, text.len - plain};
        if (text.len > 0) {
            const size_t used = put_escaped(w, text);
            text = (span_t){text.ptr + used, text.len - used};
        }
    }
    put_byte(w, '"');
}

void json_name(struct json_writer *w, const char *name)
{
    MUST(w->depth > 0 && !in_array(w) && !w->named);
    comma(w);
    const span_t text = {(const uint8_t *)name, strlen(name)};
    uint8_t *const to = reserve(w, text.len + 3);
    if (to != NULL) {
        to[0] = '"';
        memcpy(to + 1, text.ptr, text.len);
        to[text.len + 1] = '"';
        to[text.len + 2] = ':';
        advance(w, text.len + 3);
    }
    w->named = true;
}

void json_text(struct json_writer *w, span_t text)
{
    begin_value(w);
    put_string(w, text);
}

void json_cstr(struct json_writer *w, const char *text)
{
    json_text(w, (span_t){(const uint8_t *)text, strlen(text)});
}

void json_raw(struct json_writer *w, span_t value)
{
    MUST(value.len > 0);
    begin_value(w);
    put(w, value);
}

void json_foreign(struct json_writer *w, span_t value)
{
    MUST(value.len > 0);
    begin_value(w);
    size_t from = 0;
    for (size_t at = 0; at < value.len;) {
        uint32_t code = 0;
        const size_t used = value.ptr[at] < 0x7f
                                ? 0
                                : utf8_steering((span_t){value.ptr + at, value.len - at}, &code);
        if (used > 0) {
            put(w, (span_t){value.ptr + from, at - from});
            put_code(w, code);
            from = at + used;
        }
        at += used > 0 ? used : 1;
    }
    put(w, (span_t){value.ptr + from, value.len - from});
}

void json_uint(struct json_writer *w, uint64_t value)
{
    char text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    json_raw(w, (span_t){(const uint8_t *)text + at, sizeof text - at});
}

void json_int(struct json_writer *w, int64_t value)
{
    if (value >= 0) {
        json_uint(w, (uint64_t)value);
        return;
    }
    char text[24];
    const int n = snprintf(text, sizeof text, "%lld", (long long)value);
    MUST(n > 0);
    json_raw(w, (span_t){(const uint8_t *)text, (size_t)n});
}

/* The common cases in thousandths: a decimal of at most 15 digits that reads back is the only one
 * of its length, so without its trailing zeros it is the shortest. Returns 0 when it is none. */
static size_t print_thousandths(double value, char out[NUMBER_ROOM])
{
    if (!(fabs(value) < 1e12)) {
        return 0;
    }
    const long long scaled = llround(value * 1000.0);
    if (!same_bits((double)scaled / 1000.0, value)) {
        return 0;
    }
    const unsigned long long whole = (unsigned long long)llabs(scaled);
    const int n = snprintf(out, NUMBER_ROOM, "%s%llu.%03llu", scaled < 0 ? "-" : "", whole / 1000,
                           whole % 1000);
    MUST(n > 0);
    size_t len = (size_t)n;
    while (out[len - 1] == '0') {
        len--;
    }
    return out[len - 1] == '.' ? len - 1 : len;
}

static size_t print_shortest(double value, char out[NUMBER_ROOM])
{
    int n = 0;
    /* Up to 15 digits the first that reads back is the only one; subnormals hold fewer. */
    for (int digits = isnormal(value) ? 15 : 1; digits <= 17; digits++) {
        n = snprintf(out, NUMBER_ROOM, "%.*g", digits, value);
        if (same_bits(strtod(out, NULL), value)) {
            break;
        }
    }
    MUST(n > 0);
    return (size_t)n;
}

void json_number(struct json_writer *w, double value)
{
    MUST(isfinite(value));
    char text[NUMBER_ROOM];
    size_t len = print_thousandths(value, text);
    if (len == 0) {
        len = print_shortest(value, text);
    }
    json_raw(w, (span_t){(const uint8_t *)text, len});
}

/* The common cases in whole units of the last decimal. Returns 0 when it is none: a value so near to
 * the middle of two units that the product's rounding might decide, or a large or negative one. */
static size_t print_units(double value, int decimals, char out[NUMBER_ROOM])
{
    static const double units[] = {1, 10, 100, 1000, 10000};
    if (decimals < 1 || decimals >= (int)ARRAY_LEN(units) || !(value >= 0) || value > 1e6) {
        return 0;
    }
    const double scaled = value * units[decimals]; /* at most 1e10: wrong by less than 1e-6 */
    const double whole = floor(scaled);
    const double part = scaled - whole;
    if (fabs(part - 0.5) < 1e-5) {
        return 0;
    }
    uint64_t n = (uint64_t)whole + (part > 0.5 ? 1U : 0U);
    size_t at = NUMBER_ROOM;
    for (int i = 0; i < decimals; i++, n /= 10) {
        out[--at] = (char)('0' + n % 10);
    }
    out[--at] = '.';
    do {
        out[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    memmove(out, out + at, NUMBER_ROOM - at);
    return NUMBER_ROOM - at;
}

void json_fixed(struct json_writer *w, double value, int decimals)
{
    MUST(fabs(value) <= 1e15 && decimals >= 0 && decimals <= 9);
    char text[NUMBER_ROOM];
    const size_t units = print_units(value, decimals, text);
    if (units > 0) {
        json_raw(w, (span_t){(const uint8_t *)text, units});
        return;
    }
    int n = snprintf(text, sizeof text, "%.*f", decimals, value);
    MUST(n > 0 && n < NUMBER_ROOM);
    const char *from = text;
    if (text[0] == '-' && strspn(text + 1, "0.") == (size_t)n - 1) {
        from++; /* no minus before a zero */
        n--;
    }
    json_raw(w, (span_t){(const uint8_t *)from, (size_t)n});
}

void json_bool(struct json_writer *w, bool value)
{
    json_raw(w, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void json_nil(struct json_writer *w)
{
    json_raw(w, SPAN_LIT("null"));
}

void json_time(struct json_writer *w, wall_t at)
{
    char text[TIME_TEXT_SIZE];
    time_print(at, text);
    json_text(w, (span_t){(const uint8_t *)text, TIME_TEXT_LEN});
}

void json_uuid(struct json_writer *w, uuid_t id)
{
    char text[UUID_TEXT_SIZE];
    uuid_print(id, text);
    json_text(w, (span_t){(const uint8_t *)text, UUID_TEXT_LEN});
}

err_t json_finish(struct json_writer *w)
{
    MUST(w->depth == 0 && !w->named);
    if (failed(w->error)) {
        if (w->out != NULL) {
            buf_cut(w->out, w->start);
        } else {
            w->len = 0;
        }
    }
    return w->error;
}

span_t json_written(const struct json_writer *w)
{
    return w->out != NULL ? (span_t){w->out->ptr + w->start, w->out->len - w->start}
                          : (span_t){w->ptr, w->len};
}
