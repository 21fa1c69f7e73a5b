/*
 * json_cursor.h - a strict reader of JSON text, one token at a time, over memory that is all there.
 *
 * Floor      codec
 * Source     RFC 8259, without \u0000 and without duplicate names.
 * Ownership  the cursor is a plain value; text, names and room for decoded strings are the caller's.
 * Errors     ERR_FORMAT: the text is not JSON as we take it; ERR_LIMIT: it goes over one of the limits
 *            below. After either the cursor is of no more use.
 * Threads    one at a time.
 *
 * Cost is bounded: names of one object are compared one by one up to JSON_NAMES_LINEAR and are kept
 * sorted beyond it, so that no choice of names costs more than a logarithm each.
 */
#ifndef CODEC_JSON_CURSOR_H
#define CODEC_JSON_CURSOR_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_DEPTH_MAX = LIMIT_JSON_DEPTH,
    JSON_MEMBERS_MAX = 256,
    JSON_ITEMS_MAX = LIMIT_JSON_ARRAY,
    JSON_STRING_MAX = LIMIT_JSON_STRING_BYTES, /* decoded */
    JSON_NAMES_LINEAR = 16,
};

struct json_cursor {
    const uint8_t *at, *end;
    span_t *names; /* names of all open objects, in frames; NULL: known to be free of duplicates */
    size_t names_cap, names_len;
    uint8_t *text; /* decoded strings */
    size_t text_cap, text_len;
    uint8_t depth, depth_max;
};

/* One open object or array; on the stack of who reads it. */
typedef struct json_frame {
    size_t names_base;
    uint32_t count; /* members or items so far */
} json_frame_t;

/* What the next value is, by its first byte. */
enum json_next {
    JSON_NEXT_NONE, /* the end, or no value */
    JSON_NEXT_OBJECT,
    JSON_NEXT_ARRAY,
    JSON_NEXT_TEXT,
    JSON_NEXT_NUMBER,
    JSON_NEXT_BOOL,
    JSON_NEXT_NULL
};

/* Skip blanks and look at the next value; nothing is taken. */
enum json_next cursor_peek(struct json_cursor *c);

/* Enter an object or array that cursor_peek() saw. */
NODISCARD err_t cursor_enter(struct json_cursor *c, json_frame_t *frame);

/* Step to the next member; `*more` false when the object is closed. `name` is decoded; without a
 * list of names it lives until the next call. */
NODISCARD err_t cursor_next_name(struct json_cursor *c, json_frame_t *frame, span_t *name,
                                 bool *more);

/* Step to the next item; `*more` false when the array is closed. */
NODISCARD err_t cursor_next_item(struct json_cursor *c, json_frame_t *frame, bool *more);

/* Take the value that cursor_peek() saw. Text borrows from the message, or from `text`. */
NODISCARD err_t cursor_take_text(struct json_cursor *c, span_t *out);
NODISCARD err_t cursor_take_number(struct json_cursor *c, double *out);
NODISCARD err_t cursor_take_bool(struct json_cursor *c, bool *out);

/* Skip blanks and take a number; `*found` false, and nothing taken, when the next value is none. */
NODISCARD err_t cursor_try_number(struct json_cursor *c, double *out, bool *found);

/* Check and pass over any value; `*raw` (may be NULL) gets its bytes. */
NODISCARD err_t cursor_skip(struct json_cursor *c, span_t *raw);

/* Check that nothing but blanks is left. */
NODISCARD err_t cursor_end(struct json_cursor *c);

#endif
