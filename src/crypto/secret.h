/*
 * secret.h - bytes that must not be seen: held apart, compared in constant time, wiped.
 *
 * Floor      crypto (may use: base, codec)
 * Source     libsodium: sodium_memcmp, sodium_memzero, sodium_malloc (guard pages, mlock,
 *            MADV_DONTDUMP).
 * Units      sizes in bytes.
 * Ownership  a struct secret is held by its user and wiped through CLEANUP(secret_wipe); key
 *            memory belongs to whoever asked for it, until key_memory_free().
 * Errors     ERR_LIMIT for a secret that does not fit, ERR_NOMEM when no page can be locked or had.
 * Threads    no shared state after crypto_start().
 *
 * Random bytes and ids come from base/rng.h (rng_fill, uuid_random).
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX_BYTES 128

/* A password, an MPIN or a bearer token on its way through a call. No log field takes it. */
struct secret {
    size_t len;
    uint8_t byte[SECRET_MAX_BYTES];
};

/* Make libsodium ready. Call once before any other thread starts; again is harmless. */
NODISCARD err_t crypto_start(void);

/* Copy bytes in. ERR_LIMIT past SECRET_MAX_BYTES; the secret is then unchanged. */
NODISCARD err_t secret_set(struct secret *s, span_t bytes);

/* Overwrite with zeros in a way that no compiler leaves out. Takes NULL. */
void secret_wipe(struct secret *s);

/* Overwrite `len` bytes with zeros in a way that no compiler leaves out. */
void memory_wipe(void *at, size_t len);

/* Compare in a time that depends on `len` alone. */
bool ct_equal(const void *a, const void *b, size_t len);

/* Zeroed memory between guard pages, locked into RAM and left out of core dumps. Locking that
 * the system refuses (RLIMIT_MEMLOCK) is not an error: the pages are still kept out of dumps. */
NODISCARD err_t key_memory_new(size_t len, void **out);

/* Wipe and release what key_memory_new() gave; leaves NULL. */
void key_memory_free(void **at);

/* No core dumps, no ptrace by others of the same user (PR_SET_DUMPABLE 0, RLIMIT_CORE 0). */
NODISCARD err_t process_harden(void);

static inline span_t secret_span(const struct secret *s)
{
    return (span_t){s->byte, s->len};
}

#endif
