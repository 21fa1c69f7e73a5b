#include "codec/json_shape.h"

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct count {
    struct json_shape shape;
    size_t depth;
    size_t token; /* where the string, or what lies between two marks, began */
    bool fresh;   /* the last that was seen opened an object or an array */
};

static err_t refuse(struct json_fault *fault, const char *message, size_t at)
{
    if (fault != NULL) {
        *fault = (struct json_fault){.message = message, .at = at};
    }
    return err_new(ERR_FORMAT);
}

static err_t refuse_more(struct json_fault *fault, const char *of, size_t most, size_t at)
{
    if (fault != NULL) {
        *fault = (struct json_fault){
            .message = "too much for one text", .at = at, .of = of, .most = most};
    }
    return err_new(ERR_LIMIT);
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void end_token(struct count *c, size_t at)
{
    c->shape.longest = size_max(c->shape.longest, at - c->token);
    c->token = at;
}

/* A byte outside of strings. A value begins the text, follows a comma, or is the first in brackets. */
static void take(struct count *c, uint8_t byte, size_t at)
{
    if (is_space(byte)) {
        return;
    }
    const bool closes = byte == '}' || byte == ']';
    c->shape.values += c->fresh && !closes ? 1 : 0;
    c->fresh = byte == '{' || byte == '[';
    switch (byte) {
    case '{':
        c->shape.objects++;
        c->depth++;
        break;
    case '[':
        c->shape.arrays++;
        c->depth++;
        break;
    case '}':
    case ']': c->depth -= c->depth > 0 ? 1 : 0; break;
    case ',':
        c->shape.commas++;
        c->shape.values++;
        break;
    case ':': c->shape.names++; break;
    case '"': c->shape.strings++; break;
    default: return;
    }
    end_token(c, at);
}

static err_t check(const struct count *c, const json_limits_t *limits, struct json_fault *fault,
                   size_t at)
{
    const struct json_shape *s = &c->shape;
    if (c->depth > JSON_READ_DEPTH) {
        return refuse(fault, "nested more than 8 levels deep", at);
    }
    if (limits == NULL) {
        return ERR_OK;
    }
    if (s->values > limits->values) {
        return refuse_more(fault, "values", limits->values, at);
    }
    if (s->objects + s->arrays > limits->nodes) {
        return refuse_more(fault, "objects and arrays", limits->nodes, at);
    }
    return ERR_OK;
}

static err_t count_all(struct count *c, span_t text, const json_limits_t *limits,
                       struct json_fault *fault)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.ptr[i];
        if (!quoted) {
            take(c, byte, i);
            TRY(check(c, limits, fault, i));
            quoted = byte == '"';
            continue;
        }
        if (byte == '\\') {
            i += 1;
        } else if (byte == '"') {
            quoted = false;
            end_token(c, i + 1);
        }
    }
    end_token(c, text.len);
    return ERR_OK;
}

err_t json_measure(span_t text, const json_limits_t *limits, struct json_shape *out,
                   struct json_fault *fault)
{
    if (text.len == 0) {
        return refuse(fault, "the document is empty", 0);
    }
    const uint8_t *const nul = memchr(text.ptr, '\0', text.len);
    if (nul != NULL) { /* jansson 2.14 takes it for the end and lets anything follow */
        return refuse(fault, "a NUL byte", (size_t)(nul - text.ptr));
    }
    struct count c = {.shape = {.bytes = text.len, .values = 1}};
    TRY(count_all(&c, text, limits, fault));
    *out = c.shape;
    return ERR_OK;
}
