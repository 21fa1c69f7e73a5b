#include "codec/event_fields.h"

#include "base/util.h"

/* Limits that CONTRACT.md leaves to us; the others are in the rows. */
#define PX_MAX    1e6 /* no screen and no scroll goes further */
#define TEXT_MAX  128
#define STATE_MAX 64
#define MONEY_MAX 16 /* a currency code or name */

#define OF(member) offsetof(canara_event_t, of.member)

/* clang-format off */
static const struct event_field typing_fields[] = {
    {SPAN_INIT("words_per_minute"), FORM_NUMBER, CANARA_F_WORDS_PER_MINUTE,
     OF(typing.words_per_minute), 0.0, 10000.0,
     "words_per_minute must be a number from 0 to 10000"},
    {SPAN_INIT("key_press_intervals"), FORM_NUMBERS, CANARA_F_KEY_PRESS_INTERVALS,
     OF(typing.key_press_intervals), 0.0, 600.0,
     "key_press_intervals must be an array of numbers from 0 to 600"},
    {SPAN_INIT("backspace_frequency"), FORM_NUMBER, CANARA_F_BACKSPACE_FREQUENCY,
     OF(typing.backspace_frequency), 0.0, 1.0,
     "backspace_frequency must be a number from 0 to 1"},
};

static const struct event_field navigation_fields[] = {
    {SPAN_INIT("page_switches_per_minute"), FORM_NUMBER, CANARA_F_PAGE_SWITCHES,
     OF(navigation.page_switches_per_minute), 0.0, 10000.0,
     "page_switches_per_minute must be a number from 0 to 10000"},
    {SPAN_INIT("current_page"), FORM_TEXT, CANARA_F_CURRENT_PAGE,
     OF(navigation.current_page), 0.0, 128.0,
     "current_page must be a string of at most 128 bytes"},
    {SPAN_INIT("time_on_page"), FORM_NUMBER, CANARA_F_TIME_ON_PAGE,
     OF(navigation.time_on_page_s), 0.0, 86400.0,
     "time_on_page must be a number from 0 to 86400"},
};

static const struct event_field mouse_fields[] = {
    {SPAN_INIT("movement_speed"), FORM_NUMBER, CANARA_F_MOVEMENT_SPEED,
     OF(mouse.movement_speed), 0.0, 1e6,
     "movement_speed must be a number from 0 to 1000000"},
    {SPAN_INIT("click_pattern"), FORM_TEXT, CANARA_F_CLICK_PATTERN,
     OF(mouse.click_pattern), 0.0, 64.0,
     "click_pattern must be a string of at most 64 bytes"},
    {SPAN_INIT("idle_time"), FORM_NUMBER, CANARA_F_IDLE_TIME,
     OF(mouse.idle_time_s), 0.0, 86400.0,
     "idle_time must be a number from 0 to 86400"},
};

static const struct event_field clicks_fields[] = {
    {SPAN_INIT("clicks_per_second"), FORM_NUMBER, CANARA_F_CLICKS_PER_SECOND,
     OF(clicks.clicks_per_second), 0.0, 10000.0,
     "clicks_per_second must be a number from 0 to 10000"},
    {SPAN_INIT("pattern"), FORM_TEXT, CANARA_F_PATTERN,
     OF(clicks.pattern), 0.0, 64.0,
     "pattern must be a string of at most 64 bytes"},
};

static const struct event_field transaction_fields[] = {
    {SPAN_INIT("amount"), FORM_AMOUNT, CANARA_F_AMOUNT,
     OF(transaction.amount), 0.0, 1e15,
     "amount must be a number or a decimal string from 0 to 1000000000000000"},
    {SPAN_INIT("currency"), FORM_TEXT, CANARA_F_CURRENCY,
     OF(transaction.currency), 0.0, MONEY_MAX,
     "currency must be a string of at most 16 bytes"},
};

static const struct event_field keystrokes_fields[] = {
    {SPAN_INIT("field"), FORM_NAME, CANARA_F_FIELD,
     OF(keystrokes.field), 1.0, 64.0,
     "field must be 1 to 64 of a-z, 0-9, _ and -"},
    {SPAN_INIT("keys"), FORM_KEYS, CANARA_F_KEYS,
     OF(keystrokes), 1.0, 512.0,
     "keys must be an array of 1 to 512 keys"},
};

