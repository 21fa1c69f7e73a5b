/*
 * alike.h - how much alike the samples of one session are: what a run of them says less than its count.
 *
 * Floor      lab/people
 * Source     intraclass correlation of a one-way layout (Fisher 1925; Shrout and Fleiss 1979, ICC(1)).
 * Ownership  plain value.
 * Errors     none: too little to see counts as not alike.
 * Threads    no state.
 */
#ifndef LAB_ALIKE_H
#define LAB_ALIKE_H

#include "lab/people/people.h"

#include <stdbool.h>
#include <stddef.h>

enum { ALIKE_RUN_MAX = 12 };

/* Sums over owners and sessions. */
struct alike {
    double between, within; /* sums of squares */
    size_t sessions, owners;
    size_t samples;           /* in sessions of two and more */
    size_t all, all_sessions; /* with those of one */
};

/* Look at what each background user did after his newest stage, session by session. */
void alike_look(struct alike *a, const struct field *field, const bool *in);

/* V = 1 + (m - 1) r (Kish, "Survey sampling", 1965): r the correlation, m the samples of a session, at most
 * ALIKE_RUN_MAX. At least 1. */
double alike_run(const struct alike *a);

#endif
