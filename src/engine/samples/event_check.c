#include "engine/samples/event_check.h"

#include <math.h>

/* The ranges are those of canara.h, which are those of what a client may send. */
enum {
    NAME_MAX = 64,
    PATTERN_MAX = 64,
    STATE_MAX = 64,
    PAGE_MAX = 128,
    TEXT_MAX = 128,
    CURRENCY_MAX = 16
};

#define INTERVALS_MAX 4096
#define KEYS_MAX      512
#define POINTS_MAX    2048
#define FEATURES_MAX  256
#define KEY_TIME_MAX  600000.0
#define DAY_MS        86400000.0
#define PX_MAX        1e6

/* So written that NaN is in no range. */
static bool in(double x, double low, double high)
{
    return x >= low && x <= high;
}

static bool sent(const canara_event_t *event, enum canara_field field)
{
    return (event->has & (uint32_t)field) != 0;
}

static bool text_ok(const canara_event_t *event, enum canara_field field, canara_text_t text,
                    size_t most)
{
    return !sent(event, field) || text.len == 0 || (text.ptr != NULL && text.len <= most);
}

/* 1 to NAME_MAX of [a-z0-9_-]. */
static bool name_ok(canara_text_t text)
{
    if (text.ptr == NULL || text.len == 0 || text.len > NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

static bool flag_ok(const canara_event_t *event, enum canara_field field, uint8_t flag)
{
    return !sent(event, field) || flag <= 1;
}

static bool number_ok(const canara_event_t *event, enum canara_field field, double x, double high)
{
    return !sent(event, field) || in(x, 0.0, high);
}

static bool check_typing(const canara_event_t *event)
{
    if (!number_ok(event, CANARA_F_WORDS_PER_MINUTE, event->of.typing.words_per_minute, 1e4) ||
        !number_ok(event, CANARA_F_BACKSPACE_FREQUENCY, event->of.typing.backspace_frequency,
                   1.0)) {
        return false;
    }
    if (!sent(event, CANARA_F_KEY_PRESS_INTERVALS) || event->of.typing.intervals == 0) {
        return true;
    }
    const double *x = event->of.typing.key_press_intervals;
    const size_t n = event->of.typing.intervals;
    if (x == NULL || n > INTERVALS_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!in(x[i], 0.0, 600.0)) {
            return false;
        }
    }
    return true;
}

static bool check_navigation(const canara_event_t *event)
{
    return number_ok(event, CANARA_F_PAGE_SWITCHES, event->of.navigation.page_switches_per_minute,
                     1e4) &&
           number_ok(event, CANARA_F_TIME_ON_PAGE, event->of.navigation.time_on_page_s, 86400.0) &&
           text_ok(event, CANARA_F_CURRENT_PAGE, event->of.navigation.current_page, PAGE_MAX);
}

static bool check_mouse(const canara_event_t *event)
{
    return number_ok(event, CANARA_F_MOVEMENT_SPEED, event->of.mouse.movement_speed, 1e6) &&
           number_ok(event, CANARA_F_IDLE_TIME, event->of.mouse.idle_time_s, 86400.0) &&
           text_ok(event, CANARA_F_CLICK_PATTERN, event->of.mouse.click_pattern, PATTERN_MAX);
}

static bool check_clicks(const canara_event_t *event)
{
    return number_ok(event, CANARA_F_CLICKS_PER_SECOND, event->of.clicks.clicks_per_second, 1e4) &&
           text_ok(event, CANARA_F_PATTERN, event->of.clicks.pattern, PATTERN_MAX);
}

static bool check_transaction(const canara_event_t *event)
{
    return number_ok(event, CANARA_F_AMOUNT, event->of.transaction.amount, 1e15) &&
           text_ok(event, CANARA_F_CURRENCY, event->of.transaction.currency, CURRENCY_MAX);
}

static bool extras_ok(const canara_key_t *key)
{
    static const double high[CANARA_KEY_EXTRAS] = {100.0, 100.0, 10.0,  10.0,  200.0,
                                                   200.0, 200.0, 100.0, 100.0, 100.0};
    for (unsigned e = 0; e < CANARA_KEY_EXTRAS; e++) {
        const double low = e <= CANARA_KEY_SIZE ? 0.0 : -high[e];
        if ((key->has & (1U << e)) != 0 && !in(key->extra[e], low, high[e])) {
            return false;
        }
    }
    return true;
}

static bool check_keystrokes(const canara_event_t *event)
{
    if (sent(event, CANARA_F_FIELD) && !name_ok(event->of.keystrokes.field)) {
        return false;
    }
    if (!sent(event, CANARA_F_KEYS)) {
        return true;
    }
    const canara_key_t *keys = event->of.keystrokes.keys;
    const size_t n = event->of.keystrokes.count;
    if (keys == NULL || n == 0 || n > KEYS_MAX) {
        return false;
    }
    double last = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!in(keys[i].down_ms, last, KEY_TIME_MAX) ||
            !in(keys[i].up_ms, keys[i].down_ms, KEY_TIME_MAX) ||
            keys[i].key_class >= CANARA_KEY_CLASSES || keys[i].zone >= CANARA_ZONES ||
            !extras_ok(&keys[i])) {
            return false;
        }
        last = keys[i].down_ms;
    }
    return true;
}

