/* event_scan_test.c - messages of clients, good and bad. */
#include "codec/event_scan.h"

#include "base/util.h"
#include "codec/event_fields.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct event_scratch *scratch;
    struct event_lab_scratch *lab;
    scanned_event_t *events;
    size_t count;
    scan_fault_t fault;
    uint8_t *held; /* the message, in an allocation of its exact size: a read past it is seen */
};

static int set_up(void **state)
{
    struct fixture *const f = calloc(1, sizeof *f);
    if (f == NULL) {
        return -1;
    }
    f->scratch = malloc(sizeof *f->scratch);
    f->lab = malloc(sizeof *f->lab);
    f->events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *f->events);
    *state = f;
    return f->scratch == NULL || f->lab == NULL || f->events == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *const f = *state;
    free(f->scratch);
    free(f->lab);
    free(f->events);
    free(f->held);
    free(f);
    return 0;
}

static enum scan_outcome scan_bytes(struct fixture *f, const char *text, size_t len)
{
    free(f->held);
    f->held = malloc(len == 0 ? 1 : len);
    assert_non_null(f->held);
    memcpy(f->held, text, len);
    f->count = 0;
    f->fault = (scan_fault_t){0};
    return event_scan(f->scratch, (span_t){f->held, len}, f->events, &f->count, &f->fault);
}

static const canara_event_t *take(struct fixture *f, const char *text)
{
    if (scan_bytes(f, text, strlen(text)) != SCAN_OK) {
        fail_msg("%s: refused: %s (%s)", text, f->fault.message, f->fault.field);
    }
    return &f->events[0].event;
}

static void refuse(struct fixture *f, const char *text, const char *message, const char *field)
{
    if (scan_bytes(f, text, strlen(text)) != SCAN_REFUSED) {
        fail_msg("%s: taken", text);
    }
    if (strcmp(f->fault.message, message) != 0 || strcmp(f->fault.field, field) != 0) {
        fail_msg("%s: \"%s\" (%s), not \"%s\" (%s)", text, f->fault.message, f->fault.field,
                 message, field);
    }
    assert_int_equal(f->count, 0);
}

static void assert_c_text(canara_text_t got, const char *want)
{
    assert_span_text((span_t){(const uint8_t *)got.ptr, got.len}, want);
}

static void the_seeds_example_is_taken(void **state)
{
    struct fixture *const f = *state;
    const canara_event_t *const e = take(
        f,
        "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65,"
        "\"key_press_intervals\":[0.15, 0.12,0.18,0.14],\"backspace_frequency\":2e-2,"
        "\"timestamp\":\"2025-06-24T10:30:00Z\"},\"timestamp\":\"then\",\"seq\":9007199254740991}");
    assert_int_equal(e->kind, CANARA_TYPING_PATTERN);
    assert_int_equal(e->has, CANARA_F_WORDS_PER_MINUTE | CANARA_F_KEY_PRESS_INTERVALS |
                                 CANARA_F_BACKSPACE_FREQUENCY);
    assert_near(e->of.typing.words_per_minute, 65.0, 0.0, "words");
    assert_near(e->of.typing.backspace_frequency, 0.02, 0.0, "backspace");
    assert_int_equal(e->of.typing.intervals, 4);
    assert_near(e->of.typing.key_press_intervals[3], 0.14, 0.0, "interval");
    assert_span_text(f->events[0].type, "typing_pattern");
    assert_span_text(f->events[0].timestamp, "then");
    assert_true(f->events[0].has_seq && f->events[0].seq == EVENT_SEQ_MAX);
    assert_false(f->events[0].secret);
    assert_int_equal(f->events[0].data.ptr[0], '{');
    assert_int_equal(f->events[0].data.ptr[f->events[0].data.len - 1], '}');
}

