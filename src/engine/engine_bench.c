/* engine_bench.c - nanoseconds for one canara_observe() of typical events. */
#include "base/clock.h"
#include "base/util.h"
#include "canara.h"

#include <inttypes.h>
#include <stdio.h>

enum { ROUNDS = 2000000, KEYS = 40 };

static void measure(const char *name, const canara_event_t *event, int rounds)
{
    const struct clock *clock = clock_system();
    canara_session_t s;
    canara_verdict_t v = {0};
    canara_session_begin(&s, 1750000000000);
    double risk = 0.0;
    const mono_t from = clock_mono(clock);
    for (int i = 0; i < rounds; i++) {
        (void)canara_observe(&s, NULL, NULL, event, 1750000000000 + (int64_t)i * 137, &v);
        risk += v.risk;
    }
    const mono_t to = clock_mono(clock);
    (void)printf("%-34s %8.1f ns an event (mean risk %.4f)\n", name,
                 (double)(to.ns - from.ns) / rounds, risk / rounds);
}

int main(void)
{
    static const double intervals[] = {0.15, 0.12, 0.18, 0.14, 0.21};
    static canara_key_t keys[KEYS];
    for (int i = 0; i < KEYS; i++) {
        keys[i].down_ms = 150.0 * i + 31.0 * (i % 5);
        keys[i].up_ms = keys[i].down_ms + 60.0 + 7.0 * (i % 4);
    }
    const canara_event_t typing = {.kind = CANARA_TYPING_PATTERN,
                                   .has = CANARA_F_KEY_PRESS_INTERVALS | CANARA_F_WORDS_PER_MINUTE |
                                          CANARA_F_BACKSPACE_FREQUENCY,
                                   .of.typing = {.words_per_minute = 65.0,
                                                 .backspace_frequency = 0.02,
                                                 .key_press_intervals = intervals,
                                                 .intervals = ARRAY_LEN(intervals)}};
    const canara_event_t keystrokes = {.kind = CANARA_KEYSTROKES,
                                       .has = CANARA_F_KEYS,
                                       .of.keystrokes = {.keys = keys, .count = KEYS}};
    const canara_event_t calm = {.kind = CANARA_IDLE_TIMEOUT};
    measure("typing_pattern, 5 intervals", &typing, ROUNDS);
    measure("keystrokes, 40 keys", &keystrokes, ROUNDS / 10);
    measure("idle_timeout", &calm, ROUNDS);
    return 0;
}
