/*
 * cell.h - features of an action as small codes: what a bag keeps, and what bins are made of.
 *
 * Floor      engine/samples
 * Source     strokes and actions, whose features are made for it: one byte, 1/16 about 0, to +-7.9. Vectors, of which
 *            nothing is known: two bytes, the gap from the first value of the column (short_float.h).
 * Errors     none: what is beyond the range becomes its end, NaN its own code.
 * Threads    no shared state.
 *
 * Bins of strokes and actions are always taken of values that went through a code, so that a sample falls into the same
 * bin when it is scored and when it is learnt. Edges of vectors stand between values (crowding.c), and need that not.
 */
#ifndef ENGINE_CELL_H
#define ENGINE_CELL_H

#include "engine/samples/sample.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of a code: 1 or 2. */
size_t cell_bytes_of(enum sample_kind kind);

/* Of two-byte kinds the gap from `base`, which must be a number then. */
uint16_t cell_code(enum sample_kind kind, double x, double base);

/* NaN: missing. */
double cell_value(enum sample_kind kind, uint16_t code, double base);

/* What bins are taken of. */
double cell_kept(enum sample_kind kind, double x);

#endif