static const struct event_field pointer_fields[] = {
    {SPAN_INIT("points"), FORM_POINTER, CANARA_F_POINTS,
     OF(path), 1.0, 2048.0,
     "points must be an array of 1 to 2048 points"},
};

static const struct event_field touch_fields[] = {
    {SPAN_INIT("points"), FORM_TOUCH, CANARA_F_POINTS,
     OF(path), 1.0, 2048.0,
     "points must be an array of 1 to 2048 points"},
};

static const struct event_field scroll_fields[] = {
    {SPAN_INIT("pixels"), FORM_NUMBER, CANARA_F_PIXELS,
     OF(scroll.pixels), -PX_MAX, PX_MAX,
     "pixels must be a number from -1000000 to 1000000"},
    {SPAN_INIT("velocity"), FORM_NUMBER, CANARA_F_VELOCITY,
     OF(scroll.velocity), -PX_MAX, PX_MAX,
     "velocity must be a number from -1000000 to 1000000"},
};

#define ACCELERATION "must be an object of mean (-200 to 200) and sd (0 to 200)"
#define ROTATION     "must be an object of mean (-100 to 100) and sd (0 to 100)"

static const struct event_field motion_fields[] = {
    {SPAN_INIT("ax"), FORM_AXIS, CANARA_F_MOTION, 0, 0.0, 200.0, "ax " ACCELERATION},
    {SPAN_INIT("ay"), FORM_AXIS, CANARA_F_MOTION, 1, 0.0, 200.0, "ay " ACCELERATION},
    {SPAN_INIT("az"), FORM_AXIS, CANARA_F_MOTION, 2, 0.0, 200.0, "az " ACCELERATION},
    {SPAN_INIT("rx"), FORM_AXIS, CANARA_F_MOTION, 3, 0.0, 100.0, "rx " ROTATION},
    {SPAN_INIT("ry"), FORM_AXIS, CANARA_F_MOTION, 4, 0.0, 100.0, "ry " ROTATION},
    {SPAN_INIT("rz"), FORM_AXIS, CANARA_F_MOTION, 5, 0.0, 100.0, "rz " ROTATION},
};

static const struct event_field device_fields[] = {
    {SPAN_INIT("model"), FORM_TEXT, CANARA_F_MODEL, OF(device.model), 0.0, TEXT_MAX,
     "model must be a string of at most 128 bytes"},
    {SPAN_INIT("os"), FORM_TEXT, CANARA_F_OS, OF(device.os), 0.0, TEXT_MAX,
     "os must be a string of at most 128 bytes"},
    {SPAN_INIT("app_version"), FORM_TEXT, CANARA_F_APP_VERSION, OF(device.app_version), 0.0, TEXT_MAX,
     "app_version must be a string of at most 128 bytes"},
    {SPAN_INIT("timezone"), FORM_TEXT, CANARA_F_TIMEZONE, OF(device.timezone), 0.0, TEXT_MAX,
     "timezone must be a string of at most 128 bytes"},
    {SPAN_INIT("locale"), FORM_TEXT, CANARA_F_LOCALE, OF(device.locale), 0.0, TEXT_MAX,
     "locale must be a string of at most 128 bytes"},
    {SPAN_INIT("screen"), FORM_TEXT, CANARA_F_SCREEN, OF(device.screen), 0.0, TEXT_MAX,
     "screen must be a string of at most 128 bytes"},
    {SPAN_INIT("rooted"), FORM_FLAG, CANARA_F_ROOTED, OF(device.rooted), 0.0, 1.0,
     "rooted must be true or false"},
    {SPAN_INIT("emulator"), FORM_FLAG, CANARA_F_EMULATOR, OF(device.emulator), 0.0, 1.0,
     "emulator must be true or false"},
    {SPAN_INIT("remote_control"), FORM_FLAG, CANARA_F_REMOTE_CONTROL, OF(device.remote_control), 0.0, 1.0,
     "remote_control must be true or false"},
    {SPAN_INIT("vpn"), FORM_FLAG, CANARA_F_VPN, OF(device.vpn), 0.0, 1.0,
     "vpn must be true or false"},
};

static const struct event_field lifecycle_fields[] = {
    {SPAN_INIT("state"), FORM_TEXT, CANARA_F_STATE, OF(lifecycle.state), 0.0, STATE_MAX,
     "state must be a string of at most 64 bytes"},
};

