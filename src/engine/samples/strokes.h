/*
 * strokes.h - strokes of a finger and actions of a pointer, as samples.
 *
 * Floor      engine/samples
 * Source     docs/engine/actions.md.
 * Units      features are kept in +-7.9, as cell.h says: logs, and sinh^-1 where there is a sign.
 * Ownership  the sample handed over is borrowed for the call.
 * Errors     none: an event without movements gives none.
 * Threads    no shared state.
 */
#ifndef ENGINE_STROKES_H
#define ENGINE_STROKES_H

#include "engine/samples/sample.h"

/* Each stroke of a touch event, from landing to lift. */
void strokes_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx);

/* Each action of a pointer event: a move that ends with a click, a pause or the event; a drag. */
void actions_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx);

#endif
