#include "codec/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MAX = 19,       /* 10^19 - 1 fits 64 bits */
    EXACT_POWER = 22,      /* 10^22 is the last power of ten that a double holds exactly */
    EXPONENT_BIG = 100000, /* far beyond any double: no need to count on */
};

#define EXACT_WHOLE (UINT64_C(1) << 53)

static const double powers_of_ten[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* What the digits say before anything is rounded: whole * 10^exponent. */
struct reading {
    uint64_t whole;
    int32_t digits; /* how many were read into `whole` or passed over */
    int32_t exponent;
    bool negative;
};

static bool is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') <= 9;
}

static const uint8_t *read_digits(const uint8_t *at, const uint8_t *end, struct reading *r)
{
    const uint8_t *const first = at;
    uint64_t whole = r->whole;
    for (; at < end && is_digit(*at); at++) {
        if (r->digits + (at - first) < DIGITS_MAX) {
            whole = whole * 10 + (uint64_t)(*at - '0');
        }
    }
    r->whole = whole;
    r->digits += (int32_t)(at - first);
    return at;
}

/* Returns NULL when an `e` is not followed by a number. */
static const uint8_t *read_exponent(const uint8_t *at, const uint8_t *end, struct reading *r)
{
    bool negative = false;
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at == '-';
        at++;
    }
    if (at == end || !is_digit(*at)) {
        return NULL;
    }
    int32_t value = 0;
    for (; at < end && is_digit(*at); at++) {
        if (value < EXPONENT_BIG) {
            value = value * 10 + (*at - '0');
        }
    }
    r->exponent += negative ? -value : value;
    return at;
}

/* Check the grammar and read the parts. Returns the byte behind the number, or NULL. */
static const uint8_t *read_number(const uint8_t *at, const uint8_t *end, struct reading *r)
{
    if (at < end && *at == '-') {
        r->negative = true;
        at++;
    }
    if (at == end || !is_digit(*at)) {
        return NULL;
    }
    const bool zero = *at == '0';
    at = read_digits(at, end, r);
    if (zero && r->digits > 1) {
        return NULL; /* no leading zeros */
    }
    if (at < end && *at == '.') {
        const int32_t before = r->digits;
        at = read_digits(at + 1, end, r);
        if (r->digits == before) {
            return NULL;
        }
        r->exponent = before - r->digits;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = read_exponent(at + 1, end, r);
    }
    return at;
}

__attribute__((noinline)) static double convert_slowly(span_t text)
{
    char copy[NUMBER_TEXT_MAX + 1];
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return strtod(copy, NULL);
}

size_t number_scan(span_t text, double *out)
{
    /* One byte more than allowed tells a number that is too long from one that just fits. */
    const size_t room = text.len > NUMBER_TEXT_MAX ? NUMBER_TEXT_MAX + 1 : text.len;
    struct reading r = {0};
    const uint8_t *const behind = room == 0 ? NULL : read_number(text.ptr, text.ptr + room, &r);
    if (behind == NULL) {
        return 0;
    }
    const size_t len = (size_t)(behind - text.ptr);
    if (len > NUMBER_TEXT_MAX) {
        return 0;
    }

    double value = 0.0;
    if (r.digits <= DIGITS_MAX && r.whole <= EXACT_WHOLE && abs(r.exponent) <= EXACT_POWER) {
        value = (double)r.whole;
        value =
            r.exponent < 0 ? value / powers_of_ten[-r.exponent] : value * powers_of_ten[r.exponent];
        value = r.negative ? -value : value;
    } else {
        value = convert_slowly((span_t){text.ptr, len});
    }
    if (!isfinite(value)) {
        return 0;
    }
    *out = value;
    return len;
}
