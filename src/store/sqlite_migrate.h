/*
 * sqlite_migrate.h - the schema, as numbered steps that are never changed once released.
 *
 * Floor      store
 * Errors     `why` says for the operator why a database is refused.
 */
#ifndef STORE_SQLITE_MIGRATE_H
#define STORE_SQLITE_MIGRATE_H

#include "store/sqlite_seat.h"

/* The newest step this program knows. */
unsigned sqlite_migrate_newest(void);

/* Whether the database is ours and of a version that sqlite_migrate() would take. */
NODISCARD err_t sqlite_migrate_known(const struct seat *seat, char why[STORE_WHY_BYTES]);

/* Bring an empty or older database up to step `upto`, each step in its own transaction. A newer
 * one, and one of another program, is refused and left alone. */
NODISCARD err_t sqlite_migrate(const struct seat *seat, const struct clock *clock, unsigned upto,
                               char why[STORE_WHY_BYTES]);

#endif