static void every_type_is_typed(void **state)
{
    struct fixture *const f = *state;
    const canara_event_t *e =
        take(f, "{\"event_type\":\"navigation_pattern\",\"data\":{\"page_switches_per_minute\":4,"
                "\"current_page\":\"tr\\u0061nsfer\",\"time_on_page\":45.2}}");
    assert_c_text(e->of.navigation.current_page, "transfer");
    e = take(f, "{\"event_type\":\"navigation_pattern\",\"data\":{"
                "\"current_page\":\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"}}");
    assert_c_text(e->of.navigation.current_page, "\b\f\n\r\t\"\\/");
    e = take(f, "{\"event_type\":\"mouse_movement\",\"data\":{\"movement_speed\":120.5,"
                "\"click_pattern\":\"normal\",\"idle_time\":2.1}}");
    assert_near(e->of.mouse.idle_time_s, 2.1, 0.0, "idle");
    e = take(f, "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":12,"
                "\"pattern\":\"automated\"}}");
    assert_c_text(e->of.clicks.pattern, "automated");
    e = take(f, "{\"event_type\":\"large_transaction\",\"data\":{\"amount\":\"1250.50\","
                "\"currency\":\"INR\"}}");
    assert_near(e->of.transaction.amount, 1250.5, 0.0, "decimal string");
    e = take(f, "{\"event_type\":\"transaction_attempt\",\"data\":{\"amount\":1e15}}");
    assert_near(e->of.transaction.amount, 1e15, 0.0, "number");
    e = take(f, "{\"event_type\":\"pointer\",\"data\":{\"points\":[[0,1,-2,0],[5.5,1,2,31]]}}");
    assert_int_equal(e->of.path.count, 2);
    assert_int_equal(e->of.path.points[1].buttons, 31);
    e = take(f, "{\"event_type\":\"touch\",\"data\":{\"points\":[[0,1,2,99.5,1000,2]]}}");
    assert_near(e->of.path.points[0].pressure, 99.5, 0.0, "pressure");
    assert_int_equal(e->of.path.points[0].buttons, 2);
    e = take(f, "{\"event_type\":\"scroll\",\"data\":{\"pixels\":-120,\"velocity\":3}}");
    assert_near(e->of.scroll.pixels, -120.0, 0.0, "pixels");
    e = take(f, "{\"event_type\":\"device_context\",\"data\":{\"os\":\"Android\",\"rooted\":true,"
                "\"vpn\":false}}");
    assert_int_equal(e->has, CANARA_F_OS | CANARA_F_ROOTED | CANARA_F_VPN);
    assert_true(e->of.device.rooted == 1 && e->of.device.vpn == 0);
    e = take(f, "{\"event_type\":\"lifecycle\",\"data\":{\"state\":\"paused\"}}");
    assert_c_text(e->of.lifecycle.state, "paused");
    e = take(f, "{\"event_type\":\"normal_typing\",\"data\":{\"free\":[1,{\"a\":null}]}}");
    assert_int_equal(e->kind, CANARA_NORMAL_TYPING);
    e = take(f, "{\"event_type\":\"shaken_2\",\"data\":{}}");
    assert_int_equal(e->kind, CANARA_UNKNOWN);
}

static void keystrokes_are_typed(void **state)
{
    struct fixture *const f = *state;
    const canara_event_t *e =
        take(f, "{\"event_type\":\"keystrokes\",\"data\":{\"keys\":[{\"up\":80.5,\"down\":0,"
                "\"class\":\"letter\",\"zone\":\"r3\",\"x\":-0.5,\"rz\":-100},{\"down\":0,\"up\":0,"
                "\"class\":\"modifier\"}],\"field\":\"iban\",\"note\":1}}");
    assert_int_equal(e->has, CANARA_F_FIELD | CANARA_F_KEYS);
    assert_c_text(e->of.keystrokes.field, "iban");
    assert_int_equal(e->of.keystrokes.count, 2);
    const canara_key_t *const k = e->of.keystrokes.keys;
    assert_int_equal(k[0].has, 1 << CANARA_KEY_X | 1 << CANARA_KEY_RZ);
    assert_near(k[0].extra[CANARA_KEY_RZ], -100.0, 0.0, "rz");
    assert_int_equal(k[0].zone, CANARA_ZONE_R3);
    assert_int_equal(k[1].zone, CANARA_ZONE_NONE);
    assert_int_equal(k[1].key_class, CANARA_KEY_MODIFIER);
    assert_false(f->events[0].secret);

    (void)take(f, "{\"event_type\":\"keystrokes\",\"data\":{\"keys\":[{\"down\":0,\"up\":1,"
                  "\"class\":\"other\"}],\"field\":\"mp\\u0069n\"}}");
    assert_true(f->events[0].secret);
}

static void motion_counts_only_with_all_six_axes(void **state)
{
    struct fixture *const f = *state;
    const canara_event_t *e =
        take(f, "{\"event_type\":\"motion\",\"data\":{\"ax\":{\"mean\":-200,\"sd\":1}}}");
    assert_int_equal(e->has, 0);
    e = take(f, "{\"event_type\":\"motion\",\"data\":{\"ax\":{\"mean\":-200,\"sd\":1},"
                "\"ay\":{\"mean\":1,\"sd\":1},\"az\":{\"mean\":9.81,\"sd\":1},"
                "\"rx\":{\"mean\":1,\"sd\":1},\"ry\":{\"sd\":1,\"mean\":1,\"n\":5},"
                "\"rz\":{\"mean\":1,\"sd\":100}}}");
    assert_int_equal(e->has, CANARA_F_MOTION);
    assert_near(e->of.motion.mean[2], 9.81, 0.0, "az");
    assert_near(e->of.motion.sd[5], 100.0, 0.0, "rz");
}

static void members_may_come_in_any_order(void **state)
{
    struct fixture *const f = *state;
    const canara_event_t *const e =
        take(f, " [ { \"seq\" : 0 , \"data\" : {\"state\":\"a\\tb\"} , \"x\":[[]],\n"
                "\"event_type\" : \"lifecycle\" } , "
                "{\"data\":{\"w\\u006frds_per_minute\":1},\"event_type\":\"typing_pattern\"}]\t");
    assert_int_equal(f->count, 2);
    assert_c_text(e->of.lifecycle.state, "a\tb");
    assert_true(f->events[0].has_seq && f->events[0].seq == 0 && !f->events[1].has_seq);
    assert_near(f->events[1].event.of.typing.words_per_minute, 1.0, 0.0, "escaped name");
    assert_span_text(f->events[0].data, "{\"state\":\"a\\tb\"}");
}

