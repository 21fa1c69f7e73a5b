/*
 * rng.h - two kinds of randomness: the kernel's for secrets and names, a seeded one for replays.
 *
 * Floor      base
 * Source     xoshiro256** 1.0: Blackman and Vigna, "Scrambled linear pseudorandom number
 *            generators", 2021; seeded by splitmix64. Normal: Marsaglia's polar method, 1964.
 * Ownership  struct rng is a value of its holder; equal seeds give equal streams.
 * Errors     none: no entropy is a broken machine and aborts.
 * Threads    rng_fill and uuid_random from any; a struct rng one at a time.
 *
 * struct rng is for simulation and tests. Anything a stranger must not guess takes rng_fill().
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>

/* Fill `out` from the kernel's generator (getrandom, blocking until it is seeded). */
void rng_fill(void *out, size_t len);

enum { RNG_STOCK_BYTES = 512 };

/* Bytes of the kernel's generator that were fetched ahead, one system call for many names; zeroed is
 * ready. One thread at a time. A number handed out is forgotten; what is not yet handed out stands in
 * memory, so it is for names that nobody may guess from others, and not for keys. */
struct rng_stock {
    uint8_t bytes[RNG_STOCK_BYTES];
    size_t left;
};

/* Fill `out` from the stock, which is filled up when it has run out. `s` may be NULL: rng_fill(). */
void rng_draw(struct rng_stock *s, void *out, size_t len);

/* Draw a random UUID, version 4 (RFC 9562, 5.4). */
uuid_t uuid_random(void);

struct rng {
    uint64_t state[4]; /* never all zero */
};

/* Begin the stream that belongs to `seed`. */
void rng_seed(struct rng *r, uint64_t seed);

/* Draw 64 bits. */
uint64_t rng_u64(struct rng *r);

/* Draw a whole number in [0, n), each equally likely; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Draw a number in [0, 1), a multiple of 2^-53. */
double rng_double(struct rng *r);

/* Draw a number in [low, high); both finite, low <= high. */
double rng_between(struct rng *r, double low, double high);

/* A seed of its own for each purpose of one seed (splitmix64's finish: Steele, Lea, Flood 2014). */
uint64_t rng_seed_for(uint64_t seed, uint64_t purpose);

/* Draw from the standard normal distribution: mean 0, deviation 1. */
double rng_normal(struct rng *r);

#endif
