/*
 * writer.h - the inside of a journal: the state that the lanes' owners and the writer share.
 *
 * Floor      journal
 * Threads    members name their thread; atomics are shared.
 */
#ifndef JOURNAL_WRITER_H
#define JOURNAL_WRITER_H

#include "base/metric.h"
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/lane.h"
#include "journal/segments.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>

struct journal {
    struct journal_config config; /* defaults filled in */
    struct segments segments;
    struct journal_lane *lanes; /* config.lanes of them */
    size_t record_max, frame_max;
    uint64_t cut_bytes;
    pthread_t thread;
    bool runs;
    int wake; /* eventfd */

    _Atomic bool sleeping; /* the writer waits for `wake` */
    _Atomic bool stopping;
    _Atomic int state;          /* enum journal_state */
    _Atomic bool has_segment;   /* `fd` is one */
    _Atomic uint64_t committed; /* frames below are durable */
    counter_t records, frames, bytes;
    histogram_t commit;
    pthread_mutex_t mark_lock;
    journal_mark_t mark; /* under the lock */
    journal_place_t end; /* of what is durable; under the lock */

    /* the writer's own */
    int fd;                                        /* segment at hand, or -1 */
    uint64_t used;                                 /* bytes of it that are frames */
    uint64_t first;                                /* its first sequence */
    uint64_t next;                                 /* sequence of the next frame */
    mono_t began;                                  /* start of the last commit */
    unsigned turn;                                 /* lane that goes first, so that none starves */
    struct iovec parts[2 + 2 * JOURNAL_LANES_MAX]; /* head, lanes, zeros */
};

/* The writer thread; `context` is the journal. */
void *writer_run(void *context);

/* Least time between the starts of two commits, as things are now. */
uint32_t writer_distance_us(const struct journal *journal);

/* Wake the writer if it sleeps. */
void writer_wake(struct journal *journal);

#endif
