/*
 * store_lock.h - one server owns a database, whatever DATA_DIR it runs on.
 *
 * Floor      store
 * Source     flock(2).
 * Ownership  the caller closes the descriptor: that gives the lock back, unless another process has a
 *            copy of it, which then holds on.
 * Errors     ERR_LIMIT: another server has it. ERR_IO, ERR_FORMAT as sqlite_place.h; `why` says it in one line.
 * Threads    any.
 *
 * The lock is on a file beside the database, not on the database: SQLite loses its own locks when a
 * descriptor of that is closed.
 */
#ifndef STORE_STORE_LOCK_H
#define STORE_STORE_LOCK_H

#include "store/store.h"

/* Take the lock of the database that the config names into `*fd`. What `*fd` (-1: nothing) is already, it stays
 * when it is this lock, and is closed when it is another. */
NODISCARD err_t store_lock_take(const struct store_config *config, int *fd,
                                char why[STORE_WHY_BYTES]);

#endif
