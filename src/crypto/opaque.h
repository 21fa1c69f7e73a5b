/*
 * opaque.h - random bearer texts (refresh tokens, tickets), of which only a keyed hash is kept.
 *
 * Floor      crypto
 * Ownership  plain values.
 * Errors     none; rng_fill() aborts rather than give fewer bytes.
 * Threads    a struct hmac_key that nobody writes may be shared.
 */
#ifndef CRYPTO_OPAQUE_H
#define CRYPTO_OPAQUE_H

#include "base/span.h"
#include "crypto/hmac.h"
#include "crypto/keys.h"

#define OPAQUE_BYTES      32
#define OPAQUE_CHARS      43 /* base64url without padding */
#define OPAQUE_HASH_BYTES 32

/* Make a new text of 256 random bits, NUL-terminated. */
void opaque_make(char out[OPAQUE_CHARS + 1]);

/* The key under which texts of one purpose ("refresh", "ticket") are stored. Made once at start. */
void opaque_key_init(struct hmac_key *key, const struct keyring *k, const char *purpose);

/* What is stored instead of the text. Any bytes hash; look-ups by the result need no ct_equal. */
void opaque_hash(const struct hmac_key *key, span_t text, uint8_t out[OPAQUE_HASH_BYTES]);

#endif
