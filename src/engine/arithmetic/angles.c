#include "engine/arithmetic/angles.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

#define PI         3.14159265358979323846
#define TAN_EIGHTH 0.41421356237309503 /* tan(pi/8) */
#define SIGN_BIT   INT64_MIN

typedef double pair_t __attribute__((vector_size(8 * ANGLES_ABREAST)));
typedef int64_t pair_int_t __attribute__((vector_size(8 * ANGLES_ABREAST)));

static pair_int_t bits_of(pair_t x)
{
    pair_int_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static pair_t of_bits(pair_int_t bits)
{
    pair_t x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* `a` where true (all ones), else `b`. */
static pair_t either(pair_int_t where, pair_t a, pair_t b)
{
    return of_bits((bits_of(a) & where) | (bits_of(b) & ~where));
}

/* atan(low / high) for 0 <= low <= high. */
static pair_t within_eighths(pair_t low, pair_t high)
{
    const pair_int_t large = low > TAN_EIGHTH * high; /* atan(t) = pi/4 + atan((t - 1) / (t + 1)) */
    const pair_t whole = either(large, low + high, high);
    const pair_int_t none = whole < DBL_MIN;
    const pair_t x = either(large, low - high, low) / either(none, whole + 1.0, whole);
    const pair_t z = x * x;
    pair_t p = 0.021133752033748364 * z - 0.04347919839046537;
    p = p * z + 0.0568830340363325;
    p = p * z - 0.066402251735395;
    p = p * z + 0.07689952488233016;
    p = p * z - 0.09090773003240828;
    p = p * z + 0.11111106177375227;
    p = p * z - 0.14285714180900647;
    p = p * z + 0.19999999998854168;
    p = p * z - 0.33333333333328435;
    return x + x * z * p + of_bits(bits_of((pair_t){0.0} + PI / 4.0) & large);
}

void angles_of(const double *y, const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i += ANGLES_ABREAST) {
        pair_t up;
        pair_t right;
        memcpy(&up, y + i, sizeof up);
        memcpy(&right, x + i, sizeof right);
        const pair_t a = of_bits(bits_of(up) & ~SIGN_BIT);
        const pair_t b = of_bits(bits_of(right) & ~SIGN_BIT);
        const pair_int_t steep = a > b;
        pair_t angle = within_eighths(either(steep, b, a), either(steep, a, b));
        angle = either(steep, PI / 2.0 - angle, angle);
        angle = either(right < 0.0, PI - angle, angle);
        angle = of_bits(bits_of(angle) | (bits_of(up) & SIGN_BIT));
        memcpy(out + i, &angle, sizeof angle);
    }
}
