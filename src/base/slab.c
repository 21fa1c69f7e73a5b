#include "base/slab.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

/* Links stand apart from the items, so that a write past an item cannot bend the free list. */
struct slab_chunk {
    uint8_t *items;
    uint32_t link[]; /* of a free item: the next free index; TAKEN otherwise */
};

#define TAKEN (UINT32_MAX - 1) /* SLAB_NONE ends the free list */

enum {
    ALIGNMENT = 16,
    CHUNK_BYTES = 64 * 1024, /* of items, about */
    CHUNK_SHIFT_MAX = 12,
    FIRST_CHUNKS = 8,
};

void slab_init(struct slab *s, size_t item_size, uint32_t max)
{
    MUST(item_size > 0 && item_size <= SIZE_MAX / 2 && max < TAKEN);
    const size_t rounded = (item_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint32_t shift = 0;
    while (shift < CHUNK_SHIFT_MAX && (rounded << (shift + 1)) <= CHUNK_BYTES) {
        shift++;
    }
    *s = (struct slab){
        .chunk_shift = shift, .first_free = SLAB_NONE, .max = max, .item_size = rounded};
}

void slab_deinit(struct slab *s)
{
    for (uint32_t i = 0; i < s->chunk_count; i++) {
        free(s->chunks[i]->items);
        free(s->chunks[i]);
    }
    free(s->chunks);
    *s = (struct slab){.chunk_shift = s->chunk_shift,
                       .first_free = SLAB_NONE,
                       .max = s->max,
                       .item_size = s->item_size};
}

/* Room for one more pointer: the directory doubles, at 8, 16, 32... chunks. */
static err_t grow_directory(struct slab *s)
{
    const uint32_t n = s->chunk_count;
    if (n != 0 && (n < FIRST_CHUNKS || (n & (n - 1)) != 0)) {
        return ERR_OK;
    }
    const size_t room = size_max((size_t)n * 2, FIRST_CHUNKS);
    struct slab_chunk **grown = realloc(s->chunks, room * sizeof(struct slab_chunk *));
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->chunks = grown;
    return ERR_OK;
}

static err_t add_chunk(struct slab *s)
{
    TRY(grow_directory(s));
    const size_t items = (size_t)1 << s->chunk_shift;
    struct slab_chunk *chunk = malloc(sizeof *chunk + items * sizeof chunk->link[0]);
    if (chunk == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t bytes = 0;
    chunk->items = size_mul(items, s->item_size, &bytes) ? aligned_alloc(ALIGNMENT, bytes) : NULL;
    if (chunk->items == NULL) {
        free(chunk);
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < items; i++) {
        chunk->link[i] = SLAB_NONE;
    }
    s->chunks[s->chunk_count++] = chunk;
    return ERR_OK;
}

static uint32_t *link_of(const struct slab *s, uint32_t index)
{
    struct slab_chunk *chunk = s->chunks[index >> s->chunk_shift];
    return &chunk->link[index & ((UINT32_C(1) << s->chunk_shift) - 1)];
}

bool slab_is_taken(const struct slab *s, uint32_t index)
{
    return index < s->seen && *link_of(s, index) == TAKEN;
}

err_t slab_take(struct slab *s, uint32_t *index)
{
    if (s->count >= s->max) {
        return err_new(ERR_LIMIT);
    }
    uint32_t taken = s->first_free;
    if (taken != SLAB_NONE) {
        s->first_free = *link_of(s, taken);
    } else {
        if (s->seen >> s->chunk_shift == s->chunk_count) {
            TRY(add_chunk(s));
        }
        taken = s->seen++;
    }
    *link_of(s, taken) = TAKEN;
    s->count++;
    memset(slab_at(s, taken), 0, s->item_size);
    *index = taken;
    return ERR_OK;
}

void slab_give(struct slab *s, uint32_t index)
{
    MUST(slab_is_taken(s, index));
    *link_of(s, index) = s->first_free;
    s->first_free = index;
    s->count--;
}

void *slab_at(const struct slab *s, uint32_t index)
{
    MUST(slab_is_taken(s, index));
    const struct slab_chunk *chunk = s->chunks[index >> s->chunk_shift];
    return chunk->items + (index & ((UINT32_C(1) << s->chunk_shift) - 1)) * s->item_size;
}
