/*
 * booster.h - libxgboost behind three calls: train, save, predict.
 *
 * Source     the C API of XGBoost 1.7 (xgboost/c_api.h); Chen and Guestrin, KDD 2016.
 * Units      margins in nats.
 * Ownership  struct booster is owned by the caller; booster_free() for CLEANUP. A saved model lives
 *            until the next call with this booster.
 * Errors     ERR_IO with the library's own words in `why`.
 * Threads    one at a time; the library is told to use one thread, so that sums have one order.
 */
#ifndef TRAIN_BOOSTER_H
#define TRAIN_BOOSTER_H

#include "base/err.h"
#include "base/span.h"
#include "lab/bots/boost_files.h"

#include <stddef.h>

struct booster;

/* A parameter by the library's name, as text. */
struct booster_param {
    const char *name;
    const char *value; /* NULL: left to the library */
};

/* Train for `rounds` rounds. */
NODISCARD err_t booster_train(const struct boost_table *t, const struct booster_param *param,
                              size_t params, size_t rounds, struct booster **out, char *why);

/* Load what booster_save() gave. */
NODISCARD err_t booster_load(span_t model, struct booster **out, char *why);

/* The model in the library's JSON. */
NODISCARD err_t booster_save(struct booster *b, span_t *model, char *why);

/* Write the margin of each row into margin[0..rows). */
NODISCARD err_t booster_margins(struct booster *b, const struct boost_table *t, float *margin,
                                char *why);

void booster_free(struct booster **b);

/* The library's version, such as 1.7.4. */
void booster_version(char out[32]);

#endif
