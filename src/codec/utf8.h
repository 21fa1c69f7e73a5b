/*
 * utf8.h - is this UTF-8 (RFC 3629)? In one go or in pieces, failing at the first wrong byte.
 *
 * Floor      codec
 * Source     the table of well-formed sequences, Unicode 15, section 3.9, table 3-7: each lead byte
 *            says how many bytes follow and what range the first of them has.
 * Ownership  a state is a plain value.
 * Threads    no shared state.
 */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between two pieces of one text. All zero is the beginning. */
typedef struct utf8_state {
    uint8_t missing; /* continuation bytes still to come */
    uint8_t low;     /* least value of the next one; meaningless while missing == 0 */
    uint8_t high;    /* greatest value of the next one */
} utf8_state_t;

/* Take in the next piece. False at the first byte that cannot be; the text is then lost. */
NODISCARD bool utf8_feed(utf8_state_t *state, span_t piece);

/* True where the text may end: no sequence is open. */
static inline bool utf8_is_complete(const utf8_state_t *state)
{
    return state->missing == 0;
}

/* True when the whole of `text` is UTF-8. */
NODISCARD bool utf8_is_valid(span_t text);

/* Length of the well-formed sequence that `text` begins with: 1 to 4, or 0 when there is none. */
NODISCARD size_t utf8_sequence(span_t text);

/* Length of the character that `text` begins with when it is one that steers a terminal or the direction
 * of a text and is no control byte below 0x20: U+007F to U+009F (ECMA-48), U+061C, U+200E, U+200F, U+202A to
 * U+202E, U+2066 to U+2069 (Bidi_Control, UAX 9); `*code` is its number. Else 0, and `*code` is untouched. */
NODISCARD size_t utf8_steering(span_t text, uint32_t *code);

/* True when the whole of `text` is UTF-8 without control bytes below 0x20 and without what utf8_steering()
 * finds: what may stand on a terminal as it is. */
NODISCARD bool utf8_is_printable(span_t text);

/* Write `code` (<= 0x10ffff, no surrogate) as 1 to 4 bytes; returns how many. */
size_t utf8_put(uint32_t code, uint8_t out[4]);

#endif