static void bad_json_has_one_message(void **state)
{
    struct fixture *const f = *state;
    static const char *const cases[] = {
        "",
        " ",
        "{",
        "[",
        "}",
        "nul",
        "{\"event_type\":\"x\",\"data\":{}",
        "{\"a\":1,}",
        "{,}",
        "{\"event_type\":\"x\",\"data\":{}} x",
        "{\"event_type\":\"x\",\"data\":{\"a\":NaN}}",
        "{\"event_type\":\"x\",\"data\":{\"a\":Infinity}}",
        "{\"a\":-Infinity}",
        "{\"a\":1e999}",
        "{\"event_type\":\"x\",\"data\":{\"a\":01}}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":0x10}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u00\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xe2\x82\"}",
        "{\"event_type\":\"x\",\"event_type\":\"x\",\"data\":{}}",
        "{\"event_type\":\"x\",\"data\":{\"a\":1,\"\\u0061\":2}}",
        "{\"event_type\":\"scroll\",\"data\":{\"pixels\":1,\"pixels\":1}}",
        "{\"event_type\":\"x\",\"data\":{\"a\":{\"b\":1,\"b\":1}}}",
        "{\"event_type\":\"x\",\"data\":{\"a\":[[[[[[[]]]]]]]}}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[{} {}]",
        "[1,]",
        "\xef\xbb\xbf{}",
        "{\"a\":tru}",
        "{\"a\":truex}",
        /* A fault of syntax goes before the others. */
        "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":-1},}",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refuse(f, cases[i], "Invalid JSON format", "");
    }
    (void)take(f, "{\"event_type\":\"x\",\"data\":{\"a\":[[[[[[]]]]]]}}");
    (void)take(f, "[{\"event_type\":\"x\",\"data\":{\"a\":[[[[[[]]]]]]}}]");
}

#define EVENT(type, data) "{\"event_type\":\"" type "\",\"data\":" data "}"
#define KEYS(keys)        EVENT("keystrokes", "{\"field\":\"a\",\"keys\":" keys "}")

