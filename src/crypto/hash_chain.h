/*
 * hash_chain.h - audit records that hold on to one another: HMAC(key, previous, fields).
 *
 * Floor      crypto
 * Source     Haber and Stornetta 1991 (linking); every field is preceded by its length in eight
 *            bytes, so that no two lists of fields give the same bytes.
 * Ownership  plain values; the key is wiped by its holder (hmac_key_wipe).
 * Errors     none.
 * Threads    a chain key that nobody writes may be shared.
 */
#ifndef CRYPTO_HASH_CHAIN_H
#define CRYPTO_HASH_CHAIN_H

#include "base/span.h"
#include "crypto/hmac.h"
#include "crypto/keys.h"

#define CHAIN_HASH_BYTES 32

typedef struct chain_hash {
    uint8_t byte[CHAIN_HASH_BYTES]; /* all zero before the first record */
} chain_hash_t;

/* The audit key of this installation. */
void chain_key_init(struct hmac_key *key, const struct keyring *k);

/* The hash of one record that follows `previous`. */
chain_hash_t chain_next(const struct hmac_key *key, chain_hash_t previous, const span_t *fields,
                        size_t count);

#endif
