#include "lab/sets/dataset_time.h"

#include "codec/number.h"
#include "codec/time_text.h"
#include "lab/sets/dataset_notes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Where the parts of "2026-01-31T09:00:00" are, and how many digits of a fraction time_parse() takes. */
enum { AT_T = 10, AT_END = 19, FRACTION_DIGITS = 9, ROOM = AT_END + 1 + FRACTION_DIGITS + 6 };

err_t dataset_time_number(double value, wall_t *out)
{
    const double ms = value > DATASET_EPOCH_MS_ABOVE ? value : value * 1000.0;
    if (!(ms >= 0.0 && ms <= (double)TIME_TEXT_LAST_MS)) {
        return err_new(ERR_RANGE);
    }
    *out = (wall_t){(int64_t)llround(ms)};
    return ERR_OK;
}

static bool is_digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

/* The digits of a fraction, cut to as many as are read; moves `*from` behind them. */
static size_t put_fraction(span_t text, size_t *from, uint8_t *to)
{
    size_t at = *from;
    size_t n = 0;
    if (at + 1 >= text.len || (text.ptr[at] != '.' && text.ptr[at] != ',') ||
        !is_digit(text.ptr[at + 1])) {
        return 0;
    }
    to[n++] = '.';
    for (at++; at < text.len && is_digit(text.ptr[at]); at++) {
        if (n <= FRACTION_DIGITS) {
            to[n++] = text.ptr[at];
        }
    }
    *from = at;
    return n;
}

/* What is left of the text as a zone: "Z" or "+hh:mm"; 0 when it is none. */
static size_t put_zone(span_t zone, uint8_t *to, uint32_t *notes)
{
    while (zone.len > 0 && zone.ptr[0] == ' ') {
        zone = (span_t){zone.ptr + 1, zone.len - 1};
    }
    if (zone.len == 0) {
        *notes |= NOTE_BIT(NOTE_NO_ZONE);
        to[0] = 'Z';
        return 1;
    }
    if (span_eq(zone, SPAN_LIT("Z")) || span_eq(zone, SPAN_LIT("z")) ||
        span_eq(zone, SPAN_LIT("UTC"))) {
        to[0] = 'Z';
        return 1;
    }
    const bool colon = zone.len == 6 && zone.ptr[3] == ':';
    if (zone.len != 3 && zone.len != 5 && !colon) {
        return 0;
    }
    const uint8_t *const minutes = zone.len > 3 ? zone.ptr + zone.len - 2 : (const uint8_t *)"00";
    memcpy(to, zone.ptr, 3);
    to[3] = ':';
    to[4] = minutes[0];
    to[5] = minutes[1];
    return 6;
}

static err_t read_digits(span_t text, wall_t *out, uint32_t *notes)
{
    double value = 0.0;
    if (text.len == 0 || number_scan(text, &value) != text.len) {
        return err_new(ERR_FORMAT);
    }
    TRY(dataset_time_number(value, out));
    *notes = NOTE_BIT(NOTE_EPOCH);
    return ERR_OK;
}

err_t dataset_time_text(span_t text, wall_t *out, uint32_t *notes)
{
    uint8_t plain[ROOM];
    uint32_t met = 0;
    *notes = 0;
    if (!failed(time_parse(text, out))) {
        return ERR_OK;
    }
    if (text.len < AT_END || is_digit(text.ptr[4])) {
        return read_digits(text, out, notes);
    }
    memcpy(plain, text.ptr, AT_END);
    if (plain[AT_T] == ' ' || plain[AT_T] == 't') {
        plain[AT_T] = 'T';
    }
    size_t from = AT_END;
    size_t len = AT_END + put_fraction(text, &from, plain + AT_END);
    const size_t zone = put_zone((span_t){text.ptr + from, text.len - from}, plain + len, &met);
    len += zone;
    TRY(zone == 0 ? err_new(ERR_FORMAT) : time_parse((span_t){plain, len}, out));
    const bool zone_alone =
        met != 0 && text.len == len - zone && memcmp(plain, text.ptr, text.len) == 0;
    *notes = met | (zone_alone ? 0 : NOTE_BIT(NOTE_TIME_FORM));
    return ERR_OK;
}
