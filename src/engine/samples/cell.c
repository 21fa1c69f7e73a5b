#include "engine/samples/cell.h"

#include "engine/arithmetic/numbers.h"
#include "engine/arithmetic/short_float.h"

#include <math.h>

#define STEPS 16.0

enum { CENTRE = 128 };

size_t cell_bytes_of(enum sample_kind kind)
{
    return kind == SAMPLE_STROKE || kind == SAMPLE_ACTION ? 1 : 2;
}

/* The nearest step, halves upwards: floor() without a call. */
static uint16_t step_code(double x)
{
    const double at = clip(x * STEPS + 0.5, 1.0 - CENTRE, CENTRE - 1.0);
    const int whole = (int)at;
    return (uint16_t)(whole - ((double)whole > at) + CENTRE);
}

uint16_t cell_code(enum sample_kind kind, double x, double base)
{
    if (cell_bytes_of(kind) == 2) {
        return short_code(x - base);
    }
    return isnan(x) ? 0 : step_code(x);
}

double cell_value(enum sample_kind kind, uint16_t code, double base)
{
    if (cell_bytes_of(kind) == 2) {
        return clip(base + short_value(code), -SAMPLE_VECTOR_MAX, SAMPLE_VECTOR_MAX);
    }
    return code == 0 ? NAN : ((double)code - CENTRE) / STEPS;
}

double cell_kept(enum sample_kind kind, double x)
{
    return cell_bytes_of(kind) == 2 ? x : cell_value(kind, cell_code(kind, x, 0.0), 0.0);
}
