/* measure_replay.c - what was recorded in one session comes again in another. */
#include "app/simulate/measure.h"
#include "domain/learnt/replay_memory.h"
#include "lab/statistics/numbers.h"

enum { REPLAY_BYTES = 8 << 20, SESSIONS_BEFORE = 5, TWELVE = 12 };

static uuid_t name(uint64_t a, uint64_t b)
{
    uuid_t id = {{0}};
    for (unsigned i = 0; i < 8; i++) {
        id.byte[i] = (uint8_t)(a >> (8 * i));
        id.byte[8 + i] = (uint8_t)(b >> (8 * i));
    }
    return id;
}

/* Twelve events of behaviour: what the client tells of its device and its pages is not. */
static bool is_behaviour(const canara_event_t *e)
{
    return e->kind == CANARA_KEYSTROKES || e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH ||
           e->kind == CANARA_SCROLL || e->kind == CANARA_MOTION ||
           e->kind == CANARA_TYPING_PATTERN || e->kind == CANARA_MOUSE_MOVEMENT;
}

struct player {
    uuid_t account, session;
    unsigned day;
};

/* Play `tape` from its entry `first`, up to so many events of behaviour. Returns the matches. */
static unsigned feed(struct replay_memory *memory, const struct tape *t, size_t first,
                     size_t events, const struct player *by)
{
    replay_track_t track = {.begun = false};
    unsigned matches = 0;
    size_t seen = 0;
    for (size_t i = first; i < t->count && seen < events; i++) {
        const wall_t at = {session_begin_ms(by->day) + t->entry[i].ms};
        matches +=
            replay_memory_feed(memory, &track, by->account, by->session, &t->entry[i].event, at);
        seen += is_behaviour(&t->entry[i].event);
    }
    return matches;
}

struct replayed {
    double caught, blocked, honest; /* shares */
};

static err_t replay_one(struct measure *m, struct replay_memory *memory, size_t number,
                        struct replayed *out)
{
    struct actor owner;
    const uuid_t account = name(1, number);
    size_t windows = 0;
    size_t caught = 0;
    unsigned odd = 0;
    actor_draw(&m->troupe, number, &owner);
    CLEANUP(tape_deinit) struct tape recorded;
    tape_init(&recorded);
    TRY(actor_session(&m->troupe, &owner, 0, &recorded, 0));
    for (unsigned k = 0; k < SESSIONS_BEFORE; k++) {
        CLEANUP(tape_deinit) struct tape t;
        tape_init(&t);
        TRY(actor_session(&m->troupe, &owner, k, &t, 0));
        odd += feed(memory, &t, 0, SIZE_MAX,
                    &(struct player){account, name(number * 1000 + k, 2), k}) > 0;
    }
    size_t left = 0;
    for (size_t i = 0; i < recorded.count; i++) {
        left += is_behaviour(&recorded.entry[i].event);
    }
    for (size_t i = 0; i < recorded.count && left >= TWELVE; i++) {
        const uuid_t session = name(number * 1000 + i + 100, 3);
        caught += feed(memory, &recorded, i, TWELVE,
                       &(struct player){account, session, SESSIONS_BEFORE}) > 0;
        windows++;
        left -= is_behaviour(&recorded.entry[i].event);
    }
    canara_session_t s;
    canara_verdict_t v = {.blocked = 0};
    canara_session_begin(&s, 0);
    MUST(canara_note(&s, NULL, CANARA_FACT_REPLAY_MATCH, 1.0, 0, &v) == CANARA_OK);
    out->caught = windows == 0 ? 1.0 : (double)caught / (double)windows;
    out->blocked = v.blocked;
    out->honest = (double)odd / SESSIONS_BEFORE;
    return ERR_OK;
}

static err_t replay_all(struct measure *m, struct replay_memory *memory, double *caught,
                        double *blocked, double *honest)
{
    for (size_t i = 0; i < m->people; i++) {
        struct replayed one;
        TRY(replay_one(m, memory, i, &one));
        caught[i] = one.caught;
        blocked[i] = one.blocked;
        honest[i] = one.honest;
        measure_step(m);
    }
    return ERR_OK;
}

err_t measure_replay(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[] = {
        {"replay", "caught within 12 events, from any place", "share", 0, TRIAL_AT_LEAST, 1.0},
        {"replay", "a match blocks the session", "share", 0, TRIAL_AT_LEAST, 1.0},
        {"replay", "honest sessions that match", "share", 0, TRIAL_AT_MOST, 0.0},
    };
    struct replay_memory *memory = NULL;
    CLEANUP(numbers_free) double *caught = numbers_new(m->people);
    CLEANUP(numbers_free) double *blocked = numbers_new(m->people);
    CLEANUP(numbers_free) double *honest = numbers_new(m->people);
    if (caught == NULL || blocked == NULL || honest == NULL) {
        return err_new(ERR_NOMEM);
    }
    TRY(replay_memory_new(REPLAY_BYTES, clock_system(), &memory));
    const err_t e = replay_all(m, memory, caught, blocked, honest);
    replay_memory_free(&memory);
    TRY(e);
    TRY(trial_report_add(out, &words[0], caught, m->people, m->troupe.seed));
    TRY(trial_report_add(out, &words[1], blocked, m->people, m->troupe.seed));
    return trial_report_add(out, &words[2], honest, m->people, m->troupe.seed);
}
