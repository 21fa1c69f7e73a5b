#include "lab/people/type_weights.h"

#include "engine/arithmetic/numbers.h"
#include "lab/statistics/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Chosen on MEU and MOBIKEY: docs/decisions/0089. */
#define RIDGE      0.2  /* over the people */
#define FREE       30.0 /* how much less the ridge holds what is common to all types */
#define WEIGHT_LOW 0.05 /* of the mean */
#define WEIGHT_TOP 16.0
#define Z_FAR      1e3

enum { ROWS_FIRST = 4096, COLUMNS = FEATURE_TYPES + 1, GENUINE_MIN = 40, OTHERS_MIN = 100 };

/* Type that counts as this one does: hold and pause of a key are its pause to the next, and three numbers of two
 * have no weights of their own. */
static size_t like_type(size_t type)
{
    return type == FEATURE_DOWN_DOWN || type == FEATURE_UP_DOWN ? FEATURE_HOLD : type;
}

static err_t widen(struct type_trials *t)
{
    const size_t room = t->room == 0 ? ROWS_FIRST : 2 * t->room;
    double *const x = reallocarray(t->x, room, FEATURE_TYPES * sizeof *x);
    t->x = x != NULL ? x : t->x;
    uint8_t *const label = realloc(t->label, room);
    t->label = label != NULL ? label : t->label;
    if (x == NULL || label == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->room = room;
    return ERR_OK;
}

/* ln of Student's t with two degrees of freedom, without its constant. */
static double log_density(double x, double middle, double spread)
{
    const double z = clip((x - middle) / spread, -Z_FAR, Z_FAR);
    return -1.5 * log1p(0.5 * z * z) - log(spread);
}

static double of_people(const struct population *p, size_t age, size_t f, double x)
{
    return log_density(x, (double)p->all[age].middle[f], (double)p->all[age].spread[f]);
}

err_t type_trials_add(struct type_trials *t, const struct part *part,
                      const struct population *people, const struct sample *s, uint8_t label)
{
    struct part_habit SCRATCH h;
    if (t->rows == t->room) {
        TRY(widen(t));
    }
    double *const x = t->x + t->rows * FEATURE_TYPES;
    memset(x, 0, FEATURE_TYPES * sizeof *x);
    part_habit(part, &h);
    for (size_t f = 0; f < s->count; f++) {
        if (isnan(s->x[f]) || isnan(h.middle[f])) {
            continue;
        }
        const double own = log_density(s->x[f], (double)h.middle[f], (double)h.shrunk[f]);
        const double others =
            0.5 * (of_people(people, 0, f, s->x[f]) + of_people(people, 1, f, s->x[f]));
        const size_t type = like_type(s->type[f]);
        x[type] += others - own;
        t->features[type]++;
    }
    t->label[t->rows++] = label;
    return ERR_OK;
}

void type_trials_deinit(struct type_trials *t)
{
    free(t->x);
    free(t->label);
    *t = (struct type_trials){.rows = 0};
}

static void all_alike(double weight[FEATURE_TYPES])
{
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        weight[k] = 1.0;
    }
}

static double total(const double *x)
{
    double sum = 0.0;
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        sum += x[k];
    }
    return sum;
}

/* Standard deviation of the sum over all types. */
static double scale_of(const struct type_trials *t)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t r = 0; r < t->rows; r++) {
        sum += total(t->x + r * FEATURE_TYPES);
    }
    const double mean = sum / (double)t->rows;
    for (size_t r = 0; r < t->rows; r++) {
        const double gap = total(t->x + r * FEATURE_TYPES) - mean;
        squares += gap * gap;
    }
    return sqrt(squares / (double)t->rows);
}

/* Weights of which the mean over all features that were compared is 1. */
static void normalise(const struct type_trials *t, double weight[FEATURE_TYPES])
{
    double features = 0.0;
    double sum = 0.0;
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        features += (double)t->features[k];
        sum += (double)t->features[k] * weight[k];
    }
    if (!(sum > 0.0)) {
        all_alike(weight);
        return;
    }
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        weight[k] =
            t->features[k] == 0 ? 1.0 : clip(weight[k] * features / sum, WEIGHT_LOW, WEIGHT_TOP);
    }
}

static size_t count_others(const struct type_trials *t)
{
    size_t n = 0;
    for (size_t r = 0; r < t->rows; r++) {
        n += t->label[r];
    }
    return n;
}

err_t type_weights_fit(const struct type_trials *t, size_t people, double weight[FEATURE_TYPES])
{
    const size_t others = count_others(t);
    const double scale = t->rows > 0 ? scale_of(t) : 0.0;
    all_alike(weight);
    if (others < OTHERS_MIN || t->rows - others < GENUINE_MIN || !(scale > 0.0)) {
        return ERR_OK;
    }
    double *const x = calloc(t->rows * COLUMNS + 1, sizeof *x);
    if (x == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t r = 0; r < t->rows; r++) {
        const double *const from = t->x + r * FEATURE_TYPES;
        x[r * COLUMNS] = FREE * total(from) / scale;
        for (size_t k = 0; k < FEATURE_TYPES; k++) {
            x[r * COLUMNS + 1 + k] = from[k] / scale;
        }
    }
    const struct logistic_data data = {.x = x,
                                       .label = t->label,
                                       .rows = t->rows,
                                       .columns = COLUMNS,
                                       .ridge = RIDGE / (double)people,
                                       .standardised = true};
    struct logistic line;
    const err_t e = logistic_fit(&data, &line);
    free(x);
    TRY(e);
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        weight[k] = fmax(FREE * line.weight[0] + line.weight[1 + k], 0.0);
    }
    normalise(t, weight);
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        weight[k] = weight[like_type(k)];
    }
    return ERR_OK;
}
