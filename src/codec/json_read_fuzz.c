/* json_read_fuzz.c - what is read can be written and read again as the same tree; the small forms
 * of text besides: amounts, times, ids, base64, UTF-8 in pieces. */
#include "codec/json_read.h"

#include "codec/base64.h"
#include "codec/decimal.h"
#include "codec/json_write.h"
#include "codec/time_text.h"
#include "codec/utf8.h"
#include "codec/uuid_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

/* The members of an object, which the library under ours finds: nobody else asks for names that he does not know.
 * Its iterators take no const. */
static void visit_members(const struct json *object,
                          void (*visit)(void *arg, span_t name, const struct json *value),
                          void *arg)
{
    const union {
        const struct json *ours;
        json_t *theirs;
    } o = {.ours = object};

    for (void *it = json_object_iter(o.theirs); it != NULL;
         it = json_object_iter_next(o.theirs, it)) {
        const char *const name = json_object_iter_key(it);
        visit(arg, (span_t){(const uint8_t *)name, strlen(name)},
              (const struct json *)json_object_iter_value(it));
    }
}

static void write_value(struct json_writer *w, const struct json *value);

/* Names are our own where we write: json_name() takes plain ones alone. */
struct members {
    struct json_writer *w;
    size_t count;
};

static void write_member(void *arg, span_t name, const struct json *value)
{
    struct members *const m = arg;
    char own[32];
    (void)snprintf(own, sizeof own, "m%zu", m->count++);
    MUST(utf8_is_valid(name));
    json_name(m->w, own);
    write_value(m->w, value);
}

static void write_value(struct json_writer *w, const struct json *value)
{
    span_t text = {0};
    int64_t whole = 0;
    double number = 0.0;
    bool yes = false;
    if (json_as_text(value, &text)) {
        json_text(w, text);
    } else if (json_as_int(value, &whole)) {
        json_int(w, whole);
    } else if (json_as_double(value, &number)) {
        json_number(w, number);
    } else if (json_as_bool(value, &yes)) {
        json_bool(w, yes);
    } else if (json_kind(value) == JSON_KIND_OBJECT) {
        json_begin_object(w);
        struct members m = {w, 0};
        visit_members(value, write_member, &m);
        MUST(m.count == json_count(value));
        json_end_object(w);
    } else if (json_kind(value) == JSON_KIND_ARRAY) {
        json_begin_array(w);
        for (size_t i = 0; i < json_count(value); i++) {
            write_value(w, json_item(value, i));
        }
        json_end_array(w);
    } else {
        MUST(json_kind(value) == JSON_KIND_NULL);
        json_nil(w);
    }
}

/* Equal, where a real that prints without a fraction may come back as an integer. */
static void check_same(const struct json *a, const struct json *b)
{
    double x = 0.0;
    double y = 0.0;
    span_t s = {0};
    span_t t = {0};
    if (json_as_double(a, &x)) {
        MUST(json_as_double(b, &y) && !(x < y) && !(x > y));
        return;
    }
    MUST(json_kind(a) == json_kind(b) && json_count(a) == json_count(b));
    if (json_as_text(a, &s)) {
        MUST(json_as_text(b, &t) && span_eq(s, t) && utf8_is_valid(s));
    }
    if (json_kind(a) == JSON_KIND_ARRAY) {
        for (size_t i = 0; i < json_count(a); i++) {
            check_same(json_item(a, i), json_item(b, i));
        }
    }
}

static void count_value(const struct json *value, json_limits_t *counted);

static void count_member(void *arg, span_t name, const struct json *value)
{
    (void)name;
    count_value(value, arg);
}

static void count_value(const struct json *value, json_limits_t *counted)
{
    const enum json_kind kind = json_kind(value);
    counted->values += 1;
    counted->nodes += kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY ? 1 : 0;
    if (kind == JSON_KIND_OBJECT) {
        visit_members(value, count_member, counted);
    }
    for (size_t i = 0; kind == JSON_KIND_ARRAY && i < json_count(value); i++) {
        count_value(json_item(value, i), counted);
    }
}

