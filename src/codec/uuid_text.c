#include "codec/uuid_text.h"

#include "codec/hex.h"

#include <stddef.h>

/* Where the hyphens stand: 8-4-4-4-12. */
static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

enum { NO_DIGIT = 0x80 };

/* Value of a lower-case digit, or NO_DIGIT. */
static inline unsigned digit_of(uint8_t byte)
{
    /* clang-format off */
    static const uint8_t plus_one[128] = {
        ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
        ['a'] = 11, 12, 13, 14, 15, 16,
    };
    /* clang-format on */
    return byte < sizeof plus_one && plus_one[byte] != 0 ? plus_one[byte] - 1U : NO_DIGIT;
}

err_t uuid_parse(span_t text, uuid_t *out)
{
    uuid_t id = {{0}};
    if (text.len != UUID_TEXT_LEN) {
        return err_new(ERR_FORMAT);
    }
    unsigned seen = 0;
    size_t at = 0;
    for (size_t i = 0; i < sizeof id.byte; i++) {
        if (is_hyphen_place(at)) {
            seen |= text.ptr[at++] == '-' ? 0U : NO_DIGIT;
        }
        const unsigned high = digit_of(text.ptr[at++]);
        const unsigned low = digit_of(text.ptr[at++]);
        seen |= high | low;
        id.byte[i] = (uint8_t)((high << 4 | low) & 0xff);
    }
    if ((seen & NO_DIGIT) != 0 || id.byte[6] >> 4 != 4 || id.byte[8] >> 6 != 2) {
        return err_new(ERR_FORMAT); /* version 4, variant 10 */
    }
    *out = id;
    return ERR_OK;
}

void uuid_print(uuid_t id, char out[UUID_TEXT_SIZE])
{
    char digits[2 * sizeof id.byte + 1];
    hex_encode((span_t){id.byte, sizeof id.byte}, digits);
    size_t n = 0;
    for (size_t i = 0; i < UUID_TEXT_LEN; i++) {
        out[i] = '-';
        if (!is_hyphen_place(i)) {
            out[i] = digits[n++];
        }
    }
    out[UUID_TEXT_LEN] = '\0';
}
