#include "protocol/ws_mask.h"

#include <string.h>

static inline void mask_word(uint8_t *at, uint64_t key)
{
    uint64_t word = 0;
    memcpy(&word, at, sizeof word); /* any alignment */
    word ^= key;
    memcpy(at, &word, sizeof word);
}

void ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], size_t done)
{
    uint8_t turned[8];
    for (size_t i = 0; i < sizeof turned; i++) {
        turned[i] = mask[(done + i) & 3U];
    }
    uint64_t key = 0;
    memcpy(&key, turned, sizeof key);

    size_t i = 0;
    for (; n - i >= 32; i += 32) {
        mask_word(bytes + i, key);
        mask_word(bytes + i + 8, key);
        mask_word(bytes + i + 16, key);
        mask_word(bytes + i + 24, key);
    }
    for (; n - i >= 8; i += 8) {
        mask_word(bytes + i, key);
    }
    for (; i < n; i++) {
        bytes[i] ^= turned[i & 7U];
    }
}
