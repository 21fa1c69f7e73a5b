/*
 * write_all.h - put all bytes into a file, however the kernel cuts them.
 *
 * Floor      base
 * Ownership  bytes and descriptor are the caller's.
 * Errors     ERR_STORAGE: the disk or the quota is full; ERR_IO: anything else. Some bytes may be
 *            in the file then.
 * Threads    no state.
 */
#ifndef BASE_WRITE_ALL_H
#define BASE_WRITE_ALL_H

#include "base/err.h"
#include "base/span.h"

/* At the descriptor's offset. Durable only once the caller has synced it. */
NODISCARD err_t write_all(int fd, span_t bytes);

#endif
