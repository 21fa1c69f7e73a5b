/*
 * crowd_fusing.h - calibrated evidence of strokes and actions, from background people as owners.
 *
 * Floor      lab/people
 * Source     docs/engine/actions.md; fusion by logistic regression (Brummer and du Preez 2006).
 * Units      nats.
 * Ownership  everything is borrowed for the call.
 * Errors     ERR_RANGE: too few people or trials; ERR_NOMEM.
 * Threads    no state.
 *
 * As fusing.h: neither the owner's fold nor the impostors' is among the people behind the edges, the
 * shares and the rows that trees are grown against; own trials come after what was learnt, and no
 * session is on both sides.
 */
#ifndef LAB_CROWD_FUSING_H
#define LAB_CROWD_FUSING_H

#include "base/err.h"
#include "engine/people/crowd.h"
#include "engine/people/evidence.h"
#include "lab/people/bank.h"
#include "lab/people/watch.h"

/* `watch` takes a step for each user; it may be NULL. */
NODISCARD err_t crowd_fusing_fit(const struct bank_context *c, const bool *in, struct watch *watch,
                                 struct fusion out[CROWD_BUCKETS]);

#endif
