#include "lab/bots/boost_files.h"

#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they lie");
_Static_assert(sizeof(float) == 4, "float is binary32");

enum { HEAD_BYTES = 16, VERSION = 1, READ_BYTES = 65536 };

static const char table_magic[4] = {'C', 'B', 'M', 'X'};
static const char margins_magic[4] = {'C', 'B', 'M', 'G'};

struct head {
    char magic[4];
    uint32_t version, rows, columns;
};

_Static_assert(sizeof(struct head) == HEAD_BYTES, "no holes");

PRINTF_LIKE(2, 3) static void explain(char why[BOOST_WHY_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, BOOST_WHY_BYTES, format, args);
    va_end(args);
}

/* ---- what a table may hold ---- */

static err_t check_size(size_t rows, size_t columns, char *why)
{
    if (rows == 0 || rows > BOOST_ROWS_MAX) {
        explain(why, "rows: %zu, must be 1 to %d", rows, BOOST_ROWS_MAX);
        return err_new(ERR_RANGE);
    }
    if (columns == 0 || columns > BOOST_COLUMNS_MAX) {
        explain(why, "columns: %zu, must be 1 to %d", columns, BOOST_COLUMNS_MAX);
        return err_new(ERR_RANGE);
    }
    if (HEAD_BYTES + rows * (columns + 2) * sizeof(float) > BOOST_BYTES_MAX) {
        explain(why, "rows: %zu of %zu columns are more than %zu bytes", rows, columns,
                BOOST_BYTES_MAX);
        return err_new(ERR_LIMIT);
    }
    return ERR_OK;
}

static err_t check_numbers(const struct boost_table *t, char *why)
{
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        if (isinf(t->x[i])) {
            explain(why, "features: row %zu, column %zu is infinite", i / t->columns,
                    i % t->columns);
            return err_new(ERR_RANGE);
        }
    }
    bool some = false;
    for (size_t i = 0; i < t->rows; i++) {
        const bool zero = !(t->label[i] < 0.0F) && !(t->label[i] > 0.0F);
        const bool one = !(t->label[i] < 1.0F) && !(t->label[i] > 1.0F);
        if (isnan(t->label[i]) || (!zero && !one)) {
            explain(why, "labels: row %zu is neither 0 nor 1", i);
            return err_new(ERR_RANGE);
        }
        if (!(t->weight[i] >= 0.0F) || isinf(t->weight[i])) {
            explain(why, "weights: row %zu is negative or not finite", i);
            return err_new(ERR_RANGE);
        }
        some = some || t->weight[i] > 0.0F;
    }
    if (!some) {
        explain(why, "weights: all are 0");
        return err_new(ERR_RANGE);
    }
    return ERR_OK;
}

/* ---- table ---- */

static err_t append(struct buf *out, const void *bytes, size_t len)
{
    return buf_append(out, (span_t){bytes, len});
}

static err_t append_table(const struct boost_table *t, struct buf *out)
{
    struct head head = {
        .version = VERSION, .rows = (uint32_t)t->rows, .columns = (uint32_t)t->columns};
    memcpy(head.magic, table_magic, sizeof head.magic);
    TRY(buf_reserve(out, HEAD_BYTES + t->rows * (t->columns + 2) * sizeof(float)));
    TRY(append(out, &head, sizeof head));
    TRY(append(out, t->x, t->rows * t->columns * sizeof(float)));
    TRY(append(out, t->label, t->rows * sizeof(float)));
    return append(out, t->weight, t->rows * sizeof(float));
}

err_t boost_table_write(const struct boost_table *t, struct buf *out, char why[BOOST_WHY_BYTES])
{
    TRY(check_size(t->rows, t->columns, why));
    TRY(check_numbers(t, why));
    const err_t done = append_table(t, out);
    if (failed(done)) {
        explain(why, "table: no memory for %zu rows", t->rows);
        return err_new(done.code);
    }
    return ERR_OK;
}

