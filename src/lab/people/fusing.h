/*
 * fusing.h - from the scores of background people against each other to calibrated evidence.
 *
 * Floor      lab/people
 * Source     docs/engine/calibration.md.
 * Units      nats.
 * Ownership  everything is borrowed for the call.
 * Errors     ERR_RANGE: too few people or trials; ERR_NOMEM.
 * Threads    no state.
 *
 * Every background user in turn is the owner. Neither he nor the other of a trial is among the people
 * in general that they are compared with: users are dealt into FUSING_FOLDS, and both their folds are
 * left out. The owner's own samples are scored after those that were learnt, in time order.
 */
#ifndef LAB_FUSING_H
#define LAB_FUSING_H

#include "base/err.h"
#include "engine/people/evidence.h"
#include "lab/people/people.h"
#include "lab/people/watch.h"

enum { FUSING_FOLDS = 8 };

struct fusing {
    const struct field *fields; /* contexts that share the fusion */
    size_t count;
    bool general;   /* compare with people at keys of any field, not of this one */
    bool all_alike; /* features of every type count alike: simulated people show what was made up */
    const bool *in; /* background users */
    struct watch *watch; /* takes a step for each user of each field; may be NULL */
};

/* How features of a type count (all 1 but for typed fields), and the lines from the scores so weighed to nats. */
struct fused {
    double weight[FEATURE_TYPES];
    struct fusion_lines lines;
};

NODISCARD err_t fusing_fit(const struct fusing *f, struct fused *out);

#endif
