#include "lab/people/calibration.h"

#include "lab/statistics/measures.h"

#include <stdlib.h>

void calibration_free(struct calibration *c)
{
    for (size_t k = 0; k < SAMPLE_KINDS; k++) {
        free(c->side[k][0].nats);
        free(c->side[k][1].nats);
    }
    *c = (struct calibration){.side = {{{NULL, 0, 0}}}};
}

err_t calibration_add(struct calibration *c, unsigned kind, bool impostor, double nats)
{
    if (c == NULL) {
        return ERR_OK;
    }
    MUST(kind < SAMPLE_KINDS);
    struct calibration_side *const s = &c->side[kind][impostor ? 1 : 0];
    if (s->count == s->cap) {
        const size_t cap = s->cap == 0 ? 1024 : 2 * s->cap;
        double *const grown = reallocarray(s->nats, cap, sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        s->nats = grown;
        s->cap = cap;
    }
    s->nats[s->count++] = nats;
    return ERR_OK;
}

err_t calibration_loss(const struct calibration *c, unsigned kind, struct calibration_loss *out)
{
    const struct calibration_side *const own = &c->side[kind][0];
    const struct calibration_side *const other = &c->side[kind][1];
    if (own->count == 0 || other->count == 0) {
        return err_new(ERR_RANGE);
    }
    const struct score_user all = {"-", own->nats, own->count, other->nats, other->count};
    struct measures m;
    TRY(measures_compute(&all, 1, &m, NULL));
    *out = (struct calibration_loss){.cllr = m.value[FIGURE_CLLR],
                                     .cllr_min = m.value[FIGURE_CLLR_MIN],
                                     .genuine = own->count,
                                     .impostor = other->count};
    return ERR_OK;
}
