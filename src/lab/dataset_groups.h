/*
 * dataset_groups.h - the rows of enrol.tsv, trials.tsv and background.tsv, checked one against the
 *                    other and gathered for each model. Inner part of dataset.c.
 *
 * Floor      lab
 * Ownership  the holder calls groups_deinit(); the gathered lists live in the pool.
 * Errors     ERR_FORMAT or ERR_LIMIT with a line_fault; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_DATASET_GROUPS_H
#define LAB_DATASET_GROUPS_H

#include "base/hash_map.h"
#include "lab/dataset.h"
#include "lab/dataset_line.h"
#include "lab/pool.h"

enum group_list { GROUP_ENROL, GROUP_TRIALS, GROUP_PRACTISED, GROUP_BACKGROUND, GROUP_LISTS };

struct group_row {
    span_t model;
    uint32_t session, user; /* the session and whose it is */
    enum dataset_label label;
};

struct kept_row {
    uint32_t model, session;
    enum dataset_label label;
};

struct kept_rows {
    struct kept_row *row;
    size_t count, cap;
    struct map64 pairs; /* model and session: no pair comes twice */
};

struct dataset_groups {
    struct pool *pool;
    struct names models;
    uint32_t *owner; /* user of each model */
    size_t owners_cap;
    struct kept_rows rows[GROUP_LISTS];
    /* After groups_finish(): */
    struct dataset_model *model;
    struct dataset_trials bots;
    const uint32_t *background;
    size_t backgrounds;
};

void groups_init(struct dataset_groups *g, struct pool *pool);
void groups_deinit(struct dataset_groups *g);

/* Check and keep one row; enrolment comes before trials. */
NODISCARD err_t groups_add(struct dataset_groups *g, enum group_list list,
                           const struct group_row *row, struct line_fault *fault);

/* Gather the rows for each model, in their order. */
NODISCARD err_t groups_finish(struct dataset_groups *g);

#endif
