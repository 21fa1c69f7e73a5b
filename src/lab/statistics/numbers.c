#include "lab/statistics/numbers.h"

#include "base/err.h"

#include <stdlib.h>

double *numbers_new(size_t count)
{
    return calloc(count + 1, sizeof(double));
}

void numbers_free(double **p)
{
    free(*p);
    *p = NULL;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

void numbers_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
}

double numbers_quantile(const double *sorted, size_t count, double q)
{
    MUST(count > 0 && q >= 0.0 && q <= 1.0);
    const double at = q * (double)(count - 1);
    const size_t below = (size_t)at;
    if (below + 1 >= count) {
        return sorted[count - 1];
    }
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}
