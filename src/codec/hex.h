/*
 * hex.h - bytes as pairs of lower-case hexadecimal digits.
 *
 * Floor      codec
 * Errors     ERR_FORMAT for a foreign digit or another length than asked for.
 * Threads    no state.
 */
#ifndef CODEC_HEX_H
#define CODEC_HEX_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

/* Write 2 * bytes.len lower-case digits and a NUL: `out` holds 2 * bytes.len + 1. */
void hex_encode(span_t bytes, char *out);

/* Read exactly 2 * `len` digits, either case, into out[0..len). */
NODISCARD err_t hex_decode(span_t text, uint8_t *out, size_t len);

#endif
