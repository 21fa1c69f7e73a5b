#include "codec/hex.h"

#include <stdbool.h>

void hex_encode(span_t bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.ptr[i] >> 4];
        out[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    out[2 * bytes.len] = '\0';
}

static bool read_digit(uint8_t byte, uint8_t *out)
{
    const uint8_t lower = byte | 0x20;
    if (byte >= '0' && byte <= '9') {
        *out = (uint8_t)(byte - '0');
        return true;
    }
    if (lower >= 'a' && lower <= 'f') {
        *out = (uint8_t)(lower - 'a' + 10);
        return true;
    }
    return false;
}

err_t hex_decode(span_t text, uint8_t *out, size_t len)
{
    if (text.len / 2 != len || text.len % 2 != 0) {
        return err_new(ERR_FORMAT);
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = 0;
        if (!read_digit(text.ptr[i], &digit)) {
            return err_new(ERR_FORMAT);
        }
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t high = 0;
        uint8_t low = 0;
        MUST(read_digit(text.ptr[2 * i], &high) && read_digit(text.ptr[2 * i + 1], &low));
        out[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}
