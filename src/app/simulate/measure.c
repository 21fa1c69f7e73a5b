#include "app/simulate/measure.h"

#include "app/simulate/trial_filter.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

enum { FILTER_PEOPLE_TIMES = 100 };

static const struct measure_row rows[] = {
    {"filter", measure_filter},       {"honest", measure_honest},   {"takeover", measure_takeover},
    {"login", measure_login},         {"bot", measure_bot},         {"replay", measure_replay},
    {"poisoning", measure_poisoning}, {"probing", measure_probing}, {"unusual", measure_unusual},
};

const struct measure_row *measure_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

err_t measure_init(struct measure *m, uint64_t seed, size_t people)
{
    *m = (struct measure){.people = people,
                          .learnt = calloc(people + 1, sizeof(struct canara_profile *))};
    TRY(troupe_init(&m->troupe, seed));
    return m->learnt == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

void measure_deinit(struct measure *m)
{
    for (size_t i = 0; m->learnt != NULL && i < m->people; i++) {
        canara_profile_free(&m->learnt[i]);
    }
    free(m->learnt);
    troupe_deinit(&m->troupe);
}

err_t measure_prepare(struct measure *m, size_t people, unsigned sessions)
{
    return m->troupe.model != NULL ? ERR_OK : troupe_train(&m->troupe, people, sessions);
}

void measure_step(struct measure *m)
{
    m->done++;
    if (m->progress != NULL) {
        m->progress(m->progress_ctx, m->done, m->all);
    }
}

err_t measure_run(struct measure *m, const struct measure_row *row, struct trial_report *out)
{
    const size_t each = m->people;
    m->done = 0;
    m->all = each;
    if (row != NULL) {
        return row->run(m, out);
    }
    m->all = each * ARRAY_LEN(rows);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        m->done = i * each;
        TRY(rows[i].run(m, out));
    }
    return ERR_OK;
}

err_t measure_owner(struct measure *m, size_t number, struct actor *owner,
                    const struct canara_profile **profile)
{
    actor_draw(&m->troupe, number, owner);
    if (m->learnt[number] == NULL) {
        TRY(actor_learnt(&m->troupe, owner, MEASURE_ENROLMENT, &m->learnt[number]));
    }
    *profile = m->learnt[number];
    return ERR_OK;
}

err_t measure_filter(struct measure *m, struct trial_report *out)
{
    const struct trial_filter t = {
        .seed = m->troupe.seed, .people = FILTER_PEOPLE_TIMES * m->people, .apart = 1.0};
    return trial_filter_run(&t, out);
}
