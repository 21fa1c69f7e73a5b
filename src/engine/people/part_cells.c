#include "engine/people/part_cells.h"

#include "engine/arithmetic/numbers.h"
#include "engine/arithmetic/short_float.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The pool: PART_NUMBERS of each feature, 2 bytes each, number by number; then what cells lie about; then the cells of
 * each slot. */
enum { MISSING16 = INT16_MIN, MISSING8 = INT8_MIN, NUMBERS_BYTES = 2 * PART_NUMBERS };

#define FINE   2048.0 /* steps of a 16-bit cell and of a middle */
#define SPREAD 4096.0 /* steps of a spread */
#define COARSE 25.0   /* steps of an 8-bit cell, about the value of the first sample */

static bool is_narrow(const struct part *p)
{
    return (p->bits & PART_NARROW) != 0;
}

static bool is_vector(const struct part *p)
{
    return (p->bits & PART_VECTORS) != 0;
}

/* Of vectors a centre, 4 bytes, which habits lie about, too; and where cells are narrow a unit, 2 bytes. */
size_t part_known_bytes(const struct part *p)
{
    return NUMBERS_BYTES + (is_vector(p) ? sizeof(float) : 0U);
}

size_t part_habit_bytes(const struct part *p)
{
    return part_known_bytes(p) + (!is_vector(p) || is_narrow(p) ? 2U : 0U);
}

size_t part_row_bytes(const struct part *p)
{
    return (size_t)p->features * (is_narrow(p) ? 1U : 2U);
}

static int16_t get16(const uint8_t *at)
{
    int16_t x = 0;
    memcpy(&x, at, sizeof x);
    return x;
}

static uint16_t get_code(const uint8_t *at)
{
    uint16_t x = 0;
    memcpy(&x, at, sizeof x);
    return x;
}

static void put_code(uint8_t *at, uint16_t x)
{
    memcpy(at, &x, sizeof x);
}

static uint16_t step_code(double x, double steps)
{
    return (uint16_t)(isnan(x) ? (int16_t)MISSING16 : to_int16(x * steps));
}

static double step_value(const uint8_t *at, double steps)
{
    const int16_t x = get16(at);
    return x == MISSING16 ? NAN : (double)x / steps;
}

/* ---- what cells lie about ---- */

static size_t centre_at(const struct part *p, size_t f)
{
    return NUMBERS_BYTES * (size_t)p->features + (is_vector(p) ? sizeof(float) : 2U) * f;
}

/* Of narrow cells of vectors. */
static size_t unit_at(const struct part *p, size_t f)
{
    return (NUMBERS_BYTES + sizeof(float)) * (size_t)p->features + 2 * f;
}

/* NaN: the feature has had no value yet. */
static double centre_get(const struct part *p, size_t f)
{
    const uint8_t *at = p->of.pool + centre_at(p, f);
    if (is_vector(p)) {
        float x = 0.0F;
        memcpy(&x, at, sizeof x);
        return (double)x;
    }
    return step_value(at, FINE);
}

static void centre_put(struct part *p, size_t f, float x)
{
    memcpy(p->of.pool + centre_at(p, f), &x, sizeof x);
}

/* 0: the column has had one value only. */
static double unit_get(const struct part *p, size_t f)
{
    return short_value(get_code(p->of.pool + unit_at(p, f)));
}

/* Must a centre wait for the first value that is there? Places reach further from zero than narrow cells; all else that
 * is known by its unit is the logarithm of something near one. */
static bool waits(const struct part *p, const struct sample *s, size_t f)
{
    return is_narrow(p) && (s->type[f] == FEATURE_PLACE_X || s->type[f] == FEATURE_PLACE_Y);
}

void part_cells_begin(struct part *p, const struct sample *s)
{
    for (size_t f = 0; f < p->features; f++) {
        if (is_vector(p)) {
            centre_put(p, f, NAN);
        } else {
            const bool zero = isnan(s->x[f]) && !waits(p, s, f);
            put_code(p->of.pool + centre_at(p, f), step_code(zero ? 0.0 : s->x[f], FINE));
        }
        part_number_put(p, PART_MIDDLE, f, NAN);
        part_number_put(p, PART_ANCHOR_MIDDLE, f, NAN);
    }
}

/* ---- cells ---- */

static size_t cell_at(const struct part *p, size_t slot, size_t f)
{
    return part_habit_bytes(p) * (size_t)p->features + slot * part_row_bytes(p) +
           f * (is_narrow(p) ? 1U : 2U);
}

static double vector_cell(const struct part *p, const uint8_t *at, size_t f)
{
    const double gap = is_narrow(p) ? tiny_value(*at) * unit_get(p, f) : short_value(get_code(at));
    return centre_get(p, f) + gap;
}

double part_cell(const struct part *p, size_t slot, size_t f)
{
    const uint8_t *at = p->of.pool + cell_at(p, slot, f);
    if (is_vector(p)) {
        return vector_cell(p, at, f);
    }
    if (is_narrow(p)) {
        const int8_t x = (int8_t)*at;
        return x == MISSING8 ? NAN : centre_get(p, f) + (double)x / COARSE;
    }
    return step_value(at, FINE);
}

