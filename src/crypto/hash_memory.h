/*
 * hash_memory.h - the memory that Argon2id fills, kept from one hash to the next.
 *
 * Floor      crypto
 * Source     mmap(2), madvise(2): MADV_DONTDUMP. Why it is kept: docs/decisions/0074.
 * Units      bytes.
 * Ownership  hash_memory_new/hash_memory_free. A piece that was taken belongs to its taker until it is
 *            given back; none may be out when the memory is freed.
 * Errors     ERR_NOMEM.
 * Threads    any number; a lock is held for a few instructions.
 *
 * A hash at the cost of passwords fills 19 MiB. Pages that are new to the process cost more than what is
 * written into them where a hypervisor has to look at each.
 */
#ifndef CRYPTO_HASH_MEMORY_H
#define CRYPTO_HASH_MEMORY_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { HASH_PIECES_MAX = 256 };

struct hash_memory;

struct hash_piece {
    uint8_t *at;
    size_t bytes; /* of the mapping: what was asked for, or more */
};

/* Keep up to `kept` pieces that nobody uses, 0..HASH_PIECES_MAX. */
NODISCARD err_t hash_memory_new(size_t kept, struct hash_memory **out);
void hash_memory_free(struct hash_memory **m);

/* A piece of at least `bytes`, whatever is in it. With NULL for memory a new one. */
NODISCARD err_t hash_memory_take(struct hash_memory *m, size_t bytes, struct hash_piece *out);

/* Give a piece back, wiped by whoever used it. */
void hash_memory_give(struct hash_memory *m, struct hash_piece piece);

/* Give back to the system what nobody has used since this was last called. Takes NULL. */
void hash_memory_rest(struct hash_memory *m);

#endif
