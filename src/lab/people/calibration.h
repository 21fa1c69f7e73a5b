/*
 * calibration.h - how well calibrated evidence is, by kind of sample: Cllr and its minimum.
 *
 * Floor      lab/people
 * Source     Cllr: lab/statistics/measures.h.
 * Units      nats in, bits out.
 * Ownership  calibration_free() by the holder; a zeroed one is empty.
 * Errors     ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_CALIBRATION_H
#define LAB_CALIBRATION_H

#include "base/err.h"
#include "engine/samples/sample.h"

#include <stdbool.h>
#include <stddef.h>

struct calibration_side {
    double *nats;
    size_t count, cap;
};

struct calibration {
    struct calibration_side side[SAMPLE_KINDS][2]; /* 0 the owner's own, 1 of others */
};

struct calibration_loss {
    double cllr, cllr_min; /* bits */
    size_t genuine, impostor;
};

void calibration_free(struct calibration *c);

/* Take in the evidence of one trial; `c` may be NULL. */
NODISCARD err_t calibration_add(struct calibration *c, unsigned kind, bool impostor, double nats);

/* The loss of a kind of which there are trials of both sides; else ERR_RANGE. */
NODISCARD err_t calibration_loss(const struct calibration *c, unsigned kind,
                                 struct calibration_loss *out);

#endif