/* In the unit of the column, which its first gap gives. */
static double in_units(struct part *p, size_t f, double gap)
{
    if (!(unit_get(p, f) > 0.0) && fabs(gap) > 0.0) {
        put_code(p->of.pool + unit_at(p, f), short_code(fabs(gap)));
    }
    const double unit = unit_get(p, f);
    return unit > 0.0 ? gap / unit : 0.0 * gap;
}

static void put_vector_cell(struct part *p, uint8_t *at, size_t f, double x)
{
    if (isnan(centre_get(p, f)) && !isnan(x)) {
        centre_put(p, f, (float)x);
    }
    const double gap = x - centre_get(p, f);
    if (is_narrow(p)) {
        *at = tiny_code(in_units(p, f, gap));
    } else {
        put_code(at, short_code(gap));
    }
}

static void put_narrow_cell(struct part *p, uint8_t *at, size_t f, double x)
{
    if (isnan(centre_get(p, f))) {
        put_code(p->of.pool + centre_at(p, f), step_code(x, FINE));
    }
    const double step = clip(floor((x - centre_get(p, f)) * COARSE + 0.5), -127.0, 127.0);
    *at = (uint8_t)(isnan(x) ? (int8_t)MISSING8 : (int8_t)step);
}

void part_cell_put(struct part *p, size_t slot, size_t f, double x)
{
    uint8_t *at = p->of.pool + cell_at(p, slot, f);
    if (is_vector(p)) {
        put_vector_cell(p, at, f, x);
    } else if (is_narrow(p)) {
        put_narrow_cell(p, at, f, x);
    } else {
        put_code(at, step_code(x, FINE));
    }
}

/* Of narrow cells as part_load() lays them, the held behind the learnt. */
static bool is_silent(const struct part *p, size_t f)
{
    for (size_t slot = 0; slot < (size_t)p->count + p->held; slot++) {
        if ((int8_t)p->of.pool[cell_at(p, slot, f)] != MISSING8) {
            return false;
        }
    }
    return true;
}

bool part_column_ok(const struct part *p, size_t f)
{
    const double centre = centre_get(p, f);
    if (!is_vector(p)) {
        return !isnan(centre) || (is_narrow(p) && is_silent(p, f));
    }
    const bool unit_ok = !is_narrow(p) || unit_get(p, f) >= 0.0;
    return unit_ok && (isnan(centre) || fabs(centre) <= SAMPLE_VECTOR_MAX);
}

/* ---- numbers of the habit ---- */

static bool is_spread(enum part_number which)
{
    return which == PART_SPREAD || which == PART_ANCHOR_SPREAD || which == PART_SHRUNK;
}

static size_t number_at(const struct part *p, enum part_number which, size_t f)
{
    return 2 * ((size_t)which * p->features + f);
}

double part_number_get(const struct part *p, enum part_number which, size_t f)
{
    const uint8_t *at = p->of.pool + number_at(p, which, f);
    if (is_vector(p)) {
        const double x = short_value(get_code(at));
        return is_spread(which) ? x : centre_get(p, f) + x;
    }
    return is_spread(which) ? (double)get_code(at) / SPREAD : step_value(at, FINE);
}

void part_number_put(struct part *p, enum part_number which, size_t f, double x)
{
    uint8_t *at = p->of.pool + number_at(p, which, f);
    if (is_spread(which)) {
        const double known = isnan(x) ? 0.0 : x;
        put_code(at, is_vector(p) ? short_code(known) : to_uint16(known * SPREAD));
    } else {
        put_code(at, is_vector(p) ? short_code(x - centre_get(p, f)) : step_code(x, FINE));
    }
}

double part_spread_least(const struct part *p)
{
    return is_vector(p) ? SHORT_LEAST : 1.0 / SPREAD;
}

/* ---- all features at once, for scoring ---- */

static void take_spreads(const struct part *p, enum part_number which, float *out)
{
    const uint8_t *at = p->of.pool + number_at(p, which, 0);
    for (size_t f = 0; f < p->features; f++) {
        out[f] = (float)get_code(at + 2 * f) * (float)(1.0 / SPREAD); /* exact, as below */
    }
}

/* A column that never varied says nothing: as one of which nothing is known. */
static void take_vector(const struct part *p, struct part_habit *out)
{
    for (size_t f = 0; f < p->features; f++) {
        const double spread = part_spread(p, f);
        out->middle[f] = spread > 0.0 ? (float)part_middle(p, f) : NAN;
        out->spread[f] = (float)spread;
        out->shrunk[f] = (float)part_shrunk(p, f);
    }
}

void part_habit(const struct part *p, struct part_habit *out)
{
    if (is_vector(p)) {
        take_vector(p, out);
        return;
    }
    for (size_t f = 0; f < p->features; f++) {
        const int16_t x = get16(p->of.pool + number_at(p, PART_MIDDLE, f));
        out->middle[f] = x == MISSING16 ? NAN : (float)x * (float)(1.0 / FINE);
    }
    take_spreads(p, PART_SPREAD, out->spread);
    take_spreads(p, PART_SHRUNK, out->shrunk);
}
