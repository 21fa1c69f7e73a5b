#include "tests/support/scratch.h"

#include "base/err.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch scratch_new(void)
{
    struct scratch s;
    const char *const under = getenv("TMPDIR"); /* NOLINT: nobody writes it */
    const int n = snprintf(s.path, sizeof s.path, "%s/canara-test-XXXXXX",
                           under == NULL || under[0] == '\0' ? "/tmp" : under);
    MUST(n > 0 && (size_t)n < sizeof s.path);
    MUST(mkdtemp(s.path) != NULL);
    return s;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void scratch_remove(struct scratch *s)
{
    (void)nftw(s->path, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* NOLINT: one thread */
}

void scratch_path(const struct scratch *s, const char *name, char out[SCRATCH_PATH])
{
    const int n = snprintf(out, SCRATCH_PATH, "%s/%s", s->path, name);
    MUST(n > 0 && n < SCRATCH_PATH);
}

void scratch_write(const char *path, span_t bytes, mode_t mode)
{
    (void)unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    MUST(fd >= 0);
    MUST(write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    MUST(fchmod(fd, mode) == 0);
    MUST(close(fd) == 0);
}
