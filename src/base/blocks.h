/*
 * blocks.h - small pieces of memory that live long, apart from the heap.
 *
 * Floor      base
 * Units      bytes; sizes are rounded up to 16.
 * Ownership  the holder calls blocks_deinit(), which releases every piece.
 * Errors     blocks_take(): NULL when the heap refuses.
 * Threads    one at a time.
 *
 * On the heap a small piece that stays keeps the large ones that were freed around it from being
 * used as one, or given back. Pieces here come out of chunks of their own, without a header: whoever
 * gives one back says its size. Chunks are kept until the end.
 */
#ifndef BASE_BLOCKS_H
#define BASE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum { BLOCKS_MAX = 1024, BLOCKS_UNIT = 16, BLOCKS_CLASSES = BLOCKS_MAX / BLOCKS_UNIT };

struct blocks_chunk; /* in blocks.c */

struct blocks {
    struct blocks_chunk *chunks; /* the newest first */
    size_t used;                 /* of the newest */
    void *free[BLOCKS_CLASSES];  /* given back, a list for each size */
};

/* Begin empty; nothing is allocated yet. */
void blocks_init(struct blocks *b);

/* Release all memory. */
void blocks_deinit(struct blocks *b);

/* A zeroed piece, aligned to 16 bytes; 0 < size <= BLOCKS_MAX. */
void *blocks_take(struct blocks *b, size_t size);

/* Give a piece back, which is wiped; NULL is nothing. */
void blocks_give(struct blocks *b, void *piece, size_t size);

#endif
