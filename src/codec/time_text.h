/*
 * time_text.h - times as RFC 3339 text in UTC with milliseconds: 2025-06-24T10:30:00.000Z.
 *
 * Floor      codec
 * Source     civil from days: H. Hinnant, "chrono-compatible low-level date algorithms", 2013.
 * Units      wall_t: ms since 1970-01-01 UTC, here 1970 to the end of 9999.
 * Errors     ERR_FORMAT for another grammar, ERR_RANGE for a day or time that does not exist or
 *            lies outside 1970 to 9999.
 * Threads    no state.
 */
#ifndef CODEC_TIME_TEXT_H
#define CODEC_TIME_TEXT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

enum { TIME_TEXT_LEN = 24, TIME_TEXT_SIZE = TIME_TEXT_LEN + 1 };

#define TIME_TEXT_LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Write 24 bytes and a NUL. A time outside 1970 to 9999 is printed as the nearest end. */
void time_print(wall_t at, char out[TIME_TEXT_SIZE]);

/* Read RFC 3339: fraction of 0 to 9 digits (cut to ms), `Z` or an offset. No leap second. */
NODISCARD err_t time_parse(span_t text, wall_t *out);

#endif
