/*
 * store_scripted.h - a store in memory that fails on cue, for tests of the floors above.
 *
 * Floor      store
 * Ownership  store_scripted_new() gives, store_close() takes.
 * Threads    as store.h. The cues may be given from any thread.
 *
 * It keeps the same promises as a database (isolation, serialised writes, nothing half done),
 * except that a restart forgets all.
 */
#ifndef STORE_STORE_SCRIPTED_H
#define STORE_STORE_SCRIPTED_H

#include "store/store.h"

NODISCARD err_t store_scripted_new(struct store **out);

/* Let the n-th operation from now (1 = the next) fail with `with`; 0 cancels. */
void store_scripted_fail_operation(struct store *st, uint64_t n, err_t with);

/* Let the next `n` commits of a WRITE fail with ERR_STORAGE; UINT64_MAX = all. */
void store_scripted_fail_commits(struct store *st, uint64_t n);

/* Let the next `n` begins fail with ERR_STORAGE, as when the database is away. */
void store_scripted_fail_begins(struct store *st, uint64_t n);

/* Let every operation and commit take this long; 0 = none. */
void store_scripted_delay(struct store *st, uint32_t ms);

/* How many operations were asked for so far. */
uint64_t store_scripted_operations(struct store *st);

#endif
