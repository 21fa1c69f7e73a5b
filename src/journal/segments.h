/*
 * segments.h - the files of a journal being written: recovery, the segment at hand, the next one
 * prepared ahead, sealing and retention.
 *
 * Floor      journal
 * Ownership  the journal holds the struct; segments_init/segments_deinit.
 * Errors     ERR_STORAGE no room for now (ask again later), ERR_IO for good.
 * Threads    segments_rotate() from the writer only; the keeper thread prepares, seals, deletes;
 *            the rest from any.
 */
#ifndef JOURNAL_SEGMENTS_H
#define JOURNAL_SEGMENTS_H

#include "base/err.h"
#include "journal/journal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel keeps of a file at once. Zeros are written past its cache, and frames through it in
 * whole pages: of a page that is written whole it need not read the rest. */
enum { SEGMENT_PAGE = 4096 };

struct segment {
    uint64_t first; /* sequence of its first frame */
    uint64_t bytes; /* on disk */
    wall_t since;   /* commit time of its first frame; 0: that cannot be read */
};

struct segments {
    struct journal_config config; /* defaults filled in */
    int dir;                      /* locked */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool locks_made, keeper_runs;
    pthread_t keeper;
    /* below: under the lock */
    bool stop;
    int prepared;      /* fd of the next segment, or -1 */
    int prepare_errno; /* why there is none; 0: not tried yet */
    unsigned in_vain;  /* times, one after the other, that a disk took a part of it and no more */
    mono_t retry_at;   /* not before, since each time costs others what the disk can write */
    _Atomic bool failing;   /* prepare_errno is not 0; for who has no lock */
    _Atomic bool cut_short; /* retention took what is young, and what is kept is younger still */
    int sealed;             /* fd that is to be cut at its end and closed, or -1 */
    uint64_t sealed_end;    /* bytes in use of it */
    struct segment *list;
    size_t count, cap;
    uint64_t view_done; /* frames below are no longer needed by the view */
};

/* What recovery found. */
struct segments_found {
    uint64_t next;      /* sequence of the first frame to write */
    uint64_t cut_bytes; /* torn tail */
    journal_mark_t mark;
};

/* Open, lock, verify, cut, and start the keeper. Deinit also after a failure. */
NODISCARD err_t segments_init(struct segments *s, const struct journal_config *config,
                              struct segments_found *found, struct journal_fault *why);
void segments_deinit(struct segments *s);

/* Retire the segment `*fd` (-1: none) whose first `used` bytes are frames and get the next, named
 * after `first`. Waits while it is being prepared. On failure `*fd` stays as it was. */
NODISCARD err_t segments_rotate(struct segments *s, int *fd, uint64_t used, uint64_t first);

/* Wait until a segment is prepared, the time is over, or all is torn down. */
void segments_await(struct segments *s, uint32_t ms);

/* How many segments there are and what they take. */
void segments_sum(struct segments *s, uint64_t *count, uint64_t *bytes);

/* As journal_sequence_for_tail(), journal_sequence_since() and journal_view_done() say. */
uint64_t segments_tail(struct segments *s, uint64_t bytes);
uint64_t segments_since(struct segments *s, wall_t since);
uint64_t segments_bytes_since(struct segments *s, const journal_mark_t *mark);
void segments_view_done(struct segments *s, uint64_t sequence);

#endif
