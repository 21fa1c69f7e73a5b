/*
 * plot_det.h - the DET curve as a standalone SVG file.
 *
 * Floor      lab/trials
 * Source     Martin and others, "The DET curve in assessment of detection task performance", 1997:
 *            both error rates on normal deviate axes. Probit: Wichura, AS 241, 1988.
 * Units      scores as in measures.h; only their order counts.
 * Ownership  curves are the caller's, borrowed for the call.
 * Errors     ERR_RANGE for no curve, more than PLOT_DET_CURVES, a curve without trials of a kind or
 *            with a score that is not finite; ERR_NOMEM, ERR_LIMIT of the buf.
 * Threads    no state.
 */
#ifndef LAB_PLOT_DET_H
#define LAB_PLOT_DET_H

#include "base/buf.h"
#include "base/err.h"
#include "lab/statistics/measures.h"

#include <stddef.h>

enum { PLOT_DET_CURVES = 6 };

struct plot_curve {
    const char *name; /* legend */
    const struct score_user *users;
    size_t count;
};

/* Append one SVG document. */
NODISCARD err_t plot_det(const char *title, const struct plot_curve *curves, size_t count,
                         struct buf *out);

#endif