/* What was counted before is what came of it, to the last one. */
static void check_shape(span_t input, const struct json *tree)
{
    json_limits_t limits = {0};
    struct json_shape shape = {0};
    count_value(tree, &limits);
    MUST(!failed(json_measure(input, &limits, &shape, NULL)));
    MUST(shape.values == limits.values && shape.objects + shape.arrays == limits.nodes);
    limits.values -= 1;
    MUST(json_measure(input, &limits, &shape, NULL).code == ERR_LIMIT);
    limits.values += 1;
    limits.nodes -= limits.nodes > 0 ? 1 : 0;
    MUST(limits.nodes == shape.objects + shape.arrays ||
         json_measure(input, &limits, &shape, NULL).code == ERR_LIMIT);
}

static void check_json(span_t input)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    const bool has_nul = input.len > 0 && memchr(input.ptr, '\0', input.len) != NULL;
    if (failed(json_parse(input, &tree, &fault))) {
        MUST(tree == NULL && fault.message != NULL && fault.at <= input.len + 1);
        return;
    }
    MUST(!has_nul);
    check_shape(input, tree);
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    write_value(&w, tree);
    MUST(!failed(json_finish(&w)));
    struct json *again = NULL;
    MUST(!failed(json_parse(buf_span(&out), &again, NULL)));
    check_same(tree, again);
    json_free(&again);
    json_free(&tree);
    buf_deinit(&out);
}

/* Any bytes as a string: what comes out is UTF-8 and JSON. */
static void check_text(span_t input)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    json_text(&w, input);
    MUST(!failed(json_finish(&w)) && utf8_is_valid(buf_span(&out)));
    json_t *const tree =
        json_loadb((const char *)out.ptr, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    MUST(json_is_string(tree));
    if (utf8_is_valid(input)) {
        MUST(json_string_length(tree) == input.len);
        MUST(input.len == 0 || memcmp(json_string_value(tree), input.ptr, input.len) == 0);
    }
    json_decref(tree);
    buf_deinit(&out);
}

static void check_pieces(span_t input)
{
    utf8_state_t state = {0};
    bool good = true;
    for (size_t i = 0; good && i < input.len; i += 3) {
        const size_t n = input.len - i < 3 ? input.len - i : 3;
        good = utf8_feed(&state, (span_t){input.ptr + i, n});
    }
    MUST((good && utf8_is_complete(&state)) == utf8_is_valid(input));
}

static void check_small_forms(span_t input)
{
    decimal_t amount = {0};
    if (!failed(decimal_parse_number(input, &amount)) ||
        !failed(decimal_parse_text(input, &amount))) {
        decimal_t again = {0};
        const span_t text = {(const uint8_t *)amount.text, amount.len};
        MUST(!failed(decimal_parse_text(text, &again)) && strcmp(again.text, amount.text) == 0);
        MUST(amount.value >= 0.0 && amount.value <= DECIMAL_MAX);
    }
    wall_t at = {0};
    if (!failed(time_parse(input, &at))) {
        char text[TIME_TEXT_SIZE];
        wall_t again = {0};
        time_print(at, text);
        MUST(!failed(time_parse((span_t){(const uint8_t *)text, TIME_TEXT_LEN}, &again)));
        MUST(again.ms == at.ms);
    }
    uuid_t id = {{0}};
    if (!failed(uuid_parse(input, &id))) {
        char text[UUID_TEXT_SIZE];
        uuid_print(id, text);
        MUST(memcmp(text, input.ptr, UUID_TEXT_LEN) == 0);
    }
    uint8_t decoded[256];
    char encoded[BASE64_LEN(256)];
    size_t n = 0;
    size_t m = 0;
    if (!failed(base64url_decode(input, decoded, sizeof decoded, &n))) {
        MUST(!failed(base64url_encode((span_t){decoded, n}, encoded, sizeof encoded, &m)));
        MUST(m == input.len && (m == 0 || memcmp(encoded, input.ptr, m) == 0));
    }
    if (!failed(base64_decode(input, decoded, sizeof decoded, &n))) {
        MUST(!failed(base64_encode((span_t){decoded, n}, encoded, sizeof encoded, &m)));
        MUST(m == input.len && (m == 0 || memcmp(encoded, input.ptr, m) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const span_t input = {bytes, len};
    check_json(input);
    check_text(input);
    check_pieces(input);
    check_small_forms(input);
    return 0;
}
