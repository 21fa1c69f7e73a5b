/*
 * short_float.h - floats of 16 and of 8 bits: gaps whose unit nobody knows.
 *
 * Floor      engine/arithmetic
 * Source     the form is that of IEEE 754-2008: sign, exponent, digits, the least numbers without a leading one. The
 *            widths are docs/decisions/0065: 1, 7 and 8 bits from 2^-98 to 2^37; 1, 4 and 3 from 2^-7 to 1920.
 * Units      none.
 * Errors     none: what is beyond the range becomes its end, NaN the code of minus zero.
 * Threads    no shared state.
 * Precision  a number within the range comes back within 1/512, and within 1/16, of itself.
 */
#ifndef ENGINE_SHORT_FLOAT_H
#define ENGINE_SHORT_FLOAT_H

#include <stdint.h>

#define SHORT_LEAST 0x1p-98 /* the smallest above zero */
#define TINY_MOST   1920.0

uint16_t short_code(double x);
double short_value(uint16_t code);

uint8_t tiny_code(double x);
double tiny_value(uint8_t code);

#endif
