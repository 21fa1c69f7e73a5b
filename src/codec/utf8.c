#include "codec/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* What may follow a lead byte (Unicode 15, table 3-7). False for a byte that leads nothing. */
static bool lead_open(uint8_t lead, utf8_state_t *state)
{
    if (lead < 0xc2 || lead > 0xf4) {
        return false; /* a stray continuation, an overlong lead, or beyond U+10FFFF */
    }
    state->missing = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    state->low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;  /* overlong forms out */
    state->high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf; /* surrogates, range out */
    return true;
}

static const uint8_t *ascii_run(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8) {
        uint64_t eight = 0;
        memcpy(&eight, at, sizeof eight);
        if ((eight & HIGH_BITS) != 0) {
            break;
        }
        at += 8;
    }
    while (at < end && *at < 0x80) {
        at++;
    }
    return at;
}

bool utf8_feed(utf8_state_t *state, span_t piece)
{
    if (piece.len == 0) {
        return true;
    }
    const uint8_t *at = piece.ptr;
    const uint8_t *const end = piece.ptr + piece.len;
    utf8_state_t now = *state;
    while (at < end) {
        if (now.missing == 0) {
            at = ascii_run(at, end);
            if (at < end && !lead_open(*at++, &now)) {
                return false;
            }
            continue;
        }
        if (*at < now.low || *at > now.high) {
            return false;
        }
        now = (utf8_state_t){.missing = (uint8_t)(now.missing - 1), .low = 0x80, .high = 0xbf};
        at++;
    }
    *state = now;
    return true;
}

bool utf8_is_valid(span_t text)
{
    utf8_state_t state = {0};
    return utf8_feed(&state, text) && utf8_is_complete(&state);
}

size_t utf8_sequence(span_t text)
{
    if (text.len == 0) {
        return 0;
    }
    if (text.ptr[0] < 0x80) {
        return 1;
    }
    utf8_state_t state = {0};
    if (!lead_open(text.ptr[0], &state) || text.len <= state.missing) {
        return 0;
    }
    const size_t len = (size_t)state.missing + 1;
    return utf8_is_valid((span_t){text.ptr, len}) ? len : 0;
}

/* The third byte of e2 80 xx, e2 81 xx. */
static bool turns_text(uint8_t second, uint8_t third)
{
    if (second == 0x80) {
        return third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae);
    }
    return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

size_t utf8_steering(span_t text, uint32_t *code)
{
    const uint8_t *b = text.ptr;
    if (text.len >= 1 && b[0] == 0x7f) {
        *code = b[0];
        return 1;
    }
    if (text.len >= 2 &&
        ((b[0] == 0xc2 && b[1] >= 0x80 && b[1] < 0xa0) || (b[0] == 0xd8 && b[1] == 0x9c))) {
        *code = (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
        return 2;
    }
    if (text.len >= 3 && b[0] == 0xe2 && turns_text(b[1], b[2])) {
        *code = UINT32_C(0x2000) | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
        return 3;
    }
    return 0;
}

bool utf8_is_printable(span_t text)
{
    uint32_t code = 0;
    while (text.len > 0) {
        const size_t step = utf8_sequence(text);
        if (step == 0 || text.ptr[0] < 0x20 || utf8_steering(text, &code) > 0) {
            return false;
        }
        text = (span_t){text.ptr + step, text.len - step};
    }
    return true;
}

size_t utf8_put(uint32_t code, uint8_t out[4])
{
    MUST(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}
