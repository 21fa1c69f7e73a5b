/*
 * event_keep.h - gives what an event borrows a home that lasts.
 *
 * Floor      lab/sets
 * Ownership  arrays and texts are copied into the pool and live as long as it.
 * Errors     false when the heap refuses; the event must then not be used.
 * Threads    one at a time per pool.
 */
#ifndef LAB_EVENT_KEEP_H
#define LAB_EVENT_KEEP_H

#include "base/err.h"
#include "canara.h"
#include "lab/sets/pool.h"

/* Copy the arrays and texts of `event` into the pool and let it point there. */
NODISCARD bool event_keep(struct pool *pool, canara_event_t *event);

#endif