/* clang-format off */
static const struct {
    const char *text, *message, *field;
} faults[] = {
    {"{}", "Missing event_type in behavioral data", "event_type"},
    {"{\"data\":{}}", "Missing event_type in behavioral data", "event_type"},
    {"{\"data\":5}", "Missing event_type in behavioral data", "event_type"},
    {"[{\"event_type\":\"x\",\"data\":{}},{}]", "Missing event_type in behavioral data", "[1].event_type"},
    {"5", "a message must be one event or an array of 1 to 256 events", ""},
    {"[]", "a message must be one event or an array of 1 to 256 events", ""},
    {"[5]", "an event must be an object", "[0]"},
    {"{\"event_type\":\"x\"}", "data is missing: it must be an object", "data"},
    {EVENT("x", "null"), "data must be an object", "data"},
    {"{\"data\":[],\"event_type\":\"x\"}", "data must be an object", "data"},
    {EVENT("", "{}"), "event_type must be 1 to 64 of a-z, 0-9 and _", "event_type"},
    {EVENT("Typing", "{}"), "event_type must be 1 to 64 of a-z, 0-9 and _", "event_type"},
    {"{\"event_type\":1,\"data\":{}}", "event_type must be 1 to 64 of a-z, 0-9 and _", "event_type"},
    {EVENT("mpin_verified", "{}"), "event_type names a fact that only the server can state", "event_type"},
    {EVENT("session_blocked", "{}"), "event_type names a fact that only the server can state", "event_type"},
    {EVENT("features", "{}"), "event_type features is for evaluation only", "event_type"},
    {"{\"event_type\":\"x\",\"data\":{},\"seq\":-1}", "seq must be an integer from 0 to 9007199254740991", "seq"},
    {"{\"event_type\":\"x\",\"data\":{},\"seq\":1.0}", "seq must be an integer from 0 to 9007199254740991", "seq"},
    {"{\"event_type\":\"x\",\"data\":{},\"seq\":9007199254740992}", "seq must be an integer from 0 to 9007199254740991", "seq"},
    {"{\"event_type\":\"x\",\"data\":{},\"seq\":90071992547409920}", "seq must be an integer from 0 to 9007199254740991", "seq"},
    {"{\"event_type\":\"x\",\"data\":{},\"timestamp\":1}", "timestamp must be a string of at most 64 bytes", "timestamp"},
    {EVENT("typing_pattern", "{\"words_per_minute\":10000.5}"), "words_per_minute must be a number from 0 to 10000", "data.words_per_minute"},
    {"[" EVENT("typing_pattern", "{\"words_per_minute\":null}") "]", "words_per_minute must be a number from 0 to 10000", "[0].data.words_per_minute"},
    {EVENT("typing_pattern", "{\"key_press_intervals\":[0,600.1]}"), "key_press_intervals must be an array of numbers from 0 to 600", "data.key_press_intervals[1]"},
    {EVENT("typing_pattern", "{\"key_press_intervals\":{}}"), "key_press_intervals must be an array of numbers from 0 to 600", "data.key_press_intervals"},
    {EVENT("transaction_attempt", "{\"amount\":\"1e3\"}"), "amount must be a number or a decimal string from 0 to 1000000000000000", "data.amount"},
    {EVENT("transaction_attempt", "{\"amount\":-0.01}"), "amount must be a number or a decimal string from 0 to 1000000000000000", "data.amount"},
    {EVENT("device_context", "{\"rooted\":1}"), "rooted must be true or false", "data.rooted"},
    {EVENT("motion", "{\"ax\":{\"mean\":1}}"), "ax must be an object of mean (-200 to 200) and sd (0 to 200)", "data.ax"},
    {EVENT("motion", "{\"ax\":5}"), "ax must be an object of mean (-200 to 200) and sd (0 to 200)", "data.ax"},
    {EVENT("motion", "{\"rz\":{\"mean\":1,\"sd\":-1}}"), "rz must be an object of mean (-100 to 100) and sd (0 to 100)", "data.rz"},
    {EVENT("keystrokes", "{\"field\":\"Pass\"}"), "field must be 1 to 64 of a-z, 0-9, _ and -", "data.field"},
    {EVENT("keystrokes", "{\"field\":\"\"}"), "field must be 1 to 64 of a-z, 0-9, _ and -", "data.field"},
    {KEYS("[]"), "keys must be an array of 1 to 512 keys", "data.keys"},
    {KEYS("[{\"down\":0,\"up\":1}]"), "a key must have down, up and class", "data.keys[0]"},
    {KEYS("[{\"down\":1,\"up\":0,\"class\":\"digit\"}]"), "up must not be before down", "data.keys[0].up"},
    {KEYS("[{\"down\":2,\"up\":3,\"class\":\"digit\"},{\"down\":1,\"up\":3,\"class\":\"digit\"}]"), "down must not decrease from key to key", "data.keys[1].down"},
    {KEYS("[{\"down\":0,\"up\":600001,\"class\":\"digit\"}]"), "up must be a number from 0 to 600000", "data.keys[0].up"},
    {KEYS("[{\"down\":0,\"up\":1,\"class\":\"q\"}]"), "class must be letter, digit, space, delete, enter, punct, modifier or other", "data.keys[0].class"},
    {KEYS("[{\"down\":0,\"up\":1,\"class\":\"digit\",\"zone\":\"l4\"}]"), "zone must be l1, l2, l3, r1, r2 or r3", "data.keys[0].zone"},
    {KEYS("[{\"down\":0,\"up\":1,\"class\":\"digit\",\"key\":\"7\"}]"), "a key must be an object of down, up, class and optionally zone, pressure, size, x, y, ax, ay, az, rx, ry, rz", "data.keys[0]"},
    {EVENT("keystrokes", "{\"keys\":[{\"down\":0,\"up\":1,\"class\":\"digit\"}],\"field\":\"mpin\"}"), "keys of a secret field must all have the class other", "data.keys"},
    {EVENT("keystrokes", "{\"field\":\"password\",\"keys\":[{\"down\":0,\"up\":1,\"class\":\"digit\"},{\"down\":2,\"up\":3,\"class\":\"other\"}]}"), "keys of a secret field must all have the class other", "data.keys"},
    {EVENT("pointer", "{\"points\":[[0,0,0]]}"), "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]", "data.points[0]"},
    {EVENT("pointer", "{\"points\":[[0,0,0,1.5]]}"), "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]", "data.points[0]"},
    {EVENT("pointer", "{\"points\":[[0,0,0,1],[0,0,0,1,2]]}"), "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]", "data.points[1]"},
    {EVENT("pointer", "{\"points\":[[0,1000001,0,0]]}"), "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]", "data.points[0]"},
    {EVENT("pointer", "{\"points\":[5]}"), "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]", "data.points[0]"},
    {EVENT("pointer", "{\"points\":5}"), "points must be an array of 1 to 2048 points", "data.points"},
    {EVENT("touch", "{\"points\":[]}"), "points must be an array of 1 to 2048 points", "data.points"},
};

/* clang-format on */

static void a_fault_names_its_field(void **state)
{
    struct fixture *const f = *state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        refuse(f, faults[i].text, faults[i].message, faults[i].field);
    }
}

static void server_facts_are_known_by_name(void **state)
{
    (void)state;
    static const char *const facts[] = {
        "mpin_verified",     "mpin_failed",        "mpin_challenge_passed",
        "risk_score_update", "ml_analysis_result", "external_fact",
        "session_",          "session_end",        "device_new",
        "policy_x",          "device_context2"};
    static const char *const others[] = {"device_context", "device",  "session", "mpin", "x",
                                         "mpin_verified2", "policies"};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        const span_t name = {(const uint8_t *)facts[i], strlen(facts[i])};
        assert_true(event_type_is_server_fact(name));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const span_t name = {(const uint8_t *)others[i], strlen(others[i])};
        assert_false(event_type_is_server_fact(name));
    }
}

/* head, then `count` times `item` with commas between, then tail. */
static size_t repeat(char *out, span_t head, span_t item, size_t count, span_t tail)
{
    size_t n = head.len;
    memcpy(out, head.ptr, head.len);
    for (size_t i = 0; i < count; i++) {
        out[n] = ',';
        n += i > 0 ? 1 : 0;
        memcpy(out + n, item.ptr, item.len);
        n += item.len;
    }
    memcpy(out + n, tail.ptr, tail.len);
    return n + tail.len;
}

