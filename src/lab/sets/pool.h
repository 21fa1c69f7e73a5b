/*
 * pool.h - memory that grows by chunks, whose pieces never move and are freed all at once; and
 *          arrays and names that grow with what is read.
 *
 * Floor      lab/sets
 * Units      bytes.
 * Ownership  the holder calls pool_deinit() and names_deinit(); pieces live until then.
 * Errors     NULL or ERR_NOMEM when the heap refuses; everything is then as it was before.
 * Threads    one at a time.
 */
#ifndef LAB_POOL_H
#define LAB_POOL_H

#include "base/err.h"
#include "base/hash_map.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_chunk; /* in pool.c */

struct pool {
    struct pool_chunk *last;
};

void pool_init(struct pool *p);
void pool_deinit(struct pool *p);

/* Take `size` bytes, aligned for any type, not cleared. */
NODISCARD void *pool_alloc(struct pool *p, size_t size);

/* Copy `count` values of `size` bytes; NULL for none of them too. */
NODISCARD void *pool_copy(struct pool *p, const void *from, size_t count, size_t size);

/* Copy a text and put a NUL behind it. */
NODISCARD char *pool_text(struct pool *p, span_t text);

/* Make room in an array from the heap for one more than `len` items; gives where it is now, or NULL
 * with the array as it was. */
NODISCARD void *array_grow(void *items, size_t *cap, size_t len, size_t size);

/* Texts, each with the number of its first coming. */
struct names {
    struct pool *pool; /* borrowed: keeps the texts */
    const char **text; /* NUL-terminated */
    size_t count, cap;
    struct map64 map;
};

void names_init(struct names *n, struct pool *pool);
void names_deinit(struct names *n);

/* Look a text up; false, `*out` untouched, when it is not in. */
bool names_find(const struct names *n, span_t text, uint32_t *out);

/* Look a text up, and take it in when it is new. */
NODISCARD err_t names_add(struct names *n, span_t text, uint32_t *out, bool *is_new);

#endif
