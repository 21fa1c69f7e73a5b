/*
 * reference.h - the plain detectors that others publish, to be compared with.
 *
 * Floor      lab/trials
 * Source     Killourhy and Maxion, "Comparing anomaly-detection algorithms for keystroke dynamics",
 *            2009: Manhattan (Duda, Hart and Stork 2001) and scaled Manhattan (Araujo and others 2004)
 *            over raw times in seconds, from all enrolment samples alike.
 * Units      seconds, pressures and values of vectors as sent; distances without unit for the scaled one.
 * Precision  a sample keeps logarithms: holds and gaps between presses below 5 ms count as 5, a press more than
 *            190 ms before the release of the key before it as 190.
 * Ownership  reference_new/reference_free.
 * Errors     ERR_NOMEM.
 * Threads    read only once made.
 */
#ifndef LAB_REFERENCE_H
#define LAB_REFERENCE_H

#include "base/err.h"
#include "engine/samples/sample.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>

struct reference;

NODISCARD err_t reference_new(const struct dataset *set, const struct dataset_model *m,
                              struct reference **out);
void reference_free(struct reference **r);

/* NaN when nothing like the sample was enrolled. */
double reference_distance(const struct reference *r, const struct sample *s, bool scaled);

#endif
