/*
 * slab.h - many items of one size, named by a 32-bit index, that never move.
 *
 * Floor      base
 * Units      items; `item_size` in bytes.
 * Ownership  the slab owns the memory, the holder calls slab_deinit(); pointers from slab_at()
 *            are good until slab_give() of that index.
 * Errors     slab_take: ERR_LIMIT at `max`, ERR_NOMEM when the heap refuses. Giving or asking for
 *            an index that is not taken is a bug and aborts.
 * Threads    one at a time.
 */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_NONE UINT32_MAX /* no item: never an index */

struct slab_chunk; /* in slab.c */

struct slab {
    struct slab_chunk **chunks;
    uint32_t chunk_count;
    uint32_t chunk_shift; /* items per chunk, as a power of two */
    uint32_t first_free;  /* SLAB_NONE when every index below `seen` is taken */
    uint32_t seen;        /* indexes ever taken are below this */
    uint32_t count;       /* taken now */
    uint32_t max;
    size_t item_size; /* rounded up for alignment to 16 bytes */
};

/* Begin empty; nothing is allocated yet. item_size > 0, max < SLAB_NONE. */
void slab_init(struct slab *s, size_t item_size, uint32_t max);

/* Release all memory; taken items included. */
void slab_deinit(struct slab *s);

/* Take an item, zeroed, and tell its index: the one given back last, else a new one. */
NODISCARD err_t slab_take(struct slab *s, uint32_t *index);

/* Give an item back. */
void slab_give(struct slab *s, uint32_t index);

/* The memory of a taken item, aligned to 16 bytes. */
void *slab_at(const struct slab *s, uint32_t index);

/* Whether `index` is taken now; any number may be asked. For walks: 0 <= index < s->seen. */
bool slab_is_taken(const struct slab *s, uint32_t index);

#endif
