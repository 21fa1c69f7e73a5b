#include "lab/sets/text_table.h"

#include "codec/number.h"

#include <math.h>

bool text_next_line(struct text_lines *t, span_t *line)
{
    while (t->rest.len > 0) {
        const uint8_t *const end = memchr(t->rest.ptr, '\n', t->rest.len);
        size_t len = end == NULL ? t->rest.len : (size_t)(end - t->rest.ptr);
        const span_t whole = {t->rest.ptr, len};
        len += end == NULL ? 0 : 1;
        t->rest.ptr += len;
        t->rest.len -= len;
        t->line++;
        *line = whole;
        if (line->len > 0 && line->ptr[line->len - 1] == '\r') {
            line->len--;
        }
        if (line->len > 0) {
            return true;
        }
    }
    return false;
}

static span_t trimmed(span_t text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

size_t text_columns(span_t line, span_t *out, size_t max)
{
    for (size_t n = 0;; n++) {
        const uint8_t *const comma = line.len == 0 ? NULL : memchr(line.ptr, ',', line.len);
        const size_t len = comma == NULL ? line.len : (size_t)(comma - line.ptr);
        if (n < max) {
            out[n] = trimmed((span_t){line.ptr, len});
        }
        if (comma == NULL) {
            return n + 1;
        }
        line.ptr += len + 1;
        line.len -= len + 1;
    }
}

bool text_number(span_t column, double low, double high, double *out)
{
    double value = 0.0;
    if (column.len == 0 || number_scan(column, &value) != column.len || !(value >= low) ||
        !(value <= high)) {
        return false;
    }
    *out = value;
    return true;
}

double round_to(double x, double scale)
{
    return round(x * scale) / scale;
}
