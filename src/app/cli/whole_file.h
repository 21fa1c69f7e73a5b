/*
 * whole_file.h - a file read or written as a whole.
 *
 * Floor      app/cli
 * Ownership  bytes land in the caller's buf; whole_file_deinit() ends a draft.
 * Errors     ERR_IO with errno set; ERR_LIMIT past the buf's limit; ERR_NOMEM.
 * Threads    no state.
 */
#ifndef APP_WHOLE_FILE_H
#define APP_WHOLE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <limits.h>
#include <sys/types.h>

/* Append the file's bytes to `out`. */
NODISCARD err_t whole_file_read(const char *path, struct buf *out);

/* The same of what must be a regular file; ERR_RANGE: it is none. A pipe in its place holds nobody up. */
NODISCARD err_t whole_file_read_regular(const char *path, struct buf *out);

/* Write the bytes under a temporary name beside `path`, sync, then rename: whoever looks sees the old
 * file or the whole new one. A link stays and its file is replaced; the mode stays, too, and of a new file is
 * 0644 as far as the umask allows. */
NODISCARD err_t whole_file_write(const char *path, span_t bytes);

/* A file that is being written, for what does not fit into memory. What is at its path changes when it is done. */
struct whole_file {
    int fd; /* to write to, and not to close */
    mode_t mode;
    char name[PATH_MAX],
        to[PATH_MAX]; /* of the draft and of the file; "": written through, to a device */
};

/* Begin as whole_file_write() does; nothing is left when it fails. */
NODISCARD err_t whole_file_begin(struct whole_file *w, const char *path);

/* Sync, and give it its name. */
NODISCARD err_t whole_file_done(struct whole_file *w);

/* A draft that did not get its name goes. errno stays. */
void whole_file_deinit(struct whole_file *w);

/* Whether whole_file_write() could begin now; leaves nothing behind. ERR_IO with errno: it could not. */
NODISCARD err_t whole_file_check(const char *path);

#endif
