#include "app/evaluate/replayed.h"

#include "domain/learnt/replay_memory.h"

#include <stdlib.h>

enum { MEMORY_BYTES = 64 << 20 };

/* A session and when it began. */
struct place {
    int64_t at;
    uint32_t session;
};

static int by_time(const void *left, const void *right)
{
    const struct place *const a = left;
    const struct place *const b = right;
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    return a->session < b->session ? -1 : a->session > b->session;
}

static uuid_t id_of(uint8_t kind, uint32_t number)
{
    uuid_t id = {{kind}};
    for (unsigned i = 0; i < 4; i++) {
        id.byte[8 + i] = (uint8_t)(number >> (8 * i));
    }
    return id;
}

static void feed(struct replay_memory *memory, const struct dataset *set, uint32_t session,
                 bool *replayed)
{
    const struct dataset_session *const s = dataset_session(set, session);
    const uuid_t account = id_of(1, s->user);
    replay_track_t track = {.begun = false};
    for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
        const struct dataset_event *const event = dataset_event(set, e);
        replayed[e] = replay_memory_feed(memory, &track, account, id_of(2, session), &event->event,
                                         event->at) > 0;
    }
}

err_t replayed_find(const struct dataset *set, bool *replayed)
{
    const size_t sessions = dataset_sessions(set);
    struct replay_memory *memory = NULL;
    TRY(replay_memory_new(MEMORY_BYTES, clock_system(), &memory));
    struct place *const place = calloc(sessions + 1, sizeof *place);
    if (place == NULL) {
        replay_memory_free(&memory);
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < sessions; i++) {
        place[i] = (struct place){dataset_session_begin(set, i), (uint32_t)i};
    }
    qsort(place, sessions, sizeof *place, by_time);
    for (size_t i = 0; i < sessions; i++) {
        feed(memory, set, place[i].session, replayed);
    }
    replay_memory_free(&memory);
    free(place);
    return ERR_OK;
}
