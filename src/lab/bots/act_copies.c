#include "lab/bots/act_copies.h"

#include "base/util.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdlib.h>

#define NEAR 0.5 /* of the scale */

/* Less than four columns are alike by chance. */
enum { COLUMNS_MIN = 4 };

/* Acts of people of one kind, each column in units of its spread over them; NaN where there is none. */
struct people {
    enum bot_act kind;
    float *x;                /* BOT_ACT_COLUMNS each */
    struct act_met *at;      /* whose each is; its columns are in `x` */
    size_t count, all, seen; /* kept; met in the set; met again */
    float unit[BOT_ACT_COLUMNS];
    double limit; /* nearer is a copy */
};

static void people_deinit(struct people *p)
{
    free(p->x);
    free(p->at);
}

/* ---- distance ---- */

/* An act that is held against many: the columns that it has, of those that say how each place was typed where that
 * is told. */
struct probe {
    const float *x;
    size_t told;
    uint8_t column[BOT_ACT_COLUMNS];
};

_Static_assert((int)BOT_ACT_COLUMNS <= UINT8_MAX + 1, "the number of a column is a byte");

static struct probe probe_of(enum bot_act kind, const float *x)
{
    struct probe p = {.x = x};
    const bool by_place = kind == BOT_ACT_TYPED && !isnan(x[BOT_ACT_GAPS]);
    for (size_t c = by_place ? (size_t)BOT_ACT_HOLDS : 0; c < BOT_ACT_COLUMNS; c++) {
        if (!isnan(x[c])) {
            p.column[p.told++] = (uint8_t)c;
        }
    }
    return p;
}

/* Mean absolute difference over the columns that both have, half of those of `a` at least; INFINITY: they
 * have not, or it is more than `most`. */
static double distance(const struct probe *a, const float *b, double most)
{
    double sum = 0.0;
    size_t both = 0;
    const double stop = most * (double)a->told;
    for (size_t i = 0; i < a->told && sum <= stop; i++) {
        const float d = fabsf(a->x[a->column[i]] - b[a->column[i]]);
        if (!isnan(d)) {
            sum += (double)d;
            both++;
        }
    }
    const double mean = sum / (double)size_max(both, 1);
    return both >= COLUMNS_MIN && 2 * both >= a->told && mean <= most ? mean : INFINITY;
}

/* ---- acts of people ---- */

static err_t count_act(void *ctx, const struct act_met *met)
{
    struct people *const p = ctx;
    p[met->act->kind].all += !met->machine;
    return ERR_OK;
}

static err_t keep_act(void *ctx, const struct act_met *met)
{
    struct people *const p = (struct people *)ctx + met->act->kind;
    const size_t take = size_min(p->all, ACT_COPIES_PEOPLE);
    if (met->machine) {
        return ERR_OK;
    }
    const size_t at = p->seen++;
    if (at * take / p->all != (at + 1) * take / p->all) {
        float *const x = p->x + p->count * BOT_ACT_COLUMNS;
        for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
            x[c] = (float)met->act->x[c];
        }
        p->at[p->count++] = *met;
    }
    return ERR_OK;
}

/* The standard deviation of a column; NaN where it says nothing, since nobody tells it or all tell the same. */
static double spread_of(const struct people *p, size_t c)
{
    double mean = 0.0;
    double squares = 0.0;
    double told = 0.0;
    for (size_t i = 0; i < p->count; i++) {
        const double x = (double)p->x[i * BOT_ACT_COLUMNS + c];
        if (!isnan(x)) {
            const double off = x - mean;
            told += 1.0;
            mean += off / told;
            squares += off * (x - mean);
        }
    }
    return squares > 0.0 ? sqrt(squares / told) : (double)NAN;
}

static void scale(const struct people *p, float *x)
{
    for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
        x[c] /= p->unit[c];
    }
}

/* From act i to the nearest other; INFINITY: there is none. */
static double nearest_other(const struct people *p, size_t i)
{
    double least = INFINITY;
    const struct probe probe = probe_of(p->kind, p->x + i * BOT_ACT_COLUMNS);
    for (size_t k = 0; k < p->count; k++) {
        if (k != i) {
            least = fmin(least, distance(&probe, p->x + k * BOT_ACT_COLUMNS, least));
        }
    }
    return least;
}

static void measure(struct people *p)
{
    double near[ACT_COPIES_SCALE];
    const size_t take = size_min(p->count, ACT_COPIES_SCALE);
    size_t known = 0;
    for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
        p->unit[c] = (float)spread_of(p, c);
    }
    for (size_t i = 0; i < p->count; i++) {
        scale(p, p->x + i * BOT_ACT_COLUMNS);
    }
    for (size_t i = 0; i < take; i++) {
        near[known] = nearest_other(p, i * p->count / take);
        known += isfinite(near[known]) ? 1U : 0U;
    }
    numbers_sort(near, known);
    p->limit = known > 0 ? NEAR * near[known / 2] : 0.0;
}

