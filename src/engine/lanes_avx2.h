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

#endif
