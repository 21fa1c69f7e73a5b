/*
 * doubting.h - a regression's line, fitted again by one who doubts both labels.
 *
 * Some of an owner's trials are not like him (he was interrupted, somebody helped), and some of
 * another's are. A line that has to account for them is flat; with a rate for each it is as steep as
 * the rest asks for, and what it says ends where those begin.
 *
 * Floor      lab/people
 * Source     two rates of transposed labels in a binary regression: Copas, "Binary regression models for
 *            contaminated data", 1988. Levenberg 1944, Marquardt 1963, with the Fisher information.
 *            One more trial of each side that nobody has seen counts as transposed (Laplace 1774).
 * Units      margin, ceiling and floor in nats (evidence_doubt(), engine/people/evidence.h).
 * Errors     ERR_RANGE when a class is empty.
 * Threads    no state.
 * Precision  deterministic: the order of the rows is the order of the sums.
 */
#ifndef LAB_DOUBTING_H
#define LAB_DOUBTING_H

#include "lab/statistics/logistic.h"

struct doubting {
    double weight[LOGISTIC_COLUMNS_MAX];
    double bias;
    double ceiling; /* DOUBTING_MIN..DOUBTING_MAX: the most that is said against the owner */
    double floor;   /* the same for him */
};

/* A challenge takes 3.79 nats: one sample may always ask for it, whatever owners do at times. */
#define DOUBTING_MIN 4.5
#define DOUBTING_MAX 12.0

enum { DOUBTING_COLUMNS_MAX = 8 };

/* `data` must be standardised and have at most DOUBTING_COLUMNS_MAX columns; `from` is its
 * logistic_fit(). */
NODISCARD err_t doubting_fit(const struct logistic_data *data, const struct logistic *from,
                             struct doubting *out);

/* The line alone. */
double doubting_margin(const struct doubting *model, size_t columns, const double *x);

#endif
