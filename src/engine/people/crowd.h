/*
 * crowd.h - people in general for short vectors of which a session holds many: strokes and actions.
 *
 * Floor      engine/people
 * Source     docs/engine/actions.md.
 * Units      features as sample.h says; bins 1 to 32, 0 is a missing value.
 * Ownership  a crowd belongs to its model; arrays live as long.
 * Errors     false: bytes that are no crowd.
 * Threads    any, once open.
 */
#ifndef ENGINE_CROWD_H
#define ENGINE_CROWD_H

#include "engine/arithmetic/byte_cursor.h"
#include "engine/people/evidence.h"
#include "engine/samples/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CROWD_FEATURES_MAX = 40,
    CROWD_EDGES = 31,
    CROWD_BINS = CROWD_EDGES + 2,      /* and the bin of missing values */
    CROWD_COARSE = CROWD_BINS / 2 + 1, /* 16 and the missing one */
    CROWD_ROWS_MAX = 4096,
    CROWD_AXES_MAX = 24,
    CROWD_MAX = 64,   /* in a model */
    CROWD_BUCKETS = 4 /* crowd_bucket() */
};

/* Columns of the fusion of a crowd; the rest are not used. */
enum { CROWD_HISTOGRAM, CROWD_TREES, CROWD_AXES };

struct crowd {
    uint64_t context;
    uint64_t id; /* hash of edges and axes: what was worked out with others is not understood */
    uint8_t kind;
    uint16_t features;
    uint16_t people;
    uint16_t rows;        /* samples of them, each of `features` bins */
    const uint8_t *edges; /* of each feature: how many, 0 to CROWD_EDGES */
    const float *edge;    /* features x CROWD_EDGES, ascending */
    const uint8_t *row;   /* rows x features */
    const float *share;   /* features x CROWD_COARSE: share of the rows in a coarse bin, > 0 */
    uint16_t axes;        /* axes.h; 0: none */
    const float *level;   /* features x CROWD_BINS: where a bin lies; 0 for a missing value */
    const float
        *to; /* features x CROWD_AXES_MAX: what a level says along an axis; 0 behind the last */
    const float *between; /* of each axis: variance between people where one's own is 1; > 0 */
    struct fusion fusion[CROWD_BUCKETS];
};

/* Which samples are compared with a crowd and not with a population. */
bool sample_is_of_crowd(const struct sample *s);

/* Whether it is learnt as a habit, too (part.h), for models that know nobody who does the like: vectors of a
 * research set. */
bool sample_is_kept_twice(const struct sample *s);

/* Bins of a sample's features: edges below the value, and 1; 0 when it is missing. */
void crowd_bins(const struct crowd *c, const struct sample *s, uint8_t out[CROWD_FEATURES_MAX]);

/* The coarse bin, 0 to CROWD_COARSE - 1, of a bin: two and two where there are many. */
size_t crowd_coarse(const struct crowd *c, size_t f, uint8_t bin);
size_t crowd_coarse_bins(const struct crowd *c, size_t f); /* the missing one not counted */

/* Which of CROWD_BUCKETS a person of n known samples belongs to; trees come with the second. */
size_t crowd_bucket(size_t n);

/* Work out `id` and the shares, into features x CROWD_COARSE numbers, from edges, axes and rows. */
void crowd_index(struct crowd *c, float *share);

/* The arrays of a crowd in one piece of memory, of crowd_room() bytes and aligned for floats, whose sizes
 * come from its `features`, `rows` and `axes`. */
struct crowd_arrays {
    float *edge, *share, *level, *to, *between;
    uint8_t *edges, *row;
};

size_t crowd_room(const struct crowd *c);
struct crowd_arrays crowd_lay_out(const struct crowd *c, void *room);

/* Point a crowd to all of them but the shares. */
void crowd_take(struct crowd *c, const struct crowd_arrays *p);

/* At least the bytes of its written form. */
size_t crowd_size(const struct crowd *c);

void crowd_write(struct byte_writer *w, const struct crowd *c);

/* Read one into `room`, of crowd_room() bytes and aligned for floats. The first pass, with room NULL,
 * only checks and leaves the arrays NULL. */
bool crowd_read(struct byte_reader *r, struct crowd *c, void *room);

#endif
