/*
 * stream.h - bytes in and out of a connected, non-blocking socket.
 *
 * Floor      net
 * Units      bytes.
 * Ownership  descriptors belong to the caller.
 * Errors     an outcome, since every one of them has to be handled where the call stands.
 * Threads    one at a time for each descriptor and direction.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

enum stream_outcome {
    STREAM_MORE,        /* bytes moved (maybe fewer than asked): try again for more */
    STREAM_WOULD_BLOCK, /* nothing moved: wait for the loop */
    STREAM_CLOSED,      /* the peer will send nothing more, or takes nothing more */
    STREAM_ERROR,       /* the connection is broken */
};

/* Receive up to `room` bytes (> 0); `*got` is set only for STREAM_MORE, then > 0. */
NODISCARD enum stream_outcome stream_recv(int fd, void *into, size_t room, size_t *got);

/* Send the front of `bytes` (not empty); `*sent` is set only for STREAM_MORE, then > 0. */
NODISCARD enum stream_outcome stream_send(int fd, span_t bytes, size_t *sent);

/* Send small answers at once instead of collecting them (TCP_NODELAY). On a unix socket nothing
 * happens. */
void stream_set_no_delay(int fd);

/* Let the kernel hold little that the peer does not take (TCP_NOTSENT_LOWAT), rather than megabytes for
 * whoever never reads. On a unix socket nothing happens. */
void stream_set_lean(int fd);

/* Say that nothing more will be sent; the peer may still send. */
void stream_shut_write(int fd);

/* Close and set to -1; nothing happens at -1. Fit for CLEANUP(). */
void stream_close(int *fd);

#endif
