/*
 * numbers.h - small pieces of arithmetic that the whole engine shares.
 *
 * Floor      engine/arithmetic
 * Units      none.
 * Errors     none.
 * Threads    no shared state.
 * Precision  double; the same input gives the same bits.
 */
#ifndef ENGINE_NUMBERS_H
#define ENGINE_NUMBERS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* For large arrays of which only what is written is read: our release flags fill every other
 * variable with zeros first, which costs more than many a use. */
#define SCRATCH __attribute__((uninitialized))

static inline double clip(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}

/* rint(x) for |x| < 2^51, without a branch. */
static inline double whole_px(double x)
{
    return (x + 0x1.8p52) - 0x1.8p52;
}

/* asinh(x), of which no more than absolute precision is wanted. */
static inline double sinh_inverse(double x)
{
    return copysign(log(fabs(x) + sqrt(x * x + 1.0)), x);
}

/* Put x among n numbers that ascend; there is room for one more. */
static inline void sorted_add(double *sorted, size_t n, double x)
{
    for (; n > 0 && sorted[n - 1] > x; n--) {
        sorted[n] = sorted[n - 1];
    }
    sorted[n] = x;
}

static inline double logit(double p)
{
    return log(p / (1.0 - p));
}

/* The nearest whole number, halves upwards, kept within 16 bits. */
static inline int16_t to_int16(double x)
{
    return (int16_t)clip(floor(x + 0.5), -32767.0, 32767.0);
}

static inline uint16_t to_uint16(double x)
{
    return (uint16_t)clip(floor(x + 0.5), 0.0, 65535.0);
}

/* FNV-1a of 64 bits (Fowler, Noll, Vo 1991): names and checksums, never a table that a stranger can
 * fill. */
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

#if defined(__clang__)
__attribute__((no_sanitize("unsigned-integer-overflow")))
#endif
static inline uint64_t
fnv_add(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ p[i]) * FNV_PRIME;
    }
    return hash;
}

#endif
