/*
 * json_write.h - writes JSON into a buf or into fixed memory; commas come by themselves.
 *
 * Floor      codec
 * Ownership  the writer is a plain value; the buf or memory is the caller's, borrowed until
 *            json_finish().
 * Errors     sticky: after the first one nothing more is written and json_finish() returns it, with
 *            the buf as it was before. Wrong nesting and NaN are bugs: MUST.
 * Threads    one at a time.
 * Precision  json_number(): the shortest text that reads back as the same bits, at most 17 digits.
 *
 * Names stay clear of jansson's (json_real, json_null, json_string ... exist there already and
 * would replace its own at link time).
 */
#ifndef CODEC_JSON_WRITE_H
#define CODEC_JSON_WRITE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_WRITE_DEPTH = 31 };

struct json_writer {
    struct buf *out; /* NULL in fixed memory */
    uint8_t *ptr;
    size_t len, cap;
    size_t start;      /* bytes that were in `out` before */
    uint32_t nonempty; /* bit per level: a comma is due before the next item */
    uint32_t arrays;   /* bit per level: array, not object */
    uint8_t depth;
    bool named; /* a name was written, its value is due */
    err_t error;
};

/* Write behind what `out` already holds. */
void json_writer_init(struct json_writer *w, struct buf *out);

/* Write into memory[0..cap); ERR_LIMIT when it is full. */
void json_writer_init_fixed(struct json_writer *w, void *memory, size_t cap);

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);

/* Write the name of the next value; `name` is plain ASCII from our own code. */
void json_name(struct json_writer *w, const char *name);

/* Write a string. Bytes that are not UTF-8 come out as U+FFFD, control bytes as escapes, and so what
 * utf8_steering() knows: whoever prints the text moves no terminal with it. */
void json_text(struct json_writer *w, span_t text);
void json_cstr(struct json_writer *w, const char *text);

void json_int(struct json_writer *w, int64_t value);
void json_uint(struct json_writer *w, uint64_t value);
void json_number(struct json_writer *w, double value);              /* MUST be finite */
void json_fixed(struct json_writer *w, double value, int decimals); /* 0..9; |value| <= 1e15 */
void json_bool(struct json_writer *w, bool value);
void json_nil(struct json_writer *w);               /* null */
void json_raw(struct json_writer *w, span_t value); /* a whole JSON value, trusted */

/* Write a whole JSON value of somebody else's: the same value, with what utf8_steering() knows, which
 * only strings may hold, as escapes. At most six times as long. */
void json_foreign(struct json_writer *w, span_t value);

void json_time(struct json_writer *w, wall_t at); /* RFC 3339, UTC, ms */
void json_uuid(struct json_writer *w, uuid_t id);

/* Hand the text over to the buf. MUST be at nesting depth 0. */
NODISCARD err_t json_finish(struct json_writer *w);

/* Bytes written so far by this writer; for fixed memory. */
span_t json_written(const struct json_writer *w);

#endif
