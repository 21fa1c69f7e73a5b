#include "lab/doubting.h"

#include "engine/evidence.h"
#include "engine/numbers.h"

#include <math.h>
#include <string.h>

/* Columns, then the bias, the ceiling and the floor. */
enum { SIDE = DOUBTING_COLUMNS_MAX + 3, ROUNDS = 200 };

#define DAMP_FIRST  1e-3
#define DAMP_LEAST  1e-9
#define DAMP_MOST   1e9
#define DAMP_FACTOR 4.0
#define ENOUGH      1e-13 /* of the loss: a step that gains less is the last */

struct task {
    const struct logistic_data *d;
    double each[2];   /* weight of a unit of mass of a class */
    double unseen[2]; /* weight of the one more trial of it */
    size_t side;      /* columns + 3 */
};

struct system {
    double a[SIDE][SIDE];
    double g[SIDE];
};

double doubting_margin(const struct doubting *model, size_t columns, const double *x)
{
    double sum = model->bias;
    for (size_t c = 0; c < columns; c++) {
        sum += model->weight[c] * x[c];
    }
    return sum;
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double weight_of(const struct task *t, size_t row)
{
    const double w = t->d->weight == NULL ? 1.0 : t->d->weight[row];
    return t->each[t->d->label[row] != 0] * w;
}

/* What the model loses on the trials, on the unseen ones, and by the ridge: nats. */
static double loss(const struct task *t, const struct doubting *m)
{
    double sum = t->unseen[0] * softplus(m->ceiling) + t->unseen[1] * softplus(m->floor);
    for (size_t c = 0; c < t->d->columns; c++) {
        sum += 0.5 * t->d->ridge * m->weight[c] * m->weight[c];
    }
    for (size_t r = 0; r < t->d->rows; r++) {
        const double v = doubting_margin(m, t->d->columns, t->d->x + r * t->d->columns);
        const double l = evidence_doubt(v, m->ceiling, m->floor);
        sum += weight_of(t, r) * softplus(t->d->label[r] != 0 ? -l : l);
    }
    return sum;
}

/* Gradient (downwards) and information of one row. */
static void add_row(const struct task *t, const struct doubting *m, size_t row, struct system *s)
{
    const size_t columns = t->d->columns;
    const double *x = t->d->x + row * columns;
    const double v = doubting_margin(m, columns, x);
    const double p = logistic(evidence_doubt(v, m->ceiling, m->floor));
    const double w = weight_of(t, row);
    const double up = logistic(v - m->ceiling);
    const double down = logistic(-(v + m->floor));
    const double slope = 1.0 - down - up;
    double j[SIDE];
    for (size_t c = 0; c < columns; c++) {
        j[c] = slope * x[c];
    }
    j[columns] = slope;
    j[columns + 1] = up;
    j[columns + 2] = -down;
    const double residual = w * ((double)(t->d->label[row] != 0) - p);
    const double information = w * p * (1.0 - p);
    for (size_t i = 0; i < t->side; i++) {
        s->g[i] += residual * j[i];
        for (size_t k = 0; k <= i; k++) {
            s->a[i][k] += information * j[i] * j[k];
        }
    }
}

static void add_unseen(const struct task *t, const struct doubting *m, struct system *s)
{
    const size_t ceiling = t->d->columns + 1;
    const double at[2] = {logistic(m->ceiling), logistic(m->floor)};
    for (size_t c = 0; c < t->d->columns; c++) {
        s->a[c][c] += t->d->ridge;
        s->g[c] -= t->d->ridge * m->weight[c];
    }
    for (size_t i = 0; i < 2; i++) {
        s->a[ceiling + i][ceiling + i] += t->unseen[i] * at[i] * (1.0 - at[i]);
        s->g[ceiling + i] -= t->unseen[i] * at[i];
    }
}

/* What would go on beyond its end stays there, and the rest is solved without it. */
static void hold_at_ends(const struct doubting *m, size_t ceiling, struct system *s)
{
    const double at[2] = {m->ceiling, m->floor};
    for (size_t i = 0; i < 2; i++) {
        const size_t k = ceiling + i;
        if (!(at[i] <= DOUBTING_MIN && s->g[k] < 0.0) &&
            !(at[i] >= DOUBTING_MAX && s->g[k] > 0.0)) {
            continue;
        }
        for (size_t n = 0; n < SIDE; n++) {
            s->a[k][n] = s->a[n][k] = 0.0;
        }
        s->a[k][k] = 1.0;
        s->g[k] = 0.0;
    }
}

/* Solve by Cholesky with the diagonal damped; `s` is kept, `g` becomes the step. */
static void solve(const struct system *s, size_t side, double damp, double g[SIDE])
{
    double a[SIDE][SIDE];
    memcpy(a, s->a, sizeof a);
    memcpy(g, s->g, sizeof s->g);
    for (size_t i = 0; i < side; i++) {
        a[i][i] += damp * a[i][i] + 1e-12;
        for (size_t k = 0; k <= i; k++) {
            double sum = a[i][k];
            for (size_t n = 0; n < k; n++) {
                sum -= a[i][n] * a[k][n];
            }
            a[i][k] = i == k ? sqrt(fmax(sum, 1e-15)) : sum / a[k][k];
        }
    }
    for (size_t i = 0; i < side; i++) {
        for (size_t k = 0; k < i; k++) {
            g[i] -= a[i][k] * g[k];
        }
        g[i] /= a[i][i];
    }
    for (size_t left = side; left > 0; left--) {
        const size_t i = left - 1;
        for (size_t k = i + 1; k < side; k++) {
            g[i] -= a[k][i] * g[k];
        }
        g[i] /= a[i][i];
    }
}

static struct doubting stepped(const struct doubting *m, size_t columns, const double g[SIDE])
{
    struct doubting next = *m;
    for (size_t c = 0; c < columns; c++) {
        next.weight[c] += g[c];
    }
    next.bias += g[columns];
    next.ceiling = clip(next.ceiling + g[columns + 1], DOUBTING_MIN, DOUBTING_MAX);
    next.floor = clip(next.floor + g[columns + 2], DOUBTING_MIN, DOUBTING_MAX);
    return next;
}

/* One step downhill; the share of the loss that it gained, 0 when there is none. */
static double improve(const struct task *t, struct doubting *m, double *now, double *damp)
{
    struct system s = {.g = {0}};
    for (size_t r = 0; r < t->d->rows; r++) {
        add_row(t, m, r, &s);
    }
    add_unseen(t, m, &s);
    hold_at_ends(m, t->d->columns + 1, &s);
    while (*damp <= DAMP_MOST) {
        double g[SIDE];
        solve(&s, t->side, *damp, g);
        const struct doubting next = stepped(m, t->d->columns, g);
        const double then = loss(t, &next);
        if (then < *now) {
            const double gained = (*now - then) / *now;
            *m = next;
            *now = then;
            *damp = fmax(*damp / DAMP_FACTOR, DAMP_LEAST);
            return gained;
        }
        *damp *= DAMP_FACTOR;
    }
    return 0.0;
}

err_t doubting_fit(const struct logistic_data *data, const struct logistic *from,
                   struct doubting *out)
{
    struct task t = {.d = data, .side = data->columns + 3};
    double mass[2] = {0.0, 0.0};
    size_t rows[2] = {0, 0};
    for (size_t r = 0; r < data->rows; r++) {
        const size_t y = data->label[r] != 0;
        mass[y] += data->weight == NULL ? 1.0 : data->weight[r];
        rows[y]++;
    }
    if (!(mass[0] > 0.0) || !(mass[1] > 0.0) || data->columns > DOUBTING_COLUMNS_MAX ||
        !data->standardised) {
        return err_new(ERR_RANGE);
    }
    for (size_t y = 0; y < 2; y++) {
        t.each[y] = 0.5 / mass[y];
        t.unseen[y] = 0.5 / (double)rows[y];
    }
    struct doubting m = {.bias = from->bias, .ceiling = 6.0, .floor = 6.0};
    memcpy(m.weight, from->weight, data->columns * sizeof *m.weight);
    double now = loss(&t, &m);
    double damp = DAMP_FIRST;
    for (int round = 0; round < ROUNDS; round++) {
        if (improve(&t, &m, &now, &damp) <= ENOUGH) {
            break;
        }
    }
    *out = m;
    return ERR_OK;
}
