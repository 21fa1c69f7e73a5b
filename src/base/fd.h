/*
 * fd.h - closing a descriptor once, for CLEANUP() and by hand.
 *
 * Floor      base
 * Ownership  whoever opened it; -1 is none, and what stays behind.
 * Errors     of close() none are of use: what must be durable was synced before.
 * Threads    any.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <unistd.h>

static inline void fd_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

#endif
