/*
 * normal.h - the inverse of the standard normal distribution.
 *
 * Floor      lab/statistics
 * Source     Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988,
 *            PPND16.
 * Threads    no state.
 * Precision  about 1 part in 1e16.
 */
#ifndef LAB_NORMAL_H
#define LAB_NORMAL_H

/* The deviate below which a share `p` lies; 0 < p < 1 MUST hold. */
double normal_deviate(double p);

#endif
