/* util.h - small facts about arrays, numbers and bits that every floor needs. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* Find the structure that holds `member`, given a pointer to that member. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Add two sizes; false on overflow, `*out` then untouched. */
static inline bool size_add(size_t a, size_t b, size_t *out)
{
    size_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

/* Multiply two sizes; false on overflow, `*out` then untouched. */
static inline bool size_mul(size_t a, size_t b, size_t *out)
{
    size_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Compare the bits: -0 is not 0, and a NaN is itself. */
static inline bool same_bits(double a, double b)
{
    uint64_t x = 0;
    uint64_t y = 0;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

/* An ASCII letter in lower case, any other byte as it is; no locale. */
static inline char ascii_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)((unsigned char)c | 0x20U);
    }
    return c;
}

#endif