/* Read a head; the bytes must be exactly as many as it says, with `extra` columns more. */
static err_t parse_head(span_t bytes, const char magic[4], size_t extra, struct head *out,
                        char *why)
{
    if (bytes.len < HEAD_BYTES || memcmp(bytes.ptr, magic, sizeof out->magic) != 0) {
        explain(why, "magic: not a file of this kind (%.4s)", magic);
        return err_new(ERR_FORMAT);
    }
    struct head head;
    memcpy(&head, bytes.ptr, sizeof head);
    if (head.version != VERSION) {
        explain(why, "version: %u, must be %d", head.version, VERSION);
        return err_new(ERR_FORMAT);
    }
    TRY(check_size(head.rows, head.columns, why));
    const size_t size =
        HEAD_BYTES + (size_t)head.rows * ((size_t)head.columns + extra) * sizeof(float);
    if (bytes.len != size) {
        explain(why, "size: %zu bytes, must be %zu for %u rows of %u columns", bytes.len, size,
                head.rows, head.columns);
        return err_new(ERR_FORMAT);
    }
    *out = head;
    return ERR_OK;
}

/* Copy the next `n` floats; NULL when there is no memory. */
static float *take(const uint8_t **at, size_t n)
{
    float *const copy = malloc(n * sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, *at, n * sizeof *copy);
        *at += n * sizeof *copy;
    }
    return copy;
}

err_t boost_table_parse(span_t bytes, struct boost_table *out, char why[BOOST_WHY_BYTES])
{
    struct head head;
    TRY(parse_head(bytes, table_magic, 2, &head, why));
    CLEANUP(boost_table_deinit) struct boost_table t = {.rows = head.rows, .columns = head.columns};
    const uint8_t *at = bytes.ptr + HEAD_BYTES;
    t.x = take(&at, t.rows * t.columns);
    t.label = t.x == NULL ? NULL : take(&at, t.rows);
    t.weight = t.label == NULL ? NULL : take(&at, t.rows);
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    if (t.x == NULL || t.label == NULL || t.weight == NULL) {
        explain(why, "table: no memory for %zu rows", t.rows);
        return err_new(ERR_NOMEM);
    }
    TRY(check_numbers(&t, why));
    *out = t;
    t = (struct boost_table){0};
    return ERR_OK;
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}

void boost_table_deinit(struct boost_table *t)
{
    free(t->x);
    free(t->label);
    free(t->weight);
    *t = (struct boost_table){0};
}

/* ---- margins ---- */

err_t boost_margins_write(const float *margin, size_t rows, struct buf *out)
{
    struct head head = {.version = VERSION, .rows = (uint32_t)rows, .columns = 1};
    memcpy(head.magic, margins_magic, sizeof head.magic);
    TRY(append(out, &head, sizeof head));
    return append(out, margin, rows * sizeof *margin);
}

err_t boost_margins_parse(span_t bytes, float *margin, size_t rows, char why[BOOST_WHY_BYTES])
{
    struct head head;
    TRY(parse_head(bytes, margins_magic, 0, &head, why));
    if (head.rows != rows || head.columns != 1) {
        explain(why, "rows: %u, must be %zu", head.rows, rows);
        return err_new(ERR_FORMAT);
    }
    memcpy(margin, bytes.ptr + HEAD_BYTES, rows * sizeof *margin);
    return ERR_OK;
}

/* ---- files ---- */

static const char *reason(int code, char text[64])
{
    return strerror_r(code, text, 64);
}

err_t boost_file_read(const char *path, struct buf *out, char why[BOOST_WHY_BYTES])
{
    char text[64];
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        explain(why, "%s: %s", path, reason(errno, text));
        return err_new(ERR_IO);
    }
    for (;;) {
        const err_t room = buf_reserve(out, READ_BYTES);
        if (failed(room)) {
            explain(why, "%s: more than fits", path);
            return err_new(room.code);
        }
        const ssize_t got = read(fd, out->ptr + out->len, READ_BYTES);
        if (got < 0 && errno != EINTR) {
            explain(why, "%s: %s", path, reason(errno, text));
            return err_new(ERR_IO);
        }
        if (got == 0) {
            return ERR_OK;
        }
        out->len += got > 0 ? (size_t)got : 0;
    }
}

err_t boost_file_write(const char *path, span_t bytes, char why[BOOST_WHY_BYTES])
{
    char text[64];
    CLEANUP(fd_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        explain(why, "%s: %s", path, reason(errno, text));
        return err_new(ERR_IO);
    }
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t put = write(fd, bytes.ptr + done, bytes.len - done);
        if (put < 0 && errno != EINTR) {
            explain(why, "%s: %s", path, reason(errno, text));
            return err_new(ERR_IO);
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return ERR_OK;
}
