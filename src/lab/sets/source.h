/*
 * source.h - the files of a research set as they were published: plain, or in archives that are
 *            read where they lie (.csv.xz, .tar.xz, .tar.zst ... whatever libarchive takes).
 *
 * Floor      lab/sets
 * Units      bytes.
 * Ownership  source_open() gives everything in memory; source_close() frees it.
 * Errors     ERR_IO: the system; ERR_FORMAT: a broken archive, or the same file twice with
 *            different bytes; ERR_LIMIT: more than SOURCE_BYTES_MAX or SOURCE_FILES_MAX. One line
 *            about it comes back in the source_fault.
 * Threads    one at a time.
 */
#ifndef LAB_SOURCE_H
#define LAB_SOURCE_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SOURCE_FILES_MAX = 100000,
    SOURCE_DEPTH_MAX = 6, /* folders within folders */
    SOURCE_PATH_BYTES = 1024,
    SOURCE_FAULT_BYTES = 1536,
};

#define SOURCE_BYTES_MAX (SIZE_MAX < (UINT64_C(1) << 31) ? SIZE_MAX / 2 : (size_t)1 << 31)

struct source; /* sorted by path, so that a folder and an archive give the same */

struct source_fault {
    char text[SOURCE_FAULT_BYTES];
};

/* Read the files under `dir`, in archives too, whose path `wanted` takes. */
NODISCARD err_t source_open(const char *dir, bool (*wanted)(const char *path), struct source **out,
                            struct source_fault *fault);
void source_close(struct source **s);

size_t source_count(const struct source *s);

/* Path within the set, with "/"; an archive of one file has its name without .xz. */
const char *source_path(const struct source *s, size_t index);
span_t source_text(const struct source *s, size_t index);

#endif
