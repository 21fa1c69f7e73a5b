#include "engine/people/habit.h"

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

static double lower_median(const double *value, const double *mass, size_t n)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        total += mass[i];
    }
    double sum = 0.0;
    size_t at = 0;
    for (; at + 1 < n; at++) {
        sum += mass[at];
        if (sum >= 0.5 * total) {
            break;
        }
    }
    return value[at];
}

static double deviation(const double *x, const double *weight, size_t n, double middle)
{
    double sum = 0.0;
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            sum += weight[i] * fabs(x[i] - middle);
            total += weight[i];
        }
    }
    return sum / total;
}

habit_t habit_of(const double *x, const struct habit_weights *weights, size_t n, double least)
{
    double value[HABIT_SAMPLES_MAX];
    double mass[HABIT_SAMPLES_MAX];
    const size_t kept = sort(x, weights->middle, n, value, mass);
    if (kept == 0) {
        return (habit_t){NAN, NAN};
    }
    const double middle = lower_median(value, mass, kept);
    return (habit_t){middle, fmax(deviation(x, weights->spread, n, middle), least)};
}
