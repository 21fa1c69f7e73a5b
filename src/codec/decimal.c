#include "codec/decimal.h"

#include "codec/number.h"

#include <stdbool.h>
#include <string.h>

enum { EXPONENT_LIMIT = 1000 }; /* beyond it every amount is out of range or zero */

/* The digits of a number without its point, and where the point goes. */
struct digits {
    char digit[NUMBER_TEXT_MAX];
    int32_t count; /* no leading zeros; may be 0 */
    int32_t point; /* digits before the point; may be negative or beyond count */
    bool negative;
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static int32_t read_exponent(span_t text, size_t at)
{
    const bool negative = text.ptr[at] == '-';
    int32_t value = 0;
    at += text.ptr[at] == '-' || text.ptr[at] == '+' ? 1 : 0;
    for (; at < text.len; at++) {
        if (value < EXPONENT_LIMIT) {
            value = value * 10 + (text.ptr[at] - '0');
        }
    }
    return negative ? -value : value;
}

/* Split a number that is known to be well formed. */
static void split(span_t text, struct digits *out)
{
    bool fraction = false;
    *out = (struct digits){0};
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.ptr[i];
        if (is_digit(byte)) {
            if (out->count > 0 || byte != '0') {
                out->digit[out->count++] = (char)byte;
                out->point += fraction ? 0 : 1;
            } else if (fraction) {
                out->point--; /* a zero between the point and the first digit */
            }
        } else if (byte == '.') {
            fraction = true;
        } else if (byte == '-') {
            out->negative = true;
        } else {
            out->point += read_exponent(text, i + 1);
            break;
        }
    }
    while (out->count > 0 && out->digit[out->count - 1] == '0') {
        out->count--;
    }
}

/* Print what split() found: at most DECIMAL_DIGITS before the point and DECIMAL_PLACES behind. */
static err_t print(const struct digits *d, decimal_t *out)
{
    if (d->count == 0) {
        *out = (decimal_t){.len = 1, .text = "0"};
        return ERR_OK;
    }
    const int32_t places = d->count > d->point ? d->count - d->point : 0;
    if (d->negative || d->point > DECIMAL_DIGITS || places > DECIMAL_PLACES) {
        return err_new(ERR_RANGE);
    }
    decimal_t result = {0};
    size_t n = 0;
    if (d->point <= 0) {
        result.text[n++] = '0';
    }
    const int32_t first = d->point < 0 ? d->point : 0;
    const int32_t last = d->count > d->point ? d->count : d->point;
    for (int32_t i = first; i < last; i++) {
        if (i == d->point || (i == first && d->point <= 0)) {
            result.text[n++] = '.';
        }
        result.text[n] = '0';
        if (i >= 0 && i < d->count) {
            result.text[n] = d->digit[i];
        }
        n++;
    }
    result.len = (uint8_t)n;
    *out = result;
    return ERR_OK;
}

err_t decimal_parse_number(span_t text, decimal_t *out)
{
    double value = 0.0;
    const size_t len = number_scan(text, &value);
    if (len == 0 || len != text.len) {
        return err_new(ERR_FORMAT);
    }
    struct digits d = {0};
    decimal_t result = {0};
    split(text, &d);
    TRY(print(&d, &result));
    const span_t printed = {(const uint8_t *)result.text, result.len};
    MUST(number_scan(printed, &result.value) == result.len);
    if (!(result.value <= DECIMAL_MAX)) {
        return err_new(ERR_RANGE);
    }
    *out = result;
    return ERR_OK;
}

err_t decimal_parse_text(span_t text, decimal_t *out)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]) && text.ptr[i] != '.') {
            return err_new(ERR_FORMAT);
        }
    }
    while (start + 1 < text.len && text.ptr[start] == '0' && is_digit(text.ptr[start + 1])) {
        start++; /* "007.50" is an amount, though no JSON number */
    }
    if (text.len == 0) {
        return err_new(ERR_FORMAT);
    }
    return decimal_parse_number((span_t){text.ptr + start, text.len - start}, out);
}
