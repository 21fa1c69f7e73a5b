/* events_test.h - events for the engine's tests: those of the first client, and any at all. */
#ifndef ENGINE_EVENTS_TEST_H
#define ENGINE_EVENTS_TEST_H

#include "canara.h"
#include "tests/support/random.h"

#include <string.h>

struct test_event {
    canara_event_t event;
    double intervals[64];
    canara_key_t keys[40];
    canara_point_t points[60];
};

/* What the first version's client sends in nineteen of twenty events. */
static inline void test_event_seed_client(struct test_event *e, uint64_t *seed)
{
    memset(e, 0, sizeof *e);
    switch (random_below(seed, 3)) {
    case 0:
        e->event.kind = CANARA_TYPING_PATTERN;
        e->event.has =
            CANARA_F_WORDS_PER_MINUTE | CANARA_F_KEY_PRESS_INTERVALS | CANARA_F_BACKSPACE_FREQUENCY;
        e->event.of.typing.words_per_minute = random_in(seed, 40.0, 80.0);
        e->event.of.typing.backspace_frequency = random_in(seed, 0.0, 0.1);
        e->event.of.typing.key_press_intervals = e->intervals;
        e->event.of.typing.intervals = 5;
        for (int i = 0; i < 5; i++) {
            e->intervals[i] = random_in(seed, 0.1, 0.3);
        }
        return;
    case 1:
        e->event.kind = CANARA_MOUSE_MOVEMENT;
        e->event.has = CANARA_F_MOVEMENT_SPEED | CANARA_F_IDLE_TIME;
        e->event.of.mouse.movement_speed = random_in(seed, 50.0, 200.0);
        e->event.of.mouse.idle_time_s = random_in(seed, 0.0, 5.0);
        return;
    default:
        e->event.kind = CANARA_NAVIGATION_PATTERN;
        e->event.has = CANARA_F_PAGE_SWITCHES | CANARA_F_TIME_ON_PAGE;
        e->event.of.navigation.page_switches_per_minute = random_in(seed, 1.0, 6.0);
        e->event.of.navigation.time_on_page_s = random_in(seed, 10.0, 60.0);
        return;
    }
}

static inline void test_event_random_keys(struct test_event *e, uint64_t *seed)
{
    const size_t n = 1 + (size_t)random_below(seed, 40);
    const double pace = random_in(seed, 1.0, 300.0);
    double t = 0.0;
    for (size_t i = 0; i < n; i++) {
        e->keys[i] = (canara_key_t){.down_ms = t,
                                    .up_ms = t + random_in(seed, 0.0, pace),
                                    .key_class = (uint8_t)random_below(seed, CANARA_KEY_CLASSES)};
        t += random_in(seed, 0.0, pace);
    }
    e->event.has = CANARA_F_KEYS;
    e->event.of.keystrokes.keys = e->keys;
    e->event.of.keystrokes.count = n;
}

static inline void test_event_random_points(struct test_event *e, uint64_t *seed)
{
    const size_t n = 1 + (size_t)random_below(seed, 60);
    const double scale = random_below(seed, 50) == 0 ? 1e6 : 300.0;
    const bool touch = e->event.kind == CANARA_TOUCH;
    for (size_t i = 0; i < n; i++) {
        e->points[i] = (canara_point_t){.t_ms = random_in(seed, 0.0, 1000.0) + 10.0 * (double)i,
                                        .x = random_in(seed, -scale, scale),
                                        .y = random_in(seed, -scale, scale),
                                        .pressure = touch ? (double)random_below(seed, 2) : 0.0,
                                        .buttons = (uint32_t)random_below(seed, 3)};
    }
    e->event.has = CANARA_F_POINTS;
    e->event.of.path.points = e->points;
    e->event.of.path.count = n;
}

/* An event of any kind, every number within its range. */
static inline void test_event_random(struct test_event *e, uint64_t *seed)
{
    memset(e, 0, sizeof *e);
    e->event.kind = (enum canara_event_kind)random_below(seed, CANARA_EVENT_KINDS);
    if (e->event.kind == CANARA_TYPING_PATTERN) {
        test_event_seed_client(e, seed);
        return;
    }
    if (e->event.kind == CANARA_KEYSTROKES) {
        test_event_random_keys(e, seed);
    }
    if (e->event.kind == CANARA_POINTER || e->event.kind == CANARA_TOUCH) {
        test_event_random_points(e, seed);
    }
    if (e->event.kind == CANARA_RAPID_CLICKS) {
        e->event.has = CANARA_F_CLICKS_PER_SECOND;
        e->event.of.clicks.clicks_per_second = random_in(seed, 0.0, 20.0);
    }
    if (e->event.kind == CANARA_TRANSACTION_ATTEMPT) {
        e->event.has = CANARA_F_AMOUNT;
        e->event.of.transaction.amount = random_in(seed, 0.0, 1e5);
    }
    if (e->event.kind == CANARA_DEVICE_CONTEXT) {
        e->event.has = CANARA_F_MODEL | CANARA_F_REMOTE_CONTROL | CANARA_F_VPN;
        e->event.of.device.model = (canara_text_t){"Pixel 8", 5 + (size_t)random_below(seed, 3)};
        e->event.of.device.remote_control = (uint8_t)random_below(seed, 2);
        e->event.of.device.vpn = (uint8_t)random_below(seed, 2);
    }
}

#endif