static const struct event_field features_fields[] = {
    {SPAN_INIT("name"), FORM_NAME, CANARA_F_VALUES, OF(features.name), 1.0, 64.0,
     "name must be 1 to 64 of a-z, 0-9, _ and -"},
    {SPAN_INIT("values"), FORM_VALUES, CANARA_F_VALUES, OF(features.values), -1e9, 1e9,
     "values must be an array of 1 to 256 numbers from -1000000000 to 1000000000, or null"},
};

#define ROW(name, kind, fields) {SPAN_INIT(name), kind, fields, ARRAY_LEN(fields)}
#define FREE(name, kind)        {SPAN_INIT(name), kind, NULL, 0}

static const struct event_row rows[] = {
    ROW("typing_pattern",          CANARA_TYPING_PATTERN,      typing_fields),
    ROW("navigation_pattern",      CANARA_NAVIGATION_PATTERN,  navigation_fields),
    ROW("mouse_movement",          CANARA_MOUSE_MOVEMENT,      mouse_fields),
    ROW("keystrokes",              CANARA_KEYSTROKES,          keystrokes_fields),
    ROW("pointer",                 CANARA_POINTER,             pointer_fields),
    ROW("touch",                   CANARA_TOUCH,               touch_fields),
    ROW("scroll",                  CANARA_SCROLL,              scroll_fields),
    ROW("motion",                  CANARA_MOTION,              motion_fields),
    ROW("rapid_clicks",            CANARA_RAPID_CLICKS,        clicks_fields),
    ROW("transaction_attempt",     CANARA_TRANSACTION_ATTEMPT, transaction_fields),
    ROW("large_transaction",       CANARA_LARGE_TRANSACTION,   transaction_fields),
    ROW("device_context",          CANARA_DEVICE_CONTEXT,      device_fields),
    ROW("lifecycle",               CANARA_LIFECYCLE,           lifecycle_fields),
    FREE("copy_paste_behavior",    CANARA_COPY_PASTE_BEHAVIOR),
    FREE("unusual_navigation",     CANARA_UNUSUAL_NAVIGATION),
    FREE("new_beneficiary",        CANARA_NEW_BENEFICIARY),
    FREE("off_hours_activity",     CANARA_OFF_HOURS_ACTIVITY),
    FREE("multiple_login_attempts", CANARA_MULTIPLE_LOGIN_ATTEMPTS),
    FREE("idle_timeout",           CANARA_IDLE_TIMEOUT),
    FREE("normal_typing",          CANARA_NORMAL_TYPING),
};

static const struct event_row features_row = ROW("features", CANARA_FEATURES, features_fields);

static const struct event_row unknown_row = FREE("", CANARA_UNKNOWN);

#define MS600000  " must be a number from 0 to 600000"
#define TO_200    " must be a number from -200 to 200"
#define TO_100    " must be a number from -100 to 100"

static const struct key_field key_fields[] = {
    {SPAN_INIT("down"),     KEY_DOWN,  0,                      0.0, 600000.0, "down" MS600000},
    {SPAN_INIT("up"),       KEY_UP,    0,                      0.0, 600000.0, "up" MS600000},
    {SPAN_INIT("class"),    KEY_CLASS, 0,                      0.0,      0.0,
     "class must be letter, digit, space, delete, enter, punct, modifier or other"},
    {SPAN_INIT("zone"),     KEY_ZONE,  0,                      0.0,      0.0,
     "zone must be l1, l2, l3, r1, r2 or r3"},
    {SPAN_INIT("pressure"), KEY_EXTRA, CANARA_KEY_PRESSURE,    0.0,    100.0,
     "pressure must be a number from 0 to 100"},
    {SPAN_INIT("size"),     KEY_EXTRA, CANARA_KEY_SIZE,        0.0,    100.0,
     "size must be a number from 0 to 100"},
    {SPAN_INIT("x"),        KEY_EXTRA, CANARA_KEY_X,         -10.0,     10.0,
     "x must be a number from -10 to 10"},
    {SPAN_INIT("y"),        KEY_EXTRA, CANARA_KEY_Y,         -10.0,     10.0,
     "y must be a number from -10 to 10"},
    {SPAN_INIT("ax"),       KEY_EXTRA, CANARA_KEY_AX,       -200.0,    200.0, "ax" TO_200},
    {SPAN_INIT("ay"),       KEY_EXTRA, CANARA_KEY_AY,       -200.0,    200.0, "ay" TO_200},
    {SPAN_INIT("az"),       KEY_EXTRA, CANARA_KEY_AZ,       -200.0,    200.0, "az" TO_200},
    {SPAN_INIT("rx"),       KEY_EXTRA, CANARA_KEY_RX,       -100.0,    100.0, "rx" TO_100},
    {SPAN_INIT("ry"),       KEY_EXTRA, CANARA_KEY_RY,       -100.0,    100.0, "ry" TO_100},
    {SPAN_INIT("rz"),       KEY_EXTRA, CANARA_KEY_RZ,       -100.0,    100.0, "rz" TO_100},
};

