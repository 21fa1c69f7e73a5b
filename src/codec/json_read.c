#include "codec/json_read.h"

#include "codec/json_room.h"

#include <jansson.h>

/* `struct json` is never defined: a pointer to it is a json_t * of jansson's. */
static const json_t *inside(const struct json *value)
{
    return (const json_t *)value;
}

static err_t refuse(struct json_fault *fault, const char *message, size_t at)
{
    if (fault != NULL) {
        *fault = (struct json_fault){.message = message, .at = at};
    }
    return err_new(ERR_FORMAT);
}

static const char *words_for(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8: return "not UTF-8";
    case json_error_duplicate_key: return "the same name twice in one object";
    case json_error_numeric_overflow: return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a NUL character in a string";
    case json_error_premature_end_of_input: return "the document ends too early";
    case json_error_end_of_input_expected: return "something follows the end of the document";
    case json_error_unknown:
    case json_error_out_of_memory:
    case json_error_stack_overflow:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_invalid_syntax:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_value:
    case json_error_item_not_found:
    case json_error_index_out_of_range: break;
    }
    return "not valid JSON";
}

/* true, false and null are jansson's own, and in no room. */
static bool is_constant(const json_t *tree)
{
    return json_is_true(tree) || json_is_false(tree) || json_is_null(tree);
}

static err_t parse_in(struct json_room *room, span_t text, struct json **out,
                      struct json_fault *fault)
{
    json_error_t error = {0};
    json_room_enter(room);
    json_t *const tree = json_loadb((const char *)text.ptr, text.len,
                                    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    json_room_leave();
    if (json_room_was_full(room)) {
        return err_new(ERR_NOMEM);
    }
    if (tree == NULL) {
        return refuse(fault, words_for(&error), error.position < 0 ? 0 : (size_t)error.position);
    }
    *out = (struct json *)tree;
    return ERR_OK;
}

err_t json_parse_measured(span_t text, const struct json_shape *shape, struct json **out,
                          struct json_fault *fault)
{
    struct json_room *room = json_room_new(json_room_for(shape));
    if (room == NULL) {
        return err_new(ERR_NOMEM);
    }
    const err_t parsed = parse_in(room, text, out, fault);
    if (failed(parsed) || is_constant((const json_t *)*out)) {
        json_room_free(&room);
    }
    return parsed;
}

err_t json_parse(span_t text, struct json **out, struct json_fault *fault)
{
    struct json_shape shape = {0};
    TRY(json_measure(text, NULL, &shape, fault));
    return json_parse_measured(text, &shape, out, fault);
}

void json_free(struct json **tree)
{
    if (*tree != NULL && !is_constant(inside(*tree))) {
        struct json_room *room = json_room_of(*tree);
        json_room_free(&room);
    }
    *tree = NULL;
}

enum json_kind json_kind(const struct json *value)
{
    if (value == NULL) {
        return JSON_KIND_ABSENT;
    }
    switch (json_typeof(inside(value))) {
    case JSON_OBJECT: return JSON_KIND_OBJECT;
    case JSON_ARRAY: return JSON_KIND_ARRAY;
    case JSON_STRING: return JSON_KIND_TEXT;
    case JSON_INTEGER: return JSON_KIND_INT;
    case JSON_REAL: return JSON_KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return JSON_KIND_BOOL;
    case JSON_NULL: return JSON_KIND_NULL;
    }
    return JSON_KIND_ABSENT;
}

const struct json *json_get(const struct json *object, const char *name)
{
    return (const struct json *)json_object_get(inside(object), name);
}

size_t json_count(const struct json *value)
{
    const enum json_kind kind = json_kind(value);
    if (kind == JSON_KIND_OBJECT) {
        return json_object_size(inside(value));
    }
    return kind == JSON_KIND_ARRAY ? json_array_size(inside(value)) : 0;
}

const struct json *json_item(const struct json *array, size_t index)
{
    return (const struct json *)json_array_get(inside(array), index);
}

bool json_as_text(const struct json *value, span_t *out)
{
    if (json_kind(value) != JSON_KIND_TEXT) {
        return false;
    }
    *out = (span_t){(const uint8_t *)json_string_value(inside(value)),
                    json_string_length(inside(value))};
    return true;
}

bool json_as_int(const struct json *value, int64_t *out)
{
    if (json_kind(value) != JSON_KIND_INT) {
        return false;
    }
    *out = json_integer_value(inside(value));
    return true;
}

bool json_as_double(const struct json *value, double *out)
{
    const enum json_kind kind = json_kind(value);
    if (kind != JSON_KIND_INT && kind != JSON_KIND_REAL) {
        return false;
    }
    *out = json_number_value(inside(value));
    return true;
}

bool json_as_bool(const struct json *value, bool *out)
{
    if (json_kind(value) != JSON_KIND_BOOL) {
        return false;
    }
    *out = json_is_true(inside(value));
    return true;
}

bool json_get_text(const struct json *object, const char *name, span_t *out)
{
    return json_as_text(json_get(object, name), out);
}

bool json_get_int(const struct json *object, const char *name, int64_t *out)
{
    return json_as_int(json_get(object, name), out);
}

bool json_get_double(const struct json *object, const char *name, double *out)
{
    return json_as_double(json_get(object, name), out);
}

bool json_get_bool(const struct json *object, const char *name, bool *out)
{
    return json_as_bool(json_get(object, name), out);
}
