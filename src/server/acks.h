/*
 * acks.h - what waits for the journal: acknowledgements and calls, in the order of their positions.
 *
 * Floor      server
 * Ownership  acks_init/acks_deinit; entries are values.
 * Errors     ERR_LIMIT beyond ACKS_MAX, ERR_NOMEM.
 * Threads    the loop that owns it.
 */
#ifndef SERVER_ACKS_H
#define SERVER_ACKS_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACKS_MAX = 1 << 20 };

struct trip;

typedef struct ack {
    uint64_t position; /* due once the lane is durable up to here */
    struct trip *trip; /* a call that waits, or NULL: an acknowledgement of a message */
    int64_t seq;       /* highest client number in it, -1 for none */
    mono_t received;   /* when the message's bytes came */
    uint32_t conn;     /* index and generation of the connection */
    uint32_t generation;
    uint32_t count; /* events */
} ack_t;

struct acks {
    ack_t *ring;
    size_t cap; /* a power of two, or 0 */
    size_t head, count;
};

void acks_init(struct acks *a);
void acks_deinit(struct acks *a);

/* Add behind the others; positions never decrease. */
NODISCARD err_t acks_push(struct acks *a, const ack_t *ack);

/* The newest entry, to let a message share it; NULL when empty. */
ack_t *acks_newest(struct acks *a);

/* Take the oldest entry that is durable; false when none is. */
bool acks_pop(struct acks *a, uint64_t durable, ack_t *out);

#endif
