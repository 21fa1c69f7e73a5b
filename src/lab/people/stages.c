#include "lab/people/stages.h"

#include <stdlib.h>

struct stages {
    size_t users;
    struct part **part; /* users x (STAGES + 1); the last is after everything */
};

size_t stage_samples(size_t stage)
{
    static const size_t samples[STAGES] = {5, 7, 10, 14, 20, 26, 36, 50, 100, 200};
    return samples[stage];
}

static err_t learn(const struct bank_context *c, size_t user, size_t n, struct part **out)
{
    struct part *p = malloc(sizeof *p);
    if (p == NULL) {
        return err_new(ERR_NOMEM);
    }
    struct sample s;
    part_begin(p, &c->like);
    for (size_t i = n > PART_RING ? n - PART_RING : 0; i < n; i++) {
        bank_sample(c, user, i, &s);
        part_accept(p, &s);
    }
    part_refresh(p, false);
    *out = p;
    return ERR_OK;
}

static err_t learn_stages(const struct bank_context *c, size_t user, size_t n, struct stages *s)
{
    for (size_t stage = 0; stage < STAGES; stage++) {
        if (stage_samples(stage) <= n) {
            TRY(learn(c, user, stage_samples(stage), &s->part[user * (STAGES + 1) + stage]));
        }
    }
    return ERR_OK;
}

static err_t learn_all(const struct bank_context *c, struct stages *s)
{
    for (size_t u = 0; u < s->users; u++) {
        const size_t n = bank_count(c, u);
        TRY(learn_stages(c, u, n, s));
        if (n >= stage_samples(0)) {
            TRY(learn(c, u, n, &s->part[u * (STAGES + 1) + STAGES]));
        }
    }
    return ERR_OK;
}

err_t stages_new(const struct bank_context *c, struct stages **out)
{
    struct stages *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->users = c->users;
    s->part = calloc((c->users + 1) * (STAGES + 1), sizeof(struct part *));
    const err_t e = s->part == NULL ? err_new(ERR_NOMEM) : learn_all(c, s);
    if (failed(e)) {
        stages_free(&s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void stages_free(struct stages **stages)
{
    if (*stages == NULL) {
        return;
    }
    for (size_t i = 0; (*stages)->part != NULL && i < (*stages)->users * (STAGES + 1); i++) {
        free((*stages)->part[i]);
    }
    free((*stages)->part);
    free(*stages);
    *stages = NULL;
}

const struct part *stages_part(const struct stages *stages, size_t user, size_t stage)
{
    return stages->part[user * (STAGES + 1) + stage];
}

const struct part *stages_last(const struct stages *stages, size_t user)
{
    return stages_part(stages, user, STAGES);
}
