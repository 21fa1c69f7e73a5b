/*
 * crowding.h - a crowd made from background people, with its calibration.
 *
 * Floor      lab/people
 * Source     docs/engine/actions.md.
 * Ownership  `struct crowding` owns the arrays that its crowd points to.
 * Errors     ERR_RANGE: too few people or trials; ERR_NOMEM.
 * Threads    no state.
 */
#ifndef LAB_CROWDING_H
#define LAB_CROWDING_H

#include "base/err.h"
#include "engine/people/crowd.h"
#include "lab/people/bank.h"
#include "lab/people/watch.h"

enum {
    CROWDING_ROWS = 4000,      /* of all people together */
    CROWDING_SAMPLES_MIN = 10, /* of a person who counts */
    CROWDING_PEOPLE_MIN = 6
};

struct crowding {
    struct crowd crowd;
    void *room;
};

/* From the users for whom `in` is true; at least `people` of them, or ERR_RANGE. Without fusions. */
NODISCARD err_t crowding_plain(const struct bank_context *c, const bool *in, size_t people,
                               struct crowding *out);

/* The same with fusions. `watch` may be NULL. */
NODISCARD err_t crowding_new(const struct bank_context *c, const bool *in, struct watch *watch,
                             struct crowding *out);
void crowding_free(struct crowding *p);

#endif
