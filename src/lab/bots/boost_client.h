/*
 * boost_client.h - asks canara-boost, the optional program that holds libxgboost, for trees.
 *
 * Floor      lab/bots
 * Units      as in the parameters of Chen and Guestrin 2016; trees as in engine/arithmetic/trees.h.
 * Ownership  the caller's buf holds the trees.
 * Errors     ERR_IO when the program is not there, fails or is killed; ERR_FORMAT when its trees are
 *            not sound; always with a line in `why`.
 * Threads    any; a call waits for its own child only.
 *
 * The program is $CANARA_BOOST, else canara-boost beside the running program, else on the PATH. The
 * table goes through a file in memory (memfd_create): behaviour of people never reaches a disk.
 */
#ifndef LAB_BOOST_CLIENT_H
#define LAB_BOOST_CLIENT_H

#include "lab/bots/boost_files.h"

#include <stdbool.h>
#include <stdint.h>

struct boost_params {
    uint32_t rounds; /* trees */
    uint32_t depth;
    double eta;       /* share of each tree that is taken */
    double min_child; /* least sum of second derivatives in a leaf */
    double subsample; /* share of rows per tree */
    double colsample; /* share of columns per tree */
    double lambda;    /* ridge on the leaves */
    uint32_t seed;
    const int8_t
        *monotone; /* per column: 1 the margin may only rise with it, -1 fall, 0 free; or NULL */
};

/* Small, slow-learning trees: rounds 100, depth 3, eta 0.1, min_child 1, no sampling, lambda 1. */
struct boost_params boost_params_default(void);

/* Whether canara-boost can be started. */
bool boost_is_here(void);

/* Run canara-boost with these arguments (NULL at the end; without the program's name) and wait. */
NODISCARD err_t boost_run(const char *const *args, char why[BOOST_WHY_BYTES]);

/* Train on `t` and append checked trees to `trees`; same table, parameters and library, same bytes. */
NODISCARD err_t boost_train(const struct boost_table *t, const struct boost_params *p,
                            struct buf *trees, char why[BOOST_WHY_BYTES]);

#endif
