/*
 * model.h - what is known of people in general, for every way of comparing samples.
 *
 * Floor      engine/people
 * Source     docs/engine/model.md.
 * Units      features as sample.h says; evidence in nats.
 * Ownership  a model owns all of its arrays; nothing changes after it was opened.
 * Errors     canara_model_open() in canara.h; the writer: a size of 0 when there is no room.
 * Threads    any, once open.
 */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "engine/people/crowds.h"
#include "engine/people/evidence.h"
#include "engine/people/people_lanes.h"
#include "engine/samples/sample.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_POPULATIONS_MAX = 4096,
    MODEL_COHORT_MAX = 64,
    MODEL_LABEL_BYTES = 48,
    MODEL_NAME_BYTES = 64,
    MODEL_BYTES_MAX = 64 * 1024 * 1024
};

/* Student's t with two degrees of freedom for each feature. */
struct density {
    const float *middle; /* median */
    const float *
        spread; /* mean absolute deviation about it, drawn together for single people; 0: a vector's column
                            that does not vary says nothing */
};

/* People in general in one context, or (context 0) in one kind. Arrays have `features` members; a
 * population of SAMPLE_KEYS with context 0 has one for each row of key_row(). */
struct population {
    uint64_t context;
    uint8_t kind;
    uint16_t features;
    uint16_t people;       /* that it was made from */
    uint16_t cohort;       /* profiles of single people; 0 to MODEL_COHORT_MAX */
    struct density all[2]; /* of all samples pooled: 0 novices, 1 of all ages */
    const float *usual;    /* geometric mean of single people's spreads */
    const float
        *weight; /* how much a feature counts in the scores beside others; NULL: all alike */
    struct density cohort_of;  /* of single people: arrays of cohort x features */
    struct people_lanes lanes; /* all of them once more, as the scores want them */
    struct fusion_lines fusion;
};

struct canara_model {
    char label[MODEL_LABEL_BYTES];
    char name[MODEL_NAME_BYTES];
    bool simulated; /* the people are: real ones are not like them */
    size_t populations;
    struct population *population;                  /* by context, ascending */
    const struct population *general[SAMPLE_KINDS]; /* context 0; NULL: none */
    void *numbers;                                  /* what the arrays point into */
    struct crowds crowds;
};

/* Where a feature of an unknown field finds its like: type and classes of the keys. */
enum { KEY_ROWS = FEATURE_TYPES * CANARA_KEY_CLASSES * CANARA_KEY_CLASSES };

size_t key_row(const struct sample *s, size_t f);

/* The population of a sample's context. Of an unknown one, that of its kind, spread out in `room`;
 * NULL when the model knows nothing of the kind. */
struct population_room {
    struct population population; /* without the arrays of `all` */
    struct fusion between;        /* the line for the samples known */
    struct fusion alone;          /* where people in general are no measure */
    float habit[SAMPLE_FEATURES_MAX * PEOPLE_LANES_HABIT];
    float log_spread[SAMPLE_FEATURES_MAX * PEOPLE_LANES_GROUP];
    float log_sum[PEOPLE_LANES_GROUP];
    float usual[SAMPLE_FEATURES_MAX];
    float weight[SAMPLE_FEATURES_MAX];
};

static inline float population_weight(const struct population *p, size_t feature)
{
    return p == NULL || p->weight == NULL ? 1.0F : p->weight[feature];
}
const struct population *model_population(const struct canara_model *m, const struct sample *s,
                                          struct population_room *room);

/* What a model is made of. */
struct model_parts {
    const struct population *population;
    size_t populations;
    const struct crowd *crowd;
    size_t crowds;
};

/* What a model says of itself. */
struct model_title {
    const char *label;
    bool
        simulated; /* its people were never anybody: real ones are held against themselves sooner */
};

/* Write the bytes of a model. Returns the size, 0 when `cap` is too small. Numbers are looked at by
 * canara_model_open(). */
size_t model_write_whole(struct model_title title, const struct model_parts *parts, uint8_t *out,
                         size_t cap);

/* The same for populations of real people alone. */
size_t model_write(const char *label, const struct population *population, size_t count,
                   uint8_t *out, size_t cap);

#endif
