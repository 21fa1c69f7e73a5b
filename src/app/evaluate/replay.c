#include "app/evaluate/replay.h"

#include "lab/sets/pool.h"

#include <stdlib.h>
#include <string.h>

struct replay {
    const struct canara_model *model;
    bool learn;
    struct pool pool;
    struct names users;
    struct canara_profile **profile; /* of each user */
    size_t profiles_cap;
    size_t profiles;
};

err_t replay_new(const struct canara_model *model, bool learn, struct replay **out)
{
    struct replay *const r = calloc(1, sizeof *r);
    if (r == NULL) {
        return err_new(ERR_NOMEM);
    }
    r->model = model;
    r->learn = learn;
    pool_init(&r->pool);
    names_init(&r->users, &r->pool);
    *out = r;
    return ERR_OK;
}

void replay_free(struct replay **r)
{
    if (*r == NULL) {
        return;
    }
    for (size_t i = 0; i < (*r)->profiles; i++) {
        canara_profile_free(&(*r)->profile[i]);
    }
    free((*r)->profile);
    names_deinit(&(*r)->users);
    pool_deinit(&(*r)->pool);
    free(*r);
    *r = NULL;
}

/* The profile of a user, an empty one at first; NULL when nothing is to be learnt. */
static err_t profile_of(struct replay *r, const char *email, struct canara_profile **out)
{
    uint32_t user = 0;
    bool is_new = false;
    *out = NULL;
    if (!r->learn) {
        return ERR_OK;
    }
    TRY(names_add(&r->users, (span_t){(const uint8_t *)email, strlen(email)}, &user, &is_new));
    if (is_new) {
        struct canara_profile **const grown =
            array_grow(r->profile, &r->profiles_cap, r->profiles, sizeof(struct canara_profile *));
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        r->profile = grown;
        r->profile[r->profiles] = NULL;
        if (canara_profile_new(r->model, &r->profile[r->profiles]) != CANARA_OK) {
            return err_new(ERR_NOMEM);
        }
        r->profiles++;
    }
    *out = r->profile[user];
    return ERR_OK;
}

static err_t world(enum canara_status status)
{
    return status == CANARA_OK          ? ERR_OK
           : status == CANARA_NO_MEMORY ? err_new(ERR_NOMEM)
                                        : err_new(ERR_FORMAT);
}

static err_t score(const struct canara_profile *profile, const struct buffer_session *s,
                   canara_session_t *session, struct replay_result *out)
{
    int64_t at_ms = s->begin.ms;
    canara_verdict_t v;
    canara_session_begin(session, at_ms);
    for (size_t i = 0; i < s->entries; i++) {
        const struct buffer_entry *const e = &s->entry[i];
        at_ms = e->at.ms > at_ms ? e->at.ms : at_ms;
        TRY(world(e->is_fact ? canara_note(session, NULL, e->fact, e->value, e->at.ms, &v)
                             : canara_observe(session, NULL, profile, &e->event, e->at.ms, &v)));
    }
    canara_peek(session, NULL, at_ms, &out->verdict);
    out->reasons = canara_reasons(session, at_ms, out->reason);
    out->learning = canara_profile_learning(profile);
    return ERR_OK;
}

static err_t teach(struct canara_profile *profile, const struct buffer_session *s,
                   const canara_session_t *session)
{
    uint8_t wanted = 0;
    canara_lesson_t lesson;
    int64_t at_ms = s->begin.ms;
    TRY(world(canara_learn_begin(profile, session, CANARA_TRUST_GATED, &wanted)));
    if (wanted == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < s->entries; i++) {
        const struct buffer_entry *const e = &s->entry[i];
        at_ms = e->at.ms > at_ms ? e->at.ms : at_ms;
        if (!e->is_fact) {
            TRY(world(canara_learn(profile, &e->event, e->at.ms)));
        }
    }
    return world(canara_learn_end(profile, at_ms, &lesson));
}

err_t replay_session_of(struct replay *r, const struct buffer_session *s, struct replay_result *out)
{
    struct canara_profile *profile = NULL;
    canara_session_t session;
    TRY(profile_of(r, s->email, &profile));
    TRY(score(profile, s, &session, out));
    return profile == NULL ? ERR_OK : teach(profile, s, &session);
}
