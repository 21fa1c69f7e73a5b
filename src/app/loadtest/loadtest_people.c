#include "app/loadtest/loadtest_people.h"

#include "codec/event_scan.h"
#include "load/rhythm.h"

#include <stdlib.h>

enum {
    LESSONS_MAX = 60,
    EVENTS = 8, /* of one session: both kinds in turn */
    EVENT_MS = 4000,
};

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct lesson_room {
    struct event_scratch scratch;
    scanned_event_t event[EVENTS_PER_MESSAGE_MAX];
    char text[EVENTS][RHYTHM_EVENT_BYTES];
    size_t len[EVENTS];
    int64_t at_ms[EVENTS];
};

static void free_profile(struct canara_profile **profile)
{
    canara_profile_free(profile);
}

static err_t scan(struct lesson_room *room, size_t number)
{
    size_t count = 0;
    scan_fault_t fault = {0};
    const span_t text = {(const uint8_t *)room->text[number], room->len[number]};
    return event_scan(&room->scratch, text, room->event, &count, &fault) == SCAN_OK && count == 1
               ? ERR_OK
               : err_new(ERR_FORMAT);
}

static err_t taken(enum canara_status status)
{
    return status == CANARA_OK          ? ERR_OK
           : status == CANARA_NO_MEMORY ? err_new(ERR_NOMEM)
                                        : err_new(ERR_FORMAT);
}

/* The session as it is lived: the state it ends in is what the lesson begins with. */
static err_t live_through(struct lesson_room *room, struct canara_profile *profile,
                          canara_session_t *session)
{
    const canara_config_t config = canara_config_default();
    for (size_t i = 0; i < EVENTS; i++) {
        canara_verdict_t verdict;
        TRY(scan(room, i));
        TRY(taken(canara_observe(session, &config, profile, &room->event[0].event, room->at_ms[i],
                                 &verdict)));
    }
    return ERR_OK;
}

static err_t one_lesson(struct lesson_room *room, struct canara_profile *profile,
                        const struct rhythm *rhythm, struct rng *rng, int64_t from_ms)
{
    canara_session_t session;
    canara_lesson_t lesson = {0};
    uint8_t wanted = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        const enum rhythm_event kind = i % 2 == 0 ? RHYTHM_TYPING_PATTERN : RHYTHM_KEYSTROKES;
        room->len[i] = rhythm_write(rhythm, kind, rng, -1, room->text[i]);
        room->at_ms[i] = from_ms + (int64_t)(i + 1) * EVENT_MS;
    }
    canara_session_begin(&session, from_ms);
    TRY(live_through(room, profile, &session));
    TRY(taken(canara_learn_begin(profile, &session, CANARA_TRUST_ENROLMENT, &wanted)));
    if (wanted == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < EVENTS; i++) {
        TRY(scan(room, i));
        TRY(taken(canara_learn(profile, &room->event[0].event, room->at_ms[i])));
    }
    return taken(canara_learn_end(profile, room->at_ms[EVENTS - 1], &lesson));
}

static err_t keep(const struct canara_profile *profile, struct learnt_person *out)
{
    out->parts = canara_profile_parts(profile);
    if (out->parts == 0 || out->parts > PEOPLE_PARTS_MAX ||
        canara_profile_learning(profile).state != CANARA_LEARNT) {
        return err_new(ERR_FORMAT);
    }
    for (size_t i = 0; i < out->parts; i++) {
        TRY(taken(canara_profile_save(profile, i, out->bytes[i], &out->part[i])));
    }
    return ERR_OK;
}

static err_t learn(struct lesson_room *room, const struct canara_model *model, unsigned person,
                   wall_t now, struct learnt_person *out)
{
    CLEANUP(free_profile) struct canara_profile *profile = NULL;
    struct rhythm rhythm;
    struct rng rng;
    rhythm_init(&rhythm, person);
    rng_seed(&rng, person);
    TRY(taken(canara_profile_new(model, &profile)));
    for (int64_t day = LESSONS_MAX; day > 0; day--) {
        TRY(one_lesson(room, profile, &rhythm, &rng, now.ms - day * DAY_MS));
    }
    return keep(profile, out);
}

err_t people_learn(const struct canara_model *model, unsigned person, wall_t now,
                   struct learnt_person *out)
{
    struct lesson_room *room = malloc(sizeof *room);
    const err_t e = room == NULL ? err_new(ERR_NOMEM) : learn(room, model, person, now, out);
    free(room);
    return e;
}
