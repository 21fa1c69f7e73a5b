/*
 * symmetric.h - two symmetric matrices made diagonal at once.
 *
 * Floor      lab/statistics
 * Source     Golub and Van Loan, "Matrix computations", 8.5 (cyclic Jacobi) and 8.7 (definite pencils).
 * Ownership  everything is borrowed.
 * Errors     false: `within` is not positive definite.
 * Threads    no state.
 * Precision  double; off the diagonal less than 1e-12 of the whole is left.
 */
#ifndef LAB_SYMMETRIC_H
#define LAB_SYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>

enum { SYMMETRIC_MAX = 40 };

/* Columns v of `axes` with v' within v = 1, v' between v = value and 0 between two of them; the largest value
 * first. All matrices are n x n by rows; n <= SYMMETRIC_MAX MUST hold. `between` is used up. */
bool symmetric_both(const double *within, double *between, size_t n, double *axes, double *value);

#endif
