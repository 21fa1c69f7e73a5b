#include "base/hash.h"

#include "base/err.h"

NO_SANITIZE_WRAP static uint64_t splitmix(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

hash_key_t hash_key_of(uint64_t seed)
{
    uint64_t state = seed;
    const uint64_t low = splitmix(&state);
    return (hash_key_t){{low, splitmix(&state)}};
}

static inline uint64_t turn(uint64_t x, int by)
{
    const int left = by & 63;
    return ((x & (UINT64_MAX >> left)) << left) | (x >> (64 - left));
}

NO_SANITIZE_WRAP static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = turn(v[1], 13) ^ v[0];
    v[0] = turn(v[0], 32);
    v[2] += v[3];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = turn(v[1], 17) ^ v[2];
    v[2] = turn(v[2], 32);
}

/* Up to eight bytes, the first lowest: the same number on every machine. */
static uint64_t little_end(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

uint64_t hash_bytes(hash_key_t key, span_t bytes)
{
    /* The initial constants are "somepseudorandomlygeneratedbytes" (paper, section 2.1). */
    uint64_t v[4] = {
        key.half[0] ^ UINT64_C(0x736f6d6570736575), key.half[1] ^ UINT64_C(0x646f72616e646f6d),
        key.half[0] ^ UINT64_C(0x6c7967656e657261), key.half[1] ^ UINT64_C(0x7465646279746573)};

    const size_t whole = bytes.len - bytes.len % 8;
    for (size_t at = 0; at < whole; at += 8) {
        const uint64_t word = little_end(bytes.ptr + at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    const uint64_t rest = bytes.len % 8 == 0 ? 0 : little_end(bytes.ptr + whole, bytes.len % 8);
    const uint64_t last = rest | (uint64_t)(bytes.len & 0xff) << 56;
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;

    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t hash_row(uint64_t key, uint32_t rows)
{
    const span_t bytes = {(const uint8_t *)&key, sizeof key};
    return (uint32_t)(hash_bytes(hash_key_of(1), bytes) % rows);
}
