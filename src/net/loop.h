/*
 * loop.h - a thin face of epoll: watched descriptors and one call that waits once.
 *
 * Floor      net
 * Units      timeouts in milliseconds.
 * Ownership  a struct watch lives inside its owner; the loop borrows it from loop_watch() to
 *            loop_unwatch() and closes nothing. Unwatch before closing the fd.
 * Errors     ERR_IO, ERR_NOMEM from the kernel (out of descriptors, out of watches).
 * Threads    all from the loop's thread, but loop_wake() from any.
 *
 * Level-triggered. A watch may be unwatched, and its memory released, from any handler, also from
 * one that runs earlier in the same batch: reports that are still waiting for it are dropped.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

struct watch {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP: what is wanted */
    void (*ready)(struct watch *self, uint32_t events); /* EPOLLHUP and EPOLLERR come unasked */
};

struct loop {
    const struct clock *clock;
    mono_t now; /* as of the last return from the wait */
    int epoll_fd;
    int wake_fd;
    struct watch wake; /* the loop's own */
    size_t next;       /* first report of the batch not yet handled */
    size_t count;
    bool full; /* the last batch took as many as there was room for */
    struct epoll_event batch[LIMIT_LOOP_BATCH];
};

/* Begin with nothing to watch. The loop does not move afterwards. */
NODISCARD err_t loop_init(struct loop *l, const struct clock *clock);

/* Release the loop's own descriptors. */
void loop_deinit(struct loop *l);

/* Watch `w->fd` for `w->events`. */
NODISCARD err_t loop_watch(struct loop *l, struct watch *w);

/* Want other events from now on; no system call when they are the same. */
NODISCARD err_t loop_change(struct loop *l, struct watch *w, uint32_t events);

/* Stop watching; its handler is not called again. */
void loop_unwatch(struct loop *l, struct watch *w);

/* Wait up to `timeout_ms` (-1: for ever, 0: not at all) and handle one batch. A signal that
 * interrupts the wait counts as an empty batch. */
NODISCARD err_t loop_run_once(struct loop *l, int timeout_ms);

/* Make a wait, the present one or the next, return at once. Any thread, also a signal handler. */
void loop_wake(struct loop *l);

/* Whether more may have been ready than the last batch took. */
static inline bool loop_was_full(const struct loop *l)
{
    return l->full;
}

/* The time at which the present batch began: for deadlines, without asking the clock each time. */
static inline mono_t loop_now(const struct loop *l)
{
    return l->now;
}

#endif
