#include "tests/support/random.h"

#include "base/err.h"

NO_SANITIZE_WRAP uint64_t random_u64(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double random_in(uint64_t *seed, double low, double high)
{
    return low + (high - low) * ((double)(random_u64(seed) >> 11) * 0x1p-53);
}

uint64_t random_below(uint64_t *seed, uint64_t n)
{
    MUST(n > 0);
    return random_u64(seed) % n;
}
