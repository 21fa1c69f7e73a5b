#include "engine/people/model.h"

#include "engine/arithmetic/byte_cursor.h"
#include "engine/arithmetic/numbers.h"
#include "engine/people/fusion_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC   UINT32_C(0x4d524e43) /* "CNRM" */
#define VERSION 6

enum { CHECK_BYTES = 8, HEAD_BYTES = 4 + 2 + 2 + MODEL_LABEL_BYTES + 1 + 4, NUMBER_MAX = 1000000 };

#define SPREAD_MIN        1e-4F
#define WEIGHT_MIN        (1.0F / 64.0F)
#define WEIGHT_MAX        64.0F
#define VECTOR_SPREAD_MIN 1e-30F /* whose inverse is a float; 0: the column does not vary */

/* ---- one population, written and read ---- */

static void write_floats(struct byte_writer *w, const float *x, size_t n)
{
    write_bytes(w, x, n * sizeof *x);
}

static void write_weights(struct byte_writer *w, const struct population *p)
{
    for (size_t f = 0; f < p->features; f++) {
        write_f32(w, population_weight(p, f));
    }
}

static void write_population(struct byte_writer *w, const struct population *p)
{
    const size_t n = p->features;
    write_u64(w, p->context);
    write_u8(w, p->kind);
    write_u16(w, p->features);
    write_u16(w, p->people);
    write_u16(w, p->cohort);
    for (size_t i = 0; i < 2; i++) {
        write_floats(w, p->all[i].middle, n);
        write_floats(w, p->all[i].spread, n);
    }
    write_floats(w, p->usual, n);
    write_weights(w, p);
    write_floats(w, p->cohort_of.middle, n * p->cohort);
    write_floats(w, p->cohort_of.spread, n * p->cohort);
    fusion_lines_write(w, &p->fusion);
}

/* Numbers of a population go into one block: `at` is where the next ones go, NULL while counting. */
struct block {
    float *at;
    size_t used;
    bool bad;
};

enum range { MIDDLES, SPREADS, WEIGHTS, VECTOR_MIDDLES, VECTOR_SPREADS };

static bool number_ok(float x, enum range range)
{
    const float vector_max = (float)SAMPLE_VECTOR_MAX;
    switch (range) {
    case MIDDLES: return fabsf(x) <= 1e6F;
    case SPREADS: return x >= SPREAD_MIN && x <= 1e6F;
    case WEIGHTS: return x >= WEIGHT_MIN && x <= WEIGHT_MAX;
    case VECTOR_MIDDLES: return fabsf(x) <= vector_max;
    case VECTOR_SPREADS:
        return (x >= VECTOR_SPREAD_MIN && x <= 2.0F * vector_max) || (x >= 0.0F && x <= 0.0F);
    }
    return false;
}

static const float *take_floats(struct byte_reader *r, struct block *b, size_t n, enum range range)
{
    const float *out = b->at == NULL ? NULL : b->at + b->used;
    for (size_t i = 0; i < n; i++) {
        const float x = read_f32(r);
        b->bad = b->bad || !number_ok(x, range);
        if (b->at != NULL) {
            b->at[b->used] = x;
        }
        b->used++;
        if (r->failed) {
            break;
        }
    }
    return out;
}

/* NULL where every feature counts alike. */
static const float *take_weights(struct byte_reader *r, struct block *b, size_t n)
{
    const float *const out = take_floats(r, b, n, WEIGHTS);
    bool alike = true;
    for (size_t i = 1; out != NULL && !r->failed && i < n; i++) {
        alike = alike && !(out[i] < out[0] || out[i] > out[0]);
    }
    return alike ? NULL : out;
}

static void take_density(struct byte_reader *r, struct block *b, size_t n, bool vectors,
                         struct density *out)
{
    out->middle = take_floats(r, b, n, vectors ? VECTOR_MIDDLES : MIDDLES);
    out->spread = take_floats(r, b, n, vectors ? VECTOR_SPREADS : SPREADS);
}

/* Numbers that were read once are laid out for the scores behind them. */
static void add_lanes(struct block *b, struct population *p)
{
    if (b->at != NULL && !b->bad) {
        people_lanes_lay(p, b->at + b->used, &p->lanes);
    }
    b->used += people_lanes_floats(p->features, p->cohort);
}

static bool features_ok(const struct population *p)
{
    if (p->kind == SAMPLE_KEYS && p->context == 0) {
        return p->features == KEY_ROWS && p->cohort == 0;
    }
    return p->features >= 1 && p->features <= SAMPLE_FEATURES_MAX;
}

