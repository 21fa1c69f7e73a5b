/*
 * lane.h - the way of records from one loop thread to the writer: a ring of bytes, one thread at
 * each end.
 *
 * Floor      journal
 * Units      positions in bytes since open; `size` is a power of two.
 * Ownership  the journal holds the lanes; lane_init/lane_deinit.
 * Threads    `head` is moved by the owner, `done` by the writer. Records stay in the ring until
 *            they are durable: `done` is both the free space and the acknowledgement.
 */
#ifndef JOURNAL_LANE_H
#define JOURNAL_LANE_H

#include "base/err.h"
#include "base/span.h"
#include "journal/record.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): a cache line for each end */
struct journal_lane {
    struct journal *journal;
    uint8_t *ring;
    size_t size;
    int event; /* eventfd: `done` or the state has changed */

    alignas(64) _Atomic uint64_t head; /* behind the newest record */
    _Atomic uint64_t kicks;            /* moved after `head`, before the look whether to wake */
    uint64_t done_seen;                /* the owner's last sight of `done` */
    uint64_t kicked;                   /* the owner's: `head` at its last kick */
    _Atomic bool crowded;              /* see journal_crowd() */

    alignas(64) _Atomic uint64_t done; /* up to here durable */
    uint64_t taken;                    /* the writer's: up to here in the frame at hand */
};

/* A run of bytes of the ring: two pieces where it wraps. */
struct lane_run {
    span_t part[2];
};

NODISCARD err_t lane_init(struct journal_lane *lane, struct journal *journal, size_t size);
void lane_deinit(struct journal_lane *lane);

/* Owner: put a record of `size` bytes; ERR_LIMIT when it does not fit now. */
NODISCARD err_t lane_put(struct journal_lane *lane, const journal_record_t *record, size_t size);

/* Writer: take whole records from `taken` on, at most `budget` bytes. Returns how many bytes. */
size_t lane_take(struct journal_lane *lane, size_t budget, struct lane_run *out, uint32_t *records);

/* Writer: what was taken is durable. */
void lane_finish(struct journal_lane *lane);

/* Writer: what was taken was not written; it will be taken again. */
void lane_return(struct journal_lane *lane);

/* Writer: make the eventfd readable. */
void lane_signal(struct journal_lane *lane);

#endif
