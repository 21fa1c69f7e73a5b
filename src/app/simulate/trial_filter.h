/*
 * trial_filter.h - the session filter on made-up evidence of known strength.
 *
 * Floor      app/simulate
 * Source     docs/engine/attacks.md: typing, pointer and navigation told apart by 1.6, .7 and .5
 *            deviations; 15 % of the variance is the session's own offset, the rest runs on from event
 *            to event with a correlation of .35 (a first-order autoregression).
 * Units      milliseconds, nats.
 * Errors     ERR_NOMEM.
 * Threads    no state.
 */
#ifndef LAB_TRIAL_FILTER_H
#define LAB_TRIAL_FILTER_H

#include "app/simulate/trial.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define TRIAL_FILTER_OFFSET 0.15 /* share of the variance that belongs to the session */
#define TRIAL_FILTER_AGAIN  0.35 /* correlation of what is left, from one event to the next */

struct trial_filter {
    uint64_t seed;
    size_t people;
    double apart; /* factor on all distances; 1 as above */
    double drift; /* deviations by which the owner has moved towards the others */
};

/* Measure many and add the figures. */
NODISCARD err_t trial_filter_run(const struct trial_filter *t, struct trial_report *out);

#endif