static bool read_population(struct byte_reader *r, struct block *b, struct population *p)
{
    p->context = read_u64(r);
    p->kind = read_u8(r);
    p->features = read_u16(r);
    p->people = read_u16(r);
    p->cohort = read_u16(r);
    if (r->failed || p->kind >= SAMPLE_KINDS || !features_ok(p) || p->cohort > MODEL_COHORT_MAX) {
        return false;
    }
    const size_t n = p->features;
    const bool vectors = p->kind == SAMPLE_FEATURES;
    for (size_t i = 0; i < 2; i++) {
        take_density(r, b, n, vectors, &p->all[i]);
    }
    p->usual = take_floats(r, b, n, vectors ? VECTOR_SPREADS : SPREADS);
    p->weight = take_weights(r, b, n);
    take_density(r, b, n * p->cohort, vectors, &p->cohort_of);
    if (r->failed) {
        return false;
    }
    add_lanes(b, p);
    return fusion_lines_read(r, &p->fusion) && !b->bad && !r->failed;
}

/* ---- the whole ---- */

size_t model_write_whole(struct model_title title, const struct model_parts *parts, uint8_t *out,
                         size_t cap)
{
    struct byte_writer w = {.at = out, .left = cap};
    char text[MODEL_LABEL_BYTES] = {0};
    memcpy(text, title.label, strnlen(title.label, sizeof text - 1));
    write_u32(&w, MAGIC);
    write_u16(&w, VERSION);
    write_u16(&w, SCORES);
    write_bytes(&w, text, sizeof text);
    write_u8(&w, title.simulated ? 1 : 0);
    write_u32(&w, (uint32_t)parts->populations);
    for (size_t i = 0; i < parts->populations; i++) {
        write_population(&w, &parts->population[i]);
    }
    crowds_write(&w, parts->crowd, parts->crowds);
    if (w.failed) {
        return 0;
    }
    write_u64(&w, fnv_add(FNV_START, out, cap - w.left));
    return w.failed ? 0 : cap - w.left;
}

size_t model_write(const char *label, const struct population *population, size_t count,
                   uint8_t *out, size_t cap)
{
    const struct model_parts parts = {.population = population, .populations = count};
    return model_write_whole((struct model_title){.label = label}, &parts, out, cap);
}

static bool label_ok(const char label[MODEL_LABEL_BYTES])
{
    size_t n = 0;
    for (; n < MODEL_LABEL_BYTES && label[n] != '\0'; n++) {
        if (label[n] <= ' ' || label[n] > '~') {
            return false;
        }
    }
    return n > 0 && n < MODEL_LABEL_BYTES;
}

static void name_model(struct canara_model *m, uint64_t checksum)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = strnlen(m->label, sizeof m->label);
    memcpy(m->name, m->label, at);
    m->name[at++] = '.';
    for (int shift = 60; shift >= 16; shift -= 4) {
        m->name[at++] = digits[(checksum >> shift) & 15U];
    }
    m->name[at] = '\0';
}

/* Read every population once; with a block to fill, for good. */
static bool read_all(struct byte_reader r, struct block *b, struct population *into, size_t count,
                     struct byte_reader *rest)
{
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        struct population p = {0};
        if (!read_population(&r, b, &p)) {
            return false;
        }
        if (i > 0 && p.context != 0 && p.context <= last) {
            return false; /* in order, and each once */
        }
        last = p.context;
        if (into != NULL) {
            into[i] = p;
        }
    }
    *rest = r;
    return !r.failed;
}

static bool index_general(struct canara_model *m)
{
    for (size_t i = 0; i < m->populations && m->population[i].context == 0; i++) {
        const struct population *p = &m->population[i];
        if (m->general[p->kind] != NULL) {
            return false;
        }
        m->general[p->kind] = p;
    }
    return true;
}

static enum canara_status fill(struct canara_model *m, struct byte_reader body, size_t numbers,
                               size_t count)
{
    m->population = calloc(count > 0 ? count : 1, sizeof *m->population);
    m->numbers = calloc(numbers > 0 ? numbers : 1, sizeof(float));
    if (m->population == NULL || m->numbers == NULL) {
        return CANARA_NO_MEMORY;
    }
    m->populations = count;
    struct block b = {.at = m->numbers};
    struct byte_reader rest;
    if (!read_all(body, &b, m->population, count, &rest) || !index_general(m)) {
        return CANARA_BAD_FORMAT;
    }
    return crowds_read(rest, &m->crowds);
}

