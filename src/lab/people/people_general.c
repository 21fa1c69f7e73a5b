/* people_general.c - people in general at keys of any field, for fields that no model knows. */
#include "lab/people/people.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EACH_MAX = 20, NOVICE_MIN = 5 }; /* samples of one person and feature that are pooled */

#define SPREAD_MIN 0.02

/* What is gathered for one row, or for all rows of a type. */
struct row {
    double *value[2]; /* novices, all ages */
    size_t count[2], cap[2];
    double log_spread; /* sum over people of the log of their own */
    size_t spreads;
};

struct gathering {
    const struct field *fields;
    size_t count;
    const bool *in;
    struct row row[KEY_ROWS];
    struct row type[FEATURE_TYPES]; /* where a row is empty */
};

static err_t put(struct row *r, size_t age, double x)
{
    if (r->count[age] == r->cap[age]) {
        const size_t cap = r->cap[age] == 0 ? 256 : 2 * r->cap[age];
        double *grown = realloc(r->value[age], cap * sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        r->value[age] = grown;
        r->cap[age] = cap;
    }
    r->value[age][r->count[age]++] = x;
    return ERR_OK;
}

static err_t pour(const struct bank_context *c, size_t user, size_t f, size_t age, struct row *r)
{
    const size_t all = bank_count(c, user);
    const size_t n = age == 1 ? all : (all / 8 > NOVICE_MIN ? all / 8 : NOVICE_MIN);
    const size_t each = n < EACH_MAX ? n : EACH_MAX;
    for (size_t i = 0; i < each; i++) {
        const float x = c->sample[c->first[user] + i * n / each].x[f];
        if (!isnan(x)) {
            TRY(put(r, age, (double)x));
        }
    }
    return ERR_OK;
}

static err_t pour_feature(struct gathering *g, const struct field *field, size_t user, size_t f)
{
    struct row *const to[] = {&g->row[key_row(&field->c->like, f)],
                              &g->type[field->c->like.type[f]]};
    const double spread = part_spread(stages_last(field->stages, user), f);
    for (size_t i = 0; i < 2; i++) {
        TRY(pour(field->c, user, f, 0, to[i]));
        TRY(pour(field->c, user, f, 1, to[i]));
        if (spread > 0.0) {
            to[i]->log_spread += log(spread);
            to[i]->spreads++;
        }
    }
    return ERR_OK;
}

static err_t pour_person(struct gathering *g, const struct field *field, size_t user)
{
    for (size_t f = 0; f < field->c->like.count; f++) {
        TRY(pour_feature(g, field, user, f));
    }
    return ERR_OK;
}

static err_t pour_field(struct gathering *g, const struct field *field, size_t *met)
{
    for (size_t u = 0; u < field->c->users; u++) {
        if (g->in[u] && bank_count(field->c, u) >= NOVICE_MIN) {
            TRY(pour_person(g, field, u));
            *met += 1;
        }
    }
    return ERR_OK;
}

static err_t gather(struct gathering *g, size_t *people)
{
    for (size_t i = 0; i < g->count; i++) {
        size_t met = 0;
        TRY(pour_field(g, &g->fields[i], &met));
        *people = met > *people ? met : *people;
    }
    return ERR_OK;
}

static void describe(struct row *r, size_t age, float *middle, float *spread)
{
    *middle = 0.0F;
    *spread = 1.0F; /* nobody has it: model.c knows it by these two, and does not compare */
    if (r->count[age] == 0) {
        return;
    }
    numbers_sort(r->value[age], r->count[age]);
    const double m = r->value[age][(r->count[age] - 1) / 2];
    double sum = 0.0;
    for (size_t i = 0; i < r->count[age]; i++) {
        sum += fabs(r->value[age][i] - m);
    }
    *middle = (float)m;
    *spread = (float)fmax(sum / (double)r->count[age], SPREAD_MIN);
}

static float usual(const struct row *r)
{
    return (float)(r->spreads == 0 ? 1.0
                                   : fmax(exp(r->log_spread / (double)r->spreads), SPREAD_MIN));
}

/* Six arrays of n numbers, a population that points to them, and its lanes behind them. */
static void point(struct people *p, float *number, size_t n, const struct sample *like)
{
    for (size_t i = 0; i < 2; i++) {
        const float *at = number + 2 * i * n;
        p->population.all[i] = (struct density){.middle = at, .spread = at + n};
    }
    p->population.usual = number + 4 * n;
    p->number = number;
    p->weight = number + 5 * n;
    p->lanes = number + 6 * n;
    people_weigh(p, like, NULL);
}

static float *room_for(size_t n)
{
    return calloc(6 * n + people_lanes_floats(n, 0), sizeof(float));
}

static err_t fill(struct gathering *g, size_t people, struct people *out)
{
    float *number = room_for(KEY_ROWS);
    if (number == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t row = 0; row < KEY_ROWS; row++) {
        struct row *r = &g->row[row];
        if (r->count[1] == 0) {
            r = &g->type[row / ((size_t)CANARA_KEY_CLASSES * CANARA_KEY_CLASSES)];
        }
        for (size_t age = 0; age < 2; age++) {
            describe(r, age, &number[2 * age * KEY_ROWS + row],
                     &number[(2 * age + 1) * KEY_ROWS + row]);
        }
        number[(size_t)4 * KEY_ROWS + row] = usual(r);
    }
    *out = (struct people){
        .population = {.kind = SAMPLE_KEYS, .features = KEY_ROWS, .people = (uint16_t)people}};
    point(out, number, KEY_ROWS, NULL);
    return ERR_OK;
}

static void free_rows(struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(row[i].value[0]);
        free(row[i].value[1]);
    }
}

err_t people_general(const struct field *fields, size_t count, const bool *in, struct people *out)
{
    struct gathering *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return err_new(ERR_NOMEM);
    }
    g->fields = fields;
    g->count = count;
    g->in = in;
    size_t people = 0;
    err_t e = gather(g, &people);
    if (!failed(e)) {
        e = people < PEOPLE_MIN ? err_new(ERR_RANGE) : fill(g, people, out);
    }
    free_rows(g->row, KEY_ROWS);
    free_rows(g->type, FEATURE_TYPES);
    free(g);
    return e;
}

err_t people_spread(const struct people *general, const struct bank_context *c, struct people *out)
{
    const size_t n = c->like.count;
    float *number = room_for(n);
    if (number == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t f = 0; f < n; f++) {
        const size_t row = key_row(&c->like, f);
        for (size_t i = 0; i < 2; i++) {
            number[2 * i * n + f] = general->population.all[i].middle[row];
            number[(2 * i + 1) * n + f] = general->population.all[i].spread[row];
        }
        number[4 * n + f] = general->population.usual[row];
    }
    *out = (struct people){.population = {.context = c->like.context,
                                          .kind = (uint8_t)c->like.kind,
                                          .features = (uint16_t)n,
                                          .people = general->population.people}};
    point(out, number, n, &c->like);
    return ERR_OK;
}
