/*
 * sqlite_place.h - where the database file is, and whether it is safe to use.
 *
 * Floor      store
 * Errors     `why` says in one line what is wrong and what is wanted. ERR_FORMAT for the address,
 *            ERR_IO for the file.
 *
 * The file, its -wal and its -shm must be ordinary files of ours with mode 0600 and one name, in a
 * directory that nobody else can write to. A new database is made complete under another name and
 * then renamed, so that an empty file at the place is always a loss and never a beginning.
 */
#ifndef STORE_SQLITE_PLACE_H
#define STORE_SQLITE_PLACE_H

#include "store/store.h"

#include <limits.h>

struct sqlite_place {
    char dir[PATH_MAX];   /* without symbolic links */
    char path[PATH_MAX];  /* of the database */
    char fresh[PATH_MAX]; /* where a new one is made */
    int64_t size;         /* bytes; 0: there is none yet */
};

/* Resolve the address and check its directory; `size` is left alone. */
NODISCARD err_t sqlite_place_resolve(const struct store_config *config, struct sqlite_place *out,
                                     char why[STORE_WHY_BYTES]);

/* Resolve the address and check what is there. */
NODISCARD err_t sqlite_place_find(const struct store_config *config, struct sqlite_place *out,
                                  char why[STORE_WHY_BYTES]);

/* Make an empty file at `fresh`, over what an interrupted start left there. */
NODISCARD err_t sqlite_place_prepare(const struct sqlite_place *place, char why[STORE_WHY_BYTES]);

/* Move the finished database from `fresh` to `path`, durably; never over another. */
NODISCARD err_t sqlite_place_settle(const struct sqlite_place *place, char why[STORE_WHY_BYTES]);

#endif
