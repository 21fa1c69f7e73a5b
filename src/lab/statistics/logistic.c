#include "lab/statistics/logistic.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 50, SIDE = LOGISTIC_COLUMNS_MAX + 1 };

#define SCALE_MIN 1e-6

/* Normal equations of one round: the last row and column belong to the bias. */
struct system {
    double a[SIDE][SIDE];
    double g[SIDE];
};

static void standardise(const struct logistic_data *d, struct logistic *m)
{
    for (size_t c = 0; c < d->columns; c++) {
        if (d->standardised) {
            m->mean[c] = 0.0;
            m->scale[c] = 1.0;
            continue;
        }
        double sum = 0.0;
        for (size_t r = 0; r < d->rows; r++) {
            sum += d->x[r * d->columns + c];
        }
        m->mean[c] = sum / (double)d->rows;
        double square = 0.0;
        for (size_t r = 0; r < d->rows; r++) {
            const double gap = d->x[r * d->columns + c] - m->mean[c];
            square += gap * gap;
        }
        m->scale[c] = fmax(sqrt(square / (double)d->rows), SCALE_MIN);
    }
}

double logistic_margin(const struct logistic *model, size_t columns, const double *x)
{
    double sum = model->bias;
    for (size_t c = 0; c < columns; c++) {
        sum += model->weight[c] * (x[c] - model->mean[c]) / model->scale[c];
    }
    return sum;
}

static void add_row(struct system *s, const double *z, size_t side, double weight, double residual)
{
    for (size_t i = 0; i < side; i++) {
        s->g[i] += residual * z[i];
        for (size_t j = 0; j <= i; j++) {
            s->a[i][j] += weight * z[i] * z[j];
        }
    }
}

static double weight_of(const struct logistic_data *d, size_t row)
{
    return d->weight == NULL ? 1.0 : d->weight[row];
}

static void gather(const struct logistic_data *d, const struct logistic *m, const double each[2],
                   struct system *s)
{
    const size_t side = d->columns + 1;
    double z[SIDE];
    memset(s, 0, sizeof *s);
    for (size_t r = 0; r < d->rows; r++) {
        const double *x = d->x + r * d->columns;
        for (size_t c = 0; c < d->columns; c++) {
            z[c] = (x[c] - m->mean[c]) / m->scale[c];
        }
        z[d->columns] = 1.0;
        const double p = 1.0 / (1.0 + exp(-logistic_margin(m, d->columns, x)));
        const double w = each[d->label[r] != 0] * weight_of(d, r);
        add_row(s, z, side, w * fmax(p * (1.0 - p), 1e-9), w * ((double)d->label[r] - p));
    }
    for (size_t c = 0; c < d->columns; c++) {
        s->a[c][c] += d->ridge;
        s->g[c] -= d->ridge * m->weight[c];
    }
}

/* Solve in place by Cholesky; the diagonal is positive because of the ridge and the floor on p. */
static void solve(struct system *s, size_t side)
{
    for (size_t i = 0; i < side; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = s->a[i][j];
            for (size_t k = 0; k < j; k++) {
                sum -= s->a[i][k] * s->a[j][k];
            }
            s->a[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / s->a[j][j];
        }
    }
    for (size_t i = 0; i < side; i++) {
        for (size_t k = 0; k < i; k++) {
            s->g[i] -= s->a[i][k] * s->g[k];
        }
        s->g[i] /= s->a[i][i];
    }
    for (size_t left = side; left > 0; left--) {
        const size_t i = left - 1;
        for (size_t k = i + 1; k < side; k++) {
            s->g[i] -= s->a[k][i] * s->g[k];
        }
        s->g[i] /= s->a[i][i];
    }
}

err_t logistic_fit(const struct logistic_data *data, struct logistic *out)
{
    double mass[2] = {0.0, 0.0};
    for (size_t r = 0; r < data->rows; r++) {
        mass[data->label[r] != 0] += weight_of(data, r);
    }
    if (!(mass[0] > 0.0) || !(mass[1] > 0.0) || data->columns > LOGISTIC_COLUMNS_MAX) {
        return err_new(ERR_RANGE);
    }
    const double each[2] = {0.5 / mass[0], 0.5 / mass[1]};
    struct logistic m = {.bias = 0.0};
    struct system s;
    standardise(data, &m);
    for (int round = 0; round < ROUNDS; round++) {
        gather(data, &m, each, &s);
        solve(&s, data->columns + 1);
        double step = 0.0;
        for (size_t c = 0; c <= data->columns; c++) {
            step = fmax(step, fabs(s.g[c]));
        }
        const double damp = step > 2.0 ? 2.0 / step : 1.0; /* separable data must not run away */
        for (size_t c = 0; c < data->columns; c++) {
            m.weight[c] += damp * s.g[c];
        }
        m.bias += damp * s.g[data->columns];
        if (step < 1e-10) {
            break;
        }
    }
    *out = m;
    return ERR_OK;
}
