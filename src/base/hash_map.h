/*
 * hash_map.h - tables from a UUID, or from 64 bits, to a 32-bit index (mostly of a slab).
 *
 * Floor      base
 * Source     linear probing with deletion by shifting back: Knuth, TAOCP 3, 6.4, algorithm R.
 * Units      entries; at most 2^29.
 * Ownership  the holder calls map_deinit().
 * Errors     map_put: ERR_NOMEM (the heap refused), ERR_LIMIT (2^29 entries); the table is then
 *            unchanged. Nothing else fails.
 * Threads    one at a time.
 *
 * The hash is keyed (base/hash.h): whoever chooses keys must not know the seed, so take it from
 * rng_fill() wherever strangers choose. The table doubles when 3/4 full and never shrinks.
 */
#ifndef BASE_HASH_MAP_H
#define BASE_HASH_MAP_H

#include "base/err.h"
#include "base/hash.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot; /* in hash_map.c */

struct map {
    struct map_slot *slots; /* NULL until the first put */
    uint32_t size;          /* slots: 0 or a power of two */
    uint32_t count;         /* entries */
    hash_key_t key;
};

/* Begin an empty table that allocates nothing yet. */
void map_init(struct map *m, uint64_t seed);

/* Release the memory; the table is empty and usable again. */
void map_deinit(struct map *m);

/* Make room so that the table holds `count` entries without growing. */
NODISCARD err_t map_reserve(struct map *m, uint32_t count);

/* Set the value of `key`, replacing the one that stands there. */
NODISCARD err_t map_put(struct map *m, uuid_t key, uint32_t value);

/* Look `key` up; false, and `*out` untouched, when it is not in. */
bool map_get(const struct map *m, uuid_t key, uint32_t *out);

/* Take `key` out; false when it was not in. */
bool map_remove(struct map *m, uuid_t key);

/* The same with 64-bit keys (address prefixes, hashes of names). */
struct map64 {
    struct map as_uuid;
};

void map64_init(struct map64 *m, uint64_t seed);
void map64_deinit(struct map64 *m);
NODISCARD err_t map64_reserve(struct map64 *m, uint32_t count);
NODISCARD err_t map64_put(struct map64 *m, uint64_t key, uint32_t value);
bool map64_get(const struct map64 *m, uint64_t key, uint32_t *out);
bool map64_remove(struct map64 *m, uint64_t key);

#endif
