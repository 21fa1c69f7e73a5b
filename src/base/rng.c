#include "base/rng.h"

#include "base/err.h"
#include "base/hash.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>

void rng_fill(void *out, size_t len)
{
    uint8_t *at = out;
    size_t left = len;
    while (left > 0) {
        const ssize_t got = getrandom(at, left, 0);
        if (got < 0) {
            MUST(errno == EINTR);
            continue;
        }
        at += got;
        left -= (size_t)got;
    }
}

void rng_draw(struct rng_stock *s, void *out, size_t len)
{
    if (s == NULL || len > sizeof s->bytes) {
        rng_fill(out, len);
        return;
    }
    if (s->left < len) {
        rng_fill(s->bytes, sizeof s->bytes);
        s->left = sizeof s->bytes;
    }
    s->left -= len;
    memcpy(out, s->bytes + s->left, len);
    memset(s->bytes + s->left, 0, len);
}

uuid_t uuid_random(void)
{
    uuid_t id;
    rng_fill(id.byte, sizeof id.byte);
    id.byte[6] = (uint8_t)((id.byte[6] & 0x0f) | 0x40); /* version 4 */
    id.byte[8] = (uint8_t)((id.byte[8] & 0x3f) | 0x80); /* variant 10 */
    return id;
}

void rng_seed(struct rng *r, uint64_t seed)
{
    /* Splitmix64 never gives two zeros in a row, so the state is never all zero. */
    const hash_key_t first = hash_key_of(seed);
    const hash_key_t second = hash_key_of(first.half[0] ^ first.half[1]);
    *r = (struct rng){{first.half[0], first.half[1], second.half[0], second.half[1]}};
}

static inline uint64_t turn(uint64_t x, int left)
{
    return ((x & (UINT64_MAX >> left)) << left) | (x >> (64 - left));
}

NO_SANITIZE_WRAP uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->state;
    const uint64_t result = turn(s[1] * 5, 7) * 9;
    const uint64_t shifted = (s[1] & (UINT64_MAX >> 17)) << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = turn(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    MUST(n > 0);
    const uint64_t fair = UINT64_MAX - UINT64_MAX % n; /* a multiple of n */
    uint64_t drawn = rng_u64(r);
    while (drawn >= fair) {
        drawn = rng_u64(r);
    }
    return drawn % n;
}

double rng_double(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
    for (;;) {
        const double x = 2 * rng_double(r) - 1;
        const double y = 2 * rng_double(r) - 1;
        const double s = x * x + y * y;
        if (s > 0 && s < 1) {
            return x * sqrt(-2 * log(s) / s);
        }
    }
}

double rng_between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_double(r);
}

NO_SANITIZE_WRAP uint64_t rng_seed_for(uint64_t seed, uint64_t purpose)
{
    uint64_t z = seed + purpose * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
