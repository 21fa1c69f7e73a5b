/*
 * hmac.h - HMAC-SHA-256 with the key already absorbed, so that a message costs no set-up.
 *
 * Floor      crypto
 * Source     RFC 2104, RFC 4231; SHA-256 of libcrypto (uses the SHA instructions of the machine).
 * Ownership  plain values; struct hmac_key holds key material: keep it in key memory or wipe it.
 * Errors     none: nothing here allocates or can fail.
 * Threads    a struct hmac_key that nobody writes may be used by any number of threads.
 */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* The state of a SHA-256 on its way, as libcrypto keeps it: a plain value, copied with '='. */
struct sha256 {
    _Alignas(8) uint8_t state[128];
};

struct hmac_key {
    struct sha256 inner; /* after key xor ipad */
    struct sha256 outer; /* after key xor opad */
};

/* A message on its way. */
struct hmac {
    struct sha256 inner;
    const struct hmac_key *key;
};

/* SHA-256 of one run of bytes. */
void sha256(span_t bytes, uint8_t out[SHA256_BYTES]);

/* Absorb a key of any length. */
void hmac_key_init(struct hmac_key *k, span_t key);

/* Overwrite a key; for CLEANUP. */
void hmac_key_wipe(struct hmac_key *k);

/* Begin, feed and end a message; the key must outlive the message. */
void hmac_begin(struct hmac *m, const struct hmac_key *k);
void hmac_add(struct hmac *m, span_t bytes);
void hmac_end(struct hmac *m, uint8_t out[SHA256_BYTES]);

/* All three at once. */
void hmac_sha256(const struct hmac_key *k, span_t bytes, uint8_t out[SHA256_BYTES]);

#endif
