#include "server/acks.h"

#include <stdlib.h>

enum { ACKS_FIRST = 1024 };

void acks_init(struct acks *a)
{
    *a = (struct acks){0};
}

void acks_deinit(struct acks *a)
{
    free(a->ring);
    *a = (struct acks){0};
}

static err_t grow(struct acks *a)
{
    const size_t cap = a->cap == 0 ? ACKS_FIRST : a->cap * 2;
    if (cap > ACKS_MAX) {
        return err_new(ERR_LIMIT);
    }
    ack_t *ring = malloc(cap * sizeof *ring);
    if (ring == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < a->count; i++) {
        ring[i] = a->ring[(a->head + i) & (a->cap - 1)];
    }
    free(a->ring);
    a->ring = ring;
    a->cap = cap;
    a->head = 0;
    return ERR_OK;
}

err_t acks_push(struct acks *a, const ack_t *ack)
{
    if (a->count == a->cap) {
        TRY(grow(a));
    }
    MUST(a->ring != NULL);
    a->ring[(a->head + a->count) & (a->cap - 1)] = *ack;
    a->count += 1;
    return ERR_OK;
}

ack_t *acks_newest(struct acks *a)
{
    return a->count == 0 ? NULL : &a->ring[(a->head + a->count - 1) & (a->cap - 1)];
}

bool acks_pop(struct acks *a, uint64_t durable, ack_t *out)
{
    if (a->count == 0 || a->ring[a->head].position > durable) {
        return false;
    }
    *out = a->ring[a->head];
    a->head = (a->head + 1) & (a->cap - 1);
    a->count -= 1;
    return true;
}
