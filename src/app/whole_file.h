/*
 * whole_file.h - a file read or written as a whole.
 *
 * Floor      app
 * Ownership  bytes land in the caller's buf.
 * Errors     ERR_IO with errno set; ERR_LIMIT past the buf's limit; ERR_NOMEM.
 * Threads    no state.
 */
#ifndef APP_WHOLE_FILE_H
#define APP_WHOLE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Append the file's bytes to `out`. */
NODISCARD err_t whole_file_read(const char *path, struct buf *out);

/* Write the bytes under a temporary name beside `path`, sync, then rename: whoever looks sees the old
 * file or the whole new one. A link stays and its file is replaced; the mode stays, too, and of a new file is
 * 0644 as far as the umask allows. */
NODISCARD err_t whole_file_write(const char *path, span_t bytes);

/* Whether whole_file_write() could begin now; leaves nothing behind. ERR_IO with errno: it could not. */
NODISCARD err_t whole_file_check(const char *path);

#endif
