/*
 * samples_of.h - every sample that one event holds, one after the other.
 *
 * Floor      engine/profile
 * Ownership  the sample handed over is borrowed for the call.
 * Errors     none: an event without samples gives none.
 * Threads    no shared state.
 */
#ifndef ENGINE_SAMPLES_OF_H
#define ENGINE_SAMPLES_OF_H

#include "engine/samples/sample.h"

struct canara_profile;

/* Call `fn` for each sample of the event. `work` is room for one. An entry of 15 to 36 keys is both a
 * known text and free text, in this order. */
void samples_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx);

/* The same for one person: an event must not count twice, so that free text is left out where the
 * profile knows the entry itself. Until then both are handed over: what is not known yet says nothing,
 * and is learnt. `profile` may be NULL. */
void samples_for(const struct canara_profile *profile, const canara_event_t *event,
                 struct sample *work, sample_fn fn, void *ctx);

#endif
