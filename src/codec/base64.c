#include "codec/base64.h"

#include <stdbool.h>

enum { NO_DIGIT = 0xff };

static const char url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of a letter, or NO_DIGIT. */
static uint8_t digit_of(uint8_t letter, const char *letters)
{
    if (letter >= 'A' && letter <= 'Z') {
        return (uint8_t)(letter - 'A');
    }
    if (letter >= 'a' && letter <= 'z') {
        return (uint8_t)(letter - 'a' + 26);
    }
    if (letter >= '0' && letter <= '9') {
        return (uint8_t)(letter - '0' + 52);
    }
    if (letter == (uint8_t)letters[62]) {
        return 62;
    }
    return letter == (uint8_t)letters[63] ? 63 : NO_DIGIT;
}

static size_t encode(span_t bytes, const char *letters, char *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | bytes.ptr[i]) & 0xffff; /* at most 4 bits are left from before */
        held += 8;
        while (held >= 6) {
            held -= 6;
            out[n++] = letters[bits >> held & 63];
        }
    }
    if (held > 0) {
        out[n++] = letters[bits << (6 - held) & 63];
    }
    return n;
}

/* Decode letters without padding. Every write lies behind what was read, so `out` may overlap. */
static err_t decode(span_t text, const char *letters, uint8_t *out, size_t cap, size_t *out_len)
{
    if (text.len % 4 == 1) {
        return err_new(ERR_FORMAT);
    }
    if (text.len / 4 * 3 + (text.len % 4 > 0 ? text.len % 4 - 1 : 0) > cap) {
        return err_new(ERR_LIMIT);
    }
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t digit = digit_of(text.ptr[i], letters);
        if (digit == NO_DIGIT) {
            return err_new(ERR_FORMAT);
        }
        bits = (bits << 6 | digit) & 0xffff;
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
    *out_len = encode(bytes, url_letters, out);
    return ERR_OK;
}

err_t base64url_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len)
{
    return decode(text, url_letters, out, cap, out_len);
}

err_t base64_encode(span_t bytes, char *out, size_t cap, size_t *out_len)
{
    if (bytes.len > cap || bytes.len / 3 * 4 + (bytes.len % 3 > 0 ? 4 : 0) > cap) {
        return err_new(ERR_LIMIT);
    }
    size_t n = encode(bytes, std_letters, out);
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
    return decode(letters, std_letters, out, cap, out_len);
}
