/*
 * store_sqlite.h - the SQLite driver.
 *
 * Floor      store
 * Ownership  as store.h.
 * Threads    one connection that writes, a few that read; each is used by one transaction at a
 *            time, so SQLite itself runs without its own mutex.
 *
 * WAL with synchronous=FULL: a commit of a WRITE is one fsync of the log. quick_check runs at each
 * open of a file up to SQLITE_CHECKED_BYTES (about 0.1 s); a larger one is trusted until a page of
 * it fails its checks when it is read.
 */
#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include "store/store.h"

enum { SQLITE_CHECKED_BYTES = 16 * 1024 * 1024 };

/* As store_open(), through the named VFS of SQLite; NULL means its default. */
NODISCARD err_t store_sqlite_open(const struct store_config *config, const char *vfs,
                                  struct store **out, char why[STORE_WHY_BYTES]);

#endif
