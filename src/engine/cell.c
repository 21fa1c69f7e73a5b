#include "engine/cell.h"

#include "engine/numbers.h"

#include <math.h>

#define STEPS    16.0
#define HALF_MAX 65504.0

enum { CENTRE = 128, HALF_NAN = 0x7e00, HALF_SIGN = 0x8000, HALF_BIAS = 15 };

size_t cell_bytes_of(enum sample_kind kind)
{
    return kind == SAMPLE_STROKE || kind == SAMPLE_ACTION ? 1 : 2;
}

static uint16_t half_code(double x)
{
    const uint16_t sign = x < 0.0 ? HALF_SIGN : 0;
    const double a = fmin(fabs(x), HALF_MAX);
    int exponent = 0;
    const double fraction = frexp(a, &exponent); /* 0.5 to 1 */
    exponent--;
    if (a < 0x1p-14) {
        return (uint16_t)(sign | (uint16_t)floor(ldexp(a, 24) + 0.5));
    }
    /* a fraction that rounds up to 1 carries into the exponent, as it should */
    const double digits = floor((2.0 * fraction - 1.0) * 1024.0 + 0.5);
    return (uint16_t)(sign | (uint16_t)((exponent + HALF_BIAS) * 1024 + (int)digits));
}

static double half_value(uint16_t code)
{
    const int exponent = (code >> 10) & 31;
    const double digits = code & 1023;
    const double a =
        exponent == 0 ? ldexp(digits, -24) : ldexp(1.0 + digits / 1024.0, exponent - HALF_BIAS);
    return (code & HALF_SIGN) != 0 ? -a : a;
}

/* The nearest step, halves upwards: floor() without a call. */
static uint16_t step_code(double x)
{
    const double at = clip(x * STEPS + 0.5, 1.0 - CENTRE, CENTRE - 1.0);
    const int whole = (int)at;
    return (uint16_t)(whole - ((double)whole > at) + CENTRE);
}

uint16_t cell_code(enum sample_kind kind, double x)
{
    if (cell_bytes_of(kind) == 2) {
        return isnan(x) ? (uint16_t)HALF_NAN : half_code(x);
    }
    return isnan(x) ? 0 : step_code(x);
}

double cell_value(enum sample_kind kind, uint16_t code)
{
    if (cell_bytes_of(kind) == 2) {
        return (code & 0x7c00) == 0x7c00 ? NAN : half_value(code);
    }
    return code == 0 ? NAN : ((double)code - CENTRE) / STEPS;
}
