/*
 * uuid_text.h - ids as text: lower-case, hyphenated, version 4 (RFC 9562, section 5.4).
 *
 * Floor      codec
 * Errors     ERR_FORMAT for any other spelling, version or variant.
 * Threads    no state.
 */
#ifndef CODEC_UUID_TEXT_H
#define CODEC_UUID_TEXT_H

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum { UUID_TEXT_LEN = 36, UUID_TEXT_SIZE = UUID_TEXT_LEN + 1 };

/* Read exactly 36 bytes. Upper case, braces, other versions and the nil id are refused. */
NODISCARD err_t uuid_parse(span_t text, uuid_t *out);

/* Write 36 bytes and a NUL. */
void uuid_print(uuid_t id, char out[UUID_TEXT_SIZE]);

#endif
