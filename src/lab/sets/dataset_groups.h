/*
 * dataset_groups.h - the rows of enrol.tsv, trials.tsv and background.tsv, checked one against the
 *                    other and gathered for each model; whose the sessions are is told in dataset_who.h.
 *                    Inner part of dataset.c.
 *
 * Floor      lab/sets
 * Ownership  the holder calls groups_deinit(); the gathered lists live in the pool.
 * Errors     ERR_FORMAT or ERR_LIMIT with a line_fault; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_DATASET_GROUPS_H
#define LAB_DATASET_GROUPS_H

#include "base/hash_map.h"
#include "lab/sets/dataset.h"
#include "lab/sets/dataset_line.h"
#include "lab/sets/pool.h"

enum group_list { GROUP_ENROL, GROUP_TRIALS, GROUP_PRACTISED, GROUP_BACKGROUND, GROUP_LISTS };

/* What a file of rows is called. */
const char *group_file(enum group_list list);

struct group_row {
    span_t model;
    uint32_t session, user; /* the session and whose it is; DATASET_NO_USER: not known yet */
    enum dataset_label label;
    uint32_t line;
};

#define GROUP_NO_MODEL UINT32_MAX /* of rows of "-", and of background.tsv */

struct kept_row {
    uint32_t model, session;
    enum dataset_label label;
    uint32_t line;
};

struct kept_rows {
    struct kept_row *row;
    size_t count, cap;
    struct map64 pairs; /* model and session to label: no pair is kept twice */
};

struct dataset_groups {
    struct pool *pool;
    struct names models;
    uint32_t *owner; /* user of each model; DATASET_NO_USER: not known yet */
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

/* Check and keep one row; enrolment comes before trials. A row that is kept already is not kept again:
 * `*notes` gets NOTE_SAME_ROW. */
NODISCARD err_t groups_add(struct dataset_groups *g, enum group_list list,
                           const struct group_row *row, uint32_t *notes, struct line_fault *fault);

/* Gather the rows for each model, in their order. */
NODISCARD err_t groups_finish(struct dataset_groups *g);

#endif
