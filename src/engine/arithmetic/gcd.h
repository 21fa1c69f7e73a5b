/* gcd.h - greatest common divisor (Euclid); gcd(0, b) is b, so that a fold may begin at 0. */
#ifndef ENGINE_GCD_H
#define ENGINE_GCD_H

#include <stdint.h>

static inline uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
