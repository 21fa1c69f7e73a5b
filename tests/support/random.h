/* random.h - a seeded generator for tests (splitmix64, Steele, Lea and Flood 2014). */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

/* The next 64 bits; `*seed` moves on. */
uint64_t random_u64(uint64_t *seed);

/* A number in [low, high). */
double random_in(uint64_t *seed, double low, double high);

/* A whole number in [0, n), n > 0. */
uint64_t random_below(uint64_t *seed, uint64_t n);

#endif
