/*
 * checkpoint_file.h - the bytes of a checkpoint: every live session, and the place in the journal from
 * which on they must be played further.
 *
 * Floor      domain/sessions
 * Source     docs/decisions/0039.
 * Units      little endian; wall_t in ms; sequences count frames of the journal.
 * Ownership  a writer borrows its buf, a reader its descriptor; names of a saved session are lent
 *            until the next call.
 * Errors     ERR_FORMAT: no checkpoint, damaged, of another version. ERR_IO, ERR_NOMEM.
 * Threads    one at a time.
 *
 * A head, blocks of sessions, a last block that counts them; head and blocks have CRC-32C sums. The
 * state of the engine is kept to the bit, without its words that are zero.
 */
#ifndef DOMAIN_CHECKPOINT_FILE_H
#define DOMAIN_CHECKPOINT_FILE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "domain/learnt/profile.h"
#include "journal/mark.h"
#include "store/store_row.h"

#include <canara.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHECKPOINT_HEAD_BYTES = 192,
    CHECKPOINT_BLOCK_HEAD = 16,
    CHECKPOINT_BLOCK_MAX = 1 << 20,
    CHECKPOINT_SESSION_MAX = 2048 /* more than the longest saved session takes */
};

/* What a state was made under. Under anything else it says nothing. */
typedef struct checkpoint_basis {
    /* Checksum of a session that begins, so of the engine's SESSION_VERSION, and of the name of the
     * built-in model. */
    uint32_t engine;
    double monitor, challenge, block;
    char model[PROFILE_MODEL_BYTES]; /* "": none */
} checkpoint_basis_t;

typedef struct checkpoint_head {
    journal_mark_t mark; /* what is before it is in the sessions */
    wall_t at;
    checkpoint_basis_t basis;
} checkpoint_head_t;

/* One session, as far as neither the store nor the configuration knows it. */
typedef struct saved_session {
    uuid_t id, account;
    wall_t created, last_activity, expires_max;
    uint64_t lines; /* records with lines up to this one are in the engine's state */
    uint64_t events;
    int64_t seq;
    uint32_t profile_revision;
    uint32_t mpin_failures;
    bool blocked, restricted, unpinned;
    uint8_t how; /* enum session_end */
    span_t email, device_id;
    canara_session_t engine;
} saved_session_t;

/* What this process would score with. */
void checkpoint_basis_of(const struct service *svc, checkpoint_basis_t *out);
bool checkpoint_basis_eq(const checkpoint_basis_t *a, const checkpoint_basis_t *b);

/* ---- writing: the head, blocks that are filled with sessions and closed, the end */

NODISCARD err_t checkpoint_write_head(struct buf *out, const checkpoint_head_t *head);

/* Begin a block at the end of `out`. */
NODISCARD err_t checkpoint_begin_block(struct buf *out, size_t *begun);

NODISCARD err_t checkpoint_write_session(struct buf *out, const saved_session_t *session);

/* Put size, count and checksum where the block began; a block without sessions is taken back. */
void checkpoint_end_block(struct buf *out, size_t begun, uint32_t sessions);

/* `end`: below this sequence of the journal everything is durable that the sessions know. */
NODISCARD err_t checkpoint_write_end(struct buf *out, uint64_t sessions, uint64_t end);

/* ---- reading */

struct checkpoint_reader {
    int fd;
    checkpoint_head_t head;
    uint64_t sessions, end; /* of the last block; known once it was checked */
    uint64_t at;            /* of the next block */
    uint8_t *block;
    span_t left; /* of the block at hand */
    uint32_t count;
};

/* Read the head alone; the descriptor stays the caller's. */
NODISCARD err_t checkpoint_read_head(int fd, checkpoint_head_t *out);

/* Read what the last block says of the journal, of a file that was written to its end. */
NODISCARD err_t checkpoint_read_end(int fd, uint64_t *end);

/* Check the whole file, every session included, and stand at the first. */
NODISCARD err_t checkpoint_reader_open(int fd, struct checkpoint_reader *out);
void checkpoint_reader_close(struct checkpoint_reader *r);

/* The next session; `*more` is false behind the last. */
NODISCARD err_t checkpoint_reader_next(struct checkpoint_reader *r, saved_session_t *out,
                                       bool *more);

#endif
