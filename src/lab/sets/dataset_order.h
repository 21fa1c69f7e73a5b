/*
 * dataset_order.h - whether the times of a data set go the way that docs/engine/datasets.md says.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md, "The format": a model learns from what lies before its trials.
 * Units      times as the events have them.
 * Ownership  borrows from the data set.
 * Errors     none.
 * Threads    no state.
 */
#ifndef LAB_DATASET_ORDER_H
#define LAB_DATASET_ORDER_H

#include "lab/sets/dataset.h"

#include <stddef.h>

struct dataset_disorder {
    size_t models;     /* with an enrolment session that begins after a genuine trial of theirs */
    const char *model; /* the first of them; NULL: none */
    size_t sessions;   /* in which a later event has an earlier time */
    const char *session;
};

struct dataset_disorder dataset_disorder(const struct dataset *set);

/* A line for each that is not so: "2 models learn ...: the first is m7". Returns how many, 0 to 2. */
size_t dataset_disorder_words(const struct dataset_disorder *d, char words[2][256]);

#endif
