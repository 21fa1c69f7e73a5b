/*
 * checkpoint_keeper.h - wakes, after a start, who has something to play, and then writes checkpoints
 * of all live sessions, slice by slice, while the loops go on.
 *
 * Floor      domain/sessions
 * Source     docs/decisions/0039.
 * Ownership  checkpoint_keeper_open/close; what the config points to is borrowed and outlives it.
 * Errors     ERR_NOMEM. A checkpoint that cannot be written is logged, and the one before it stays.
 * Threads    its own one between start and stop; the rest from the main thread.
 *
 * A session's state may run ahead of the journal on disk: a checkpoint takes its name only when the
 * journal is durable up to everything that is in it.
 */
#ifndef DOMAIN_CHECKPOINT_KEEPER_H
#define DOMAIN_CHECKPOINT_KEEPER_H

#include "domain/sessions/live.h"
#include "domain/sessions/sleepers.h"

#include <stdbool.h>
#include <stdint.h>

/* A new one after so much journal, and after so long when anything was written at all. Where sessions are
 * many, it takes half as much journal as the last one took, lest more be written of them than of events; 0
 * after a start, until one is written. */
#define CHECKPOINT_EVERY_BYTES      ((uint64_t)24 << 20)
#define CHECKPOINT_EVERY_BYTES_MOST ((uint64_t)96 << 20)

static inline uint64_t checkpoint_every_bytes(uint64_t last_took)
{
    const uint64_t half = last_took / 2;
    const uint64_t least = half > CHECKPOINT_EVERY_BYTES ? half : CHECKPOINT_EVERY_BYTES;
    return least < CHECKPOINT_EVERY_BYTES_MOST ? least : CHECKPOINT_EVERY_BYTES_MOST;
}

/* The one before the newest is to be of use, too, with what is written while one is made. */
_Static_assert(2 * CHECKPOINT_EVERY_BYTES_MOST < SLEEPERS_TAIL_MAX, "a start plays that much");

enum { CHECKPOINT_EVERY_S = 60, CHECKPOINT_APART_S = 2, CHECKPOINT_SLICE = 128 };

struct checkpoint_keeper;

/* The loops, as far as the keeper needs them. */
struct checkpoint_loops {
    /* Run `each` in every loop, always in the same order, then `done` in the last of them. */
    err_t (*visit)(void *ctx, void (*each)(void *ctx, struct shard *s), void (*done)(void *ctx),
                   void *visit_ctx);
    /* Finish a waking in the loop that owns its session. Takes `w`. */
    void (*wake)(void *ctx, waking_t *w);
    struct shard *(*shard)(void *ctx, unsigned index); /* while no loop runs */
    unsigned count;
    void *ctx;
};

struct checkpoint_keeper_config {
    const char *dir; /* DATA_DIR */
    struct service *svc;
    struct checkpoint_loops loops;
    bool at_once; /* the start had none to go by */
};

NODISCARD err_t checkpoint_keeper_open(const struct checkpoint_keeper_config *config,
                                       struct checkpoint_keeper **out);
void checkpoint_keeper_close(struct checkpoint_keeper **place);

/* Start the thread, after the loops; stop it, before them. */
NODISCARD err_t checkpoint_keeper_start(struct checkpoint_keeper *k);
void checkpoint_keeper_stop(struct checkpoint_keeper *k);

/* Write one now, while no loop runs and nothing more is appended. */
NODISCARD err_t checkpoint_keeper_save(struct checkpoint_keeper *k);

/* Ask the thread for one as soon as it can, and wait for it, at most `ms`. False: it did not come in time, or
 * could not be written. */
bool checkpoint_keeper_hurry(struct checkpoint_keeper *k, uint32_t ms);

#endif
