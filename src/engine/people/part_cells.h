/*
 * part_cells.h - the pool of a part: how habits and samples lie in it.
 *
 * Floor      engine/people
 * Source     docs/engine/profile.md; of vectors docs/decisions/0065.
 * Units      features as sample.h says.
 * Ownership  the bytes are the part's.
 * Errors     none: what is beyond the range of a code becomes its end.
 * Threads    no shared state; one writer.
 *
 * Features of known units are steps: of 1/2048, or of 1/25 about the first sample. Vectors (PART_VECTORS) are gaps from
 * the first value of their column, as short floats; a narrow cell counts in the first gap that the column had.
 */
#ifndef ENGINE_PART_CELLS_H
#define ENGINE_PART_CELLS_H

#include "engine/people/part.h"

/* Numbers of a habit, one for each feature. */
enum part_number {
    PART_MIDDLE,
    PART_SPREAD,
    PART_ANCHOR_MIDDLE,
    PART_ANCHOR_SPREAD,
    PART_SHRUNK,
    PART_NUMBERS
};

/* Of each feature, before the cells; and as much of it as scoring needs. */
size_t part_habit_bytes(const struct part *p);
size_t part_known_bytes(const struct part *p);

/* Of a sample. */
size_t part_row_bytes(const struct part *p);

/* Of a part that has its kind, its bits and its features, and a pool of zeros: nothing is known. `s` is its first
 * sample. */
void part_cells_begin(struct part *p, const struct sample *s);

/* Keep x as feature f of the sample in `slot`. */
void part_cell_put(struct part *p, size_t slot, size_t f, double x);

double part_number_get(const struct part *p, enum part_number which, size_t f);
void part_number_put(struct part *p, enum part_number which, size_t f, double x);

/* The smallest spread above zero that is kept. */
double part_spread_least(const struct part *p);

/* Does whatever the cells of feature f lie about make sense? */
bool part_column_ok(const struct part *p, size_t f);

#endif
