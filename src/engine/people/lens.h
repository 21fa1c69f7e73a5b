/*
 * lens.h - the samples of a part as bytes, for finding the nearest ones fast.
 *
 * Floor      engine/people
 * Source     docs/engine/profile.md.
 * Units      bytes: 128 + 31 z, where z is a feature in the part's spreads about its middle, cut at
 *            LENS_CAP; 0: missing.
 * Ownership  the bytes belong to whoever made room for them; the part is borrowed.
 * Errors     none.
 * Threads    no shared state.
 * Precision  a mean distance is within 1/31 of the true one (1/62 for each of the two samples).
 */
#ifndef ENGINE_LENS_H
#define ENGINE_LENS_H

#include "engine/people/part.h"

#include <stddef.h>
#include <stdint.h>

#define LENS_CAP  4.0 /* deviations at which a feature is cut, and what a missing one counts */
#define LENS_STEP 31.0

enum {
    LENS_TAIL = 16,                         /* bytes behind that are read, not used */
    LENS_BYTES = 56 * PART_RING + LENS_TAIL /* of any part at most: with 56 features */
};

struct lens {
    const struct part *part;
    uint8_t *row;      /* the newest accepted sample first, each `features` long */
    uint16_t count;    /* rows */
    uint32_t accepted; /* by the part, when the rows were laid out */
};

/* A sample beside a part: its features as bytes, and which of them count. */
struct lens_mark {
    uint8_t at[SAMPLE_FEATURES_MAX + LENS_TAIL];
    uint8_t far[SAMPLE_FEATURES_MAX + LENS_TAIL];    /* where a sample without it stands */
    uint8_t counts[SAMPLE_FEATURES_MAX + LENS_TAIL]; /* 255 or 0 */
};

/* Bytes that the rows of a part take now, with the tail. */
size_t lens_bytes(const struct part *p);

/* Lay out the ring of a part. `row` has room for lens_bytes(). */
void lens_make(struct lens *out, const struct part *p, uint8_t *row);

static inline uint8_t lens_byte(double z)
{
    return (uint8_t)(int)(z * LENS_STEP + 128.5); /* z within the cap: 4 to 252 */
}

/* Nothing counts yet. */
void lens_clear(struct lens_mark *mark, size_t features);

/* Feature f counts, and is z, within the cap. */
void lens_put(struct lens_mark *mark, size_t f, double z);

/* The same for rows that belong to no part: `rows` of `features` bytes each, one behind the other and LENS_TAIL bytes
 * behind the last. */
void lens_row_distances(const uint8_t *row, size_t rows, size_t features,
                        const struct lens_mark *mark, uint32_t *out);

/* Features on end that count alike, from `begin` to before `end`; runs are in order and apart. */
struct lens_run {
    size_t begin, end;
    float weight; /* > 0 */
};

/* For each row the sum over the features that count of the distance to it, in steps: LENS_STEP to a
 * deviation. A feature that the row has not is as far as can be. */
void lens_distances(const struct lens *l, const struct lens_mark *mark, uint32_t out[PART_RING]);

/* The same, and in `weighed` each step times the weight of its run. A feature in no run does not count. */
void lens_weighed_distances(const struct lens *l, const struct lens_mark *mark,
                            const struct lens_run *run, size_t runs, uint32_t out[PART_RING],
                            float weighed[PART_RING]);

#endif
