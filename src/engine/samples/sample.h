/*
 * sample.h - one comparable observation of how somebody does something: a vector of features.
 *
 * Floor      engine/samples
 * Source     docs/engine/features.md. Log times: Killourhy and Maxion 2009 gave the three times of a
 *            key; the logarithm because times are skewed and errors are relative.
 * Units      features are natural logs of seconds unless sample_keys.c says otherwise; of a vector those of its
 *            columns, which nobody knows.
 * Ownership  plain value, on the caller's stack.
 * Errors     false: the event holds no sample of the kind.
 * Threads    no shared state.
 */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "canara.h"
#include "engine/session/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SAMPLE_FEATURES_MAX = 128,
    SAMPLE_KEYS_MAX = 36, /* of a short entry */
    TEXT_KEYS_MIN = 15,   /* of free text */
    TEXT_CHUNK = 60,      /* keys that make one sample at most */
    SAMPLE_TEXT_SHARES =
        32 /* features of a text before its shares of rollover, corrections and pauses */
};

/* Values of a vector are kept as floats, as they come; nearer to zero than VECTOR_LEAST is zero, so that their
 * differences and the inverses of those are floats, too. */
#define SAMPLE_VECTOR_MAX   1e9 /* canara.h: what may be sent */
#define SAMPLE_VECTOR_LEAST 1e-20F

/* Added to a pressure and a size within their logarithm: 0 is a measurement, too. */
#define SAMPLE_PRESSURE_OFFSET 0.03
#define SAMPLE_SIZE_OFFSET     0.05

/* What is compared with what: samples of one kind and one context have the same features. */
enum sample_kind {
    SAMPLE_KEYS,     /* a short text typed into a field, key by key */
    SAMPLE_TYPING,   /* typing_pattern: a summary */
    SAMPLE_MOUSE,    /* mouse_movement: a summary */
    SAMPLE_SCROLL,   /* scroll */
    SAMPLE_MOTION,   /* motion of the device */
    SAMPLE_STROKE,   /* a touch from down to up */
    SAMPLE_ACTION,   /* a movement of the pointer up to a click or a pause */
    SAMPLE_FEATURES, /* a vector that was measured elsewhere (evaluation) */
    SAMPLE_TEXT,     /* free text: keys of a kind taken together */
    SAMPLE_KINDS
};

/* What one feature of a key is, so that unknown fields can borrow from all others. */
enum feature_type {
    FEATURE_HOLD,
    FEATURE_DOWN_DOWN,
    FEATURE_UP_DOWN,
    FEATURE_PRESSURE,
    FEATURE_SIZE,
    FEATURE_PLACE_X,
    FEATURE_PLACE_Y,
    FEATURE_PLAIN,
    FEATURE_TYPES
};

struct sample {
    enum sample_kind kind;
    uint64_t context;                    /* hash of kind, field, number and classes of keys, ... */
    char name[CANARA_PART_NAME_BYTES];   /* of the part that holds its like */
    size_t count;                        /* features; 1..SAMPLE_FEATURES_MAX */
    double x[SAMPLE_FEATURES_MAX];       /* NaN: missing */
    uint8_t type[SAMPLE_FEATURES_MAX];   /* enum feature_type */
    uint8_t first[SAMPLE_FEATURES_MAX];  /* class of the key, or of the first of two */
    uint8_t second[SAMPLE_FEATURES_MAX]; /* class of the second, else 0 */
};

/* Who is handed one sample after the other, each borrowed for the call. */
typedef void (*sample_fn)(void *ctx, const struct sample *s);

/* Name and hash a sample by its kind and `field` (may be empty), continuing from `hash`. */
void sample_name(struct sample *s, const char *kind, canara_text_t field, uint64_t hash);

/* keystrokes of 3 to SAMPLE_KEYS_MAX keys without corrections. */
bool sample_of_keys(const canara_event_t *event, struct sample *out);

/* How many samples of free text an event holds: one for each TEXT_CHUNK keys begun, of the same size as
 * nearly as can be; 0 below TEXT_KEYS_MIN keys, and up to SAMPLE_KEYS_MAX where neither classes nor zones were told:
 * that is how secrets come, and they are entries. */
size_t sample_text_chunks(const canara_event_t *event);

/* Sample number `chunk` of as many as there are. */
void sample_of_text(const canara_event_t *event, size_t chunk, size_t chunks, struct sample *out);

/* typing_pattern, mouse_movement, scroll, motion, features: one sample an event. */
bool sample_of_summary(const canara_event_t *event, struct sample *out);

/* Which share of lambda a kind of sample moves. */
enum share sample_share(enum sample_kind kind);

#endif