static void limits_hold_to_the_last_one(void **state)
{
    struct fixture *const f = *state;
    static char text[EVENT_MESSAGE_MAX + 4096];

    static const struct {
        span_t head, item, tail;
        size_t most;
        bool syntax;
    } cases[] = {
        {SPAN_INIT("["), SPAN_INIT("{\"event_type\":\"x\",\"data\":{}}"), SPAN_INIT("]"), 256,
         false},
        {SPAN_INIT("{\"event_type\":\"typing_pattern\",\"data\":{\"key_press_intervals\":["),
         SPAN_INIT("1"), SPAN_INIT("]}}"), 4096, true},
        {SPAN_INIT("{\"event_type\":\"x\",\"data\":{\"key_press_intervals\":["), SPAN_INIT("1"),
         SPAN_INIT("]}}"), 4096, true},
        {SPAN_INIT("{\"event_type\":\"pointer\",\"data\":{\"points\":["), SPAN_INIT("[0,0,0,0]"),
         SPAN_INIT("]}}"), 2048, false},
        {SPAN_INIT("{\"event_type\":\"touch\",\"data\":{\"points\":["), SPAN_INIT("[0,0,0,0,0,0]"),
         SPAN_INIT("]}}"), 2048, false},
        {SPAN_INIT("{\"event_type\":\"keystrokes\",\"data\":{\"keys\":["),
         SPAN_INIT("{\"down\":0,\"up\":0,\"class\":\"space\"}"), SPAN_INIT("]}}"), 512, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = repeat(text, cases[i].head, cases[i].item, cases[i].most, cases[i].tail);
        assert_int_equal(scan_bytes(f, text, len), SCAN_OK);
        len = repeat(text, cases[i].head, cases[i].item, cases[i].most + 1, cases[i].tail);
        assert_int_equal(scan_bytes(f, text, len), SCAN_REFUSED);
        assert_int_equal(strcmp(f->fault.message, "Invalid JSON format") == 0, cases[i].syntax);
    }
}

static void strings_and_messages_have_a_longest(void **state)
{
    struct fixture *const f = *state;
    static char text[EVENT_MESSAGE_MAX + 16];
    for (size_t len = 1023; len <= 1025; len++) {
        char x[1026];
        memset(x, 'x', len);
        x[len] = '\0';
        const int n =
            snprintf(text, sizeof text, "{\"event_type\":\"x\",\"data\":{\"a\":\"%s\"}}", x);
        assert_int_equal(scan_bytes(f, text, (size_t)n), len <= 1024 ? SCAN_OK : SCAN_REFUSED);
        const int m = snprintf(text, sizeof text, "{\"event_type\":\"x\",\"data\":{\"%s\":1}}", x);
        assert_int_equal(scan_bytes(f, text, (size_t)m), len <= 1024 ? SCAN_OK : SCAN_REFUSED);
        /* Six bytes on the wire are one in the string. */
        const int k =
            snprintf(text, sizeof text, "{\"event_type\":\"x\",\"data\":{\"a\":\"\\u0061%s\"}}", x);
        assert_int_equal(scan_bytes(f, text, (size_t)k), len <= 1023 ? SCAN_OK : SCAN_REFUSED);
    }
    memset(text, ' ', sizeof text);
    const span_t event = SPAN_LIT("{\"event_type\":\"x\",\"data\":{}}");
    memcpy(text, event.ptr, event.len);
    assert_int_equal(scan_bytes(f, text, EVENT_MESSAGE_MAX), SCAN_OK);
    assert_int_equal(scan_bytes(f, text, EVENT_MESSAGE_MAX + 1), SCAN_REFUSED);
    assert_string_equal(f->fault.message, "a message must not be longer than 65536 bytes");
}

static void many_names_stay_unique(void **state)
{
    struct fixture *const f = *state;
    static char text[EVENT_MESSAGE_MAX];
    uint64_t seed = 20250624;
    for (int round = 0; round < 200; round++) {
        const size_t members = 1 + random_below(&seed, 258);
        const bool twice = members > 1 && random_below(&seed, 2) == 1;
        const uint64_t step = random_below(&seed, 4) * 2 + 1; /* odd: no repetition modulo 2^12 */
        int n = snprintf(text, sizeof text, "{\"event_type\":\"x\",\"data\":{");
        uint64_t first = 0;
        for (size_t i = 0; i < members; i++) {
            uint64_t id = (i * step * 1103 + 7) % 4096;
            first = i == 0 ? id : first;
            id = twice && i == members - 1 ? first : id;
            n += snprintf(text + n, sizeof text - (size_t)n, "%s\"%llx\":0", i > 0 ? "," : "",
                          (unsigned long long)id);
        }
        n += snprintf(text + n, sizeof text - (size_t)n, "}}");
        const bool good = !twice && members <= 256;
        assert_int_equal(scan_bytes(f, text, (size_t)n), good ? SCAN_OK : SCAN_REFUSED);
    }
}

static void any_cut_of_a_message_is_refused(void **state)
{
    struct fixture *const f = *state;
    static const char text[] =
        "[{\"event_type\":\"keystrokes\",\"data\":{\"field\":\"mpin\",\"keys\":[{\"down\":0,"
        "\"up\":1.5e1,\"class\":\"other\"}],\"t\":\"\\u00e4\\ud83d\\ude00\xc3\xa4\"},\"seq\":12}]";
    assert_int_equal(scan_bytes(f, text, sizeof text - 1), SCAN_OK);
    for (size_t len = 0; len + 1 < sizeof text; len++) {
        assert_int_equal(scan_bytes(f, text, len), SCAN_REFUSED);
        assert_string_equal(f->fault.message, "Invalid JSON format");
    }
}

static void the_tables_say_their_own_limits(void **state)
{
    (void)state;
    for (enum canara_event_kind kind = 0; kind < CANARA_FEATURES; kind++) {
        static const char *const names[] = {
            "typing_pattern",
            "navigation_pattern",
            "mouse_movement",
            "rapid_clicks",
            "transaction_attempt",
            "large_transaction",
            "copy_paste_behavior",
            "unusual_navigation",
            "new_beneficiary",
            "off_hours_activity",
            "multiple_login_attempts",
            "idle_timeout",
            "normal_typing",
            "keystrokes",
            "pointer",
            "touch",
            "scroll",
            "motion",
            "device_context",
            "lifecycle",
        };
        const span_t name = {(const uint8_t *)names[kind], strlen(names[kind])};
        const struct event_row *const row = event_row_find(name);
        assert_int_equal(row->kind, kind);
        for (size_t i = 0; i < row->count; i++) {
            char high[32];
            (void)snprintf(high, sizeof high, "%.0f", row->fields[i].high);
            const char *const message = row->fields[i].message;
            assert_true(row->fields[i].form == FORM_FLAG || strstr(message, high) != NULL);
            assert_non_null(strstr(message, (const char *)row->fields[i].name.ptr));
        }
    }
}

static span_t span_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void features_are_taken_from_a_data_set_only(void **state)
{
    struct fixture *const f = *state;
    const span_t type = SPAN_LIT("features");
    const char *const good = "{\"name\":\"antal-scroll\",\"values\":[0.5,-1e9,1e9],\"more\":1}";
    scanned_event_t out;
    unsigned odd = 0;
    assert_int_equal(event_scan_stored(f->scratch, type, span_of(good), &out, &f->fault),
                     SCAN_REFUSED);
    assert_string_equal(f->fault.message, "event_type features is for evaluation only");
    assert_int_equal(event_scan_lab(f->lab, type, span_of(good), &out, &odd, &f->fault), SCAN_OK);
    assert_int_equal(out.event.kind, CANARA_FEATURES);
    assert_int_equal(out.event.has, CANARA_F_VALUES);
    assert_int_equal(out.event.of.features.count, 3);
    assert_int_equal(out.event.of.features.name.len, 12);
    assert_true(out.event.of.features.values[0] > 0.4 && out.event.of.features.values[1] < -1e8);

    const char *const gap = "{\"name\":\"a\",\"values\":[null,2]}";
    assert_int_equal(event_scan_lab(f->lab, type, span_of(gap), &out, &odd, &f->fault), SCAN_OK);
    assert_int_equal(out.event.of.features.count, 2);
    assert_true(isnan(out.event.of.features.values[0]) && out.event.of.features.values[1] > 1.0);

    static const struct {
        const char *data, *field;
    } bad[] = {
        {"{}", "data"},
        {"{\"values\":[1]}", "data"},
        {"{\"name\":\"a\"}", "data"},
        {"{\"name\":\"a\\u0007\",\"values\":[1]}", "data.name"},
        {"{\"name\":null,\"values\":[1]}", "data"},
        {"{\"name\":\"\",\"values\":[1]}", "data"},
        {"{\"name\":\"a\",\"values\":[]}", "data.values"},
        {"{\"name\":\"a\",\"values\":5}", "data.values"},
        {"{\"name\":\"a\",\"values\":[1,1e10]}", "data.values[1]"},
        {"{\"name\":\"a\",\"values\":[1,true]}", "data.values[1]"},
        {"{\"name\":\"a\",\"values\":null}", "data"},
        {"{\"name\":\"a\",\"values\":[1]", ""},
        {"", ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        f->fault = (scan_fault_t){0};
        assert_int_equal(event_scan_lab(f->lab, type, span_of(bad[i].data), &out, &odd, &f->fault),
                         SCAN_REFUSED);
        assert_string_equal(f->fault.field, bad[i].field);
    }
    assert_int_equal(event_scan_lab(f->lab, SPAN_LIT("scroll"), span_of("{\"pixels\":2}"), &out,
                                    &odd, &f->fault),
                     SCAN_OK);
    assert_int_equal(out.event.kind, CANARA_SCROLL);
    const span_t keys =
        SPAN_LIT("{\"field\":\"password\",\"keys\":[{\"down\":0,\"up\":1,\"class\":\"digit\"}]}");
    assert_int_equal(event_scan_lab(f->lab, SPAN_LIT("keystrokes"), keys, &out, &odd, &f->fault),
                     SCAN_OK);
    assert_int_equal(event_scan_stored(f->scratch, SPAN_LIT("keystrokes"), keys, &out, &f->fault),
                     SCAN_REFUSED);
}

/* What the event of a data set is called, in the engine's letters. */
static void lab_name(struct fixture *f, const char *name, char out[65], unsigned *odd)
{
    char text[1200];
    scanned_event_t event;
    (void)snprintf(text, sizeof text, "{\"name\":\"%s\",\"values\":[1]}", name);
    assert_int_equal(
        event_scan_lab(f->lab, SPAN_LIT("features"), span_of(text), &event, odd, &f->fault),
        SCAN_OK);
    const canara_text_t got = event.event.of.features.name;
    assert_in_range(got.len, 1, 64);
    for (size_t i = 0; i < got.len; i++) {
        assert_non_null(memchr("abcdefghijklmnopqrstuvwxyz0123456789_-", got.ptr[i], 38));
    }
    memcpy(out, got.ptr, got.len);
    out[got.len] = '\0';
}

static void names_of_data_sets_stay_as_many_as_they_were(void **state)
{
    struct fixture *const f = *state;
    char longest[1025];
    char longer[65];
    (void)memset(longest, 'x', 1024);
    longest[1024] = '\0';
    (void)memset(longer, 'x', 64);
    longer[64] = '\0';
    const char *const names[] = {"gait", "Gait", "gait 2", "gait.2", "M\xc3\xa4nner",
                                 "n-",   "{}",   longest,  longer,   "\\u00e4"};
    char got[ARRAY_LEN(names)][65];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char again[65];
        unsigned odd = 0;
        lab_name(f, names[i], got[i], &odd);
        lab_name(f, names[i], again, &odd);
        assert_string_equal(got[i], again);
        assert_int_equal(odd == EVENT_ODD_NAME, strcmp(got[i], names[i]) != 0);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(got[i], got[k]);
        }
    }
    assert_string_equal(got[0], "gait");
    assert_string_equal(got[8], longer);
}

