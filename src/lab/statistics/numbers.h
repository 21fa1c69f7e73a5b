/*
 * numbers.h - arrays of doubles from the heap, and their quantiles.
 *
 * Floor      lab/statistics
 * Ownership  numbers_new() gives to the caller, who frees with numbers_free() (good for CLEANUP).
 * Threads    no state.
 */
#ifndef LAB_NUMBERS_H
#define LAB_NUMBERS_H

#include <stddef.h>

/* `count` zeros; never of size 0. NULL when the heap refuses. */
double *numbers_new(size_t count);

/* Accepts NULL in `*p`, leaves NULL. */
void numbers_free(double **p);

/* Sort ascending; no NaN inside. */
void numbers_sort(double *values, size_t count);

/* The q-quantile of sorted values, 0 <= q <= 1, count > 0 (Hyndman and Fan 1996, type 7). */
double numbers_quantile(const double *sorted, size_t count, double q);

#endif
