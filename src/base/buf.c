#include "base/buf.h"

#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_deinit(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){.limit = b->limit};
}

err_t buf_reserve(struct buf *b, size_t more)
{
    size_t need = 0;
    if (!size_add(b->len, more, &need) || need > b->limit) {
        return err_new(ERR_LIMIT);
    }
    if (need <= b->cap) {
        return ERR_OK;
    }

    size_t cap = size_max(b->cap, BUF_FIRST_BYTES);
    while (cap < need) {
        cap = cap > b->limit / 2 ? b->limit : cap * 2;
    }
    uint8_t *grown = realloc(b->ptr, cap);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    b->ptr = grown;
    b->cap = cap;
    return ERR_OK;
}

err_t buf_append(struct buf *b, span_t bytes)
{
    TRY(buf_reserve(b, bytes.len));
    if (bytes.len > 0) {
        memcpy(b->ptr + b->len, bytes.ptr, bytes.len);
        b->len += bytes.len;
    }
    return ERR_OK;
}

err_t buf_append_byte(struct buf *b, uint8_t byte)
{
    TRY(buf_reserve(b, 1));
    b->ptr[b->len++] = byte;
    return ERR_OK;
}

err_t buf_append_format(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        return err_new(ERR_FORMAT);
    }

    TRY(buf_reserve(b, (size_t)length + 1)); /* vsnprintf wants room for its NUL */
    va_start(args, format);
    (void)vsnprintf((char *)b->ptr + b->len, (size_t)length + 1, format, args);
    va_end(args);
    b->len += (size_t)length;
    return ERR_OK;
}

void buf_consume(struct buf *b, size_t n)
{
    const size_t dropped = size_min(n, b->len);
    if (dropped == 0) {
        return;
    }
    memmove(b->ptr, b->ptr + dropped, b->len - dropped);
    b->len -= dropped;
}
