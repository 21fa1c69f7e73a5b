/*
 * mailbox.h - letters from any thread to one: a queue without locks, and a descriptor to wait on.
 *
 * Floor      net
 * Source     Dmitry Vyukov, "Intrusive MPSC node-based queue", 1024cores.net, 2010.
 * Ownership  a letter lives inside its owner; posted, it belongs to the mailbox, taken, to the
 *            taker. Letters of one poster arrive in the order they were posted.
 * Errors     mailbox_init: ERR_IO when the kernel has no descriptor left. Posting cannot fail.
 * Threads    mailbox_post from any; the rest from the owner's.
 */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>

struct letter {
    struct letter *_Atomic next;
};

struct mailbox {
    _Alignas(64) struct letter *_Atomic newest; /* posters' end */
    atomic_bool rung;                           /* the descriptor was, or is being, written */
    _Alignas(64) struct letter *oldest;         /* owner's end */
    struct letter stub;
    int fd; /* eventfd */
};

/* Begin empty. The mailbox does not move afterwards. */
NODISCARD err_t mailbox_init(struct mailbox *mb);

/* Release the descriptor; letters still inside are forgotten: take them first. */
void mailbox_deinit(struct mailbox *mb);

/* Post a letter. Writes the descriptor only when the owner may be asleep. */
void mailbox_post(struct mailbox *mb, struct letter *letter);

/* Take the oldest letter, or NULL. Take until NULL whenever the descriptor is readable: only
 * then will it ring again. */
struct letter *mailbox_take(struct mailbox *mb);

/* The descriptor that becomes readable when letters arrive. */
static inline int mailbox_fd(const struct mailbox *mb)
{
    return mb->fd;
}

#endif
