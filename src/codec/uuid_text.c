#include "codec/uuid_text.h"

#include "codec/hex.h"

#include <stddef.h>

/* Where the hyphens stand: 8-4-4-4-12. */
static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool is_lower_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

err_t uuid_parse(span_t text, uuid_t *out)
{
    uint8_t digits[32];
    size_t n = 0;
    if (text.len != UUID_TEXT_LEN) {
        return err_new(ERR_FORMAT);
    }
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.ptr[i];
        if (is_hyphen_place(i) ? byte != '-' : !is_lower_hex(byte)) {
            return err_new(ERR_FORMAT);
        }
        if (!is_hyphen_place(i)) {
            digits[n++] = byte;
        }
    }
    uuid_t id = {{0}};
    TRY(hex_decode((span_t){digits, n}, id.byte, sizeof id.byte));
    if (id.byte[6] >> 4 != 4 || id.byte[8] >> 6 != 2) {
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
