/* secret_typing.c - how a password or an MPIN was typed: the optional `keystrokes` of a body. */
#include "api/body.h"
#include "api/routes.h"
#include "codec/event_scan.h"
#include "codec/json_read.h"
#include "domain/sessions/behaviour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPING_BYTES_MAX = 65536 };

static bool take_number(const struct json *key, const char *name, double *out)
{
    return json_get_double(key, name, out) && *out >= 0.0 && *out <= 600000.0;
}

/* Write {"field":…,"keys":[…]} of a member, as the event scanner reads it. */
static void write_typing(const struct json *keys, const char *field, struct json_writer *w)
{
    json_begin_object(w);
    json_name(w, "field");
    json_cstr(w, field);
    json_name(w, "keys");
    json_begin_array(w);
    for (size_t i = 0; i < json_count(keys); i++) {
        double down = 0.0;
        double up = 0.0;
        if (!take_number(json_item(keys, i), "down", &down) ||
            !take_number(json_item(keys, i), "up", &up)) {
            continue; /* body_keystrokes() has refused it already */
        }
        json_begin_object(w);
        json_name(w, "down");
        json_number(w, down);
        json_name(w, "up");
        json_number(w, up);
        json_name(w, "class");
        json_cstr(w, "other");
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void check_key(const struct json *key, size_t at, double *before, struct faults *f)
{
    char field[FAULT_FIELD_BYTES];
    double down = 0.0;
    double up = 0.0;
    span_t class = {0};
    (void)snprintf(field, sizeof field, "keystrokes.keys[%zu]", at);
    if (json_kind(key) != JSON_KIND_OBJECT) {
        fault_add(f, field, "must be an object");
        return;
    }
    (void)snprintf(field, sizeof field, "keystrokes.keys[%zu].down", at);
    if (!take_number(key, "down", &down) || down < *before) {
        fault_add(f, field, "must be a number from 0 to 600000, not below the one before");
        return;
    }
    (void)snprintf(field, sizeof field, "keystrokes.keys[%zu].up", at);
    if (!take_number(key, "up", &up) || up < down) {
        fault_add(f, field, "must be a number from down to 600000");
        return;
    }
    (void)snprintf(field, sizeof field, "keystrokes.keys[%zu].class", at);
    if (json_get(key, "class") != NULL &&
        (!json_get_text(key, "class", &class) || !span_eq(class, SPAN_LIT("other")))) {
        fault_add(f, field, "must be one of other");
        return;
    }
    *before = down;
}

void body_keystrokes(const struct call *c, struct faults *f)
{
    const struct json *typed = json_get(c->json, "keystrokes");
    if (json_kind(typed) == JSON_KIND_ABSENT || json_kind(typed) == JSON_KIND_NULL) {
        return;
    }
    if (json_kind(typed) != JSON_KIND_OBJECT) {
        fault_add(f, "keystrokes", "must be an object");
        return;
    }
    const struct json *keys = json_get(typed, "keys");
    if (json_kind(keys) != JSON_KIND_ARRAY) {
        fault_add(f, "keystrokes.keys", keys == NULL ? "field required" : "must be an array");
        return;
    }
    if (json_count(keys) < 1 || json_count(keys) > 512) {
        fault_add(f, "keystrokes.keys", "must have 1 to 512 items");
        return;
    }
    double before = 0.0;
    const size_t faults = f->count;
    for (size_t i = 0; i < json_count(keys) && f->count == faults; i++) {
        check_key(json_item(keys, i), i, &before, f);
    }
}

void take_keystrokes(struct call *c, struct shard *s, struct live *live, const char *field)
{
    const struct json *typed = json_get(c->json, "keystrokes");
    if (json_kind(typed) != JSON_KIND_OBJECT) {
        return;
    }
    struct buf data;
    buf_init(&data, TYPING_BYTES_MAX);
    struct event_scratch *scratch = malloc(sizeof *scratch);
    struct json_writer w;
    json_writer_init(&w, &data);
    write_typing(json_get(typed, "keys"), field, &w);
    scanned_event_t event = {0};
    scan_fault_t fault = {0};
    if (scratch != NULL && !failed(json_finish(&w)) &&
        event_scan_stored(scratch, SPAN_LIT("keystrokes"), buf_span(&data), &event, &fault) ==
            SCAN_OK) {
        behaviour_result_t result = {0};
        behaviour_take(s, live, &event, 1, clock_mono(shard_service(s)->clock), &result);
        c->position = result.position;
    }
    free(scratch);
    buf_deinit(&data);
}
