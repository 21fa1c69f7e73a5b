#include "lab/sets/event_keep.h"

enum { TEXTS_MAX = 6 };

static bool keep_doubles(struct pool *pool, const double **items, size_t count)
{
    *items = pool_copy(pool, *items, count, sizeof **items);
    return *items != NULL || count == 0;
}

static bool keep_array(struct pool *pool, canara_event_t *e)
{
    if (e->kind == CANARA_TYPING_PATTERN) {
        return keep_doubles(pool, &e->of.typing.key_press_intervals, e->of.typing.intervals);
    }
    if (e->kind == CANARA_FEATURES) {
        return keep_doubles(pool, &e->of.features.values, e->of.features.count);
    }
    if (e->kind == CANARA_KEYSTROKES) {
        const size_t n = e->of.keystrokes.count;
        e->of.keystrokes.keys = pool_copy(pool, e->of.keystrokes.keys, n, sizeof(canara_key_t));
        return e->of.keystrokes.keys != NULL || n == 0;
    }
    if (e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH) {
        const size_t n = e->of.path.count;
        e->of.path.points = pool_copy(pool, e->of.path.points, n, sizeof(canara_point_t));
        return e->of.path.points != NULL || n == 0;
    }
    return true;
}

/* The texts that an event of this kind has; the rest of `out` stays NULL. */
static void texts_of(canara_event_t *e, canara_text_t *out[TEXTS_MAX])
{
    switch (e->kind) {
    case CANARA_NAVIGATION_PATTERN: out[0] = &e->of.navigation.current_page; break;
    case CANARA_MOUSE_MOVEMENT: out[0] = &e->of.mouse.click_pattern; break;
    case CANARA_RAPID_CLICKS: out[0] = &e->of.clicks.pattern; break;
    case CANARA_TRANSACTION_ATTEMPT:
    case CANARA_LARGE_TRANSACTION: out[0] = &e->of.transaction.currency; break;
    case CANARA_KEYSTROKES: out[0] = &e->of.keystrokes.field; break;
    case CANARA_LIFECYCLE: out[0] = &e->of.lifecycle.state; break;
    case CANARA_FEATURES: out[0] = &e->of.features.name; break;
    case CANARA_DEVICE_CONTEXT:
        out[0] = &e->of.device.model;
        out[1] = &e->of.device.os;
        out[2] = &e->of.device.app_version;
        out[3] = &e->of.device.timezone;
        out[4] = &e->of.device.locale;
        out[5] = &e->of.device.screen;
        break;
    case CANARA_TYPING_PATTERN:
    case CANARA_COPY_PASTE_BEHAVIOR:
    case CANARA_UNUSUAL_NAVIGATION:
    case CANARA_NEW_BENEFICIARY:
    case CANARA_OFF_HOURS_ACTIVITY:
    case CANARA_MULTIPLE_LOGIN_ATTEMPTS:
    case CANARA_IDLE_TIMEOUT:
    case CANARA_NORMAL_TYPING:
    case CANARA_POINTER:
    case CANARA_TOUCH:
    case CANARA_SCROLL:
    case CANARA_MOTION:
    case CANARA_UNKNOWN:
    case CANARA_EVENT_KINDS: break;
    }
}

bool event_keep(struct pool *pool, canara_event_t *event)
{
    canara_text_t *texts[TEXTS_MAX] = {NULL};
    if (!keep_array(pool, event)) {
        return false;
    }
    texts_of(event, texts);
    for (size_t i = 0; i < TEXTS_MAX && texts[i] != NULL; i++) {
        if (texts[i]->len == 0) {
            continue;
        }
        texts[i]->ptr = pool_copy(pool, texts[i]->ptr, texts[i]->len, 1);
        if (texts[i]->ptr == NULL) {
            return false;
        }
    }
    return true;
}
