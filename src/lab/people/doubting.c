#include "lab/people/doubting.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/evidence.h"

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

/* What one margin is worth, and what moves it; all of it from one exponential. */
struct heard {
    double p;        /* that it is another */
    double lost;     /* nats, with the label that it has */
    double up, down; /* share of it that the ceiling, the floor takes */
};

static struct heard hear(double v, double odd_owner, double odd_other, bool another)
{
    /* e^l = (e^v + odd_other) / (1 + e^v odd_owner), both sides by e^-v where v > 0: no sum runs over. */
    const double e = exp(-fabs(v));
    const double one = v > 0.0 ? e : 1.0;
    const double ev = v > 0.0 ? 1.0 : e;
    const double against = ev + odd_other * one;
    const double beside = one + odd_owner * ev;
    const double all = against + beside;
    return (struct heard){.p = against / all,
                          .lost = log(all / (another ? against : beside)),
                          .up = odd_owner * ev / beside,
                          .down = odd_other * one / against};
}

static double weight_of(const struct task *t, size_t row)
{
    const double w = t->d->weight == NULL ? 1.0 : t->d->weight[row];
    return t->each[t->d->label[row] != 0] * w;
}

/* Loss, gradient (downwards) and information of one row. */
static double add_row(const struct task *t, const struct doubting *m, const double odd[2],
                      size_t row, struct system *s)
{
    const size_t columns = t->d->columns;
    const double *x = t->d->x + row * columns;
    const bool another = t->d->label[row] != 0;
    const struct heard at = hear(doubting_margin(m, columns, x), odd[0], odd[1], another);
    const double w = weight_of(t, row);
    const double slope = 1.0 - at.down - at.up;
    double j[SIDE];
    for (size_t c = 0; c < columns; c++) {
        j[c] = slope * x[c];
    }
    j[columns] = slope;
    j[columns + 1] = at.up;
    j[columns + 2] = -at.down;
    const double residual = w * ((another ? 1.0 : 0.0) - at.p);
    const double information = w * at.p * (1.0 - at.p);
    for (size_t i = 0; i < t->side; i++) {
        s->g[i] += residual * j[i];
        for (size_t k = 0; k <= i; k++) {
            s->a[i][k] += information * j[i] * j[k];
        }
    }
    return w * at.lost;
}

/* The same of the ridge and the unseen trials. */
static double add_unseen(const struct task *t, const struct doubting *m, struct system *s)
{
    const double at[2] = {m->ceiling, m->floor};
    double lost = 0.0;
    for (size_t c = 0; c < t->d->columns; c++) {
        s->a[c][c] += t->d->ridge;
        s->g[c] -= t->d->ridge * m->weight[c];
        lost += 0.5 * t->d->ridge * m->weight[c] * m->weight[c];
    }
    for (size_t i = 0; i < 2; i++) {
        const size_t k = t->d->columns + 1 + i;
        const double odd = exp(-at[i]);
        const double p = 1.0 / (1.0 + odd);
        s->a[k][k] += t->unseen[i] * p * (1.0 - p);
        s->g[k] -= t->unseen[i] * p;
        lost += t->unseen[i] * (at[i] + log1p(odd));
    }
    return lost;
}

/* What the model loses on the trials, on the unseen ones, and by the ridge: nats; and where it is less. */
static double look(const struct task *t, const struct doubting *m, struct system *s)
{
    const double odd[2] = {exp(-m->ceiling), exp(-m->floor)};
    *s = (struct system){.g = {0}};
    double sum = add_unseen(t, m, s);
    for (size_t r = 0; r < t->d->rows; r++) {
        sum += add_row(t, m, odd, r, s);
    }
    return sum;
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

/* A model, what it loses, and the system that says where to go. */
struct place {
    struct doubting m;
    double loss;
    struct system s;
};

/* One step downhill; the share of the loss that it gained, 0 when there is none. */
static double improve(const struct task *t, struct place *now, struct place *next, double *damp)
{
    hold_at_ends(&now->m, t->d->columns + 1, &now->s);
    while (*damp <= DAMP_MOST) {
        double g[SIDE];
        solve(&now->s, t->side, *damp, g);
        next->m = stepped(&now->m, t->d->columns, g);
        next->loss = look(t, &next->m, &next->s);
        if (next->loss < now->loss) {
            const double gained = (now->loss - next->loss) / now->loss;
            *now = *next;
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
    struct place now = {.m = {.bias = from->bias, .ceiling = 6.0, .floor = 6.0}};
    struct place next;
    memcpy(now.m.weight, from->weight, data->columns * sizeof *now.m.weight);
    now.loss = look(&t, &now.m, &now.s);
    double damp = DAMP_FIRST;
    for (int round = 0; round < ROUNDS; round++) {
        if (improve(&t, &now, &next, &damp) <= ENOUGH) {
            break;
        }
    }
    *out = now.m;
    return ERR_OK;
}
