/*
 * boost_files.h - the files that canara-boost is handed and hands back: a table, and margins.
 *
 * Floor      lab/bots
 * Units      features as their maker has them; margins in nats.
 * Ownership  struct boost_table owns its three arrays where it was read; the holder calls
 *            boost_table_deinit(). Writers only borrow.
 * Errors     ERR_FORMAT and ERR_RANGE with a line in `why`, which names the field and its row;
 *            ERR_IO, ERR_NOMEM, ERR_LIMIT likewise.
 * Threads    no shared state.
 *
 * Both are little-endian: u8[4] magic, u32 version (1), u32 rows, u32 columns (margins: 1). A table
 * ("CBMX") goes on with f32 features row by row (NaN = missing, never infinite), f32 labels (0 or 1)
 * and f32 weights (>= 0, not all 0); margins ("CBMG") with f32 margins.
 */
#ifndef LAB_BOOST_FILES_H
#define LAB_BOOST_FILES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

#define BOOST_BYTES_MAX ((size_t)1 << 30)

enum { BOOST_ROWS_MAX = 1 << 24, BOOST_COLUMNS_MAX = 256, BOOST_WHY_BYTES = 320 };

struct boost_table {
    float *x; /* rows * columns, row by row */
    float *label;
    float *weight;
    size_t rows, columns;
};

/* Append the table as a file holds it. Refuses what boost_table_parse() would refuse. */
NODISCARD err_t boost_table_write(const struct boost_table *t, struct buf *out,
                                  char why[BOOST_WHY_BYTES]);

/* Read a table; `*out` owns what it points to. */
NODISCARD err_t boost_table_parse(span_t bytes, struct boost_table *out, char why[BOOST_WHY_BYTES]);

/* Release the arrays of a table that was read; it is empty then. For CLEANUP. */
void boost_table_deinit(struct boost_table *t);

/* Append margins as a file holds them. */
NODISCARD err_t boost_margins_write(const float *margin, size_t rows, struct buf *out);

/* Read exactly `rows` margins. */
NODISCARD err_t boost_margins_parse(span_t bytes, float *margin, size_t rows,
                                    char why[BOOST_WHY_BYTES]);

/* Append a whole file. */
NODISCARD err_t boost_file_read(const char *path, struct buf *out, char why[BOOST_WHY_BYTES]);

/* Write a whole file, over an existing one. */
NODISCARD err_t boost_file_write(const char *path, span_t bytes, char why[BOOST_WHY_BYTES]);

#endif
