/*
 * sleepers.h - sessions that a start has restored from a checkpoint and nobody has asked for since.
 *
 * Floor      domain/sessions
 * Source     docs/decisions/0039.
 * Units      counts; a tail in bytes of records.
 * Ownership  sleepers_new() puts itself into svc->sleepers, sleepers_free() takes itself out. A
 *            waking_t owns its profile until waking_finish().
 * Errors     ERR_STORAGE: the store is away, the session sleeps on; ERR_NOMEM; ERR_LIMIT: too much
 *            is left to play.
 * Threads    adding: the main thread, before the loops run. waking_read(): any thread that may
 *            wait. Everything else: the owner of the shard.
 *
 * What a sleeping session lacks is its profile, its newest records, and a look at the store's locks.
 * All three come when somebody asks for it, or from checkpoint_keeper.h in the background.
 */
#ifndef DOMAIN_SLEEPERS_H
#define DOMAIN_SLEEPERS_H

#include "domain/learnt/profile.h"
#include "domain/sessions/live.h"
#include "journal/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that may be left to play; with more a start plays the whole journal. */
#define SLEEPERS_TAIL_MAX ((uint64_t)256 << 20)

struct sleepers;

NODISCARD err_t sleepers_new(struct service *svc, struct sleepers **out);
void sleepers_free(struct sleepers **place);

/* Keep a record that this session has to play when it wakes. */
NODISCARD err_t sleepers_keep(struct sleepers *s, struct live *live,
                              const journal_record_t *record);

/* Note that this session should be woken even when nobody asks. */
NODISCARD err_t sleepers_call(struct sleepers *s, const struct live *live);

/* How many of those still sleep. Any thread. */
uint64_t sleepers_left(struct sleepers *s);

/* ---- one session wakes */

typedef struct waking {
    uuid_t session, account;
    uint32_t revision; /* of the pinned profile; 0: none */
    bool profile_only; /* it rests: nothing else is read */
    struct canara_profile *profile;
    enum profile_found found;
    struct mpin_state mpin;
    enum session_end end; /* as the store knows it; END_NONE: open */
    bool mpin_due;        /* as its row has it */
    err_t error;
} waking_t;

/* The next session that is to be woken and was not handed out before; false: none. One thread. */
bool sleepers_next(struct sleepers *s, waking_t *out);

/* Hand all of them out once more: some may have slept on. The same thread. */
void sleepers_again(struct sleepers *s);

/* Whether a session is held here and sleeps. */
bool sleeper_is(struct shard *s, uuid_t id);

/* Whether a session is held here and its profile is away: rest.h. Waking gets that, too. */
bool sleeper_scores(struct shard *s, uuid_t id);

/* Note what is to be read. */
void waking_begin(const struct live *live, waking_t *out);

/* Read it. Blocks. */
void waking_read(struct service *svc, waking_t *w);

/* Wake the session with what was read: play, mend, take its profile. Whatever happened to it
 * meanwhile, `w` owns nothing afterwards. On failure it sleeps on. One that only rests is good
 * without: whoever scores it tries again. */
NODISCARD err_t waking_finish(struct shard *s, waking_t *w);

/* Drop what was read. */
void waking_drop(waking_t *w);

/* All of it at once, which blocks; false: it sleeps on, or has ended. */
bool sleeper_wake(struct shard *s, struct live **live);

#endif
