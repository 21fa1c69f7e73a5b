/*
 * cell.h - features of an action as small codes: what a bag keeps, and what bins are made of.
 *
 * Floor      engine (may use: base)
 * Source     half precision: IEEE 754-2008, binary16.
 * Units      one byte: 1/16 about 0, to +-7.9 (strokes and actions, whose features are made for it);
 *            two bytes: half precision, for vectors of which nothing is known.
 * Errors     none: what is beyond the range becomes its end, NaN its own code.
 * Threads    no shared state.
 *
 * Bins are always taken of values that went through a code, so that a sample falls into the same bin
 * when it is scored and when it is learnt.
 */
#ifndef ENGINE_CELL_H
#define ENGINE_CELL_H

#include "engine/sample.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of a code: 1 or 2. */
size_t cell_bytes_of(enum sample_kind kind);

uint16_t cell_code(enum sample_kind kind, double x);

/* NaN: missing. */
double cell_value(enum sample_kind kind, uint16_t code);

#endif
