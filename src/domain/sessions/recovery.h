/*
 * recovery.h - at the start: live sessions out of the store, their state out of the journal.
 *
 * Floor      domain/sessions
 * Source     CONTRACT.md 3: the journal wins for risk, challenge and block; the store for accounts,
 *            locks, tokens, logout.
 * With a checkpoint that fits, sessions come out of it and sleep until they are asked for (sleepers.h);
 * without one everything since the oldest live session is played here and now.
 *
 * Errors     ERR_STORAGE, ERR_FORMAT (a damaged journal: the report says where), ERR_NOMEM.
 * Threads    the main thread, before the loops run.
 */
#ifndef DOMAIN_RECOVERY_H
#define DOMAIN_RECOVERY_H

#include "domain/sessions/live.h"
#include "journal/files.h"

#include <stdint.h>

typedef struct recovery_report {
    uint64_t sessions; /* live again */
    uint64_t expired;  /* over while the server was away */
    uint64_t records;  /* of the journal that were played */
    uint64_t blocked;  /* blocked by the journal, not yet in the store */
    uint64_t unpinned; /* played without the profile they were scored with: it is missing */
    uint64_t remodel;  /* played under another model than before */
    uint64_t asleep;   /* with records that they play when they wake */
    uint64_t
        unknown; /* the store knows them, the journal does not: ended, or an MPIN is asked for */
    struct journal_fault
        fault;       /* ERR_FORMAT: where the journal cannot be played; reason NULL: nowhere */
    bool checkpoint; /* out of a checkpoint; false: the whole journal was played */
} recovery_report_t;

/* ERR_TIMEOUT: a stop was asked for. `owner` finds the shard that owns a session; `checkpoints` is the folder that they are in, NULL:
 * none. */
NODISCARD err_t recovery_run(struct service *svc, const char *checkpoints,
                             struct shard *(*owner)(void *ctx, uuid_t session), void *ctx,
                             recovery_report_t *out);

/* What a record is played with. */
typedef struct playing {
    struct event_scratch *scratch;        /* for event data */
    const canara_config_t *config;        /* thresholds */
    const struct canara_profile *profile; /* the session's; NULL as canara_observe() takes it */
    canara_session_t *engine;
    struct baselines **baselines; /* noted here, with DEBUG; NULL: not wanted */
} playing_t;

/* Play one record into a session's engine; `*counted` when it was one that counts. The same code
 * re-scores a journal (api/: simulate-ml-analysis). */
NODISCARD err_t recovery_play(const playing_t *play, const journal_record_t *record,
                              canara_verdict_t *out, bool *counted);

#endif
