/* event_scan_fuzz.c - the scanner against jansson: what one takes, the other takes, and the same. */
#include "codec/event_scan.h"

#include "base/buf.h"
#include "codec/event_redact.h"
#include "codec/json_cursor.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

enum { HOW = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL };

struct room {
    struct event_scratch scratch;
    scanned_event_t events[EVENTS_PER_MESSAGE_MAX];
};

/* Our limits, as far as a tree shows them. */
static bool is_within_limits(json_t *value, int depth)
{
    if (json_is_string(value)) {
        return json_string_length(value) <= JSON_STRING_MAX;
    }
    if (json_is_array(value)) {
        bool good = depth > 0 && json_array_size(value) <= JSON_ITEMS_MAX;
        for (size_t i = 0; good && i < json_array_size(value); i++) {
            good = is_within_limits(json_array_get(value, i), depth - 1);
        }
        return good;
    }
    if (json_is_object(value)) {
        bool good = depth > 0 && json_object_size(value) <= JSON_MEMBERS_MAX;
        for (void *it = json_object_iter(value); good && it != NULL;
             it = json_object_iter_next(value, it)) {
            good = strlen(json_object_iter_key(it)) <= JSON_STRING_MAX &&
                   is_within_limits(json_object_iter_value(it), depth - 1);
        }
        return good;
    }
    return true;
}

/* A run that may be a number longer than we read: the tree does not show it. */
static bool has_long_number(const uint8_t *bytes, size_t len)
{
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        run = bytes[i] != '\0' && strchr("0123456789+-.eE", bytes[i]) != NULL ? run + 1 : 0;
        if (run > 128) {
            return true;
        }
    }
    return false;
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check_number(const json_t *data, const char *name, uint32_t has, double got)
{
    const json_t *const want = json_object_get(data, name);
    MUST((want != NULL) == (has != 0));
    if (json_is_number(want)) {
        MUST(bits_of(json_number_value(want)) == bits_of(got));
    }
}

static void check_typing(const json_t *data, const canara_event_t *event)
{
    check_number(data, "words_per_minute", event->has & CANARA_F_WORDS_PER_MINUTE,
                 event->of.typing.words_per_minute);
    check_number(data, "backspace_frequency", event->has & CANARA_F_BACKSPACE_FREQUENCY,
                 event->of.typing.backspace_frequency);
    const json_t *const intervals = json_object_get(data, "key_press_intervals");
    MUST(json_array_size(intervals) == event->of.typing.intervals);
    for (size_t i = 0; i < event->of.typing.intervals; i++) {
        const double want = json_number_value(json_array_get(intervals, i));
        const double got = event->of.typing.key_press_intervals[i];
        MUST(bits_of(want) == bits_of(got) && got >= 0.0 && got <= 600.0);
    }
}

static void check_keys(const json_t *data, const scanned_event_t *e)
{
    const json_t *const keys = json_object_get(data, "keys");
    const canara_event_t *const event = &e->event;
    MUST(json_array_size(keys) == event->of.keystrokes.count);
    for (size_t i = 0; i < event->of.keystrokes.count; i++) {
        const canara_key_t *const key = &event->of.keystrokes.keys[i];
        check_number(json_array_get(keys, i), "down", 1, key->down_ms);
        check_number(json_array_get(keys, i), "x", key->has & 1U << CANARA_KEY_X,
                     key->extra[CANARA_KEY_X]);
        MUST(key->up_ms >= key->down_ms && key->up_ms <= 600000.0);
        MUST(!e->secret || key->key_class == CANARA_KEY_OTHER);
    }

    struct buf shown;
    buf_init(&shown, EVENT_MESSAGE_MAX + 32);
    MUST(!failed(event_redact_keys(e->data, &shown)));
    json_t *const tree = json_loadb((const char *)shown.ptr, shown.len, HOW, NULL);
    MUST(tree != NULL && json_object_size(tree) == json_object_size(data));
    MUST(keys == NULL ||
         json_number_value(json_object_get(tree, "keys")) == (double)event->of.keystrokes.count);
    json_decref(tree);
    buf_deinit(&shown);
}

static void check_points(const json_t *data, const canara_event_t *event)
{
    const json_t *const points = json_object_get(data, "points");
    MUST(json_array_size(points) == event->of.path.count);
    for (size_t i = 0; i < event->of.path.count; i++) {
        const json_t *const point = json_array_get(points, i);
        MUST(json_array_size(point) == (event->kind == CANARA_TOUCH ? 6 : 4));
        const double x = json_number_value(json_array_get(point, 1));
        MUST(bits_of(x) == bits_of(event->of.path.points[i].x));
    }
}

static void check_event(const json_t *tree, const scanned_event_t *e)
{
    const json_t *const type = json_object_get(tree, "event_type");
    const json_t *const data = json_object_get(tree, "data");
    MUST(json_string_length(type) == e->type.len && e->type.len > 0);
    MUST(memcmp(json_string_value(type), e->type.ptr, e->type.len) == 0);
    MUST(!event_type_is_server_fact(e->type));
    MUST(json_is_object(data) && e->data.ptr[0] == '{' && e->data.ptr[e->data.len - 1] == '}');
    json_t *const verbatim = json_loadb((const char *)e->data.ptr, e->data.len, HOW, NULL);
    MUST(verbatim != NULL && json_equal(verbatim, data));
    json_decref(verbatim);
    MUST((json_object_get(tree, "seq") != NULL) == e->has_seq);
    if (e->has_seq) {
        MUST((double)e->seq >= json_number_value(json_object_get(tree, "seq")));
    }
    if (e->event.kind == CANARA_TYPING_PATTERN) {
        check_typing(data, &e->event);
    } else if (e->event.kind == CANARA_KEYSTROKES) {
        check_keys(data, e);
    } else if (e->event.kind == CANARA_POINTER || e->event.kind == CANARA_TOUCH) {
        check_points(data, &e->event);
    }
}

static void check_message(const json_t *tree, const scanned_event_t *events, size_t count)
{
    MUST(count == (json_is_array(tree) ? json_array_size(tree) : 1));
    for (size_t i = 0; i < count; i++) {
        check_event(json_is_array(tree) ? json_array_get(tree, i) : tree, &events[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct room *room; /* one loop, one scratch */
    if (room == NULL) {
        room = calloc(1, sizeof *room);
        MUST(room != NULL);
    }
    if (len == 0 || len > EVENT_MESSAGE_MAX) {
        return 0;
    }
    size_t count = 0;
    scan_fault_t fault = {0};
    const enum scan_outcome outcome =
        event_scan(&room->scratch, (span_t){bytes, len}, room->events, &count, &fault);
    MUST((outcome == SCAN_OK) == (fault.message == NULL));
    const bool taken_as_json =
        outcome == SCAN_OK || strcmp(fault.message, "Invalid JSON format") != 0;

    /* jansson 2.14 takes a NUL byte for the end of the text and lets anything follow it. */
    json_t *const tree =
        memchr(bytes, '\0', len) != NULL ? NULL : json_loadb((const char *)bytes, len, HOW, NULL);
    MUST(!taken_as_json || tree != NULL);
    if (tree != NULL && !has_long_number(bytes, len)) {
        const int depth = JSON_DEPTH_MAX + (json_is_array(tree) ? 1 : 0);
        MUST(taken_as_json == is_within_limits(tree, depth));
    }
    if (outcome == SCAN_OK) {
        check_message(tree, room->events, count);
    }
    json_decref(tree);
    return 0;
}
