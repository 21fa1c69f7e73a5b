/*
 * secret.h - bytes that must not be seen: kept apart, compared in constant time, wiped.
 *
 * Floor      crypto
 * Source     libsodium: sodium_memcmp, sodium_malloc (guard pages, mlock,
 *            MADV_DONTDUMP).
 * Units      sizes in bytes.
 * Ownership  key memory belongs to whoever asked for it, until key_memory_free().
 * Errors     ERR_NOMEM when no page can be had; ERR_IO.
 * Threads    no shared state after crypto_start().
 *
 * Random bytes and ids come from base/rng.h (rng_fill, uuid_random), memory_wipe() from base/wipe.h.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/err.h"
#include "base/span.h"
#include "base/wipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Make libsodium ready. Call once before any other thread starts; again is harmless. */
NODISCARD err_t crypto_start(void);

/* Compare in a time that depends on `len` alone. */
bool ct_equal(const void *a, const void *b, size_t len);

/* Zeroed memory between guard pages, locked into RAM and left out of core dumps. Locking that
 * the system refuses (RLIMIT_MEMLOCK) is not an error: the pages are still kept out of dumps. */
NODISCARD err_t key_memory_new(size_t len, void **out);

/* Wipe and release what key_memory_new() gave; leaves NULL. */
void key_memory_free(void **at);

/* No core dumps, no ptrace by others of the same user (PR_SET_DUMPABLE 0, RLIMIT_CORE 0). */
NODISCARD err_t process_harden(void);

#endif
