/*
 * axes_fit.h - the axes of a crowd: along them people differ from each other, and one person varies alike.
 *
 * Floor      lab/people
 * Source     docs/engine/actions.md: simultaneous diagonalisation of both covariances (Fukunaga 1990; Ioffe
 *            2006) of normal scores (van der Waerden 1952).
 * Units      those of axes.h.
 * Ownership  everything is borrowed.
 * Errors     ERR_NOMEM.
 * Threads    no state.
 * Precision  double, with fixed order: the same people give the same bits.
 */
#ifndef LAB_AXES_FIT_H
#define LAB_AXES_FIT_H

#include "base/err.h"
#include "engine/people/crowd.h"
#include "lab/people/bank.h"

/* How many axes a crowd of so many features has. */
uint16_t axes_of(size_t features);

/* Fill level, to and between of `out` from people for whom `in` is true and who have enough samples. Edges,
 * rows and sizes of the crowd are set; `out` are its arrays. */
NODISCARD err_t axes_fit(const struct bank_context *c, const bool *in, const struct crowd *crowd,
                         const struct crowd_arrays *out);

#endif
