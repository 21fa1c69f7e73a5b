/*
 * heap.h - give memory back to the system that the heap holds free between what is in use.
 *
 * Floor      base
 * Source     malloc_trim(3), mallinfo2(3) of the GNU C library.
 * Units      bytes.
 * Ownership  struct heap_keeper is a value of its holder; zeroed is ready.
 * Errors     none.
 * Threads    one at a time. Allocations of other threads wait for a moment, an arena at a time.
 *
 * free() returns only what lies at the end of the heap. Profiles that were read for a wave of
 * sessions and dropped again when these rest lie between what stays, and their pages would be kept.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Worth a walk over the heap: this much, and this part of what is in use. */
enum { HEAP_TRIM_BYTES = 1 << 20, HEAP_TRIM_PART = 16 };

struct heap_keeper {
    size_t given; /* free bytes whose pages were given back, as far as they are still free */
};

/* Give back whole pages when enough more is free than was given back already. Returns whether it
 * did. */
bool heap_give_back(struct heap_keeper *k);

#endif
