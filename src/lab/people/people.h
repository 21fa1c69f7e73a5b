/*
 * people.h - people in general, made from the samples of a few: what a model holds of one context.
 *
 * Floor      lab/people
 * Source     ENGINE: m_pop, B_pop from novices and from all ages, b_pop, cohort.
 * Ownership  `struct people` owns the arrays that its population points to.
 * Errors     ERR_RANGE: fewer than PEOPLE_MIN people; ERR_NOMEM.
 * Threads    no state.
 */
#ifndef LAB_PEOPLE_H
#define LAB_PEOPLE_H

#include "base/err.h"
#include "engine/people/model.h"
#include "lab/people/bank.h"
#include "lab/people/stages.h"

enum { PEOPLE_MIN = 6 };

struct people {
    struct population population;
    float *number;         /* all of its arrays */
    float *weight, *lanes; /* among them, for people_weigh() */
};

/* From the users for whom `in` is true. The fusions are left empty. */
NODISCARD err_t people_new(const struct bank_context *c, const struct stages *stages,
                           const bool *in, struct people *out);
void people_free(struct people *p);

/* Let features count by their type; `like` is a sample of the context, NULL for people in general (a row for each
 * type and pair of classes). `weight` NULL: all alike. */
void people_weigh(struct people *p, const struct sample *like, const double weight[FEATURE_TYPES]);

/* People in general at keys of any field: one population over every context of SAMPLE_KEYS, with a row
 * for each type and pair of classes (key_row()). Only fields and users that count are pooled. */
struct field {
    const struct bank_context *c;
    const struct stages *stages;
};

NODISCARD err_t people_general(const struct field *fields, size_t count, const bool *in,
                               struct people *out);

/* The same seen from one context: a population of as many features, without a cohort. */
NODISCARD err_t people_spread(const struct people *general, const struct bank_context *c,
                              struct people *out);

#endif
