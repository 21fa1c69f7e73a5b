/*
 * bodies.h - what the bodies of a loop's calls hold, and whether one more finds room.
 *
 * Floor      api
 * Units      bytes: copies, and rooms of trees (codec/json_room.h).
 * Ownership  one of each loop, which outlives its calls; all zero, it is ready.
 * Errors     full is an answer: 503.
 * Threads    bodies_take(): the loop's own. bodies_give(): whoever holds the call.
 *
 * An ordinary body finds room until LIMIT_BODIES_BYTES are held. One that holds more than
 * LIMIT_BODY_SMALL_BYTES finds it in a part of that, LIMIT_BODIES_LARGE_BYTES, of which one
 * neighbourhood of addresses has LIMIT_BODIES_ADDRESS_BYTES: greedy bodies keep no ordinary one out,
 * and those of one client not the large ones of another.
 */
#ifndef API_BODIES_H
#define API_BODIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODIES_ROWS = 256 };

struct bodies {
    atomic_size_t held;
    atomic_size_t large;             /* of that, in large ones */
    atomic_size_t from[BODIES_ROWS]; /* of those, by address; some addresses share a row */
};

/* What one body holds. All zero: nothing. */
typedef struct body_charge {
    struct bodies *bodies;
    size_t bytes;
    size_t row;
} body_charge_t;

/* Take `bytes` for a body that `address` sent (any number that stands for a neighbourhood). False:
 * there is no room, and nothing is taken. */
bool bodies_take(struct bodies *b, uint64_t address, size_t bytes, body_charge_t *out);

/* The body is gone. Nothing is left of the charge, so that twice is fine. */
void bodies_give(body_charge_t *charge);

/* What is held now. */
size_t bodies_held(const struct bodies *b);

#endif
