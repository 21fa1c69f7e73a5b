/*
 * replay_memory.h - what was done in other sessions, for thirty days, so that doing it again shows.
 *
 * Floor      domain/learnt
 * Source     fingerprints in buckets of one cache line: Fan, Andersen, Kaminsky and Mitzenmacher,
 *            "Cuckoo filter: practically better than Bloom", CoNEXT 2014, without the moving.
 * Units      bytes of memory; days since 1970.
 * Ownership  replay_memory_new/free; a replay_track_t lives inside its `struct live`.
 * Errors     ERR_NOMEM; a saved memory that is damaged, foreign or of another size: ERR_FORMAT.
 * Threads    feeding from any number of threads at once, without locks: a lost race loses one
 *            fingerprint. One thread at a time saves; learning is for the start.
 *
 * A fingerprint carries who and which session made it. The same stretch in another session of the
 * account is a match; in a session of another account two different ones are, from one session.
 * A stretch that its own session repeated (a client that sends constants) never is.
 */
#ifndef DOMAIN_REPLAY_MEMORY_H
#define DOMAIN_REPLAY_MEMORY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "engine/machines/replay.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPLAY_DAYS = 30,     /* how long a fingerprint counts */
    REPLAY_DENSE = 512,   /* fingerprints of one session that are all kept, */
    REPLAY_SESSION = 4096 /* the most it may leave; in between one of eight is kept */
};

/* What one session needs to be compared; zeroed is "nothing yet". */
typedef struct replay_track {
    replay_stream_t stream;
    uint32_t owner, session; /* tags */
    uint32_t kept;           /* fingerprints left so far */
    uint32_t other;          /* owner and session of the last match on another account */
    uint64_t other_gram;
    uint32_t others; /* how many there were */
    bool begun;
} replay_track_t;

/* What a saved memory knows of the journal. */
typedef struct replay_saved {
    uint64_t sequence; /* all of its frames below; 0: what came before `at` */
    wall_t at;         /* by the clock that is vouched for: a file of before names no sequence */
} replay_saved_t;

struct replay_memory;

NODISCARD err_t replay_memory_new(size_t bytes, const struct clock *clock,
                                  struct replay_memory **out);
void replay_memory_free(struct replay_memory **m);

/* Take in one accepted event of a session. Returns how many of its fingerprints other sessions
 * left: 0 for what is new. */
unsigned replay_memory_feed(struct replay_memory *m, replay_track_t *track, uuid_t account,
                            uuid_t session, const canara_event_t *event, wall_t at);

/* The same for an event of the past: it is remembered as of `at` and compared with nothing. */
void replay_memory_learn(struct replay_memory *m, replay_track_t *track, uuid_t account,
                         uuid_t session, const canara_event_t *event, wall_t at);

/* True when something was taken in since the last replay_memory_write(). */
bool replay_memory_changed(const struct replay_memory *m);

/* Append everything that has not expired. Others may feed meanwhile. All frames of the journal below `sequence`
 * have been taken in; 0: nobody knows. */
NODISCARD err_t replay_memory_write(struct replay_memory *m, uint64_t sequence, struct buf *out);

/* Take what replay_memory_write() wrote, now or in earlier versions. On failure nothing was taken. */
NODISCARD err_t replay_memory_read(struct replay_memory *m, span_t bytes, replay_saved_t *saved);

/* Fingerprints held, expired ones included. Walks the memory: for tests and measurements. */
size_t replay_memory_count(const struct replay_memory *m);

#endif
