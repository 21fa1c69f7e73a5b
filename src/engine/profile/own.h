/*
 * own.h - how one person's strokes or actions differ from everybody's: what scoring needs.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md.
 * Units      nats before calibration, positive against the owner.
 * Ownership  plain value of at most CANARA_PART_BYTES without a pointer in it.
 * Errors     enum canara_status where bytes come in.
 * Threads    no shared state; one writer.
 *
 * Worked out from the rows of a bag and a crowd, whose bins and axes alone it understands then; or, where the crowd is
 * of people who are not like him, from the rows alone.
 */
#ifndef ENGINE_OWN_H
#define ENGINE_OWN_H

#include "canara.h"
#include "engine/people/crowd.h"
#include "engine/profile/axes.h"
#include "engine/profile/grow.h"
#include "engine/profile/self.h"

#include <assert.h>
#include <stdbool.h>

#define OWN_MAGIC UINT32_C(0x4f524e43) /* "CNRO" */

#define OWN_TREES_CLIP 4.0

enum {
    OWN_HELD = 6,
    OWN_TREES_FROM = 20, /* rows */
    OWN_AXES_BELOW = 60  /* rows, in a fit: there trees begin to know more */
};

/* Whoever's middle is this many times as far from everybody's as middles of people are, as axes_apart() says, is not
 * like the people of a crowd: they are no measure for him. Beside their own kind 1.44 was the farthest of 152 (half of
 * Antal's and of Balabit's beside the other half, both ways); people of DELBOT beside Balabit's began at 2.7. Real hands beside simulated people
 * began at 2.1, and 60 simulated ones ended at 1.5. */
#define OWN_FOREIGN           2.5
#define OWN_FOREIGN_SIMULATED 1.75

enum {
    OWN_FOREIGN_PEOPLE = 20
}; /* of a crowd: what fewer differ in does not say how far people may be */

/* What it was worked out as. */
enum own_form {
    OWN_NOTHING, /* never */
    OWN_AMONG,   /* beside a crowd */
    OWN_ALONE,   /* beside himself: the model has no crowd, or one of people who are not like him */
    OWN_FORMS
};

/* Rows of one session that wait to be believed. */
struct own_held {
    int64_t at_ms;
    uint32_t session;
    uint32_t rows;
};

struct own {
    uint64_t context;
    uint64_t crowd_id; /* of the crowd that it was worked out with, or found unlike; 0: none */
    uint8_t kind;
    uint8_t form;    /* enum own_form */
    uint8_t changed; /* since it was loaded; not stored */
    uint16_t features;
    uint16_t known;    /* rows that it was worked out from */
    uint16_t trees;    /* 0 or GROW_TREES */
    uint16_t axes;     /* 0 or as many as the crowd has */
    uint32_t accepted; /* rows, ever */
    uint32_t grown_at; /* `accepted` when it was last worked out */
    uint32_t sessions; /* that gave rows */
    uint32_t scored;   /* own rows that were scored before they were learnt ... */
    float score_mean;  /* ... their evidence: mean, nats ... */
    float score_m2;    /* ... and sum of squared deviations */
    uint32_t helds;
    struct own_held held[OWN_HELD]; /* oldest first */

    union {
        struct {                                               /* OWN_AMONG */
            int8_t against[CROWD_FEATURES_MAX * CROWD_COARSE]; /* 1/32 nat of each coarse bin */
            struct axes_own along;
            struct tree tree[GROW_TREES];
        };
        struct self self; /* OWN_ALONE */
    };
};

static_assert(sizeof(struct own) <= CANARA_PART_BYTES, "what scoring needs is at most 4 KiB");

/* Rows of a person in bins, newest first, and the people to tell him from. */
struct own_rows {
    const struct crowd *crowd;
    const uint8_t *row; /* count x features */
    size_t count;
};

/* Work out histograms, where the crowd's fusion weighs them axes, and from OWN_TREES_FROM rows on trees. False: no memory; `o` is as it was. */
bool own_work_out(struct own *o, const struct own_rows *rows);

/* Whether the people of a crowd, `simulated` or not, are no measure for whoever has these rows. False: no memory. */
bool own_is_foreign(const struct own_rows *rows, bool simulated, bool *foreign);

/* Work out what is compared with himself alone; `crowd` is the one that he is unlike, NULL where there is none.
 * False: no memory; `o` is as it was. */
bool own_work_out_alone(struct own *o, const struct self_rows *rows, const struct crowd *crowd);

/* Of OWN_AMONG: what a sample's bins say: CROWD_HISTOGRAM, CROWD_TREES and CROWD_AXES of `out`, the rest 0. */
void own_scores(const struct own *o, const struct crowd *crowd, const uint8_t *bins,
                double out[SCORES]);

void own_note_score(struct own *o, double nats);

/* To and from bytes that are the same on every machine. `size` is what was written. */
void own_save(const struct own *o, uint8_t bytes[CANARA_PART_BYTES], size_t *size);
enum canara_status own_load(struct own *o, const uint8_t *bytes, size_t size);

#endif
