/*
 * buf.h - bytes that grow up to a limit, owned by whoever holds the struct.
 *
 * Floor      base
 * Units      sizes in bytes.
 * Ownership  the holder calls buf_deinit(); spans taken from a buf die at its next change.
 * Errors     ERR_LIMIT past `limit`, ERR_NOMEM when the heap refuses; the buf is then unchanged.
 * Threads    one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *ptr; /* NULL while nothing was ever stored */
    size_t len;   /* bytes in use */
    size_t cap;   /* bytes allocated */
    size_t limit; /* most bytes it may ever hold */
    bool secret;  /* what leaves it is wiped */
};

/* Prepare an empty buf that allocates nothing until the first byte. */
void buf_init(struct buf *b, size_t limit);

/* The same for what may be a secret: none of it is left where it has lain, not by growing, consuming,
 * cutting, clearing or releasing. What lies beyond `len` is zero or was never written. */
void buf_init_secret(struct buf *b, size_t limit);

/* From here on what is in it is a secret, until it is made anew: what it held before was none. */
static inline void buf_keep_secret(struct buf *b)
{
    b->secret = true;
}

/* Release the bytes; the buf is empty and usable again. */
void buf_deinit(struct buf *b);

/* Make room for `more` bytes behind `len`, without changing `len`. */
NODISCARD err_t buf_reserve(struct buf *b, size_t more);

/* Append a copy of `bytes`. */
NODISCARD err_t buf_append(struct buf *b, span_t bytes);

/* Append one byte. */
NODISCARD err_t buf_append_byte(struct buf *b, uint8_t byte);

/* Append as printf does. */
NODISCARD err_t buf_append_format(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drop the first `n` bytes (all of them if fewer are in). */
void buf_consume(struct buf *b, size_t n);

/* Keep the first `len` bytes, of at least as many, and forget the rest. */
void buf_cut(struct buf *b, size_t len);

/* Forget the content, keep the memory. */
void buf_clear(struct buf *b);

static inline span_t buf_span(const struct buf *b)
{
    return (span_t){b->ptr, b->len};
}

#endif