static err_t people_of(const struct dataset *set, struct people p[BOT_ACTS])
{
    TRY(act_walk(set, SIZE_MAX, NULL, count_act, p));
    for (size_t a = 0; a < BOT_ACTS; a++) {
        const size_t take = size_min(p[a].all, ACT_COPIES_PEOPLE) + 1;
        p[a].kind = (enum bot_act)a;
        p[a].x = calloc(take, BOT_ACT_COLUMNS * sizeof *p[a].x);
        p[a].at = calloc(take, sizeof *p[a].at);
        if (p[a].x == NULL || p[a].at == NULL) {
            return err_new(ERR_NOMEM);
        }
    }
    TRY(act_walk(set, SIZE_MAX, NULL, keep_act, p));
    for (size_t a = 0; a < BOT_ACTS; a++) {
        measure(&p[a]);
    }
    return ERR_OK;
}

/* ---- acts of machines ---- */

struct search {
    const struct people *people; /* BOT_ACTS */
    struct act_copies *out;
    bool mark; /* those that are copied, too: they are of the same set */
};

static bool *place_of(struct act_copies *c, const struct act_met *met)
{
    return &c->copy[c->first[met->session] + met->number];
}

/* Whether it nearly copies any act of a person; those that it copies are marked, where they are of the set. */
static bool is_copy(const struct search *s, const struct bot_act_row *act)
{
    const struct people *const p = &s->people[act->kind];
    float x[BOT_ACT_COLUMNS];
    bool copy = false;
    for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
        x[c] = (float)act->x[c];
    }
    scale(p, x);
    const struct probe probe = probe_of(act->kind, x);
    for (size_t i = 0; i < p->count; i++) {
        if (distance(&probe, p->x + i * BOT_ACT_COLUMNS, p->limit) <= p->limit) {
            copy = true;
            if (!s->mark) {
                break;
            }
            *place_of(s->out, &p->at[i]) = true;
        }
    }
    return copy;
}

static err_t count_session(void *ctx, const struct act_met *met)
{
    struct act_copies *const c = ctx;
    c->first[met->session + 1]++;
    return ERR_OK;
}

static err_t search_act(void *ctx, const struct act_met *met)
{
    const struct search *const s = ctx;
    const enum bot_act kind = met->act->kind;
    if (met->machine) {
        const bool copy = is_copy(s, met->act);
        *place_of(s->out, met) = copy;
        s->out->machines[kind]++;
        s->out->copies[kind] += copy;
    }
    return ERR_OK;
}

static err_t search(const struct people *people, bool people_too, const struct dataset *set,
                    struct act_copies *out)
{
    struct search s = {people, out, people_too};
    const size_t sessions = dataset_sessions(set);
    out->first = calloc(sessions + 1, sizeof *out->first);
    if (out->first == NULL) {
        return err_new(ERR_NOMEM);
    }
    TRY(act_walk(set, SIZE_MAX, NULL, count_session, out));
    for (size_t i = 0; i < sessions; i++) {
        out->first[i + 1] += out->first[i];
    }
    out->copy = calloc(out->first[sessions] + 1, sizeof *out->copy);
    return out->copy != NULL
               ? act_walk(set, act_lesson_share(dataset_users(set)), NULL, search_act, &s)
               : err_new(ERR_NOMEM);
}

err_t act_copies_find(const struct dataset *people, const struct dataset *set,
                      struct act_copies *out)
{
    struct people p[BOT_ACTS] = {0};
    struct act_copies found = {.first = NULL};
    err_t e = people_of(people, p);
    if (!failed(e)) {
        e = search(p, people == set, set, &found);
    }
    for (size_t a = 0; a < BOT_ACTS; a++) {
        people_deinit(&p[a]);
    }
    if (failed(e)) {
        act_copies_deinit(&found);
        return e;
    }
    *out = found;
    return ERR_OK;
}

void act_copies_deinit(struct act_copies *c)
{
    free(c->first);
    free(c->copy);
    *c = (struct act_copies){.first = NULL};
}

bool act_copies_has(const struct act_copies *c, const struct act_met *met)
{
    return c->copy[c->first[met->session] + met->number];
}

bool act_copies_are_most(const struct act_copies *c, enum bot_act kind)
{
    return 2 * c->copies[kind] > c->machines[kind];
}
