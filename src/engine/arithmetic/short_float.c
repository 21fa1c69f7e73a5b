#include "engine/arithmetic/short_float.h"

#include <math.h>
#include <string.h>

enum { DOUBLE_DIGITS = 52, SHORT_DIGITS = 8, TINY_DIGITS = 3 };

#define SHORT_SIGN UINT16_C(0x8000)
#define TINY_SIGN  UINT8_C(0x80)

/* What brings the smallest exponent of a form to that of a double: the codes of a form are then the highest bits of
 * doubles, as they stand. */
#define SHORT_TO_DOUBLE 0x1p-932
#define TINY_TO_DOUBLE  0x1p-1018

/* The nearest code of |x| with so many digits, halves upwards, `most` at most. */
static uint64_t code_of(double x, double to_double, unsigned digits, uint64_t most)
{
    const double small = fabs(x) * to_double;
    const unsigned dropped = DOUBLE_DIGITS - digits;
    uint64_t bits = 0;
    memcpy(&bits, &small, sizeof bits);
    const uint64_t code = (bits + (UINT64_C(1) << (dropped - 1))) >> dropped;
    return code < most ? code : most;
}

static double value_of(uint64_t code, double to_double, unsigned digits)
{
    const uint64_t bits = code << (DOUBLE_DIGITS - digits);
    double small = 0.0;
    memcpy(&small, &bits, sizeof small);
    return small / to_double; /* a power of two: exact */
}

uint16_t short_code(double x)
{
    if (isnan(x)) {
        return SHORT_SIGN;
    }
    const uint64_t code = code_of(x, SHORT_TO_DOUBLE, SHORT_DIGITS, SHORT_SIGN - 1U);
    return (uint16_t)(code | (x < 0.0 && code > 0 ? SHORT_SIGN : 0U));
}

double short_value(uint16_t code)
{
    const double size = value_of(code & (SHORT_SIGN - 1U), SHORT_TO_DOUBLE, SHORT_DIGITS);
    return code == SHORT_SIGN ? NAN : ((code & SHORT_SIGN) != 0 ? -size : size);
}

uint8_t tiny_code(double x)
{
    if (isnan(x)) {
        return TINY_SIGN;
    }
    const uint64_t code = code_of(x, TINY_TO_DOUBLE, TINY_DIGITS, TINY_SIGN - 1U);
    return (uint8_t)(code | (x < 0.0 && code > 0 ? TINY_SIGN : 0U));
}

double tiny_value(uint8_t code)
{
    const double size = value_of(code & (TINY_SIGN - 1U), TINY_TO_DOUBLE, TINY_DIGITS);
    return code == TINY_SIGN ? NAN : ((code & TINY_SIGN) != 0 ? -size : size);
}
