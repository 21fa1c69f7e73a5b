#include "engine/habit.h"

#include <math.h>

void habit_weights(double *weight, size_t n, double half_life)
{
    for (size_t age = 0; age < n; age++) {
        weight[age] = exp2(-(double)age / half_life);
    }
}

/* The values that are there, sorted, each with its weight. */
static size_t sort(const double *x, const double *weight, size_t n, double *value, double *mass)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i])) {
            continue;
        }
        size_t at = kept++;
        while (at > 0 && value[at - 1] > x[i]) {
            value[at] = value[at - 1];
            mass[at] = mass[at - 1];
            at--;
        }
        value[at] = x[i];
        mass[at] = weight[i];
    }
    return kept;
}

habit_t habit_of(const double *x, const double *weight, size_t n)
{
    double value[HABIT_SAMPLES_MAX];
    double mass[HABIT_SAMPLES_MAX];
    const size_t kept = sort(x, weight, n, value, mass);
    if (kept == 0) {
        return (habit_t){NAN, NAN};
    }
    double total = 0.0;
    for (size_t i = 0; i < kept; i++) {
        total += mass[i];
    }
    double sum = 0.0;
    size_t at = 0;
    for (; at + 1 < kept; at++) {
        sum += mass[at];
        if (sum >= 0.5 * total) {
            break;
        }
    }
    double deviation = 0.0;
    for (size_t i = 0; i < kept; i++) {
        deviation += mass[i] * fabs(value[i] - value[at]);
    }
    return (habit_t){value[at], fmax(deviation / total, HABIT_SPREAD_MIN)};
}
