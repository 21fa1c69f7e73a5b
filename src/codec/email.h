/*
 * email.h - e-mail addresses as CONTRACT.md section 2 takes them.
 *
 * Floor      codec
 * Source     RFC 5321 sections 4.1.2 and 4.5.3.1 (local part <= 64, address <= 254 bytes), without
 *            quoted local parts and address literals; RFC 1123 section 2.1 for the domain.
 * Ownership  plain value.
 * Errors     ERR_FORMAT; `fault` then says what is wrong, in static words for a person.
 * Threads    no state.
 */
#ifndef CODEC_EMAIL_H
#define CODEC_EMAIL_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

#include <stdint.h>

enum { EMAIL_MAX = LIMIT_EMAIL_BYTES, EMAIL_LOCAL_MAX = LIMIT_EMAIL_LOCAL_BYTES };

typedef struct email {
    uint8_t len;              /* of `text` and of `key` */
    char text[EMAIL_MAX + 1]; /* as given, domain in lower case: what answers show; with NUL */
    char key[EMAIL_MAX + 1];  /* all in lower case: two spellings of one account are equal here */
} email_t;

/* Read an address. On ERR_FORMAT `*fault` (may be NULL) is set and `*out` is untouched. */
NODISCARD err_t email_parse(span_t text, email_t *out, const char **fault);

#endif
