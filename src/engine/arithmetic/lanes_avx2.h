/* lanes_avx2.h - the smaller of two, lane by lane, eight lanes; the same bits as lanes_plain.h. */
#ifndef ENGINE_LANES_AVX2_H
#define ENGINE_LANES_AVX2_H

#include <immintrin.h>

static inline lanes_t lanes_min(lanes_t a, lanes_t b)
{
    return (lanes_t)_mm256_min_ps((__m256)a, (__m256)b);
}

static inline lanes_t lanes_max(lanes_t a, lanes_t b)
{
    return (lanes_t)_mm256_max_ps((__m256)a, (__m256)b);
}

static inline lanes_t lanes_sqrt(lanes_t x)
{
    return (lanes_t)_mm256_sqrt_ps((__m256)x);
}

static inline lanes_t lanes_before(lanes_t last, lanes_t x)
{
    return __builtin_shufflevector(last, x, 7, 8, 9, 10, 11, 12, 13, 14);
}

#endif
