#include "load/rhythm.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

/* Any fixed number: people must not change between two programs. */
#define PEOPLE_SEED UINT64_C(0x6c6f6164)

enum {
    INTERVAL_LOW_CS = 12,
    INTERVAL_SPREAD_CS = 16,
    JITTER_CS = 2,
    WORDS_LOW = 40,
    WORDS_SPREAD = 50,
    HOLD_LOW_MS = 60,
    HOLD_SPREAD_MS = 60,
    GAP_LOW_MS = 120,
    GAP_SPREAD_MS = 180,
    JITTER_SHARE = 12, /* a key differs by up to a twelfth of itself */
};

void rhythm_init(struct rhythm *r, unsigned person)
{
    struct rng rng;
    rng_seed(&rng, PEOPLE_SEED + person);
    r->words_per_minute = (uint16_t)(WORDS_LOW + rng_below(&rng, WORDS_SPREAD));
    for (size_t i = 0; i < RHYTHM_INTERVALS; i++) {
        r->interval_cs[i] = (uint8_t)(INTERVAL_LOW_CS + rng_below(&rng, INTERVAL_SPREAD_CS));
    }
    for (size_t i = 0; i < RHYTHM_KEYS; i++) {
        r->hold_ms[i] = (uint16_t)(HOLD_LOW_MS + rng_below(&rng, HOLD_SPREAD_MS));
        r->gap_ms[i] = (uint16_t)(GAP_LOW_MS + rng_below(&rng, GAP_SPREAD_MS));
    }
}

static unsigned near(struct rng *rng, unsigned typical, unsigned by)
{
    return typical - by + (unsigned)rng_below(rng, 2ULL * by + 1);
}

static size_t write_pattern(const struct rhythm *r, struct rng *rng, char *out)
{
    unsigned cs[RHYTHM_INTERVALS];
    for (size_t i = 0; i < RHYTHM_INTERVALS; i++) {
        cs[i] = near(rng, r->interval_cs[i], JITTER_CS);
    }
    const int n = snprintf(out, RHYTHM_EVENT_BYTES,
                           "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":%u,"
                           "\"key_press_intervals\":[0.%02u,0.%02u,0.%02u,0.%02u,0.%02u],"
                           "\"timestamp\":\"2025-06-24T10:30:00.123456\"}",
                           (unsigned)r->words_per_minute, cs[0], cs[1], cs[2], cs[3], cs[4]);
    return (size_t)n;
}

static size_t write_keys(const struct rhythm *r, struct rng *rng, char *out)
{
    unsigned down = 0;
    size_t n =
        (size_t)snprintf(out, RHYTHM_EVENT_BYTES,
                         "{\"event_type\":\"keystrokes\",\"data\":{\"field\":\"note\",\"keys\":[");
    for (size_t i = 0; i < RHYTHM_KEYS; i++) {
        down += i == 0 ? 0 : near(rng, r->gap_ms[i], r->gap_ms[i] / JITTER_SHARE);
        const unsigned hold = near(rng, r->hold_ms[i], r->hold_ms[i] / JITTER_SHARE);
        n += (size_t)snprintf(out + n, RHYTHM_EVENT_BYTES - n,
                              "%s{\"down\":%u,\"up\":%u,\"class\":\"letter\"}", i == 0 ? "" : ",",
                              down, down + hold);
    }
    return n + (size_t)snprintf(out + n, RHYTHM_EVENT_BYTES - n, "]}");
}

size_t rhythm_write(const struct rhythm *r, enum rhythm_event kind, struct rng *rng, int64_t seq,
                    char out[RHYTHM_EVENT_BYTES])
{
    size_t n = kind == RHYTHM_KEYSTROKES ? write_keys(r, rng, out) : write_pattern(r, rng, out);
    if (seq >= 0) {
        n += (size_t)snprintf(out + n, RHYTHM_EVENT_BYTES - n, ",\"seq\":%" PRId64, seq);
    }
    n += (size_t)snprintf(out + n, RHYTHM_EVENT_BYTES - n, "}");
    MUST(n < RHYTHM_EVENT_BYTES);
    return n;
}
