/* gaps_sse2.h - sums of differences of bytes, two of eight: one instruction. */
#ifndef ENGINE_GAPS_SSE2_H
#define ENGINE_GAPS_SSE2_H

#include <emmintrin.h>

static inline void gaps_of_two(bytes_t a, bytes_t b, uint32_t out[2])
{
    const __m128i sums = _mm_sad_epu8((__m128i)a, (__m128i)b);
    out[0] = (uint32_t)_mm_cvtsi128_si32(sums);
    out[1] = (uint32_t)_mm_extract_epi16(sums, 4); /* at most 8 x 255 */
}

#endif
