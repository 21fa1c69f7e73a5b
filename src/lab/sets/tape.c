#include "lab/sets/tape.h"

#include "lab/sets/event_keep.h"

#include <stdlib.h>

void tape_init(struct tape *t)
{
    *t = (struct tape){.count = 0};
    pool_init(&t->pool);
}

void tape_deinit(struct tape *t)
{
    free(t->entry);
    pool_deinit(&t->pool);
    *t = (struct tape){.count = 0};
}

static err_t add(struct tape *t, const struct tape_entry *e)
{
    struct tape_entry *const grown = array_grow(t->entry, &t->cap, t->count, sizeof *t->entry);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->entry = grown;
    t->entry[t->count++] = *e;
    return ERR_OK;
}

err_t tape_event(struct tape *t, const canara_event_t *event, int64_t ms)
{
    struct tape_entry e = {.ms = ms, .event = *event};
    return event_keep(&t->pool, &e.event) ? add(t, &e) : err_new(ERR_NOMEM);
}

err_t tape_fact(struct tape *t, enum canara_fact fact, int64_t ms)
{
    return add(t, &(struct tape_entry){.ms = ms, .is_fact = true, .fact = fact});
}

int64_t tape_length(const struct tape *t)
{
    return t->count == 0 ? 0 : t->entry[t->count - 1].ms;
}

static err_t world(enum canara_status status)
{
    if (status == CANARA_OK) {
        return ERR_OK;
    }
    return err_new(status == CANARA_NO_MEMORY ? ERR_NOMEM : ERR_FORMAT);
}

/* Count what one entry led to. True: the session is over. */
static bool note_verdict(const struct tape_play *how, int64_t ms, const canara_verdict_t *v,
                         struct tape_result *out)
{
    out->risk_peak = v->risk > out->risk_peak ? v->risk : out->risk_peak;
    if (ms >= how->from_ms) {
        const bool stopped = v->challenge_started != 0 || v->blocked != 0;
        out->challenges += v->challenge_started;
        out->blocks += v->blocked;
        out->highest = v->level > out->highest ? v->level : out->highest;
        out->stopped_ms = stopped && out->stopped_ms < 0 ? ms : out->stopped_ms;
    }
    const bool stands = v->level == CANARA_LEVEL_BLOCKED || (v->mpin_required != 0 && !how->owner);
    return stands && !how->whole;
}

err_t tape_play(const struct tape *t, const struct tape_play *how, struct tape_result *out)
{
    struct tape_result r = {.stopped_ms = -1};
    canara_session_begin(&r.session, how->begin_ms);
    for (size_t i = 0; i < t->count; i++) {
        const struct tape_entry *const e = &t->entry[i];
        const int64_t at_ms = how->begin_ms + e->ms;
        canara_verdict_t v;
        TRY(world(e->is_fact
                      ? canara_note(&r.session, NULL, e->fact, 0.0, at_ms, &v)
                      : canara_observe(&r.session, NULL, how->profile, &e->event, at_ms, &v)));
        if (note_verdict(how, e->ms, &v, &r)) {
            break;
        }
        if (how->owner && v.mpin_required != 0) {
            TRY(world(canara_note(&r.session, NULL, CANARA_FACT_MPIN_PASSED, 0.0, at_ms, &v)));
        }
    }
    *out = r;
    return ERR_OK;
}

err_t tape_learn(const struct tape *t, struct canara_profile *profile, int64_t begin_ms,
                 const struct tape_result *played, canara_lesson_t *lesson)
{
    uint8_t wanted = 0;
    *lesson = (canara_lesson_t){0};
    TRY(world(canara_learn_begin(profile, &played->session, CANARA_TRUST_GATED, &wanted)));
    if (wanted == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (!t->entry[i].is_fact) {
            TRY(world(canara_learn(profile, &t->entry[i].event, begin_ms + t->entry[i].ms)));
        }
    }
    return world(canara_learn_end(profile, begin_ms + tape_length(t), lesson));
}
