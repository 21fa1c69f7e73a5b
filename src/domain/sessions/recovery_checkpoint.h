/*
 * recovery_checkpoint.h - a start out of a checkpoint: which one, and its sessions, asleep.
 *
 * Floor      domain/sessions
 * Ownership  checkpoint_find() opens a descriptor that the caller closes.
 * Errors     ERR_STORAGE, ERR_FORMAT (the journal behind it is damaged: the report says where), ERR_NOMEM.
 *            A checkpoint that is missing, damaged or does not fit is no error.
 * Threads    the main thread, before the loops run.
 */
#ifndef DOMAIN_RECOVERY_CHECKPOINT_H
#define DOMAIN_RECOVERY_CHECKPOINT_H

#include "domain/sessions/checkpoint_file.h"
#include "domain/sessions/recovery_steps.h"

/* Names in DATA_DIR: the newest, the one before it, and one that is being written. */
#define CHECKPOINT_NAME     "sessions.checkpoint"
#define CHECKPOINT_OLD_NAME "sessions.checkpoint.old"
#define CHECKPOINT_NEW_NAME "sessions.checkpoint.new"

/* What checkpoints say of the journal beside them. */
struct checkpoint_proof {
    journal_mark_t
        mark;         /* where the newest begins to need it, which may still turn out not to fit */
    uint64_t durable; /* frames below were durable when one of them was finished */
    const char *name; /* of the one that says so */
};

/* False: there is none that can be read. */
bool checkpoint_proof_read(const char *dir, struct checkpoint_proof *out);

/* Open the newest one that is whole and fits to journal, model, engine and thresholds. */
NODISCARD err_t checkpoint_find(struct service *svc, const char *dir, struct checkpoint_reader *out,
                                bool *found);

struct recovery_owner {
    struct shard *(*of)(void *ctx, uuid_t session);
    void *ctx;
};

/* Hold its sessions again, as far as the store says that they live, and keep for them what the journal
 * has since. Makes svc->sleepers. */
NODISCARD err_t recovery_from_checkpoint(struct recovery_round *r, struct checkpoint_reader *saved,
                                         const struct recovery_owner *owner);

#endif
