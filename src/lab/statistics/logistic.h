/*
 * logistic.h - class-balanced logistic regression of a few columns.
 *
 * Floor      lab/statistics
 * Source     iteratively reweighted least squares: Nelder and Wedderburn 1972; ridge: le Cessie and
 *            van Houwelingen 1992; balanced classes make the margin a log likelihood ratio: Brummer
 *            and du Preez 2006.
 * Units      the margin is in nats.
 * Errors     ERR_RANGE when a class is empty.
 * Threads    no state.
 * Precision  deterministic: the order of the rows is the order of the sums.
 */
#ifndef LAB_LOGISTIC_H
#define LAB_LOGISTIC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGISTIC_COLUMNS_MAX = 64 };

struct logistic_data {
    const double *x;      /* rows x columns */
    const uint8_t *label; /* 1: impostor */
    const double *weight; /* of each row within its class; NULL: all alike */
    size_t rows, columns;
    double ridge; /* weight of the squared norm of the weights, both classes together being 1 */
    bool standardised; /* the columns are already: mean 0 and scale 1 are taken for granted */
};

struct logistic {
    double mean[LOGISTIC_COLUMNS_MAX];
    double scale[LOGISTIC_COLUMNS_MAX]; /* standard deviation, at least 1e-6 */
    double weight[LOGISTIC_COLUMNS_MAX];
    double bias;
};

NODISCARD err_t logistic_fit(const struct logistic_data *data, struct logistic *out);

double logistic_margin(const struct logistic *model, size_t columns, const double *x);

#endif
