/*
 * line_file.h - the lines of a file, one at a time, with a bound on their length.
 *
 * Floor      lab/sets
 * Units      bytes; lines count from 1.
 * Ownership  the holder calls line_file_close(); a line lives until the next call.
 * Errors     ERR_IO: the system; ERR_LIMIT: a line longer than the bound; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef LAB_LINE_FILE_H
#define LAB_LINE_FILE_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_file {
    int fd; /* -1: closed */
    uint8_t *bytes;
    size_t cap, at, len; /* bytes[at, at + len) are read and not given out yet */
    size_t longest;
    size_t line; /* of the line given last; 0 before the first */
    bool ended;
};

/* Take over `fd`; lines may have at most `longest` bytes without their end. */
NODISCARD err_t line_file_open(struct line_file *f, int fd, size_t longest);
void line_file_close(struct line_file *f);

/* Give the next line without its "\n"; the last one may lack it. `*more` false at the end. */
NODISCARD err_t line_file_next(struct line_file *f, span_t *line, bool *more);

#endif
