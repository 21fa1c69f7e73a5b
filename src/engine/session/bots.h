/*
 * bots.h - rules that say "a machine did this", read from one event and where the pointer stood.
 *
 * Floor      engine/session
 * Source     docs/engine/README.md, "Rules"; each rule says there what honest cause excuses it.
 * Errors     none: the event went through event_check().
 * Threads    no shared state; bounded work: at most a few passes over the arrays of the event.
 */
#ifndef ENGINE_BOTS_H
#define ENGINE_BOTS_H

#include "engine/session/session_state.h"

#define BOT_CLICKS_SUPERHUMAN 12.0     /* per second; above */
#define BOT_CLICKS_FAST       8.0      /* per second; from */
#define BOT_AHEAD_SLACK_MS    120000.0 /* typing and pointing may begin before the session does */

/* Look at one event that arrives at `at_ms` and add what it gives away. */
void bots_look(struct session_state *s, const canara_event_t *event, int64_t at_ms);

#endif
