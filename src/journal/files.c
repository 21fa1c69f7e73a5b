#include "journal/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int system_open(const struct journal_files *self, int dir, const char *name, int flags,
                       mode_t mode)
{
    (void)self;
    return openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

static ssize_t system_pwritev(const struct journal_files *self, int fd, const struct iovec *parts,
                              int count, off_t offset)
{
    (void)self;
    return pwritev(fd, parts, count, offset);
}

static int system_fdatasync(const struct journal_files *self, int fd)
{
    (void)self;
    return fdatasync(fd);
}

static int system_fsync(const struct journal_files *self, int fd)
{
    (void)self;
    return fsync(fd);
}

static int system_ftruncate(const struct journal_files *self, int fd, off_t length)
{
    (void)self;
    return ftruncate(fd, length);
}

static int system_rename(const struct journal_files *self, int dir, const char *from,
                         const char *to)
{
    (void)self;
    return renameat(dir, from, dir, to);
}

static int system_unlink(const struct journal_files *self, int dir, const char *name)
{
    (void)self;
    return unlinkat(dir, name, 0);
}

/* Some file systems have no number of blocks to tell. */
static uint64_t system_room(const struct journal_files *self, int dir)
{
    (void)self;
    struct statvfs st;
    uint64_t bytes = 0;
    const bool known =
        fstatvfs(dir, &st) == 0 && st.f_blocks > 0 &&
        !__builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize, &bytes);
    return known ? bytes : UINT64_MAX;
}

const struct journal_files *journal_files_system(void)
{
    static const struct journal_files system = {
        .open = system_open,
        .pwritev = system_pwritev,
        .fdatasync = system_fdatasync,
        .fsync = system_fsync,
        .ftruncate = system_ftruncate,
        .rename = system_rename,
        .unlink = system_unlink,
        .room = system_room,
    };
    return &system;
}
