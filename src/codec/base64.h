/*
 * base64.h - bytes as printable text (RFC 4648): the URL alphabet without padding, and the
 *            standard one with padding.
 *
 * Floor      codec
 * Units      sizes in bytes.
 * Errors     ERR_LIMIT when `cap` is too small; ERR_FORMAT for anything that the encoder would not
 *            have written: foreign letters, wrong padding, bits left over in the last letter.
 * Threads    no state.
 *
 * Not constant in time: tokens are compared as MACs, never as text.
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

/* Letters that `n` bytes take; constants, for array sizes (no NUL counted). */
#define BASE64URL_LEN(n) (((n)*4 + 2) / 3)
#define BASE64_LEN(n)    (((n) + 2) / 3 * 4)

/* Write the URL alphabet without padding; no NUL. */
NODISCARD err_t base64url_encode(span_t bytes, char *out, size_t cap, size_t *out_len);

/* Read the URL alphabet without padding. `out` may be the text's own memory. */
NODISCARD err_t base64url_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len);

/* Write the standard alphabet with padding; no NUL. */
NODISCARD err_t base64_encode(span_t bytes, char *out, size_t cap, size_t *out_len);

/* Read the standard alphabet with padding. `out` may be the text's own memory. */
NODISCARD err_t base64_decode(span_t text, uint8_t *out, size_t cap, size_t *out_len);

#endif
