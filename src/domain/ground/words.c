#include "domain/ground/words.h"

#include "base/err.h"

#include <stdbool.h>
#include <string.h>

enum {
    WORDS_MAX = WORDS_BYTES_MAX / 8,
    BITS_MAX = (WORDS_MAX + 7) / 8, /* bytes of them */
    TOP_MAX = (BITS_MAX + 7) / 8
};

static bool bit(const uint8_t *bits, size_t i)
{
    return (bits[i / 8] >> (i % 8) & 1) != 0;
}

static void mark(uint8_t *bits, size_t i, bool on)
{
    bits[i / 8] |= (uint8_t)((on ? 1U : 0U) << (i % 8));
}

void words_pack(struct byte_writer *w, const void *from, size_t size)
{
    MUST(size % 8 == 0 && size <= WORDS_BYTES_MAX);
    const size_t words = size / 8;
    const size_t eights = (words + 7) / 8;
    uint64_t word[WORDS_MAX];
    uint8_t present[BITS_MAX] = {0};
    uint8_t top[TOP_MAX] = {0};
    memcpy(word, from, size);
    for (size_t i = 0; i < words; i++) {
        mark(present, i, word[i] != 0);
        mark(top, i / 8, word[i] != 0);
    }
    write_bytes(w, top, (eights + 7) / 8);
    for (size_t i = 0; i < eights; i++) {
        if (present[i] != 0) {
            write_bytes(w, &present[i], 1);
        }
    }
    for (size_t i = 0; i < words; i++) {
        if (word[i] != 0) {
            write_u64(w, word[i]);
        }
    }
}

void words_unpack(struct byte_reader *r, void *to, size_t size)
{
    MUST(size % 8 == 0 && size <= WORDS_BYTES_MAX);
    const size_t words = size / 8;
    const size_t eights = (words + 7) / 8;
    uint64_t word[WORDS_MAX] = {0};
    uint8_t present[BITS_MAX] = {0};
    uint8_t top[TOP_MAX];
    read_bytes(r, top, (eights + 7) / 8);
    for (size_t i = 0; i < eights; i++) {
        if (bit(top, i)) {
            read_bytes(r, &present[i], 1);
        }
    }
    for (size_t i = 0; i < words; i++) {
        if (bit(present, i)) {
            word[i] = read_u64(r);
        }
    }
    memcpy(to, word, size);
}
