/*
 * dataset_who.h - whose each session is: what its lines say, its enrolment and the labels, made to agree.
 *                 Inner part of dataset.c.
 *
 * Floor      lab
 * Source     docs/engine/datasets.md, "Whose a session is".
 * Ownership  borrows everything; writes the users of sessions and the owners of models.
 * Errors     ERR_FORMAT with a who_fault: rows that contradict one another; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_DATASET_WHO_H
#define LAB_DATASET_WHO_H

#include "lab/dataset.h"
#include "lab/dataset_groups.h"
#include "lab/pool.h"

struct who {
    struct names *users;
    const struct names *ids; /* of sessions */
    struct dataset_session *session;
    struct dataset_groups *groups;
};

struct who_fault {
    enum group_list list;
    uint32_t line;
    const char *field, *message;
};

/* When enrol.tsv is read: sessions that name no account are of their model's, and a model whose sessions
 * name none is an account of its own name. */
NODISCARD err_t who_enrolled(const struct who *w, struct who_fault *fault);

/* When every row is read: the sessions that are left are of the model that they are genuine for, or of
 * nobody else. Check that labels and owners agree. */
NODISCARD err_t who_tried(const struct who *w, struct who_fault *fault);

#endif
