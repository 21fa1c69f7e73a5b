#include "crypto/opaque.h"

#include "base/err.h"
#include "base/rng.h"
#include "codec/base64.h"
#include "crypto/secret.h"

#include <string.h>

_Static_assert(BASE64URL_LEN(OPAQUE_BYTES) == OPAQUE_CHARS, "32 bytes are 43 letters");

void opaque_make(char out[OPAQUE_CHARS + 1])
{
    uint8_t bytes[OPAQUE_BYTES];
    rng_fill(bytes, sizeof bytes);
    size_t len = 0;
    MUST(!failed(base64url_encode((span_t){bytes, sizeof bytes}, out, OPAQUE_CHARS, &len)));
    MUST(len == OPAQUE_CHARS);
    out[OPAQUE_CHARS] = '\0';
    memory_wipe(bytes, sizeof bytes);
}

void opaque_key_init(struct hmac_key *key, const struct keyring *k, const char *purpose)
{
    uint8_t derived[DERIVED_KEY_BYTES];
    keyring_derive(k, purpose, derived);
    hmac_key_init(key, (span_t){derived, sizeof derived});
    memory_wipe(derived, sizeof derived);
}

void opaque_hash(const struct hmac_key *key, span_t text, uint8_t out[OPAQUE_HASH_BYTES])
{
    hmac_sha256(key, text, out);
}
