/*
 * json_shape.h - what a JSON text is made of, counted before anything is read or taken for it.
 *
 * Floor      codec
 * Ownership  plain values.
 * Errors     ERR_FORMAT for what is no JSON whatever follows; ERR_LIMIT for too much of something.
 * Threads    any.
 *
 * The counts are exact for a text that is JSON. For any other they are no less than what a reader
 * meets until it gives up.
 */
#ifndef CODEC_JSON_SHAPE_H
#define CODEC_JSON_SHAPE_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

#include <stddef.h>

enum { JSON_READ_DEPTH = LIMIT_JSON_DEPTH };

struct json_fault {
    const char *message; /* static words for a person */
    size_t at;           /* byte offset, as near as known */
    const char *of;      /* ERR_LIMIT: static words for what there is too much of ... */
    size_t most;         /* ... and how much there may be */
};

/* What a text is made of; quotes and brackets outside of strings. */
struct json_shape {
    size_t bytes;
    size_t longest; /* bytes of the longest string or number, or more */
    size_t strings; /* names, too */
    size_t names;
    size_t values; /* the whole, and each member and item of whatever depth */
    size_t objects, arrays, commas;
};

/* The most that a text may be made of. */
typedef struct json_limits {
    size_t values;
    size_t nodes; /* objects and arrays together */
} json_limits_t;

/* Count, and refuse what is empty, holds a NUL byte, is nested more than JSON_READ_DEPTH deep, or is
 * more than `limits` (NULL: none) allow; `out` is then untouched. `fault` may be NULL. */
NODISCARD err_t json_measure(span_t text, const json_limits_t *limits, struct json_shape *out,
                             struct json_fault *fault);

#endif