enum canara_status canara_model_open(const void *bytes, size_t size, struct canara_model **out)
{
    if (bytes == NULL || size < HEAD_BYTES + CHECK_BYTES || size > MODEL_BYTES_MAX) {
        return CANARA_BAD_FORMAT;
    }
    struct byte_reader end = {.at = (const uint8_t *)bytes + size - CHECK_BYTES,
                              .left = CHECK_BYTES};
    struct byte_reader r = {.at = bytes, .left = size - CHECK_BYTES};
    const bool mine = read_u32(&r) == MAGIC;
    const uint16_t version = read_u16(&r);
    const uint16_t scores = read_u16(&r);
    const uint64_t checksum = read_u64(&end);
    if (!mine) {
        return CANARA_BAD_FORMAT;
    }
    if (version != VERSION || scores != SCORES) {
        return CANARA_BAD_VERSION;
    }
    if (checksum != fnv_add(FNV_START, bytes, size - CHECK_BYTES)) {
        return CANARA_BAD_FORMAT;
    }
    struct canara_model *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return CANARA_NO_MEMORY;
    }
    read_bytes(&r, m->label, sizeof m->label);
    const uint8_t simulated = read_u8(&r);
    m->simulated = simulated != 0;
    const uint32_t count = read_u32(&r);
    struct block counted = {.at = NULL};
    struct byte_reader rest;
    enum canara_status status = CANARA_BAD_FORMAT;
    if (label_ok(m->label) && simulated <= 1 && count <= MODEL_POPULATIONS_MAX &&
        read_all(r, &counted, NULL, count, &rest)) {
        status = fill(m, r, counted.used, count);
    }
    if (status != CANARA_OK) {
        canara_model_close(&m);
        return status;
    }
    name_model(m, checksum);
    *out = m;
    return CANARA_OK;
}

void canara_model_close(struct canara_model **model)
{
    if (*model == NULL) {
        return;
    }
    crowds_free(&(*model)->crowds);
    free((*model)->population);
    free((*model)->numbers);
    free(*model);
    *model = NULL;
}

const char *canara_model_name(const struct canara_model *model)
{
    return model == NULL ? "" : model->name;
}

/* ---- finding ---- */

size_t key_row(const struct sample *s, size_t f)
{
    return ((size_t)s->type[f] * CANARA_KEY_CLASSES + s->first[f]) * CANARA_KEY_CLASSES +
           s->second[f];
}

static const struct population *find(const struct canara_model *m, uint64_t context)
{
    size_t low = 0;
    size_t high = m->populations;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (m->population[middle].context < context) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < m->populations && m->population[low].context == context ? &m->population[low]
                                                                         : NULL;
}

/* Has anybody of the model such keys? The rows of those that nobody has are written as a middle of 0 and a spread of
 * 1, to the bit (people_general.c), which no row of logarithms of times, pressures or places has. */
static bool row_is_known(const struct population *general, size_t row)
{
    const float *middle = general->lanes.habit + row * PEOPLE_LANES_HABIT;
    const float *inverse = middle + PEOPLE_LANES_GROUP;
    const float one = (float)M_SQRT1_2; /* as people_lanes.c keeps a spread of 1 */
    return middle[0] != 0.0F || inverse[0] != one || middle[1] != 0.0F || inverse[1] != one;
}

/* People in general at keys of these classes, wherever in a text they stand; NULL where nobody has keys like one of
 * them. */
static const struct population *spread_out(const struct population *general, const struct sample *s,
                                           struct population_room *room)
{
    struct population *p = &room->population;
    const struct people_lanes *from = &general->lanes; /* of one group: there is no cohort */
    float sum[PEOPLE_LANES_GROUP] = {0.0F};
    *p = *general;
    p->features = (uint16_t)s->count;
    for (size_t f = 0; f < s->count; f++) {
        const size_t row = key_row(s, f);
        if (!row_is_known(general, row)) {
            return NULL;
        }
        float *log_spread = room->log_spread + f * PEOPLE_LANES_GROUP;
        memcpy(room->habit + f * PEOPLE_LANES_HABIT, from->habit + row * PEOPLE_LANES_HABIT,
               PEOPLE_LANES_HABIT * sizeof *room->habit);
        memcpy(log_spread, from->log_spread + row * PEOPLE_LANES_GROUP,
               PEOPLE_LANES_GROUP * sizeof *log_spread);
        for (size_t k = 0; k < PEOPLE_LANES_GROUP; k++) {
            sum[k] += log_spread[k];
        }
        room->usual[f] = general->usual[row];
        room->weight[f] = population_weight(general, row);
    }
    memcpy(room->log_sum, sum, sizeof room->log_sum);
    p->lanes = (struct people_lanes){.groups = 1,
                                     .habit = room->habit,
                                     .log_spread = room->log_spread,
                                     .log_sum = room->log_sum,
                                     .beside = from->beside};
    for (size_t i = 0; i < 2; i++) {
        p->all[i] = (struct density){.middle = NULL};
    }
    p->usual = room->usual;
    p->weight = room->weight;
    p->cohort = 0;
    return p;
}

const struct population *model_population(const struct canara_model *m, const struct sample *s,
                                          struct population_room *room)
{
    const struct population *p = s->context == 0 ? NULL : find(m, s->context);
    if (p != NULL && p->kind == s->kind && p->features == s->count) {
        return p;
    }
    const struct population *general = m->general[s->kind];
    if (general == NULL) {
        return NULL;
    }
    if (s->kind == SAMPLE_KEYS) {
        return spread_out(general, s, room);
    }
    return general->features == s->count ? general : NULL;
}
