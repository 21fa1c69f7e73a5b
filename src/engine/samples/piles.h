/*
 * piles.h - numbers sorted into piles, and what lies in the middle and at the ends of several piles.
 *
 * Floor      engine/samples
 * Source     docs/engine/free-text.md. Quartiles by nearest rank below, so that they are numbers seen.
 * Ownership  plain values, on the caller's stack.
 * Errors     none; too few numbers give NaN.
 * Threads    no shared state.
 */
#ifndef ENGINE_PILES_H
#define ENGINE_PILES_H

#include "engine/samples/sample.h"

#include <stddef.h>

enum {
    PILES_MAX = 16,     /* to be taken together */
    PILE_MIN = 3,       /* numbers that have a middle worth the name */
    PILES_COUNT_MIN = 8 /* numbers of several piles that have quartiles and a spread */
};

struct pile {
    size_t n;
    double x[TEXT_CHUNK]; /* n of them, ascending */
};

struct quartiles {
    double low, middle, high; /* all NaN below PILES_COUNT_MIN numbers */
};

void piles_begin(struct pile *piles, size_t count);

/* At most TEXT_CHUNK numbers to a pile. */
void pile_add(struct pile *pile, double x);

/* Lower median; NaN of fewer than PILE_MIN. */
double pile_middle(const struct pile *pile);

/* Of all numbers together. */
struct quartiles piles_quartiles(const struct pile *piles, size_t count);

/* Mean of |x - middle| over all numbers; NaN below PILES_COUNT_MIN of them. */
double piles_deviation(const struct pile *piles, size_t count, double middle);

/* Mean of |x - m| / m over the numbers of piles with a middle m > 0, none more than 1;
 * NaN below PILES_COUNT_MIN of them. */
double piles_unevenness(const struct pile *piles, size_t count);

#endif
