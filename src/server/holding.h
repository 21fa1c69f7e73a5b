/*
 * holding.h - what the connections of a loop hold in memory, in sum and by neighbourhood.
 *
 * Floor      server
 * Units      bytes.
 * Ownership  a value of its loop.
 * Errors     none.
 * Threads    its loop's.
 *
 * Each connection has limits of its own: an incomplete request, unsent answers, a message in fragments.
 * There may be very many of them, and none needs a token for the first two.
 */
#ifndef SERVER_HOLDING_H
#define SERVER_HOLDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOLDING_ROWS = 1024 };

struct holding {
    size_t sum;
    size_t from[HOLDING_ROWS]; /* by neighbourhood; some share a row */
};

/* The row of a /24 or /48, by address_wide_key(). */
uint16_t holding_row(uint64_t neighbourhood);

/* A connection of this row held `before`, and holds `now`. */
void holding_change(struct holding *h, uint16_t row, size_t before, size_t now);

/* Whether one that holds `bytes` is to go: it is not light, and there is more than there may be in the
 * loop or, where `near` counts, of its row. */
bool holding_is_over(const struct holding *h, uint16_t row, size_t bytes, bool near);

#endif
