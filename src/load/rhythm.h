/*
 * rhythm.h - how the people of a load test type: the same people when accounts are prepared, whose
 *            rhythm is then learnt, and when load is made.
 *
 * Floor      load
 * Units      hundredths of a second for intervals, milliseconds for keys.
 * Ownership  values.
 * Errors     none.
 * Threads    any; no state but the caller's.
 */
#ifndef LOAD_RHYTHM_H
#define LOAD_RHYTHM_H

#include "base/rng.h"

#include <stddef.h>
#include <stdint.h>

enum {
    RHYTHM_PEOPLE = 64, /* accounts beyond type like one of these */
    RHYTHM_INTERVALS = 5,
    RHYTHM_KEYS = 11,
    RHYTHM_EVENT_BYTES = 1280, /* the longest event and NUL */
};

enum rhythm_event { RHYTHM_TYPING_PATTERN, RHYTHM_KEYSTROKES };

struct rhythm {
    uint16_t words_per_minute;             /* two digits */
    uint8_t interval_cs[RHYTHM_INTERVALS]; /* 12..27 */
    uint16_t hold_ms[RHYTHM_KEYS];
    uint16_t gap_ms[RHYTHM_KEYS]; /* from the last key down to this one */
};

/* Draw what is typical of this person; the same number, the same person. */
void rhythm_init(struct rhythm *r, unsigned person);

/* Write one event as the person types today, a little different each time; `seq` < 0 leaves it out.
 * A typing_pattern without it has as many bytes as the one of the brief. Returns its length. */
size_t rhythm_write(const struct rhythm *r, enum rhythm_event kind, struct rng *rng, int64_t seq,
                    char out[RHYTHM_EVENT_BYTES]);

#endif
