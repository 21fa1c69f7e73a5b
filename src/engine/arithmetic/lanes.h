/*
 * lanes.h - four or eight floats at once.
 *
 * Floor      engine/arithmetic
 * Source     logarithm and exponential: the polynomials of Cephes' logf and expf (Moshier 1989).
 * Units      none.
 * Ownership  plain values.
 * Errors     none.
 * Threads    no shared state.
 * Precision  float; the same input gives the same bits with every compiler: no libm, no contraction.
 *            lanes_log() and lanes_exp() are within 2e-7 of the true value, relative or absolute,
 *            whichever is larger (lanes_test.c).
 */
#ifndef ENGINE_LANES_H
#define ENGINE_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight only in what is compiled for processors that have them: beside_avx2.c. */
#if defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float lanes_t __attribute__((vector_size(4 * LANES)));
typedef int32_t lanes_int_t __attribute__((vector_size(4 * LANES)));

/* The same where it lies in an array. A memcpy() to there would become a checked call under
 * _FORTIFY_SOURCE, which costs more than all that is stored. */
typedef float lanes_at_t __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t lanes_int_at_t __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* In these, besides the smaller and the larger of two: the root, and lanes_before(last, x), the lanes of x
 * moved up by one, the first of which is the last one of what came before. */
#if defined(__AVX2__)
#include "engine/arithmetic/lanes_avx2.h"
#elif defined(__SSE2__)
#include "engine/arithmetic/lanes_sse2.h"
#else
#include "engine/arithmetic/lanes_plain.h"
#endif

static inline lanes_t lanes_load(const float *at)
{
    return *(const lanes_at_t *)at;
}

static inline void lanes_store(float *at, lanes_t x)
{
    *(lanes_at_t *)at = x;
}

static inline lanes_int_t lanes_int_load(const int32_t *at)
{
    return *(const lanes_int_at_t *)at;
}

static inline void lanes_int_store(int32_t *at, lanes_int_t x)
{
    *(lanes_int_at_t *)at = x;
}

static inline lanes_t lanes_of(float x)
{
    return (lanes_t){0.0F} + x;
}

static inline lanes_int_t lanes_bits(lanes_t x)
{
    lanes_int_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline lanes_t lanes_of_bits(lanes_int_t bits)
{
    lanes_t x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The lanes in a ring, half the way round, a quarter, an eighth. */
#if defined(__AVX2__)
static inline lanes_t lanes_turn4(lanes_t x)
{
    return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
}

static inline lanes_t lanes_turn2(lanes_t x)
{
    return __builtin_shufflevector(x, x, 2, 3, 4, 5, 6, 7, 0, 1);
}

static inline lanes_t lanes_turn1(lanes_t x)
{
    return __builtin_shufflevector(x, x, 1, 2, 3, 4, 5, 6, 7, 0);
}
#else
static inline lanes_t lanes_turn2(lanes_t x)
{
    return __builtin_shufflevector(x, x, 2, 3, 0, 1);
}

static inline lanes_t lanes_turn1(lanes_t x)
{
    return __builtin_shufflevector(x, x, 1, 2, 3, 0);
}
#endif

static inline lanes_t lanes_abs(lanes_t x)
{
    return lanes_of_bits(lanes_bits(x) & INT32_MAX);
}

/* Exponents of two of finite numbers > 0 that are not subnormal; what is left is in [1, 2). */
static inline lanes_int_t lanes_take_exponent(lanes_t *x)
{
    const lanes_int_t bits = lanes_bits(*x);
    *x = lanes_of_bits((bits & 0x7fffff) | 0x3f800000);
    return (bits >> 23) - 127;
}

/* ln x for finite x > 0 that is not subnormal. */
static inline lanes_t lanes_log(lanes_t x)
{
    lanes_int_t e = lanes_take_exponent(&x);
    const lanes_int_t large = x > 1.41421356F; /* all ones where true */
    e -= large;
    x = lanes_of_bits(lanes_bits(x) - (large & 0x800000)) - 1.0F;
    const lanes_t square = x * x;
    lanes_t y = 7.0376836292e-2F * x - 1.1514610310e-1F;
    y = y * x + 1.1676998740e-1F;
    y = y * x - 1.2420140846e-1F;
    y = y * x + 1.4249322787e-1F;
    y = y * x - 1.6668057665e-1F;
    y = y * x + 2.0000714765e-1F;
    y = y * x - 2.4999993993e-1F;
    y = y * x + 3.3333331174e-1F;
    y = y * x * square - 0.5F * square;
    return x + y + __builtin_convertvector(e, lanes_t) * 0.693147181F;
}

/* e^x for x in [-86, 0]. */
static inline lanes_t lanes_exp(lanes_t x)
{
    const lanes_int_t n = __builtin_convertvector(x * 1.44269504F - 0.5F, lanes_int_t);
    const lanes_t whole = __builtin_convertvector(n, lanes_t);
    x -= whole * 0.693359375F;
    x -= whole * -2.12194440e-4F;
    lanes_t y = 1.9875691500e-4F * x + 1.3981999507e-3F;
    y = y * x + 8.3334519073e-3F;
    y = y * x + 4.1665795894e-2F;
    y = y * x + 1.6666665459e-1F;
    y = y * x + 5.0000001201e-1F;
    y = y * x * x + x + 1.0F;
    return y * lanes_of_bits((n + 127) << 23);
}

#endif
