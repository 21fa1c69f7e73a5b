/*
 * hash.h - a short keyed hash for tables that strangers can fill.
 *
 * Floor      base
 * Source     SipHash-1-3: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, with
 *            the round counts that Rust and CPython chose for tables.
 * Units      64 bits; equal on every machine.
 * Threads    any; no state.
 *
 * For tables only: not a MAC, never sent or stored.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

typedef struct hash_key {
    uint64_t half[2];
} hash_key_t;

/* Spread a 64-bit seed over a key (splitmix64). */
hash_key_t hash_key_of(uint64_t seed);

/* Hash `bytes` under `key`. */
uint64_t hash_bytes(hash_key_t key, span_t bytes);

/* The row of a key in a table of `rows` sums, where keys may share one: whoever has as many keys as there are
 * rows meets a row of another's. */
uint32_t hash_row(uint64_t key, uint32_t rows);

#endif
