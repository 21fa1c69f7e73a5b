/*
 * persona_hand.h - what the hands of a persona do, written as events.
 *
 * Floor      app/persona
 * Units      milliseconds, px. Each returns how long the act took.
 * Ownership  writes the members of `data` through the caller's writer.
 * Errors     the writer's, sticky.
 * Threads    one at a time per persona.
 */
#ifndef APP_PERSONA_HAND_H
#define APP_PERSONA_HAND_H

#include "app/persona/persona.h"
#include "codec/json_write.h"

/* keystrokes: words for `field`, or digits. */
double hand_keys(struct persona *p, struct json_writer *w, const char *field, bool digits);

/* typing_pattern: the same hands, in sum. */
double hand_typing(struct persona *p, struct json_writer *w);

/* pointer: a reach to somewhere, and a click there. */
double hand_pointer(struct persona *p, struct json_writer *w);

/* touch: a swipe, or some taps. */
double hand_touch(struct persona *p, struct json_writer *w);

#endif
