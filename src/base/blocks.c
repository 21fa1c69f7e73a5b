#include "base/blocks.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct blocks_chunk {
    struct blocks_chunk *before;
    _Alignas(BLOCKS_UNIT) uint8_t bytes[CHUNK_BYTES];
};

void blocks_init(struct blocks *b)
{
    *b = (struct blocks){0};
}

void blocks_deinit(struct blocks *b)
{
    while (b->chunks != NULL) {
        struct blocks_chunk *c = b->chunks;
        b->chunks = c->before;
        free(c);
    }
    *b = (struct blocks){0};
}

static size_t class_of(size_t size)
{
    MUST(size > 0 && size <= BLOCKS_MAX);
    return (size - 1) / BLOCKS_UNIT;
}

void *blocks_take(struct blocks *b, size_t size)
{
    const size_t class = class_of(size);
    const size_t whole = (class + 1) * BLOCKS_UNIT;
    void *piece = b->free[class];
    if (piece != NULL) {
        memcpy(&b->free[class], piece, sizeof b->free[class]);
        memset(piece, 0, sizeof b->free[class]);
        return piece;
    }
    if (b->chunks == NULL || CHUNK_BYTES - b->used < whole) {
        struct blocks_chunk *c = calloc(1, sizeof *c); /* what is left of the one before is lost */
        if (c == NULL) {
            return NULL;
        }
        c->before = b->chunks;
        b->chunks = c;
        b->used = 0;
    }
    piece = b->chunks->bytes + b->used;
    b->used += whole;
    return piece;
}

void blocks_give(struct blocks *b, void *piece, size_t size)
{
    if (piece == NULL) {
        return;
    }
    const size_t class = class_of(size);
    memset(piece, 0, (class + 1) * BLOCKS_UNIT);
    memcpy(piece, &b->free[class], sizeof b->free[class]);
    b->free[class] = piece;
}
