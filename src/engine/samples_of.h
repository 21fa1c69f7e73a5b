/*
 * samples_of.h - every sample that one event holds, one after the other.
 *
 * Floor      engine (may use: base)
 * Ownership  the sample handed over is borrowed for the call.
 * Errors     none: an event without samples gives none.
 * Threads    no shared state.
 */
#ifndef ENGINE_SAMPLES_OF_H
#define ENGINE_SAMPLES_OF_H

#include "engine/sample.h"

struct session_state;

typedef void (*sample_fn)(void *ctx, const struct sample *s);

/* Call `fn` for each sample of the event. `work` is room for one. */
void samples_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx);

#endif
