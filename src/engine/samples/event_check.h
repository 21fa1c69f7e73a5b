/*
 * event_check.h - the engine's own door: no number comes in that a rule was not written for.
 *
 * Floor      engine/samples
 * Source     the ranges beside each member in canara.h.
 * Errors     false; nothing was changed.
 * Threads    no shared state.
 */
#ifndef ENGINE_EVENT_CHECK_H
#define ENGINE_EVENT_CHECK_H

#include "canara.h"

#include <stdbool.h>

/* Whether each field that the event says it has is a number in its range (NaN is in none). */
bool event_check(const canara_event_t *event);

#endif
