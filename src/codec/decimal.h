/*
 * decimal.h - amounts of money, sent as a decimal string or as a JSON number: 0 to 1e15.
 *
 * Floor      codec
 * Units      the currency's own; never converted here.
 * Ownership  plain value.
 * Errors     ERR_FORMAT for another grammar, ERR_RANGE for a value outside 0..1e15 or with more
 *            than DECIMAL_PLACES digits behind the point.
 * Threads    no state.
 * Precision  `text` is exact; `value` is the double nearest to it.
 */
#ifndef CODEC_DECIMAL_H
#define CODEC_DECIMAL_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum {
    DECIMAL_DIGITS = 16, /* before the point: 1e15 has sixteen */
    DECIMAL_PLACES = 32, /* behind it: any double that a client prints shortest fits */
    DECIMAL_SIZE = DECIMAL_DIGITS + 1 + DECIMAL_PLACES + 1
};

#define DECIMAL_MAX 1e15

typedef struct decimal {
    double value;
    uint8_t len;
    char text[DECIMAL_SIZE]; /* no leading or trailing zeros, no exponent: "12.5"; with NUL */
} decimal_t;

/* Read digits with an optional fraction ("1250", "0.50"): no sign, no exponent, no blanks. */
NODISCARD err_t decimal_parse_text(span_t text, decimal_t *out);

/* Read a JSON number as it was written, exponent allowed ("1.25e3"). */
NODISCARD err_t decimal_parse_number(span_t text, decimal_t *out);

#endif
