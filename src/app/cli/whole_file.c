#include "app/cli/whole_file.h"

#include "base/fd.h"
#include "base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, PATH_BYTES = PATH_MAX };

static err_t read_all(int fd, struct buf *out)
{
    for (;;) {
        uint8_t piece[PIECE];
        const ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_new(ERR_IO);
        }
        if (n == 0) {
            return ERR_OK;
        }
        TRY(buf_append(out, (span_t){piece, (size_t)n}));
    }
}

err_t whole_file_read(const char *path, struct buf *out)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? err_new(ERR_IO) : read_all(fd, out);
}

err_t whole_file_read_regular(const char *path, struct buf *out)
{
    struct stat st;
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return err_new(ERR_IO);
    }
    return S_ISREG(st.st_mode) ? read_all(fd, out) : err_new(ERR_RANGE);
}

/* The name lasts once its folder is synced too; some folders cannot be, then it is best effort. */
static void sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    const char *const slash = strrchr(path, '/');
    const int n = slash == NULL
                      ? snprintf(folder, sizeof folder, ".")
                      : snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    if (n <= 0 || (size_t)n >= sizeof folder) {
        return;
    }
    CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
    }
}

/* The file itself: a link to it stays one. /dev/stdout is one, to a file where output goes into a file. */
static const char *behind_links(const char *path, char real[PATH_BYTES])
{
    return realpath(path, real) == NULL ? path : real;
}

/* A new file beside `path`; its name lands in `name`. -1 with errno. */
static int open_beside(const char *path, char name[PATH_BYTES])
{
    const int n = snprintf(name, PATH_BYTES, "%s.XXXXXX", path);
    if (n < 0 || n >= PATH_BYTES) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(name, O_CLOEXEC);
}

/* What a new file would have: a report names people, and a model is made of them. */
static mode_t mode_of_new(void)
{
    const mode_t mask = umask(077);
    (void)umask(mask);
    return 0644 & ~mask;
}

/* Devices and pipes have no content to replace. */
static err_t begin_through(struct whole_file *w, const char *path)
{
    w->fd = open(path, O_WRONLY | O_CLOEXEC);
    return w->fd < 0 ? err_new(ERR_IO) : ERR_OK;
}

err_t whole_file_begin(struct whole_file *w, const char *path)
{
    struct stat there;
    const bool old = stat(path, &there) == 0;
    *w = (struct whole_file){.fd = -1};
    if (old && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) {
        return begin_through(w, path);
    }
    char real[PATH_BYTES];
    const char *const to = behind_links(path, real);
    w->fd = open_beside(to, w->name);
    if (w->fd < 0) {
        w->name[0] = '\0';
        return err_new(ERR_IO);
    }
    (void)snprintf(w->to, sizeof w->to, "%s", to); /* fits: its longer name does */
    w->mode = old ? there.st_mode & 0777 : mode_of_new();
    return ERR_OK;
}

err_t whole_file_done(struct whole_file *w)
{
    if (w->name[0] == '\0') {
        return fsync(w->fd) == 0 || errno == EINVAL ? ERR_OK /* a device cannot be synced */
                                                    : err_new(ERR_IO);
    }
    if (fsync(w->fd) != 0 || fchmod(w->fd, w->mode) != 0 || rename(w->name, w->to) != 0) {
        return err_new(ERR_IO);
    }
    w->name[0] = '\0';
    sync_folder(w->to);
    return ERR_OK;
}

void whole_file_deinit(struct whole_file *w)
{
    const int why = errno;
    if (w->name[0] != '\0') {
        (void)unlink(w->name);
    }
    fd_close(&w->fd);
    errno = why;
}

err_t whole_file_write(const char *path, span_t bytes)
{
    CLEANUP(whole_file_deinit) struct whole_file w = {.fd = -1};
    TRY(whole_file_begin(&w, path));
    return failed(write_all(w.fd, bytes)) ? err_new(ERR_IO) : whole_file_done(&w);
}

err_t whole_file_check(const char *path)
{
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        if (S_ISDIR(there.st_mode)) {
            errno = EISDIR;
            return err_new(ERR_IO);
        }
        return access(path, W_OK) == 0 ? ERR_OK : err_new(ERR_IO);
    }
    char name[PATH_BYTES];
    char real[PATH_BYTES];
    CLEANUP(fd_close) int fd = open_beside(behind_links(path, real), name);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    (void)unlink(name);
    return ERR_OK;
}
