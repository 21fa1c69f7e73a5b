/*
 * recovery.h - at the start: live sessions out of the store, their state out of the journal.
 *
 * Floor      domain
 * Source     CONTRACT.md 3: the journal wins for risk, challenge and block; the store for accounts,
 *            locks, tokens, logout.
 * Errors     ERR_STORAGE, ERR_FORMAT (a damaged journal; journal_open() has said where), ERR_NOMEM.
 * Threads    the main thread, before the loops run.
 */
#ifndef DOMAIN_RECOVERY_H
#define DOMAIN_RECOVERY_H

#include "domain/live.h"

#include <stdint.h>

typedef struct recovery_report {
    uint64_t sessions; /* live again */
    uint64_t expired;  /* over while the server was away */
    uint64_t records;  /* of the journal that were played */
    uint64_t blocked;  /* blocked by the journal, not yet in the store */
} recovery_report_t;

/* `owner` finds the shard that owns a session. */
NODISCARD err_t recovery_run(struct service *svc, struct ledger *ledger,
                             struct shard *(*owner)(void *ctx, uuid_t session), void *ctx,
                             recovery_report_t *out);

/* Play one record into a session's engine; true when it was one that counts. The same code
 * re-scores a journal (api/: simulate-ml-analysis). `scratch` is for event data. */
struct event_scratch;
NODISCARD err_t recovery_play(struct event_scratch *scratch, const canara_config_t *config,
                              canara_session_t *engine, const journal_record_t *record,
                              canara_verdict_t *out, bool *counted);

#endif
