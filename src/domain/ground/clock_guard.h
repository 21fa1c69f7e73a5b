/*
 * clock_guard.h - what a wall clock that jumped may do: nothing that cannot be undone.
 *
 * Floor      domain/ground
 * Source     THREATS.md row 28; docs/decisions/0058-a-time-that-is-vouched-for.md. Deadlines run on the
 *            monotonic clock; a wall clock that went back by more than a minute makes new tokens, and
 *            with them old ones, last too long; one that went forward must not purge, age out or end
 *            anything for good before it has proved steady.
 * Errors     ERR_RANGE: the clock is behind the newest time on record; ERR_STORAGE.
 * Threads    clock_guard_start, _look: the main thread; clock_guard_watch: the ledger's; the rest: any.
 *            service->steady may be NULL before the start only.
 */
#ifndef DOMAIN_CLOCK_GUARD_H
#define DOMAIN_CLOCK_GUARD_H

#include "base/steady_clock.h"
#include "domain/ground/service.h"

#include <stdbool.h>

enum { CLOCK_NOTE_MS = 60000 }; /* the newest time is put on record so often */

/* What earlier runs put on record. */
NODISCARD err_t clock_guard_load(struct store *store, steady_record_t *out);

/* What a start would say of the time `now`; nothing is written. */
NODISCARD err_t clock_guard_look(struct store *store, wall_t now);

/* At the start: compare with the newest time on record, and take the clock up from there. */
NODISCARD err_t clock_guard_start(struct service *svc);

/* Put the newest time that is vouched for on record. It never goes back. */
NODISCARD err_t clock_guard_note(struct service *svc);

/* Look at the clock, and say in the log when what can be believed of it changes. */
void clock_guard_watch(struct service *svc);

/* False while the wall clock is more than a minute behind the newest time: no new tokens. */
bool clock_guard_ok(struct service *svc);

/* An operator says that `now` is the right time: put it on record, also when it goes back, with an entry
 * in the audit log. */
NODISCARD err_t clock_guard_record(struct store *store, struct audit *audit, wall_t now);

/* The same in a running server, which believes its wall clock from then on. */
NODISCARD err_t clock_guard_accept(struct service *svc);

/* The wall clock's time that has surely passed, for who deletes, forgets or forgives; and the one that
 * may have passed, for who ends a right. */
wall_t clock_vouched(const struct service *svc);
wall_t clock_latest(const struct service *svc);

#endif
