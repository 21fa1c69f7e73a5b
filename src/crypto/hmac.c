/* libcrypto 3 calls its plain SHA-256 functions deprecated in favour of EVP, whose contexts live
 * on the heap. A state that is a value can be copied: no allocation, no lock, 0.3 us less. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hmac.h"

#include "base/err.h"
#include "crypto/secret.h"

#include <openssl/sha.h>

#include <string.h>

enum { BLOCK_BYTES = 64 };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "the state of libcrypto fits");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "and is aligned");

static SHA256_CTX *state_of(struct sha256 *s)
{
    return (SHA256_CTX *)(void *)s->state;
}

static void begin(struct sha256 *s)
{
    MUST(SHA256_Init(state_of(s)) == 1);
}

static void add(struct sha256 *s, const void *bytes, size_t len)
{
    if (len > 0) {
        MUST(SHA256_Update(state_of(s), bytes, len) == 1);
    }
}

static void end(struct sha256 *s, uint8_t out[SHA256_BYTES])
{
    MUST(SHA256_Final(out, state_of(s)) == 1);
}

void sha256(span_t bytes, uint8_t out[SHA256_BYTES])
{
    struct sha256 s;
    begin(&s);
    add(&s, bytes.ptr, bytes.len);
    end(&s, out);
    memory_wipe(&s, sizeof s);
}

static void absorb(struct sha256 *s, const uint8_t block[BLOCK_BYTES], uint8_t pad)
{
    uint8_t padded[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        padded[i] = (uint8_t)(block[i] ^ pad);
    }
    begin(s);
    add(s, padded, sizeof padded);
    memory_wipe(padded, sizeof padded);
}

void hmac_key_init(struct hmac_key *k, span_t key)
{
    uint8_t block[BLOCK_BYTES] = {0};
    if (key.len > BLOCK_BYTES) {
        sha256(key, block);
    } else if (key.len > 0) {
        memcpy(block, key.ptr, key.len);
    }
    *k = (struct hmac_key){0};
    absorb(&k->inner, block, 0x36);
    absorb(&k->outer, block, 0x5c);
    memory_wipe(block, sizeof block);
}

void hmac_key_wipe(struct hmac_key *k)
{
    memory_wipe(k, sizeof *k);
}

void hmac_begin(struct hmac *m, const struct hmac_key *k)
{
    m->inner = k->inner;
    m->key = k;
}

void hmac_add(struct hmac *m, span_t bytes)
{
    add(&m->inner, bytes.ptr, bytes.len);
}

void hmac_end(struct hmac *m, uint8_t out[SHA256_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    end(&m->inner, digest);
    struct sha256 outer = m->key->outer;
    add(&outer, digest, sizeof digest);
    end(&outer, out);
    memory_wipe(digest, sizeof digest);
    memory_wipe(&outer, sizeof outer);
    memory_wipe(&m->inner, sizeof m->inner);
}

void hmac_sha256(const struct hmac_key *k, span_t bytes, uint8_t out[SHA256_BYTES])
{
    struct hmac m;
    hmac_begin(&m, k);
    hmac_add(&m, bytes);
    hmac_end(&m, out);
}
