/*
 * stages.h - what would be known of each person after so many samples.
 *
 * Floor      lab/people
 * Ownership  stages own their parts; the bank is borrowed and must outlive them.
 * Errors     ERR_NOMEM.
 * Threads    read only once made.
 */
#ifndef LAB_STAGES_H
#define LAB_STAGES_H

#include "base/err.h"
#include "engine/people/part.h"
#include "lab/people/bank.h"

enum { STAGES = 10 };

struct stages;

NODISCARD err_t stages_new(const struct bank_context *c, struct stages **out);
void stages_free(struct stages **stages);

/* Samples learnt at a stage, ascending. */
size_t stage_samples(size_t stage);

/* The part of a user at a stage, not yet shrunk; NULL when he has fewer samples. */
const struct part *stages_part(const struct stages *stages, size_t user, size_t stage);

/* The part of a user after all of his samples; NULL when there are fewer than five. */
const struct part *stages_last(const struct stages *stages, size_t user);

#endif
