#include "lab/statistics/symmetric.h"

#include "base/err.h"

#include <math.h>
#include <string.h>

enum { SWEEPS = 60 };

#define LEFT 1e-24 /* squared share of what is off the diagonal */

/* l l' = m, below the diagonal. */
static bool root(const double *m, size_t n, double *l)
{
    memset(l, 0, n * n * sizeof *l);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = m[i * n + j];
            for (size_t k = 0; k < j; k++) {
                sum -= l[i * n + k] * l[j * n + k];
            }
            if (i == j && !(sum > 0.0)) {
                return false;
            }
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
    }
    return true;
}

/* m <- l^-1 m, column by column. */
static void solve(const double *l, size_t n, double *m)
{
    for (size_t c = 0; c < n; c++) {
        for (size_t i = 0; i < n; i++) {
            double sum = m[i * n + c];
            for (size_t k = 0; k < i; k++) {
                sum -= l[i * n + k] * m[k * n + c];
            }
            m[i * n + c] = sum / l[i * n + i];
        }
    }
}

/* m <- l'^-1 m, column by column. */
static void solve_back(const double *l, size_t n, double *m)
{
    for (size_t c = 0; c < n; c++) {
        for (size_t left = n; left > 0; left--) {
            const size_t i = left - 1;
            double sum = m[i * n + c];
            for (size_t k = i + 1; k < n; k++) {
                sum -= l[k * n + i] * m[k * n + c];
            }
            m[i * n + c] = sum / l[i * n + i];
        }
    }
}

static void turn_over(double *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const double x = m[i * n + j];
            m[i * n + j] = m[j * n + i];
            m[j * n + i] = x;
        }
    }
}

/* Turn axes p and q until nothing of `a` is left between them; `v` turns with it. */
static void rotate(double *a, double *v, size_t n, size_t p, size_t q)
{
    const double off = a[p * n + q];
    if (off == 0.0) {
        return;
    }
    const double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * off);
    const double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
    const double c = 1.0 / sqrt(t * t + 1.0);
    const double s = t * c;
    for (size_t k = 0; k < n; k++) {
        const double x = a[k * n + p];
        const double y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = a[p * n + k];
        const double y = a[q * n + k];
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
        const double left = v[k * n + p];
        const double right = v[k * n + q];
        v[k * n + p] = c * left - s * right;
        v[k * n + q] = s * left + c * right;
    }
}

static bool is_diagonal(const double *a, size_t n)
{
    double off = 0.0;
    double all = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            all += a[i * n + j] * a[i * n + j];
            off += i == j ? 0.0 : a[i * n + j] * a[i * n + j];
        }
    }
    return off <= LEFT * all;
}

static void diagonalise(double *a, size_t n, double *v)
{
    for (size_t i = 0; i < n * n; i++) {
        v[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    }
    for (int sweep = 0; sweep < SWEEPS && !is_diagonal(a, n); sweep++) {
        for (size_t p = 0; p < n; p++) {
            for (size_t q = p + 1; q < n; q++) {
                rotate(a, v, n, p, q);
            }
        }
    }
}

/* The largest value first; of equal ones the earlier. */
static void sort(double *v, double *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t j = i + 1; j < n; j++) {
            best = value[j] > value[best] ? j : best;
        }
        const double x = value[i];
        value[i] = value[best];
        value[best] = x;
        for (size_t k = 0; k < n; k++) {
            const double y = v[k * n + i];
            v[k * n + i] = v[k * n + best];
            v[k * n + best] = y;
        }
    }
}

bool symmetric_both(const double *within, double *between, size_t n, double *axes, double *value)
{
    double l[SYMMETRIC_MAX * SYMMETRIC_MAX];
    MUST(n <= SYMMETRIC_MAX);
    if (!root(within, n, l)) {
        return false;
    }
    solve(l, n, between);
    turn_over(between, n);
    solve(l, n, between);
    diagonalise(between, n, axes);
    solve_back(l, n, axes);
    for (size_t i = 0; i < n; i++) {
        value[i] = between[i * n + i];
    }
    sort(axes, value, n);
    return true;
}
