/* group_test.h - people with a few samples each, as a bank has them. */
#ifndef LAB_GROUP_TEST_H
#define LAB_GROUP_TEST_H

#include "lab/people/bank.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { GROUP_FEATURES = 6, GROUP_SESSION = 3 /* samples */ };

/* People with so many samples each, about a middle of their own. */
struct group {
    float *x;
    struct bank_sample *sample;
    uint32_t *first;
    bool *in;
    struct bank_context context;
};

static inline void group_make(struct group *g, size_t people, enum sample_kind kind, size_t each)
{
    uint64_t seed = 7;
    g->x = calloc(people * each * GROUP_FEATURES, sizeof *g->x);
    g->sample = calloc(people * each, sizeof *g->sample);
    g->first = calloc(people + 1, sizeof *g->first);
    g->in = calloc(people + 1, sizeof *g->in);
    assert_true(g->x != NULL && g->sample != NULL && g->first != NULL && g->in != NULL);
    for (size_t i = 0; i < people * each; i++) {
        const size_t user = i / each;
        for (size_t f = 0; f < GROUP_FEATURES; f++) {
            seed = seed * 48271U % 2147483647U;
            const double own = (double)((user * 37 + f * 11) % 29) / 29.0;
            g->x[i * GROUP_FEATURES + f] = (float)(own + 0.3 * (double)seed / 2147483647.0);
        }
        g->sample[i] = (struct bank_sample){.user = (uint32_t)user,
                                            .session = (uint32_t)i / GROUP_SESSION,
                                            .x = g->x + i * GROUP_FEATURES};
        g->first[user + 1] = (uint32_t)i + 1U;
        g->in[user] = true;
    }
    g->context =
        (struct bank_context){.like = {.kind = kind, .context = 5, .count = GROUP_FEATURES},
                              .sample = g->sample,
                              .samples = people * each,
                              .users = people,
                              .first = g->first};
}

static inline void group_deinit(struct group *g)
{
    free(g->x);
    free(g->sample);
    free(g->first);
    free(g->in);
}

#endif
