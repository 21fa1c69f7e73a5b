/*
 * arena.h - a bump allocator over memory that the caller owns; freed all at once.
 *
 * Floor      base
 * Units      bytes.
 * Ownership  the arena borrows `mem`; what it hands out dies with `mem`.
 * Errors     NULL when full: the caller answers ERR_LIMIT. It never falls back to the heap.
 * Threads    one at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *mem;
    size_t size; /* bytes of mem */
    size_t used; /* bytes handed out, with padding */
};

/* Begin with all `len` bytes of `mem` free. */
void arena_init(struct arena *a, void *mem, size_t len);

/* Take `size` bytes aligned to `align` (a power of two); not cleared. NULL when they do not fit.
 * Zero bytes are a valid, distinct-from-NULL request. */
NODISCARD void *arena_alloc(struct arena *a, size_t size, size_t align);

#endif
