#include "lab/bots/bot_rows.h"

#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1 << 20, ROWS_FIRST = 4096 };

void bot_rows_begin(struct bot_rows *r, size_t columns)
{
    *r = (struct bot_rows){.columns = columns};
}

void bot_rows_deinit(struct bot_rows *r)
{
    free(r->x);
    free(r->group);
    free(r->machine);
    bot_rows_begin(r, r->columns);
}

/* Twice the room. What was widened stays wider when the next array cannot be: it is freed with the rest. */
static err_t widen(struct bot_rows *r)
{
    const size_t room = r->room == 0 ? ROWS_FIRST : 2 * r->room;
    if (room > ROWS_MAX) {
        return err_new(ERR_LIMIT);
    }
    float *const x = reallocarray(r->x, room, r->columns * sizeof *x);
    r->x = x != NULL ? x : r->x;
    uint32_t *const group = reallocarray(r->group, room, sizeof *group);
    r->group = group != NULL ? group : r->group;
    bool *const machine = reallocarray(r->machine, room, sizeof *machine);
    r->machine = machine != NULL ? machine : r->machine;
    if (x == NULL || group == NULL || machine == NULL) {
        return err_new(ERR_NOMEM);
    }
    r->room = room;
    return ERR_OK;
}

err_t bot_rows_add(struct bot_rows *r, const double *x, uint32_t group, bool machine)
{
    if (r->rows == r->room) {
        TRY(widen(r));
    }
    float *const to = r->x + r->rows * r->columns;
    for (size_t c = 0; c < r->columns; c++) {
        to[c] = (float)x[c];
    }
    r->group[r->rows] = group;
    r->machine[r->rows] = machine;
    r->groups = group >= r->groups ? group + 1 : r->groups;
    r->rows++;
    return ERR_OK;
}

static size_t count_machines(const struct bot_rows *r)
{
    size_t machines = 0;
    for (size_t i = 0; i < r->rows; i++) {
        machines += r->machine[i];
    }
    return machines;
}

bool bot_rows_of_both(const struct bot_rows *r)
{
    const size_t machines = count_machines(r);
    return machines > 0 && machines < r->rows;
}

/* Is it a row of somebody's client? */
static bool is_client(const struct bot_rows *r, size_t row, uint32_t first)
{
    return !r->machine[row] || r->group[row] >= first;
}

/* 0 when all machines are below `first`. */
static uint32_t first_client(const struct bot_rows *r, uint32_t first)
{
    for (size_t i = 0; i < r->rows; i++) {
        if (r->machine[i] && r->group[i] >= first) {
            return first;
        }
    }
    return 0;
}

/* Do both sides tell of column c, in that share of their rows at least? */
static bool is_told(const struct bot_rows *r, size_t c, uint32_t first, double least)
{
    double told[2] = {0.0, 0.0};
    double all[2] = {0.0, 0.0};
    for (size_t i = 0; i < r->rows; i++) {
        if (is_client(r, i, first)) {
            all[r->machine[i]] += 1.0;
            told[r->machine[i]] += isnan(r->x[i * r->columns + c]) ? 0.0 : 1.0;
        }
    }
    return told[0] >= least * all[0] && told[1] >= least * all[1];
}

void bot_rows_even_out(struct bot_rows *r, uint32_t first, double least)
{
    const uint32_t from = first_client(r, first);
    for (size_t c = 0; c < r->columns; c++) {
        const bool told = is_told(r, c, from, least);
        for (size_t i = 0; !told && i < r->rows; i++) {
            r->x[i * r->columns + c] = NAN;
        }
    }
}

static void weigh(const struct bot_rows *r, const double *rows_of, float *weight)
{
    double sum[2] = {0.0, 0.0};
    for (size_t i = 0; i < r->rows; i++) {
        sum[r->machine[i]] += 1.0 / sqrt(rows_of[r->group[i]]);
    }
    for (size_t i = 0; i < r->rows; i++) {
        const double one = 1.0 / sqrt(rows_of[r->group[i]]);
        weight[i] = (float)(0.5 * (double)r->rows * one / sum[r->machine[i]]);
    }
}

static void free_doubles(double **p)
{
    free(*p);
}

static err_t fill(const struct bot_rows *r, struct boost_table *t)
{
    CLEANUP(free_doubles) double *rows_of = calloc((size_t)r->groups + 1, sizeof *rows_of);
    t->x = calloc(r->rows * r->columns, sizeof *t->x);
    t->label = calloc(r->rows, sizeof *t->label);
    t->weight = calloc(r->rows, sizeof *t->weight);
    if (rows_of == NULL || t->x == NULL || t->label == NULL || t->weight == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    t->rows = r->rows;
    t->columns = r->columns;
    memcpy(t->x, r->x, r->rows * r->columns * sizeof *t->x);
    for (size_t i = 0; i < r->rows; i++) {
        t->label[i] = r->machine[i] ? 1.0F : 0.0F;
        rows_of[r->group[i]] += 1.0;
    }
    weigh(r, rows_of, t->weight);
    return ERR_OK;
}

struct boost_params bot_rows_params(void)
{
    struct boost_params p = boost_params_default();
    p.rounds = 120;
    p.depth = 4;
    p.eta = 0.15;
    p.min_child = 20.0;
    p.lambda = 5.0;
    p.subsample = 0.7;
    p.colsample = 0.5;
    p.seed = 1;
    return p;
}

err_t bot_rows_fit(const struct bot_rows *r, const struct boost_params *params, struct buf *trees,
                   char why[BOOST_WHY_BYTES])
{
    if (!bot_rows_of_both(r)) {
        (void)snprintf(why, BOOST_WHY_BYTES, "nothing to learn of people, or nothing of machines");
        return err_new(ERR_RANGE);
    }
    CLEANUP(boost_table_deinit) struct boost_table table = {0};
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(fill(r, &table));
    return boost_train(&table, params, trees, why);
}
