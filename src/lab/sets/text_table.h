/*
 * text_table.h - lines and columns of a published table (CSV without quotes).
 *
 * Floor      lab/sets
 * Ownership  borrows from the text.
 * Errors     none; what is no number, or out of range, is answered with false.
 * Threads    no state but the caller's.
 */
#ifndef LAB_TEXT_TABLE_H
#define LAB_TEXT_TABLE_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct text_lines {
    span_t rest;
    size_t line; /* of the one given last, from 1 */
};

/* Next line without "\n" or "\r\n"; blank lines are passed over. False at the end. */
bool text_next_line(struct text_lines *t, span_t *line);

/* Cut a line at its commas, blanks around a column taken off. Returns how many columns there are;
 * only the first `max` are stored. */
size_t text_columns(span_t line, span_t *out, size_t max);

/* Read a whole column as a number in low..high. */
NODISCARD bool text_number(span_t column, double low, double high, double *out);

/* Round to a multiple of 1/`scale`, so that few digits are written. */
double round_to(double x, double scale);

#endif
