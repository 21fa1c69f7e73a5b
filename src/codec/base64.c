#include "codec/base64.h"

#include <stdbool.h>

/* Letters of digits; of letters their digit and one more, 0 for what is none. */
struct alphabet {
    char letter[65];
    uint8_t plus_one[256];
};

/* clang-format off */
#define SHARED_DIGITS \
    ['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, \
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, \
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62

static const struct alphabet url_alphabet = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    {SHARED_DIGITS, ['-'] = 63, ['_'] = 64},
};
static const struct alphabet std_alphabet = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    {SHARED_DIGITS, ['+'] = 63, ['/'] = 64},
};

/* clang-format on */

/* Four letters are three bytes. False: one of them is no letter. */
static inline bool decode_four(const uint8_t *text, const struct alphabet *alphabet, uint8_t *out)
{
    const int a = alphabet->plus_one[text[0]] - 1;
    const int b = alphabet->plus_one[text[1]] - 1;
    const int c = alphabet->plus_one[text[2]] - 1;
    const int d = alphabet->plus_one[text[3]] - 1;
    if (a < 0 || b < 0 || c < 0 || d < 0) {
        return false;
    }
    const uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8 & 0xff);
    out[2] = (uint8_t)(bits & 0xff);
    return true;
}

static size_t encode(span_t bytes, const struct alphabet *alphabet, char *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | bytes.ptr[i]) & 0xffff; /* at most 4 bits are left from before */
        held += 8;
        while (held >= 6) {
            held -= 6;
            out[n++] = alphabet->letter[bits >> held & 63];
        }
    }
    if (held > 0) {
        out[n++] = alphabet->letter[bits << (6 - held) & 63];
    }
    return n;
}

/* Decode letters without padding. Every write lies behind what was read, so `out` may overlap. */
static err_t decode(span_t text, const struct alphabet *alphabet, uint8_t *out, size_t cap,
                    size_t *out_len)
{
    if (text.len % 4 == 1) {
        return err_new(ERR_FORMAT);
    }
    if (text.len / 4 * 3 + (text.len % 4 > 0 ? text.len % 4 - 1 : 0) > cap) {
        return err_new(ERR_LIMIT);
    }
    size_t n = 0;
    size_t i = 0;
    for (; text.len - i >= 4; i += 4, n += 3) {
        if (!decode_four(text.ptr + i, alphabet, out + n)) {
            return err_new(ERR_FORMAT);
        }
    }
    uint32_t bits = 0;
    unsigned held = 0;
    for (; i < text.len; i++) {
        const unsigned plus_one = alphabet->plus_one[text.ptr[i]];
        if (plus_one == 0) {
            return err_new(ERR_FORMAT);
        }
        bits = (bits << 6 | (plus_one - 1)) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    if ((bits & ((UINT32_C(1) << held) - 1)) != 0) {
        return err_new(ERR_FORMAT); /* two texts for the same bytes */
    }
    *out_len = n;
    return ERR_OK;
}

err_t base64url_encode(span_t bytes, char *out, size_t cap, size_t *out_len)
{
    if (bytes.len > cap || bytes.len / 3 * 4 + (bytes.len % 3 > 0 ? bytes.len % 3 + 1 : 0) > cap) {
        return err_new(ERR_LIMIT);
    }
    *out_len = encode(bytes, &url_alphabet, out);
    return ERR_OK;
}

err_t base64url_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len)
{
    return decode(text, &url_alphabet, out, cap, out_len);
}

err_t base64_encode(span_t bytes, char *out, size_t cap, size_t *out_len)
{
    if (bytes.len > cap || bytes.len / 3 * 4 + (bytes.len % 3 > 0 ? 4 : 0) > cap) {
        return err_new(ERR_LIMIT);
    }
    size_t n = encode(bytes, &std_alphabet, out);
    while (n % 4 != 0) {
        out[n++] = '=';
    }
    *out_len = n;
    return ERR_OK;
}

err_t base64_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len)
{
    if (text.len % 4 != 0) {
        return err_new(ERR_FORMAT);
    }
    span_t letters = text;
    for (int i = 0; i < 2 && letters.len > 0 && letters.ptr[letters.len - 1] == '='; i++) {
        letters.len--;
    }
    return decode(letters, &std_alphabet, out, cap, out_len);
}
