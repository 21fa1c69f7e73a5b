/*
 * angles.h - many angles at once.
 *
 * Floor      engine/arithmetic
 * Source     atan(x) = x p(x^2) for |x| <= tan(pi/8), p through Chebyshev's nodes; the reduction is that of
 *            Cephes' atan (Moshier 1989).
 * Units      radians.
 * Ownership  everything is the caller's.
 * Errors     none.
 * Threads    no shared state.
 * Precision  double, within 1e-15 of atan2(); the same input gives the same bits with every compiler: no libm.
 */
#ifndef ENGINE_ANGLES_H
#define ENGINE_ANGLES_H

#include <stddef.h>

enum { ANGLES_ABREAST = 2 };

/* out[i] = atan2(y[i], x[i]) for finite numbers whose squares are; whole groups of ANGLES_ABREAST are read
 * and written. 0 where both are 0. */
void angles_of(const double *y, const double *x, size_t n, double *out);

#endif
