/*
 * tape.h - one session in memory, to be played to the engine and learnt from, as often as wanted.
 *
 * Floor      lab/sets
 * Units      milliseconds from the begin of the session.
 * Ownership  a tape owns copies of its events; tape_deinit() by the holder. Profiles are the caller's.
 * Errors     ERR_NOMEM; ERR_FORMAT when the engine refuses an event.
 * Threads    one at a time per tape and profile.
 */
#ifndef LAB_TAPE_H
#define LAB_TAPE_H

#include "base/err.h"
#include "canara.h"
#include "lab/sets/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tape_entry {
    int64_t ms;
    bool is_fact;
    enum canara_fact fact;
    canara_event_t event;
};

struct tape {
    struct pool pool;
    struct tape_entry *entry;
    size_t count, cap;
};

void tape_init(struct tape *t);
void tape_deinit(struct tape *t);

NODISCARD err_t tape_event(struct tape *t, const canara_event_t *event, int64_t ms);
NODISCARD err_t tape_fact(struct tape *t, enum canara_fact fact, int64_t ms);

/* When the last entry comes; 0 for an empty tape. */
int64_t tape_length(const struct tape *t);

/* What a session came to. The owner answers every challenge with the right MPIN, nobody else does. */
struct tape_result {
    unsigned challenges, blocks;
    int64_t stopped_ms; /* the first challenge or block at `from_ms` or later; -1: none */
    enum canara_level highest;
    double risk_peak;
    canara_session_t session;
};

struct tape_play {
    const struct canara_profile *profile;
    int64_t begin_ms; /* of the session, since 1970 */
    int64_t from_ms;  /* from here on it is counted */
    bool owner;       /* answers */
    bool whole;       /* goes on behind a challenge that nobody answers */
};

NODISCARD err_t tape_play(const struct tape *t, const struct tape_play *how,
                          struct tape_result *out);

/* Teach the profile what was played, as a server does when a session has ended. `*lesson` is zero when
 * the session may teach nothing. */
NODISCARD err_t tape_learn(const struct tape *t, struct canara_profile *profile, int64_t begin_ms,
                           const struct tape_result *played, canara_lesson_t *lesson);

#endif
