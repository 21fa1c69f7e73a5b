/* Comparing what came with what a scenario says. */
#include "tests/scenario/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one field ---- */

static const struct json *member(const struct json *json, const char *name)
{
    if (json_kind(json) == JSON_KIND_ARRAY && isdigit((unsigned char)name[0]) != 0) {
        return json_item(json, (size_t)strtoul(name, NULL, 10));
    }
    return json_get(json, name);
}

/* The value at `a.b.0.c`; what stands behind the last dot is left in `last`. */
static const struct json *walk(const struct json *json, const char *path, char last[NAME_BYTES])
{
    for (;;) {
        size_t n = strcspn(path, ".");
        n = n < NAME_BYTES - 1 ? n : NAME_BYTES - 1;
        memcpy(last, path, n);
        last[n] = '\0';
        if (path[n] == '\0') {
            return json;
        }
        json = member(json, last);
        path += n + 1;
    }
}

static void number_text(double value, char out[VALUE_BYTES])
{
    (void)snprintf(out, VALUE_BYTES, "%.17g", value);
}

static bool value_text(const struct json *value, char out[VALUE_BYTES])
{
    span_t text = {0};
    int64_t integer = 0;
    double number = 0.0;
    bool flag = false;
    switch (json_kind(value)) {
    case JSON_KIND_ABSENT: return false;
    case JSON_KIND_TEXT:
        if (json_as_text(value, &text)) {
            (void)snprintf(out, VALUE_BYTES, "%.*s", (int)text.len, (const char *)text.ptr);
        }
        return true;
    case JSON_KIND_INT:
        if (json_as_int(value, &integer)) {
            (void)snprintf(out, VALUE_BYTES, "%lld", (long long)integer);
        }
        return true;
    case JSON_KIND_REAL:
        if (json_as_double(value, &number)) {
            number_text(number, out);
        }
        return true;
    case JSON_KIND_BOOL:
        (void)snprintf(out, VALUE_BYTES, "%s",
                       json_as_bool(value, &flag) && flag ? "true" : "false");
        return true;
    case JSON_KIND_NULL: (void)snprintf(out, VALUE_BYTES, "null"); return true;
    case JSON_KIND_OBJECT:
        (void)snprintf(out, VALUE_BYTES, "{%zu}", json_count(value));
        return true;
    case JSON_KIND_ARRAY: (void)snprintf(out, VALUE_BYTES, "[%zu]", json_count(value)); return true;
    }
    return false;
}

bool field_text(const struct json *json, const char *path, char out[VALUE_BYTES])
{
    char last[NAME_BYTES];
    const struct json *within = walk(json, path, last);
    if (strcmp(last, "size") == 0) {
        (void)snprintf(out, VALUE_BYTES, "%zu", json_count(within));
        return true;
    }
    return value_text(member(within, last), out);
}

/* ---- against what is wanted: TEXT, ~PART, >NUMBER, <NUMBER, present, absent ---- */

static bool matches(bool there, const char *got, const char *want)
{
    if (strcmp(want, "absent") == 0) {
        return !there;
    }
    if (!there) {
        return false;
    }
    switch (want[0]) {
    case '~': return strstr(got, want + 1) != NULL;
    case '>': return strtod(got, NULL) > strtod(want + 1, NULL);
    case '<': return strtod(got, NULL) < strtod(want + 1, NULL);
    default: return strcmp(want, "present") == 0 || strcmp(got, want) == 0;
    }
}

const char *check_fields(struct world *w, const struct json *json, struct words *args)
{
    while (args->next < args->count) {
        const char *path = words_take(args);
        const char *want = words_take(args);
        char got[VALUE_BYTES] = "";
        const bool there = field_text(json, path, got);
        if (!matches(there, got, want)) {
            return because(w, "%s is %s%s%s, not %s", path, there ? "\"" : "",
                           there ? got : "absent", there ? "\"" : "", want);
        }
    }
    return NULL;
}

/* ---- answers ---- */

const char *check_answer(struct world *w, struct words *args)
{
    long long status = 0;
    char got[VALUE_BYTES] = "";
    if (args->next == args->count) {
        return NULL;
    }
    if (!words_take_if(args, "expect") || !words_take_number(args, 999, &status)) {
        return because(w, "do not understand \"%s\"", words_peek(args));
    }
    const bool has_detail = field_text(w->answer.json, "detail", got);
    if (w->answer.head.status != (unsigned)status) {
        return because(w, "the answer is %u (%s), not %lld", w->answer.head.status,
                       has_detail ? got : "no detail", status);
    }
    if (args->next == args->count) {
        return NULL;
    }
    const char *want = words_take(args);
    return has_detail && strcmp(got, want) == 0
               ? NULL
               : because(w, "the detail is \"%s\", not \"%s\"", got, want);
}