static bool point_ok(const canara_point_t *p, bool touch)
{
    return in(p->t_ms, 0.0, DAY_MS) && in(p->x, -PX_MAX, PX_MAX) && in(p->y, -PX_MAX, PX_MAX) &&
           in(p->pressure, 0.0, touch ? 100.0 : 0.0) && in(p->area, 0.0, touch ? 1000.0 : 0.0) &&
           p->buttons <= (touch ? 2U : 31U);
}

static bool check_path(const canara_event_t *event)
{
    if (!sent(event, CANARA_F_POINTS)) {
        return true;
    }
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    if (p == NULL || n == 0 || n > POINTS_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!point_ok(&p[i], event->kind == CANARA_TOUCH)) {
            return false;
        }
    }
    return true;
}

static bool check_scroll(const canara_event_t *event)
{
    return (!sent(event, CANARA_F_PIXELS) || in(event->of.scroll.pixels, -PX_MAX, PX_MAX)) &&
           (!sent(event, CANARA_F_VELOCITY) || in(event->of.scroll.velocity, -PX_MAX, PX_MAX));
}

static bool check_motion(const canara_event_t *event)
{
    for (size_t i = 0; sent(event, CANARA_F_MOTION) && i < 6; i++) {
        const double most = i < 3 ? 200.0 : 100.0; /* ax ay az, rx ry rz */
        if (!in(event->of.motion.mean[i], -most, most) || !in(event->of.motion.sd[i], 0.0, most)) {
            return false;
        }
    }
    return true;
}

static bool check_device(const canara_event_t *event)
{
    return text_ok(event, CANARA_F_MODEL, event->of.device.model, TEXT_MAX) &&
           text_ok(event, CANARA_F_OS, event->of.device.os, TEXT_MAX) &&
           text_ok(event, CANARA_F_APP_VERSION, event->of.device.app_version, TEXT_MAX) &&
           text_ok(event, CANARA_F_TIMEZONE, event->of.device.timezone, TEXT_MAX) &&
           text_ok(event, CANARA_F_LOCALE, event->of.device.locale, TEXT_MAX) &&
           text_ok(event, CANARA_F_SCREEN, event->of.device.screen, TEXT_MAX) &&
           flag_ok(event, CANARA_F_ROOTED, event->of.device.rooted) &&
           flag_ok(event, CANARA_F_EMULATOR, event->of.device.emulator) &&
           flag_ok(event, CANARA_F_REMOTE_CONTROL, event->of.device.remote_control) &&
           flag_ok(event, CANARA_F_VPN, event->of.device.vpn);
}

static bool check_lifecycle(const canara_event_t *event)
{
    return text_ok(event, CANARA_F_STATE, event->of.lifecycle.state, STATE_MAX);
}

static bool check_features(const canara_event_t *event)
{
    if (!sent(event, CANARA_F_VALUES)) {
        return true;
    }
    const double *const x = event->of.features.values;
    const size_t n = event->of.features.count;
    if (x == NULL || n == 0 || n > FEATURES_MAX || !name_ok(event->of.features.name)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i]) && !in(x[i], -1e9, 1e9)) {
            return false;
        }
    }
    return true;
}

/* clang-format off */
static bool (*const checks[CANARA_EVENT_KINDS])(const canara_event_t *) = {
    [CANARA_TYPING_PATTERN]      = check_typing,
    [CANARA_NAVIGATION_PATTERN]  = check_navigation,
    [CANARA_MOUSE_MOVEMENT]      = check_mouse,
    [CANARA_RAPID_CLICKS]        = check_clicks,
    [CANARA_TRANSACTION_ATTEMPT] = check_transaction,
    [CANARA_LARGE_TRANSACTION]   = check_transaction,
    [CANARA_KEYSTROKES]          = check_keystrokes,
    [CANARA_POINTER]             = check_path,
    [CANARA_TOUCH]               = check_path,
    [CANARA_SCROLL]              = check_scroll,
    [CANARA_MOTION]              = check_motion,
    [CANARA_DEVICE_CONTEXT]      = check_device,
    [CANARA_LIFECYCLE]           = check_lifecycle,
    [CANARA_FEATURES]            = check_features,
};

/* clang-format on */

bool event_check(const canara_event_t *event)
{
    if ((unsigned)event->kind >= CANARA_EVENT_KINDS) {
        return false;
    }
    return checks[event->kind] == NULL || checks[event->kind](event);
}
