/*
 * fd.h - closing a descriptor once, for CLEANUP() and by hand, and what a folder that does not sync says.
 *
 * Floor      base
 * Ownership  whoever opened it; -1 is none, and what stays behind.
 * Errors     of close() none are of use: what must be durable was synced before.
 * Threads    any.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static inline void fd_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* Whether the errno of a sync says that the disk failed; else it cannot sync this kind of file or folder. */
static inline bool fd_sync_failed(int number)
{
    return number == EIO || number == ENOSPC || number == EDQUOT;
}

#endif
