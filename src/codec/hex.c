#include "codec/hex.h"

void hex_encode(span_t bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.ptr[i] >> 4];
        out[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    out[2 * bytes.len] = '\0';
}

enum { NO_DIGIT = 0x80 };

/* Value of a digit of either case, or NO_DIGIT. */
static inline unsigned digit_of(uint8_t byte)
{
    /* clang-format off */
    static const uint8_t plus_one[128] = {
        ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
        ['A'] = 11, 12, 13, 14, 15, 16,
        ['a'] = 11, 12, 13, 14, 15, 16,
    };
    /* clang-format on */
    return byte < sizeof plus_one && plus_one[byte] != 0 ? plus_one[byte] - 1U : NO_DIGIT;
}

err_t hex_decode(span_t text, uint8_t *out, size_t len)
{
    if (text.len / 2 != len || text.len % 2 != 0) {
        return err_new(ERR_FORMAT);
    }
    unsigned seen = 0;
    for (size_t i = 0; i < text.len; i++) {
        seen |= digit_of(text.ptr[i]);
    }
    if ((seen & NO_DIGIT) != 0) {
        return err_new(ERR_FORMAT);
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(digit_of(text.ptr[2 * i]) << 4 | digit_of(text.ptr[2 * i + 1]));
    }
    return ERR_OK;
}
