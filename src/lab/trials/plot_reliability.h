/*
 * plot_reliability.h - the reliability diagram as a standalone SVG file.
 *
 * Floor      lab/trials
 * Source     DeGroot and Fienberg, "The comparison and evaluation of forecasters", 1983; bins and
 *            balance of classes as FIGURE_ECE.
 * Units      scores as in measures.h (natural log likelihood ratios).
 * Ownership  users are the caller's, borrowed for the call.
 * Errors     ERR_RANGE for trials of one kind only or a score that is not finite; ERR_NOMEM,
 *            ERR_LIMIT of the buf.
 * Threads    no state.
 */
#ifndef LAB_PLOT_RELIABILITY_H
#define LAB_PLOT_RELIABILITY_H

#include "base/buf.h"
#include "base/err.h"
#include "lab/statistics/measures.h"

#include <stddef.h>

/* Append one SVG document: observed share over predicted, and the trials of each bin below. */
NODISCARD err_t plot_reliability(const char *title, const struct score_user *users, size_t count,
                                 struct buf *out);

#endif
