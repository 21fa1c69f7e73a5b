/*
 * type_weights.h - how much holds, pauses, pressures and places of a typed field count beside each other.
 *
 * Floor      lab/people
 * Source     docs/engine/keystrokes.md, "What a kind of feature counts": a logistic regression (Brummer and du
 *            Preez 2006) of log likelihood ratios, one for each type, with a ridge (le Cessie and van Houwelingen
 *            1992) towards one weight for all.
 * Units      none: weights have a mean of 1 over the features, but for those that are cut to their range.
 * Ownership  trials own their rows: type_trials_deinit().
 * Errors     ERR_NOMEM. Too few trials, or nothing that speaks for the owner: all weights are 1.
 * Threads    no state.
 * Precision  deterministic: the order of the trials is the order of the sums.
 */
#ifndef LAB_TYPE_WEIGHTS_H
#define LAB_TYPE_WEIGHTS_H

#include "base/err.h"
#include "engine/people/model.h"
#include "engine/people/part.h"

#include <stddef.h>
#include <stdint.h>

/* Zeros: none. */
struct type_trials {
    double *x; /* rows x FEATURE_TYPES: of all people to the owner, summed over a type's features */
    uint8_t *label; /* 1: of another */
    size_t rows, room;
    size_t features[FEATURE_TYPES]; /* of all rows */
};

/* Hold a sample against a part whose spreads were drawn to people's (part_shrink()). */
NODISCARD err_t type_trials_add(struct type_trials *t, const struct part *part,
                                const struct population *people, const struct sample *s,
                                uint8_t label);
void type_trials_deinit(struct type_trials *t);

/* `people`: who played the owner; the fewer, the nearer weights stay to 1. */
NODISCARD err_t type_weights_fit(const struct type_trials *t, size_t people,
                                 double weight[FEATURE_TYPES]);

#endif
