/* sample_bench.c - nanoseconds for one sample of keys: short entries and free text. */
#include "base/clock.h"
#include "engine/profile/samples_of.h"

#include <stdio.h>

enum { ROUNDS = 200000, KEYS = 512 };

static void add(void *ctx, const struct sample *s)
{
    double *sum = ctx;
    sum[0] += s->x[s->count - 1];
    sum[1] += 1.0;
}

static void measure(const char *name, const canara_key_t *keys, size_t n)
{
    const struct clock *clock = clock_system();
    const canara_event_t e = {.kind = CANARA_KEYSTROKES,
                              .has = CANARA_F_KEYS,
                              .of.keystrokes = {.keys = keys, .count = n}};
    struct sample work;
    double sum[2] = {0.0, 0.0};
    const mono_t from = clock_mono(clock);
    for (int i = 0; i < ROUNDS; i++) {
        samples_of(&e, &work, add, sum);
    }
    const mono_t to = clock_mono(clock);
    (void)printf("%-28s %8.1f ns a sample (mean %.3f)\n", name, (double)(to.ns - from.ns) / sum[1],
                 sum[0] / sum[1]);
}

int main(void)
{
    static canara_key_t keys[KEYS];
    for (int i = 0; i < KEYS; i++) {
        keys[i].down_ms = 150.0 * i + 31.0 * (i * i % 7);
        keys[i].up_ms = keys[i].down_ms + 60.0 + 7.0 * (i * i % 13);
        keys[i].key_class = i % 6 == 5 ? CANARA_KEY_SPACE : CANARA_KEY_LETTER;
        keys[i].zone = (uint8_t)(1 + i * i % 6);
    }
    measure("an entry of 11 keys", keys, 11);
    measure("free text, 60 keys", keys, 60);
    measure("free text, 512 keys", keys, 512);
    return 0;
}
