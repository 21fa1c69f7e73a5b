/*
 * context.h - circumstances that an event tells: device, amounts, habits broken.
 *
 * Floor      engine/risk
 * Source     docs/engine/README.md, "Rules".
 * Errors     none: the event went through event_check().
 * Threads    no shared state.
 */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include "engine/session/session_state.h"

#define CONTEXT_HIGH_AMOUNT_FROM 50000.0 /* above; until a user's own 99th percentile is known */

/* Look at one event and add what it tells. With a profile, amounts and hours are those of its owner. normal_typing and idle_timeout tell nothing: a thief
 * would send them. */
void context_look(struct session_state *s, const struct canara_profile *profile,
                  const canara_event_t *event);

#endif
