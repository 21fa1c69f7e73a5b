/*
 * dataset_who.h - whose each session is: what its lines say, its enrolment and the labels, made to agree.
 *                 Inner part of dataset.c.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md, "Whose a session is".
 * Ownership  borrows everything; writes the users of sessions and the owners of models.
 * Errors     ERR_FORMAT with a who_fault: rows that contradict one another; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_DATASET_WHO_H
#define LAB_DATASET_WHO_H

#include "lab/sets/dataset.h"
#include "lab/sets/dataset_groups.h"
#include "lab/sets/pool.h"

struct who {
    struct names *users;
    const struct names *ids; /* of sessions */
    struct dataset_session *session;
    struct dataset_groups *groups;
    struct dataset_notes *notes;
};

struct who_fault {
    enum group_list list;
    uint32_t line;
    const char *field, *message;
};

/* When enrol.tsv is read: sessions that name no account are of their model's, and a model whose sessions
 * name none is an account of its own name. */
NODISCARD err_t who_enrolled(const struct who *w, struct who_fault *fault);

/* When every row is read, the labels decide: a session is of the model's user that it is genuine for, and
 * one that is an impostor's on the model's own account is of somebody unknown. What is left names no account and is of
 * nobody else. Enrolled sessions stay whose they are: a label that contradicts one is refused. `*victim` gets an array
 * in the pool of `users`, one a user: whose account a person unknown took over; DATASET_NO_USER for everybody
 * else. */
NODISCARD err_t who_tried(const struct who *w, const uint32_t **victim, struct who_fault *fault);

#endif