static void null_is_no_field_in_a_data_set(void **state)
{
    struct fixture *const f = *state;
    static const char *const fields[] = {"null", "\"\"", " \"\""};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        char text[200];
        scanned_event_t out;
        unsigned odd = 0;
        (void)snprintf(text, sizeof text,
                       "{\"field\":%s,\"keys\":[{\"down\":0,\"up\":1,\"class\":\"digit\"}]}",
                       fields[i]);
        const span_t type = SPAN_LIT("keystrokes");
        assert_int_equal(event_scan_lab(f->lab, type, span_of(text), &out, &odd, &f->fault),
                         SCAN_OK);
        assert_int_equal(out.event.has, CANARA_F_KEYS);
        assert_int_equal(odd, EVENT_ODD_NULL);
        assert_int_equal(event_scan_stored(f->scratch, type, span_of(text), &out, &f->fault),
                         SCAN_REFUSED);
    }
}

#define KEY(rest) "{\"keys\":[{\"down\":0,\"up\":80" rest "},{\"down\":90,\"up\":95.5" rest "}]}"

static void keys_of_a_data_set_may_lack_and_hold_more(void **state)
{
    struct fixture *const f = *state;

    static const struct {
        const char *data;
        unsigned odd;
        uint8_t key_class;
    } rows[] = {
        {KEY(",\"class\":\"digit\""), 0, CANARA_KEY_DIGIT},
        {KEY(""), EVENT_ODD_CLASS, CANARA_KEY_OTHER},
        {KEY(",\"class\":null"), EVENT_ODD_CLASS | EVENT_ODD_NULL, CANARA_KEY_OTHER},
        {KEY(",\"class\":\"space\",\"code\":32,\"more\":[{}]"), EVENT_ODD_MEMBER, CANARA_KEY_SPACE},
        {KEY(",\"class\":\"enter\",\"zone\":null,\"pressure\":null,\"size\":null,\"x\":null,\"rz\":null"),
         EVENT_ODD_NULL, CANARA_KEY_ENTER},
    };

    const span_t type = SPAN_LIT("keystrokes");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        scanned_event_t out;
        unsigned odd = 99;
        const span_t data = span_of(rows[i].data);
        assert_int_equal(event_scan_lab(f->lab, type, data, &out, &odd, &f->fault), SCAN_OK);
        assert_int_equal(odd, rows[i].odd);
        assert_int_equal(out.event.of.keystrokes.count, 2);
        for (size_t k = 0; k < 2; k++) {
            const canara_key_t *const key = &out.event.of.keystrokes.keys[k];
            assert_int_equal(key->key_class, rows[i].key_class);
            assert_int_equal(key->zone, CANARA_ZONE_NONE);
            assert_int_equal(key->has, 0);
        }
        assert_int_equal(event_scan_stored(f->scratch, type, data, &out, &f->fault),
                         i == 0 ? SCAN_OK : SCAN_REFUSED);
    }
}

