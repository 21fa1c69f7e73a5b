/*
 * replay_keeper.h - the replay memory over restarts: a file in DATA_DIR, and the journal behind it.
 *
 * Floor      domain/learnt
 * Ownership  replay_keeper_open/close; what the config points to is borrowed and outlives it.
 * Errors     ERR_NOMEM, ERR_IO. A file that is damaged or of another size is no error: it is set
 *            aside, logged, and the memory learns from the journal instead.
 * Threads    its own one learns what the file lacks, then saves every ten minutes; open and close from
 *            the main thread.
 *
 * DATA_DIR/replay_memory (0600) is written aside, synced and renamed. It names the frame up to which the journal is
 * in it. At a start what the journal has from there on, at most its newest 256 MiB, is learnt, in the background: until
 * then what was done in the last ten minutes before may be done again unseen. A frame that is damaged is passed over.
 * The memory is saved again once all is learnt.
 */
#ifndef DOMAIN_REPLAY_KEEPER_H
#define DOMAIN_REPLAY_KEEPER_H

#include "base/log.h"
#include "domain/learnt/replay_memory.h"
#include "journal/journal.h"

struct replay_keeper;

struct replay_keeper_config {
    const char *data_dir;
    size_t bytes;            /* of memory */
    struct journal *journal; /* NULL: learn nothing */
    const struct clock *clock;
    struct log *log; /* NULL: silent */
};

NODISCARD err_t replay_keeper_open(const struct replay_keeper_config *config,
                                   struct replay_keeper **out);

/* Save, stop, free. Accepts NULL, leaves NULL. */
void replay_keeper_close(struct replay_keeper **k);

/* The server answers: learn what the file lacks. */
void replay_keeper_begin(struct replay_keeper *k);

/* The same, and wait until it has. */
void replay_keeper_wait(struct replay_keeper *k);

struct replay_memory *replay_keeper_memory(struct replay_keeper *k);

/* Write the file now if anything was taken in since the last time. */
NODISCARD err_t replay_keeper_save(struct replay_keeper *k);

#endif
