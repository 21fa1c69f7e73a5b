/* sample_keys.c - a short text typed into a field, as logs of its times and touches. */
#include "engine/arithmetic/numbers.h"
#include "engine/samples/sample.h"

#include <math.h>

/* Which touch measurements an event has; part of its context. */
enum { HAS_PRESSURE = 1, HAS_SIZE = 2, HAS_PLACE = 4 };

enum { KEYS_MIN = 3 };

/* Tenths of the screen are about one key: fingers hit it within a few tenths of that. */
#define PLACE_SCALE  10.0
#define PLACE_BEYOND 2.5 /* 16 at ten screens: what a part keeps */

static uint8_t touch_groups(const canara_event_t *event)
{
    uint16_t any = 0;
    for (size_t i = 0; i < event->of.keystrokes.count; i++) {
        any = (uint16_t)(any | event->of.keystrokes.keys[i].has);
    }
    const bool place = (any & (1U << CANARA_KEY_X)) != 0 && (any & (1U << CANARA_KEY_Y)) != 0;
    return (uint8_t)(((any & (1U << CANARA_KEY_PRESSURE)) != 0 ? HAS_PRESSURE : 0) |
                     ((any & (1U << CANARA_KEY_SIZE)) != 0 ? HAS_SIZE : 0) |
                     (place ? HAS_PLACE : 0));
}

static void put(struct sample *s, enum feature_type type, const canara_key_t *key,
                const canara_key_t *next, double x)
{
    s->type[s->count] = (uint8_t)type;
    s->first[s->count] = key->key_class;
    s->second[s->count] = next == NULL ? 0 : next->key_class;
    s->x[s->count++] = x;
}

static double seconds(double ms)
{
    return ms / 1000.0;
}

static void put_times(struct sample *s, const canara_key_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(s, FEATURE_HOLD, &keys[i], NULL,
            log(fmax(seconds(keys[i].up_ms - keys[i].down_ms), 0.005)));
    }
    for (size_t i = 0; i + 1 < n; i++) {
        put(s, FEATURE_DOWN_DOWN, &keys[i], &keys[i + 1],
            log(fmax(seconds(keys[i + 1].down_ms - keys[i].down_ms), 0.005)));
    }
    for (size_t i = 0; i + 1 < n; i++) {
        put(s, FEATURE_UP_DOWN, &keys[i], &keys[i + 1],
            log(fmax(seconds(keys[i + 1].down_ms - keys[i].up_ms) + 0.2, 0.01)));
    }
}

/* A part keeps up to 16: what lies beyond a screen is drawn nearer, and what is apart stays apart. */
static double place(double x)
{
    const double tenths = PLACE_SCALE * x;
    const double away = fabs(tenths);
    return away <= PLACE_SCALE
               ? tenths
               : copysign(PLACE_SCALE + PLACE_BEYOND * log(away / PLACE_SCALE), tenths);
}

static void put_extra(struct sample *s, enum feature_type type, const canara_key_t *keys, size_t n,
                      enum canara_key_extra extra)
{
    for (size_t i = 0; i < n; i++) {
        const bool has = (keys[i].has & (1U << (unsigned)extra)) != 0;
        const double x = keys[i].extra[extra];
        const double value = type == FEATURE_PRESSURE ? log(x + SAMPLE_PRESSURE_OFFSET)
                             : type == FEATURE_SIZE   ? log(x + SAMPLE_SIZE_OFFSET)
                                                      : place(x);
        put(s, type, &keys[i], NULL, has ? value : NAN);
    }
}

static bool is_entry(const canara_event_t *event)
{
    const size_t n = event->of.keystrokes.count;
    if (event->kind != CANARA_KEYSTROKES || (event->has & (uint32_t)CANARA_F_KEYS) == 0 ||
        n < KEYS_MIN || n > SAMPLE_KEYS_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (event->of.keystrokes.keys[i].key_class == CANARA_KEY_DELETE) {
            return false; /* a correction: not the same text */
        }
    }
    return true;
}

bool sample_of_keys(const canara_event_t *event, struct sample *out)
{
    if (!is_entry(event)) {
        return false;
    }
    const canara_key_t *keys = event->of.keystrokes.keys;
    const size_t n = event->of.keystrokes.count;
    const uint8_t groups = touch_groups(event);
    out->kind = SAMPLE_KEYS;
    out->count = 0;
    put_times(out, keys, n);
    if ((groups & HAS_PRESSURE) != 0 && out->count + n <= SAMPLE_FEATURES_MAX) {
        put_extra(out, FEATURE_PRESSURE, keys, n, CANARA_KEY_PRESSURE);
    }
    if ((groups & HAS_SIZE) != 0 && out->count + n <= SAMPLE_FEATURES_MAX) {
        put_extra(out, FEATURE_SIZE, keys, n, CANARA_KEY_SIZE);
    }
    if ((groups & HAS_PLACE) != 0 && out->count + 2 * n <= SAMPLE_FEATURES_MAX) {
        put_extra(out, FEATURE_PLACE_X, keys, n, CANARA_KEY_X);
        put_extra(out, FEATURE_PLACE_Y, keys, n, CANARA_KEY_Y);
    }

    uint64_t hash = fnv_add(FNV_START, &groups, 1);
    for (size_t i = 0; i < n; i++) {
        hash = fnv_add(hash, &keys[i].key_class, 1);
    }
    const bool named = (event->has & (uint32_t)CANARA_F_FIELD) != 0;
    sample_name(out, "keys", named ? event->of.keystrokes.field : (canara_text_t){NULL, 0}, hash);
    return true;
}