static void keys_of_a_data_set_may_be_absent(void **state)
{
    struct fixture *const f = *state;
    const span_t type = SPAN_LIT("keystrokes");
    static const char *const absent[] = {"{\"keys\":11}", "{\"keys\":null}"};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
        scanned_event_t out;
        unsigned odd = 0;
        assert_int_equal(event_scan_lab(f->lab, type, span_of(absent[i]), &out, &odd, &f->fault),
                         SCAN_OK);
        assert_int_equal(odd, i == 0 ? EVENT_ODD_SECRET : EVENT_ODD_NULL);
        assert_int_equal(out.event.has, 0);
    }
}

static void keys_of_a_data_set_are_refused_for_what_is_wrong(void **state)
{
    struct fixture *const f = *state;
    const span_t type = SPAN_LIT("keystrokes");

    static const struct {
        const char *data, *field;
    } bad[] = {
        {"{\"keys\":[{\"down\":null,\"up\":1}]}", "data.keys[0].down"},
        {"{\"keys\":[{\"down\":0}]}", "data.keys[0]"},
        {KEY(",\"class\":\"vowel\""), "data.keys[0].class"},
        {KEY(",\"zone\":\"l9\""), "data.keys[0].zone"},
        {KEY(",\"pressure\":101"), "data.keys[0].pressure"},
        {"{\"keys\":\"11\"}", "data.keys"},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        scanned_event_t out;
        unsigned odd = 0;
        assert_int_equal(event_scan_lab(f->lab, type, span_of(bad[i].data), &out, &odd, &f->fault),
                         SCAN_REFUSED);
        assert_string_equal(f->fault.field, bad[i].field);
    }
}

