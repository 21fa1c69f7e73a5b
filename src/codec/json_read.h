/*
 * json_read.h - small JSON documents as a tree: REST bodies and settings. jansson behind one face.
 *
 * Floor      codec
 * Ownership  json_parse() gives a tree that the caller frees; everything else borrows from it.
 * Errors     ERR_FORMAT with a json_fault for: syntax, duplicate names, depth > 8, bad UTF-8, NaN,
 *            Infinity, \u0000, bytes behind the end; ERR_NOMEM before anything is read: the memory
 *            of the tree is taken at once (codec/json_room.h).
 * Threads    one tree, one thread at a time.
 *
 * Getters answer false (or NULL) when the member is absent or of another kind, `*out` untouched;
 * ask json_kind(json_get(...)) to tell these apart.
 */
#ifndef CODEC_JSON_READ_H
#define CODEC_JSON_READ_H

#include "base/err.h"
#include "base/span.h"
#include "codec/json_shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_KIND_ABSENT, /* what NULL is */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_TEXT,
    JSON_KIND_INT,  /* no fraction, no exponent, fits int64_t */
    JSON_KIND_REAL, /* any other number; finite */
    JSON_KIND_BOOL,
    JSON_KIND_NULL
};

struct json; /* one value of a tree */

/* Parse one JSON value of any kind. `fault` may be NULL. */
NODISCARD err_t json_parse(span_t text, struct json **out, struct json_fault *fault);

/* The same for a text of which json_measure() has just said the shape. */
NODISCARD err_t json_parse_measured(span_t text, const struct json_shape *shape, struct json **out,
                                    struct json_fault *fault);

/* Free a whole tree, never a part (all of it is wiped: bodies hold passwords); NULL is fine. */
void json_free(struct json **tree);

/* What `value` is; NULL is JSON_KIND_ABSENT. */
enum json_kind json_kind(const struct json *value);

/* Member by name; NULL when absent or when `object` is no object. */
const struct json *json_get(const struct json *object, const char *name);

/* Number of members or items; 0 for anything else. */
size_t json_count(const struct json *value);

/* Item `index` of an array; NULL past the end. */
const struct json *json_item(const struct json *array, size_t index);

/* Take the value itself. Text is UTF-8 without NUL bytes and is NUL-terminated besides. */
NODISCARD bool json_as_text(const struct json *value, span_t *out);
NODISCARD bool json_as_int(const struct json *value, int64_t *out);
NODISCARD bool json_as_double(const struct json *value, double *out); /* INT too */
NODISCARD bool json_as_bool(const struct json *value, bool *out);

/* The same for a member. */
NODISCARD bool json_get_text(const struct json *object, const char *name, span_t *out);
NODISCARD bool json_get_int(const struct json *object, const char *name, int64_t *out);
NODISCARD bool json_get_double(const struct json *object, const char *name, double *out);
NODISCARD bool json_get_bool(const struct json *object, const char *name, bool *out);

#endif
