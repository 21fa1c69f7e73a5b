#include "lab/sets/line_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

err_t line_file_open(struct line_file *f, int fd, size_t longest)
{
    *f = (struct line_file){.fd = fd, .longest = longest, .cap = longest + 1 + READ_BYTES};
    f->bytes = malloc(f->cap);
    if (f->bytes == NULL) {
        line_file_close(f);
        return err_new(ERR_NOMEM);
    }
    return ERR_OK;
}

void line_file_close(struct line_file *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    free(f->bytes);
    *f = (struct line_file){.fd = -1};
}

static err_t fill(struct line_file *f)
{
    memmove(f->bytes, f->bytes + f->at, f->len);
    f->at = 0;
    for (;;) {
        const ssize_t got = read(f->fd, f->bytes + f->len, f->cap - f->len);
        if (got >= 0) {
            f->ended = got == 0;
            f->len += (size_t)got;
            return ERR_OK;
        }
        if (errno != EINTR) {
            return err_new(ERR_IO);
        }
    }
}

static void give(struct line_file *f, size_t len, size_t end, span_t *line)
{
    *line = (span_t){f->bytes + f->at, len};
    f->at += len + end;
    f->len -= len + end;
}

err_t line_file_next(struct line_file *f, span_t *line, bool *more)
{
    for (size_t looked = 0;;) {
        const uint8_t *const from = f->bytes + f->at;
        const uint8_t *const end = memchr(from + looked, '\n', f->len - looked);
        const size_t len = end == NULL ? f->len : (size_t)(end - from);
        if (len > f->longest) {
            f->line++;
            return err_new(ERR_LIMIT);
        }
        if (end != NULL || f->ended) {
            *more = end != NULL || len > 0;
            f->line += *more ? 1 : 0;
            give(f, len, end == NULL ? 0 : 1, line);
            return ERR_OK;
        }
        looked = f->len;
        TRY(fill(f));
    }
}
