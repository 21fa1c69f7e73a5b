/*
 * pwhash.h - passwords and MPINs at rest: HMAC-SHA-256 under the pepper, then Argon2id.
 *
 * Floor      crypto
 * Source     RFC 9106; libargon2 20171227, its reference program; OWASP password storage: 19 MiB, t=2, p=1.
 * Units      memory in KiB.
 * Ownership  stored texts are held by the caller; intermediate secrets are wiped.
 * Errors     ERR_NOMEM when Argon2 has no memory; ERR_FORMAT for a stored text that is not ours
 *            or asks for more than the limits; ERR_RANGE for a pepper id that is not in the ring.
 * Threads    any number; each call takes a piece of memory for about 20 ms. Never on a loop.
 *
 * Stored text: p=PEPPERID$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH (at most 127 characters).
 */
#ifndef CRYPTO_PWHASH_H
#define CRYPTO_PWHASH_H

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "crypto/hash_memory.h"
#include "crypto/keys.h"

#include <stdbool.h>
#include <stdint.h>

#define PWHASH_TEXT_BYTES   128 /* NUL included */
#define PWHASH_MAX_KIB      65536
#define PWHASH_MAX_PASSES   10
#define PWHASH_SECRET_BYTES 128 /* longest password taken */
#define PWHASH_HASH_BYTES   32

struct pwhash_cost {
    uint32_t memory_kib;
    uint32_t passes;
};

/* The one cost that a server uses. */
#define PWHASH_COST ((struct pwhash_cost){.memory_kib = 19456, .passes = 2})

/* What hashes are made with. */
struct hashing {
    struct hash_memory *memory; /* NULL: each takes memory of its own */
    struct pwhash_cost cost;    /* of those that are made from now on */
};

enum pwhash_purpose { PWHASH_PASSWORD, PWHASH_MPIN };

/* Whose secret it is: a hash verifies for this account and this purpose alone. */
struct pwhash_subject {
    uuid_t account;
    enum pwhash_purpose purpose;
};

/* Hash a secret of 1..PWHASH_SECRET_BYTES bytes with a fresh salt. */
NODISCARD err_t pwhash_make(const struct keyring *k, const struct hashing *h,
                            struct pwhash_subject who, span_t secret, char out[PWHASH_TEXT_BYTES]);

/* Compare a secret with a stored text, NUL-terminated. A secret that is empty or too long costs
 * the same and does not match. */
NODISCARD err_t pwhash_verify(const struct keyring *k, const struct hashing *h,
                              struct pwhash_subject who, span_t secret, const char *stored,
                              bool *out_match);

/* The two halves of pwhash_verify(), for whoever must act between them: the first takes memory and
 * can fail, the second cannot. Nothing is known of the secret before the second. */
struct pwhash_proof {
    uint8_t given[PWHASH_HASH_BYTES], kept[PWHASH_HASH_BYTES];
    bool usable; /* the secret is neither empty nor too long */
};

/* Hash a secret as the stored text was made. The proof is to be compared, or wiped. */
NODISCARD err_t pwhash_prove(const struct keyring *k, const struct hashing *h,
                             struct pwhash_subject who, span_t secret, const char *stored,
                             struct pwhash_proof *out);

/* Compare in constant time, and wipe the proof. */
bool pwhash_compare(struct pwhash_proof *proof);

void pwhash_proof_wipe(struct pwhash_proof *proof);

/* Say whether pwhash_verify() could compare at all: the text is ours and its pepper in the ring. */
bool pwhash_is_known(const struct keyring *k, const char *stored);

/* Spend what pwhash_verify() spends, for an account that does not exist. Never matches. */
NODISCARD err_t pwhash_dummy(const struct keyring *k, const struct hashing *h, span_t secret);

/* Say whether a stored text should be made anew after a match: an older pepper or another cost. */
bool pwhash_is_stale(const struct keyring *k, const struct hashing *h, const char *stored);

#endif
