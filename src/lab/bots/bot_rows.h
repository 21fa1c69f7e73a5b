/*
 * bot_rows.h - rows of numbers of people and of machines, and the trees that tell them apart.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md; boost_client.h does the fit.
 * Ownership  rows own their numbers; bot_rows_deinit() ends them.
 * Errors     ERR_NOMEM, ERR_LIMIT; ERR_RANGE when people or machines are missing; those of boost_train().
 * Threads    one at a time per struct bot_rows.
 * Precision  same rows in the same order: same bytes.
 */
#ifndef LAB_BOT_ROWS_H
#define LAB_BOT_ROWS_H

#include "base/buf.h"
#include "base/err.h"
#include "lab/bots/boost_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot_rows {
    size_t columns;  /* 1..BOOST_COLUMNS_MAX */
    float *x;        /* rows * columns; NaN: missing */
    uint32_t *group; /* whose: a person, a device, a family, a generator */
    bool *machine;
    size_t rows, room;
    uint32_t groups; /* one more than the highest */
};

void bot_rows_begin(struct bot_rows *r, size_t columns);
void bot_rows_deinit(struct bot_rows *r);

/* Add a row of `columns` numbers. */
NODISCARD err_t bot_rows_add(struct bot_rows *r, const double *x, uint32_t group, bool machine);

/* Whether there is something of people and something of machines. */
bool bot_rows_of_both(const struct bot_rows *r);

/* Columns that hardly anybody of one side has say who sent them, not how: they are missing for everybody
 * from now on. `least`: share of a side's rows. Groups below `first` are no client's: they count only where the
 * machines have no others. */
void bot_rows_even_out(struct bot_rows *r, uint32_t first, double least);

/* 120 trees of depth 4, which see 70 % of the rows and half of the columns each. */
struct boost_params bot_rows_params(void);

/* Ask canara-boost for trees, appended to `trees`: everybody's rows weigh the root of how many there are, and
 * people in sum as much as machines. */
NODISCARD err_t bot_rows_fit(const struct bot_rows *r, const struct boost_params *params,
                             struct buf *trees, char why[BOOST_WHY_BYTES]);

#endif
