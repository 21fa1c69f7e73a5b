#include "base/buf.h"

#include "base/util.h"
#include "base/wipe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_init_secret(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit, .secret = true};
}

void buf_cut(struct buf *b, size_t len)
{
    MUST(len <= b->len);
    if (b->secret && len < b->len) {
        memory_wipe(b->ptr + len, b->len - len);
    }
    b->len = len;
}

void buf_clear(struct buf *b)
{
    buf_cut(b, 0);
}

void buf_deinit(struct buf *b)
{
    buf_cut(b, 0);
    free(b->ptr);
    *b = (struct buf){.limit = b->limit, .secret = b->secret};
}

/* realloc() leaves a copy where the bytes lay. */
static uint8_t *grow_secret(struct buf *b, size_t cap)
{
    uint8_t *const grown = malloc(cap);
    if (grown != NULL && b->len > 0) {
        memcpy(grown, b->ptr, b->len);
        memory_wipe(b->ptr, b->len);
    }
    if (grown != NULL) {
        free(b->ptr);
    }
    return grown;
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
    uint8_t *grown = b->secret ? grow_secret(b, cap) : realloc(b->ptr, cap);
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
    buf_cut(b, b->len - dropped);
}