static const struct {
    span_t name;
    uint8_t value;
} classes[] = {
    {SPAN_INIT("letter"),   CANARA_KEY_LETTER},
    {SPAN_INIT("digit"),    CANARA_KEY_DIGIT},
    {SPAN_INIT("space"),    CANARA_KEY_SPACE},
    {SPAN_INIT("delete"),   CANARA_KEY_DELETE},
    {SPAN_INIT("enter"),    CANARA_KEY_ENTER},
    {SPAN_INIT("punct"),    CANARA_KEY_PUNCT},
    {SPAN_INIT("modifier"), CANARA_KEY_MODIFIER},
    {SPAN_INIT("other"),    CANARA_KEY_OTHER},
}, zones[] = {
    {SPAN_INIT("l1"), CANARA_ZONE_L1}, {SPAN_INIT("l2"), CANARA_ZONE_L2},
    {SPAN_INIT("l3"), CANARA_ZONE_L3}, {SPAN_INIT("r1"), CANARA_ZONE_R1},
    {SPAN_INIT("r2"), CANARA_ZONE_R2}, {SPAN_INIT("r3"), CANARA_ZONE_R3},
};

#define POINT(member) offsetof(canara_point_t, member)
#define DAY_MS        86400000.0

static const struct point_column pointer_columns[] = {
    {POINT(t_ms),    false,     0.0, DAY_MS},
    {POINT(x),       false, -PX_MAX, PX_MAX},
    {POINT(y),       false, -PX_MAX, PX_MAX},
    {POINT(buttons), true,      0.0,   31.0},
};

static const struct point_column touch_columns[] = {
    {POINT(t_ms),     false,     0.0, DAY_MS},
    {POINT(x),        false, -PX_MAX, PX_MAX},
    {POINT(y),        false, -PX_MAX, PX_MAX},
    {POINT(pressure), false,     0.0,  100.0},
    {POINT(area),     false,     0.0, 1000.0},
    {POINT(buttons),  true,      0.0,    2.0},
};

static const struct point_shape pointer_shape = {
    pointer_columns, ARRAY_LEN(pointer_columns),
    "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, buttons 0 to 31]",
};

static const struct point_shape touch_shape = {
    touch_columns, ARRAY_LEN(touch_columns),
    "a point must be [t_ms 0 to 86400000, x, y -1000000 to 1000000, pressure 0 to 100, "
    "area 0 to 1000, phase 0, 1 or 2]",
};
/* clang-format on */

_Static_assert(ARRAY_LEN(rows) == CANARA_FEATURES, "one row for each kind that clients may send");
_Static_assert(ARRAY_LEN(key_fields) <= 16, "one bit of a uint16_t for each member of a key");

const struct event_row *event_row_find(span_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (span_eq(rows[i].name, type)) {
            return &rows[i];
        }
    }
    return &unknown_row;
}

const struct event_row *event_row_of_features(void)
{
    return &features_row;
}

const struct event_field *event_field_find(const struct event_row *row, span_t name)
{
    for (size_t i = 0; i < row->count; i++) {
        if (span_eq(row->fields[i].name, name)) {
            return &row->fields[i];
        }
    }
    return NULL;
}

const struct key_field *key_field_find(span_t name, size_t *index)
{
    for (size_t i = 0; i < ARRAY_LEN(key_fields); i++) {
        if (span_eq(key_fields[i].name, name)) {
            *index = i;
            return &key_fields[i];
        }
    }
    return NULL;
}

bool key_class_find(span_t name, uint8_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (span_eq(classes[i].name, name)) {
            *out = classes[i].value;
            return true;
        }
    }
    return false;
}

bool key_zone_find(span_t name, uint8_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        if (span_eq(zones[i].name, name)) {
            *out = zones[i].value;
            return true;
        }
    }
    return false;
}

const struct point_shape *point_shape_of(enum field_form form)
{
    return form == FORM_TOUCH ? &touch_shape : &pointer_shape;
}
