/*
 * number.h - one JSON number into the nearest double.
 *
 * Floor      codec
 * Source     RFC 8259 section 6; the exact fast path of W. D. Clinger, "How to read floating point
 *            numbers accurately", PLDI 1990: up to 2^53 and 10^22 both factors are exact, so one
 *            operation rounds once. All else goes to strtod.
 * Threads    no state; the process stays in the "C" locale (strtod's point).
 * Precision  the same bits as strtod.
 */
#ifndef CODEC_NUMBER_H
#define CODEC_NUMBER_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

enum { NUMBER_TEXT_MAX = 128 };

/*
 * Read the number that `text` begins with. Returns its length in bytes, or 0 (`*out` untouched) when
 * there is none, when it is longer than NUMBER_TEXT_MAX, or when it is beyond every double.
 */
NODISCARD size_t number_scan(span_t text, double *out);

#endif
