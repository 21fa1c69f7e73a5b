/*
 * words.h - a struct as its words that are not zero.
 *
 * Floor      domain/ground
 * Units      bytes; sizes are multiples of 8, at most WORDS_BYTES_MAX.
 * Ownership  borrows everything.
 * Errors     as of the cursors: one that ran out stays failed.
 * Threads    no shared state.
 *
 * A bit for each eight words, a byte of bits for each eight that have one, then the words: every bit comes
 * back, also of padding. Most of a session is zero.
 */
#ifndef DOMAIN_WORDS_H
#define DOMAIN_WORDS_H

#include "engine/arithmetic/byte_cursor.h"

#include <stddef.h>

enum { WORDS_BYTES_MAX = 2048 };

/* The most that words_pack() writes for so many bytes. */
#define WORDS_PACKED_MAX(size) ((size) + (size) / 64 + (size) / 512 + 2)

void words_pack(struct byte_writer *w, const void *from, size_t size);
void words_unpack(struct byte_reader *r, void *to, size_t size);

#endif