/* What is written at length is no more than what is written shortly; only a message has a longest. */
static void an_event_of_a_data_set_may_be_written_at_length(void **state)
{
    struct fixture *const f = *state;
    const size_t room = EVENT_LAB_MAX + 1;
    char *const text = malloc(room + 1);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, room, "{\"points\":[");
    for (size_t i = 0; i < 2048; i++) {
        len += (size_t)snprintf(text + len, room - len,
                                "%s[%zu.%030d,%zu.%030d,%zu.%030d,0.%030d,0.%030d,1]",
                                i == 0 ? "" : ",", i, 1, i, 2, i, 3, 4, 5);
    }
    len += (size_t)snprintf(text + len, room - len, "]");
    assert_in_range(len, 5 * EVENT_MESSAGE_MAX, EVENT_LAB_MAX - 1);
    for (size_t extra = 0; extra < 2; extra++) {
        const size_t all = EVENT_LAB_MAX + extra;
        memset(text + len, ' ', all - len);
        text[all - 1] = '}';
        const span_t data = {(const uint8_t *)text, all};
        scanned_event_t out;
        unsigned odd = 0;
        assert_int_equal(event_scan_lab(f->lab, SPAN_LIT("touch"), data, &out, &odd, &f->fault),
                         extra == 0 ? SCAN_OK : SCAN_REFUSED);
        assert_true(extra > 0 || out.event.of.path.count == 2048);
        assert_true(extra > 0 || out.event.of.path.points[2047].x > 2046.9);
        assert_int_equal(event_scan_stored(f->scratch, SPAN_LIT("touch"), data, &out, &f->fault),
                         SCAN_REFUSED);
    }
    free(text);
}

/* Names with escapes are decoded into room of their own: as much as the event can have. */
static void escapes_of_a_long_event_have_room(void **state)
{
    struct fixture *const f = *state;
    char *const text = malloc(EVENT_LAB_MAX);
    assert_non_null(text);
    size_t len = 0;
    for (size_t i = 0; i < 255; i++) {
        len += (size_t)snprintf(text + len, EVENT_LAB_MAX - len, "%s\"\\t%zu%0900d\":1",
                                i == 0 ? "{" : ",", i, 0);
    }
    len += (size_t)snprintf(text + len, EVENT_LAB_MAX - len, ",\"pixels\":7}");
    scanned_event_t out;
    unsigned odd = 0;
    const span_t data = {(const uint8_t *)text, len};
    assert_int_equal(event_scan_lab(f->lab, SPAN_LIT("scroll"), data, &out, &odd, &f->fault),
                     SCAN_OK);
    assert_true(out.event.of.scroll.pixels > 6.9);
    free(text);
}

static void a_data_set_event_has_at_most_256_values(void **state)
{
    struct fixture *const f = *state;
    for (size_t count = 255; count <= 257; count++) {
        char text[1024] = "{\"name\":\"a\",\"values\":[";
        size_t len = strlen(text);
        for (size_t i = 0; i < count; i++) {
            text[len++] = '1';
            text[len++] = i + 1 == count ? ']' : ',';
        }
        text[len] = '}';
        scanned_event_t out;
        unsigned odd = 0;
        assert_int_equal(
            event_scan_lab(f->lab, SPAN_LIT("features"), span_of(text), &out, &odd, &f->fault),
            count <= 256 ? SCAN_OK : SCAN_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_taken_from_a_data_set_only),
        cmocka_unit_test(a_data_set_event_has_at_most_256_values),
        cmocka_unit_test(names_of_data_sets_stay_as_many_as_they_were),
        cmocka_unit_test(an_event_of_a_data_set_may_be_written_at_length),
        cmocka_unit_test(escapes_of_a_long_event_have_room),
        cmocka_unit_test(null_is_no_field_in_a_data_set),
        cmocka_unit_test(keys_of_a_data_set_may_lack_and_hold_more),
        cmocka_unit_test(keys_of_a_data_set_may_be_absent),
        cmocka_unit_test(keys_of_a_data_set_are_refused_for_what_is_wrong),
        cmocka_unit_test(the_seeds_example_is_taken),
        cmocka_unit_test(every_type_is_typed),
        cmocka_unit_test(keystrokes_are_typed),
        cmocka_unit_test(motion_counts_only_with_all_six_axes),
        cmocka_unit_test(members_may_come_in_any_order),
        cmocka_unit_test(bad_json_has_one_message),
        cmocka_unit_test(a_fault_names_its_field),
        cmocka_unit_test(server_facts_are_known_by_name),
        cmocka_unit_test(limits_hold_to_the_last_one),
        cmocka_unit_test(strings_and_messages_have_a_longest),
        cmocka_unit_test(many_names_stay_unique),
        cmocka_unit_test(any_cut_of_a_message_is_refused),
        cmocka_unit_test(the_tables_say_their_own_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
