#include "domain/sessions/rest.h"

#include "domain/ground/words.h"
#include "domain/sessions/behaviour.h"

#include <string.h>

enum {
    LENGTH_BYTES = 2,
    PACKED_MAX = WORDS_PACKED_MAX(sizeof(canara_session_t)) +
                 WORDS_PACKED_MAX(sizeof(replay_track_t)) + LENGTH_BYTES
};

_Static_assert(sizeof(canara_session_t) % 8 == 0 && sizeof(replay_track_t) % 8 == 0,
               "both are whole words");
_Static_assert((size_t)PACKED_MAX <= (size_t)BLOCKS_MAX && sizeof(struct mind) <= BLOCKS_MAX,
               "both are blocks");

/* ---- the mind: its length, the engine's state, the track; no tickets, they are older than 30 s */

static size_t length_of(const uint8_t *packed)
{
    uint16_t length = 0;
    memcpy(&length, packed, sizeof length);
    return length;
}

static struct byte_reader reader_of(const uint8_t *packed)
{
    return (struct byte_reader){.at = packed + LENGTH_BYTES,
                                .left = length_of(packed) - LENGTH_BYTES};
}

void mind_drop(struct shard *s, struct live *live)
{
    blocks_give(shard_blocks(s), live->mind, sizeof *live->mind);
    if (live->packed != NULL) {
        blocks_give(shard_blocks(s), live->packed, length_of(live->packed));
    }
    live->mind = NULL;
    live->packed = NULL;
}

void mind_put_away(struct shard *s, struct live *live)
{
    uint8_t bytes[PACKED_MAX];
    struct byte_writer w = {.at = bytes + LENGTH_BYTES, .left = sizeof bytes - LENGTH_BYTES};
    words_pack(&w, &live->mind->engine, sizeof live->mind->engine);
    words_pack(&w, &live->mind->replay, sizeof live->mind->replay);
    MUST(!w.failed);
    const size_t size = sizeof bytes - w.left;
    const uint16_t length = (uint16_t)size;
    memcpy(bytes, &length, sizeof length);
    uint8_t *packed = blocks_take(shard_blocks(s), size);
    if (packed == NULL) {
        return;
    }
    memcpy(packed, bytes, size);
    mind_drop(s, live);
    live->packed = packed;
    live_recount(s, live);
}

void mind_unpack(const uint8_t *packed, struct mind *out)
{
    struct mind mind = {0};
    struct byte_reader r = reader_of(packed);
    words_unpack(&r, &mind.engine, sizeof mind.engine);
    words_unpack(&r, &mind.replay, sizeof mind.replay);
    MUST(!r.failed && r.left == 0);
    *out = mind;
}

/* The engine's state alone. */
static void unpack_engine(const uint8_t *packed, canara_session_t *out)
{
    struct byte_reader r = reader_of(packed);
    words_unpack(&r, out, sizeof *out);
    MUST(!r.failed);
}

/* ---- looking and waking ---- */

canara_learning_t live_learning(const struct live *live)
{
    canara_learning_t learning = canara_profile_learning(live->profile);
    if (live->away) {
        learning.sessions = live->learnt_sessions;
        learning.state = (enum canara_learning_state)live->learning_state;
    }
    return learning;
}

const char *live_device_id(const struct live *live)
{
    return live->email + strlen(live->email) + 1;
}

const canara_session_t *live_engine(const struct live *live, canara_session_t *room)
{
    if (live->mind != NULL) {
        return &live->mind->engine;
    }
    unpack_engine(live->packed, room);
    return room;
}

struct mind *live_mind(struct shard *s, struct live *live)
{
    if (live->mind == NULL) {
        struct mind *mind = blocks_take(shard_blocks(s), sizeof *mind);
        if (mind == NULL) {
            return NULL;
        }
        mind_unpack(live->packed, mind);
        mind_drop(s, live);
        live->mind = mind;
        live_recount(s, live);
        live_arm(s, live);
    }
    return live->mind;
}

/* ---- resting ---- */

static bool can_be_read_again(const struct live *live)
{
    return live->profile != NULL && live->profile_revision > 0 && !live->unpinned;
}

bool live_may_rest(const struct live *live)
{
    return !live->asleep && (live->mind != NULL || can_be_read_again(live));
}

static bool has_ticket(const struct mind *mind, mono_t now)
{
    for (size_t i = 0; i < LIMIT_TICKETS_PER_SESSION; i++) {
        if (mind->tickets[i].expires.ns > now.ns) {
            return true;
        }
    }
    return false;
}

bool live_rest(struct shard *s, struct live *live)
{
    if (live->mind != NULL && has_ticket(live->mind, clock_mono(shard_service(s)->clock))) {
        return false;
    }
    if (live->mind != NULL) {
        mind_put_away(s, live);
    }
    if (live->mind != NULL) {
        return false;
    }
    if (can_be_read_again(live)) {
        const canara_learning_t learning = canara_profile_learning(live->profile);
        MUST(learning.sessions <= UINT16_MAX);
        live->learnt_sessions = (uint16_t)learning.sessions;
        live->learning_state = (uint8_t)learning.state;
        canara_profile_free(&live->profile);
        live->away = true;
    }
    return true;
}

/* ---- the profile of before ---- */

/* As a start does it when what the session was pinned to is gone: ask, rather than trust. */
static void ask(struct shard *s, struct live *live)
{
    live->unpinned = true;
    log_event(shard_service(s)->log, LOG_WARN, "session.profile", FIELD_UUID("session", live->id),
              FIELD_INT("revision", (int64_t)live->profile_revision),
              FIELD_TEXT("found", "missing"));
    if (!live->blocked && !behaviour_mpin_required(s, live)) {
        behaviour_ask(s, live, ASK_FOR_PROFILE);
    }
}

void live_fetched(struct shard *s, struct live *live, waking_t *w)
{
    if (!live->away) {
        return;
    }
    live->away = false;
    live->profile = w->profile;
    w->profile = NULL;
    if (w->found == PROFILE_MISSING) {
        ask(s, live);
    }
    live_arm(s, live);
}

bool live_fetch(struct shard *s, struct live *live)
{
    if (!live->away) {
        return true;
    }
    waking_t w = {0};
    waking_begin(live, &w);
    waking_read(shard_service(s), &w);
    const bool read = !failed(w.error);
    if (read) {
        live_fetched(s, live, &w);
    } else {
        log_event(shard_service(s)->log, LOG_WARN, "session.rests", FIELD_UUID("session", live->id),
                  FIELD_INT("error", (int64_t)w.error.code));
    }
    waking_drop(&w);
    return read;
}
