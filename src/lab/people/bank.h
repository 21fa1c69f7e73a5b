/*
 * bank.h - every sample of a data set, taken out of its events once and sorted by context and person.
 *
 * Floor      lab/people
 * Units      features as engine/samples/sample.h says.
 * Ownership  a bank owns its samples; the data set is needed while it is made only.
 * Errors     ERR_NOMEM, ERR_LIMIT.
 * Threads    read only once made: any number.
 */
#ifndef LAB_BANK_H
#define LAB_BANK_H

#include "base/err.h"
#include "engine/samples/sample.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BANK_CONTEXTS_MAX = 65536 };

struct bank_sample {
    uint32_t user;
    uint32_t session;
    const float *x; /* as many as the context has features; NaN: missing */
};

/* All samples of one context: people one after the other, each person's in time order. */
struct bank_context {
    struct sample like; /* one of them: kind, name, types and classes hold for all */
    const struct bank_sample *sample;
    size_t samples;
    size_t users;          /* of the data set */
    const uint32_t *first; /* of each user, users + 1 long: his are first[u] to first[u + 1] */
};

struct bank;

/* Take the samples out of the sessions for which `wanted` (as many as the set has sessions; NULL: all)
 * is true. */
NODISCARD err_t bank_new(const struct dataset *set, const bool *wanted, struct bank **out);
void bank_free(struct bank **bank);

size_t bank_contexts(const struct bank *bank);
const struct bank_context *bank_context(const struct bank *bank, size_t number);

/* How many samples of this context the user has. */
static inline size_t bank_count(const struct bank_context *c, size_t user)
{
    return c->first[user + 1] - c->first[user];
}

/* How many of the people for whom `in` is true do the same thing, and how many of these do it `often` times: of the
 * context that most do so often. */
struct bank_reach {
    size_t people, often;
};

struct bank_reach bank_reach(const struct bank *bank, const bool *in, size_t often);

/* Sample `i` of a user as the engine's kind, ready to be scored or learnt. */
void bank_sample(const struct bank_context *c, size_t user, size_t i, struct sample *out);

#endif
