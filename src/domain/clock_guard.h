/*
 * clock_guard.h - notices a wall clock that was set back.
 *
 * Floor      domain
 * Source     THREATS.md row 28: deadlines run on the monotonic clock; a wall clock that went back by
 *            more than a minute makes new tokens, and with them old ones, last too long.
 * Errors     ERR_RANGE: the clock is behind the newest time on record; ERR_STORAGE.
 * Threads    clock_guard_start: the main thread; clock_guard_ok and _note: workers (they write the
 *            store at most once a minute).
 */
#ifndef DOMAIN_CLOCK_GUARD_H
#define DOMAIN_CLOCK_GUARD_H

#include "domain/service.h"

#include <stdbool.h>

enum { CLOCK_BACK_MAX_MS = 60000 };

/* At the start: compare with the newest time on record, then put the present one on record. */
NODISCARD err_t clock_guard_start(struct service *svc);

/* Put the present time on record, unless it is behind. */
NODISCARD err_t clock_guard_note(struct service *svc);

/* False while the wall clock is more than a minute behind the newest time seen: no new tokens. */
bool clock_guard_ok(struct service *svc);

#endif
