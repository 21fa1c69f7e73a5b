/* lanes_sse2.h - the smaller of two, lane by lane: one instruction, which gcc does not find by itself. */
#ifndef ENGINE_LANES_SSE2_H
#define ENGINE_LANES_SSE2_H

#include <xmmintrin.h>

static inline lanes_t lanes_min(lanes_t a, lanes_t b)
{
    return (lanes_t)_mm_min_ps((__m128)a, (__m128)b);
}

static inline lanes_t lanes_max(lanes_t a, lanes_t b)
{
    return (lanes_t)_mm_max_ps((__m128)a, (__m128)b);
}

static inline lanes_t lanes_sqrt(lanes_t x)
{
    return (lanes_t)_mm_sqrt_ps((__m128)x);
}

static inline lanes_t lanes_before(lanes_t last, lanes_t x)
{
    return __builtin_shufflevector(last, x, 3, 4, 5, 6);
}

#endif
