/*
 * recovery_steps.h - what every way to bring a session back does: play a record, mend the gaps.
 *
 * Floor      domain/sessions
 * Ownership  borrows everything.
 * Errors     ERR_FORMAT for a record that cannot be played, ERR_STORAGE, ERR_NOMEM.
 * Threads    the owner of the shard.
 */
#ifndef DOMAIN_RECOVERY_STEPS_H
#define DOMAIN_RECOVERY_STEPS_H

#include "domain/sessions/recovery.h"
#include "journal/journal_read.h"
#include "store/store.h"

/* Who is at it, and what it has seen so far. */
struct recovery_round {
    struct service *svc;
    struct event_scratch *scratch;
    recovery_report_t report;
};

/* Whether a lock of the account should have ended a session of that age. */
bool recovery_is_locked_out(const struct service *svc, wall_t created,
                            const struct mpin_state *mpin);

/* Hold a session again as the store knows it; `*live` is NULL when its account is gone. */
NODISCARD err_t recovery_restore(struct recovery_round *r, struct store_tx *tx, struct shard *s,
                                 const struct session_row *row, struct live **live,
                                 bool *locked_out);

/* Read the profile that the opening pins. Reads the store. */
NODISCARD err_t recovery_pin(struct recovery_round *r, struct live *live,
                             const journal_record_t *record);

/* Note where the journal could not be read, or else where the record stands that could not be played. */
void recovery_note_fault(struct recovery_round *r, const struct journal_reader *reader);

/* Note how the pinned profile was found. */
void recovery_found(struct recovery_round *r, struct live *live, const profile_pin_t *pin,
                    enum profile_found found);

/* Play a record. An end in it ends the session: `*live` is then NULL. */
NODISCARD err_t recovery_step(struct recovery_round *r, struct shard *s, struct live **live,
                              const journal_record_t *record);

/* Count a record that cannot be played. */
void recovery_count(struct live *live, const journal_record_t *record);

/* Let the account hear of a challenge that waits for its MPIN, unless the session's row says that it has:
 * with the ledger of before it may be lost. */
void recovery_owe(struct shard *s, struct live *live);

/* Put in force what was played, and mend what a crash cut short. It may end the session. `locked_out`: it is
 * older than the lock of its account, so the lock should have ended it. */
void recovery_mend(struct recovery_round *r, struct shard *s, struct live *live, bool locked_out);

#endif
