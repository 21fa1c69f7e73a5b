/* scratch.h - a folder of its own for a test, under TMPDIR, gone afterwards. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include "base/span.h"

#include <sys/types.h>

#define SCRATCH_PATH 512

struct scratch {
    char path[SCRATCH_PATH];
};

/* Make the folder (0700); aborts when the system refuses. */
struct scratch scratch_new(void);

/* Remove it with everything in it; for CLEANUP. */
void scratch_remove(struct scratch *s);

/* Write path/name: `out` holds SCRATCH_PATH bytes. */
void scratch_path(const struct scratch *s, const char *name, char out[SCRATCH_PATH]);

/* Write a file of this mode, over an existing one. */
void scratch_write(const char *path, span_t bytes, mode_t mode);

#endif
