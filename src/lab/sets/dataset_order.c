#include "lab/sets/dataset_order.h"

#include <math.h>
#include <stdio.h>

/* How long an event took, by its own account. */
static double span_of(const canara_event_t *e)
{
    const bool path = e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH;
    if (path && (e->has & CANARA_F_POINTS) != 0 && e->of.path.count > 0) {
        const canara_point_t *const p = e->of.path.points;
        return p[e->of.path.count - 1].t_ms - p[0].t_ms;
    }
    if (e->kind == CANARA_KEYSTROKES && (e->has & CANARA_F_KEYS) != 0 &&
        e->of.keystrokes.count > 0) {
        const canara_key_t *const k = e->of.keystrokes.keys;
        return k[e->of.keystrokes.count - 1].up_ms - k[0].down_ms;
    }
    return 0.0;
}

int64_t dataset_session_begin(const struct dataset *set, size_t session)
{
    if (dataset_session(set, session)->count == 0) {
        return 0;
    }
    const struct dataset_event *first = dataset_event(set, dataset_session(set, session)->first);
    const double span = fmax(0.0, span_of(&first->event));
    return first->at.ms - (int64_t)fmin(ceil(span), fmax(0.0, (double)first->at.ms));
}

/* When the first event of a session came; false when it has none. */
static bool begin_of(const struct dataset *set, uint32_t session, int64_t *ms)
{
    const struct dataset_session *const s = dataset_session(set, session);
    if (s->count == 0) {
        return false;
    }
    *ms = dataset_event(set, s->first)->at.ms;
    return true;
}

static bool learns_late(const struct dataset *set, const struct dataset_model *m)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < m->enrols; i++) {
        int64_t at = INT64_MIN;
        (void)begin_of(set, m->enrol[i], &at);
        last = at > last ? at : last;
    }
    for (size_t i = 0; i < m->trials.count; i++) {
        int64_t at = 0;
        if (m->trials.at[i].label == DATASET_GENUINE &&
            begin_of(set, m->trials.at[i].session, &at) && at < last) {
            return true;
        }
    }
    return false;
}

static bool goes_back(const struct dataset *set, const struct dataset_session *s)
{
    for (size_t e = (size_t)s->first + 1; e < (size_t)s->first + s->count; e++) {
        if (dataset_event(set, e)->at.ms < dataset_event(set, e - 1)->at.ms) {
            return true;
        }
    }
    return false;
}

struct dataset_disorder dataset_disorder(const struct dataset *set)
{
    struct dataset_disorder d = {.models = 0};
    for (size_t m = 0; m < dataset_models(set); m++) {
        if (learns_late(set, dataset_model(set, m))) {
            d.model = d.models == 0 ? dataset_model(set, m)->name : d.model;
            d.models++;
        }
    }
    for (size_t s = 0; s < dataset_sessions(set); s++) {
        if (goes_back(set, dataset_session(set, s))) {
            d.session = d.sessions == 0 ? dataset_session(set, s)->id : d.session;
            d.sessions++;
        }
    }
    return d;
}

size_t dataset_disorder_words(const struct dataset_disorder *d, char words[2][256])
{
    size_t n = 0;
    if (d->models > 0) {
        (void)snprintf(words[n++], sizeof words[0],
                       "%zu models learn from a session that is later than a genuine trial of "
                       "theirs, the first is %s: their figures are too good",
                       d->models, d->model);
    }
    if (d->sessions > 0) {
        (void)snprintf(words[n++], sizeof words[0],
                       "%zu sessions have an event earlier than the one before it, the first is "
                       "%s: no time passes there",
                       d->sessions, d->session);
    }
    return n;
}
