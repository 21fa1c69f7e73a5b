/*
 * token.h - session tokens: JWT (RFC 7519), HS256 (RFC 7518 3.2) and nothing else.
 *
 * Floor      crypto
 * Source     CONTRACT 3 "Tokens"; RFC 8725 (best current practice).
 * Units      times in seconds since 1970.
 * Ownership  plain values; nothing allocates.
 * Errors     an answer: a token is good, expired or invalid, and no more is told.
 * Threads    the key ring is only read: any number of threads may check at once.
 *
 * The header is compared as a whole, byte by byte, with the few that we write, before anything
 * else; the MAC is compared in constant time before a claim is looked at. `kid` is a 16-bit number
 * that follows from the key, written as text (RFC 7515, 4.1.4), so that a rotation needs no table of
 * names. All eight claims must be there, once each, and no other.
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/uuid.h"
#include "crypto/keys.h"

#include <stdint.h>

#define TOKEN_MAX_BYTES  LIMIT_TOKEN_BYTES /* a longer text is invalid unread */
#define TOKEN_TEXT_BYTES 512               /* what token_sign() needs, NUL included */
#define TOKEN_FUTURE_S   3600              /* how far a clock may have gone back since the issue */
#define TOKEN_ISSUER     "canara"
#define TOKEN_AUDIENCE   "canara"

typedef struct token_claims {
    uuid_t account;
    uuid_t session;
    uint8_t device_mac[DEVICE_MAC_BYTES];
    int64_t issued_s;
    int64_t expires_s; /* > issued_s */
    uuid_t jti;
} token_claims_t;

enum token_answer {
    TOKEN_OK,
    TOKEN_INVALID, /* not ours, damaged, or issued more than TOKEN_FUTURE_S ahead */
    TOKEN_EXPIRED, /* ours, and over: now_s >= expires_s */
};

/* Sign with the current key; `out` is NUL-terminated, `*len` without the NUL. ERR_RANGE for times
 * outside 0..9999-12-31 or an end that is not after the issue. */
NODISCARD err_t token_sign(const struct keyring *k, const token_claims_t *claims,
                           char out[TOKEN_TEXT_BYTES], size_t *len);

/* Check a token text. `*out` is filled on TOKEN_OK and on TOKEN_EXPIRED, else untouched. */
enum token_answer token_check(const struct keyring *k, span_t text, int64_t now_s,
                              token_claims_t *out);

#endif
