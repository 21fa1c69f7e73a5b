/* The calls that change files, in the place of the C library's. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* The same function under the name that 64-bit offsets have. */
#define ALSO(name) EXPORT __attribute__((alias(#name)))

/* Numbers the syncs of this process. */
static _Atomic uint64_t sync_number;

static bool is_writing(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

/* ---- open, close ---- */

static int open_below(int dir, const char *name, int flags, mode_t mode, const char *path)
{
    struct stat st;
    const bool was_there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    const bool makes = (flags & O_CREAT) != 0 && !was_there;
    if (disk_fails(DISK_KIND_OPEN, "open", path) || (makes && disk_full())) {
        return -1;
    }
    const int fd = (int)syscall(SYS_openat, dir, name, flags, mode);
    if (fd < 0) {
        return fd;
    }
    disk_watch(fd);
    uint64_t file = 0;
    if (!disk_watches(fd, &file)) {
        return fd; /* neither a file nor a folder */
    }
    if (makes) {
        disk_record_path(DISK_CREATE, file, 0, path);
    } else if ((flags & O_TRUNC) != 0 && is_writing(flags)) {
        disk_record(DISK_TRUNCATE, file, 0, 0);
    }
    return fd;
}

static int open_any(int dir, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    if ((flags & (O_TMPFILE & ~O_DIRECTORY)) != 0 || !disk_path(dir, name, path)) {
        return (int)syscall(SYS_openat, dir, name, flags, mode);
    }
    disk_lock();
    const int fd = open_below(dir, name, flags, mode, path);
    const int number = errno;
    disk_unlock();
    errno = number;
    return fd;
}

#define MODE_OF(last, flags)              \
    __extension__({                       \
        mode_t mode_ = 0;                 \
        if (((flags)&O_CREAT) != 0) {     \
            va_list more;                 \
            va_start(more, last);         \
            mode_ = va_arg(more, mode_t); \
            va_end(more);                 \
        }                                 \
        mode_;                            \
    })

EXPORT int open(const char *name, int flags, ...)
{
    return open_any(AT_FDCWD, name, flags, MODE_OF(flags, flags));
}

ALSO(open) int open64(const char *name, int flags, ...);

EXPORT int openat(int dir, const char *name, int flags, ...)
{
    return open_any(dir, name, flags, MODE_OF(flags, flags));
}

ALSO(openat) int openat64(int dir, const char *name, int flags, ...);

/* What _FORTIFY_SOURCE makes of an open() without a mode. */
int __open_2(const char *name, int flags);
int __open64_2(const char *name, int flags);
int __openat_2(int dir, const char *name, int flags);
int __openat64_2(int dir, const char *name, int flags);

EXPORT int __open_2(const char *name, int flags)
{
    return open_any(AT_FDCWD, name, flags, 0);
}

EXPORT int __open64_2(const char *name, int flags)
{
    return open_any(AT_FDCWD, name, flags, 0);
}

EXPORT int __openat_2(int dir, const char *name, int flags)
{
    return open_any(dir, name, flags, 0);
}

EXPORT int __openat64_2(int dir, const char *name, int flags)
{
    return open_any(dir, name, flags, 0);
}

EXPORT int creat(const char *name, mode_t mode)
{
    return open_any(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

ALSO(creat) int creat64(const char *name, mode_t mode);

/* The name only has to be free, not secret: the C library's own would pass us by. */
EXPORT int mkostemp(char *name, int flags)
{
    const size_t len = strlen(name);
    if (len < 6 || strcmp(name + len - 6, "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (unsigned i = 0; i < 100000; i++) {
        for (unsigned at = 0, n = (unsigned)getpid() * 7919 + i; at < 6; at++, n /= 10) {
            name[len - 6 + at] = (char)('0' + n % 10);
        }
        const int fd = open_any(AT_FDCWD, name, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

ALSO(mkostemp) int mkostemp64(char *name, int flags);

EXPORT int mkstemp(char *name)
{
    return mkostemp(name, 0);
}

ALSO(mkstemp) int mkstemp64(char *name);

EXPORT int close(int fd)
{
    disk_forget(fd);
    return (int)syscall(SYS_close, fd);
}

EXPORT int dup(int fd)
{
    const int other = (int)syscall(SYS_dup, fd);
    disk_watch_as(other, fd);
    return other;
}

EXPORT int dup3(int fd, int wanted, int flags)
{
    const int other = (int)syscall(SYS_dup3, fd, wanted, flags);
    disk_watch_as(other, fd);
    return other;
}

EXPORT int dup2(int fd, int wanted)
{
    return fd == wanted ? fd : dup3(fd, wanted, 0);
}

EXPORT int fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    const int answer = (int)syscall(SYS_fcntl, fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        disk_watch_as(answer, fd);
    }
    return answer;
}

ALSO(fcntl) int fcntl64(int fd, int command, ...);

EXPORT void *mmap(void *where, size_t len, int protection, int flags, int fd, off_t at)
{
    uint64_t file = 0;
    if ((flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0 && disk_watches(fd, &file)) {
        disk_lock();
        disk_record(DISK_MAPPED, file, 0, 0);
        disk_unlock();
    }
    return (void *)syscall(SYS_mmap, where, len, protection, flags, fd, at);
}

ALSO(mmap) void *mmap64(void *where, size_t len, int protection, int flags, int fd, off_t at);

/* ---- write ---- */

/* The path of a descriptor, for what is said about a failure. */
static const char *path_of(int fd, char out[PATH_MAX])
{
    return disk_path(fd, "", out) ? out : "?";
}

static bool is_zero(const struct iovec *parts, int count, size_t len)
{
    for (int i = 0; i < count && len > 0; i++) {
        const uint8_t *in = parts[i].iov_base;
        const size_t part = parts[i].iov_len < len ? parts[i].iov_len : len;
        if (part > 0 && (in[0] != 0 || memcmp(in, in + 1, part - 1) != 0)) {
            return false;
        }
        len -= part;
    }
    return true;
}

static size_t sum_of(const struct iovec *parts, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++) {
        sum += parts[i].iov_len;
    }
    return sum;
}

static void record_write(uint64_t file, uint64_t at, const struct iovec *parts, int count,
                         size_t len)
{
    if (len >= 512 && is_zero(parts, count, len)) {
        disk_record(DISK_ZERO, file, at, len);
    } else {
        disk_record_bytes(DISK_WRITE, file, at, parts, count, len);
    }
}

/* Of a write that fails, the first `most` bytes of the first part reach the file all the same. */
static ssize_t write_torn(int fd, uint64_t file, const struct iovec *first, off_t at, size_t most)
{
    const int number = errno;
    const struct iovec part = {first->iov_base, most < first->iov_len ? most : first->iov_len};
    const long put =
        part.iov_len == 0 ? 0 : syscall(SYS_pwrite64, fd, part.iov_base, part.iov_len, at);
    if (put > 0) {
        record_write(file, (uint64_t)at, &part, 1, (size_t)put);
    }
    errno = number;
    return -1;
}

/* Zeros behind the end need no room on the real disk: segments are filled with them ahead. */
static long put_at(int fd, const struct iovec *parts, int count, off_t at, const struct stat *st)
{
    const size_t sum = sum_of(parts, count);
    if (at >= st->st_size && sum >= 512 && is_zero(parts, count, sum)) {
        return syscall(SYS_ftruncate, fd, at + (off_t)sum) == 0 ? (long)sum : -1;
    }
    return syscall(SYS_pwritev, fd, parts, count, at, 0);
}

/* `at` -1: at the place of the descriptor. */
static ssize_t write_below(int fd, uint64_t file, const struct iovec *parts, int count, off_t at)
{
    struct stat st;
    const int flags = (int)syscall(SYS_fcntl, fd, F_GETFL, 0);
    if (flags < 0 || fstat(fd, &st) != 0 || count < 1) {
        return -1;
    }
    const bool placed = at >= 0;
    off_t where = placed ? at : (off_t)lseek(fd, 0, SEEK_CUR);
    where = (flags & O_APPEND) != 0 ? st.st_size : where;
    char path[PATH_MAX];
    const size_t sum = sum_of(parts, count);
    if (disk_fails(DISK_KIND_WRITE, "write", path_of(fd, path))) {
        return write_torn(fd, file, parts, where, sum / 2);
    }
    if (where + (off_t)sum > st.st_size && disk_full()) {
        return write_torn(fd, file, parts, where,
                          where < st.st_size ? (size_t)(st.st_size - where) : 0);
    }
    const long put =
        placed ? put_at(fd, parts, count, at, &st) : syscall(SYS_writev, fd, parts, count);
    if (put > 0) {
        record_write(file, (uint64_t)where, parts, count, (size_t)put);
        if ((flags & O_DSYNC) != 0) {
            const uint64_t number = atomic_fetch_add(&sync_number, 1) + 1;
            disk_record_path(DISK_SYNC, file, number, "");
            disk_record(DISK_SYNCED, file, 0, number);
        }
    }
    return put;
}

static ssize_t write_locked(int fd, uint64_t file, const struct iovec *parts, int count, off_t at)
{
    disk_lock();
    const ssize_t put = write_below(fd, file, parts, count, at);
    const int number = errno;
    disk_unlock();
    errno = number;
    return put;
}

static struct iovec part_of(const void *bytes, size_t len)
{
    const union {
        const void *in;
        void *out;
    } pointer = {.in = bytes};

    return (struct iovec){.iov_base = pointer.out, .iov_len = len};
}

EXPORT ssize_t write(int fd, const void *bytes, size_t len)
{
    uint64_t file = 0;
    if (!disk_watches(fd, &file)) {
        return syscall(SYS_write, fd, bytes, len);
    }
    const struct iovec part = part_of(bytes, len);
    return write_locked(fd, file, &part, 1, -1);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    uint64_t file = 0;
    if (!disk_watches(fd, &file)) {
        return syscall(SYS_pwrite64, fd, bytes, len, at);
    }
    const struct iovec part = part_of(bytes, len);
    return write_locked(fd, file, &part, 1, at);
}

ALSO(pwrite) ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    uint64_t file = 0;
    return disk_watches(fd, &file) ? write_locked(fd, file, parts, count, -1)
                                   : syscall(SYS_writev, fd, parts, count);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    uint64_t file = 0;
    return disk_watches(fd, &file) ? write_locked(fd, file, parts, count, at)
                                   : syscall(SYS_pwritev, fd, parts, count, at, 0);
}

ALSO(pwritev) ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at);

/* ---- size ---- */

EXPORT int ftruncate(int fd, off_t size)
{
    uint64_t file = 0;
    if (!disk_watches(fd, &file)) {
        return (int)syscall(SYS_ftruncate, fd, size);
    }
    char path[PATH_MAX];
    disk_lock();
    int answer = -1;
    if (!disk_fails(DISK_KIND_TRUNCATE, "ftruncate", path_of(fd, path))) {
        answer = (int)syscall(SYS_ftruncate, fd, size);
    }
    if (answer == 0) {
        disk_record(DISK_TRUNCATE, file, 0, (uint64_t)size);
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

ALSO(ftruncate) int ftruncate64(int fd, off_t size);

EXPORT int fallocate(int fd, int mode, off_t at, off_t len)
{
    uint64_t file = 0;
    struct stat st;
    if (!disk_watches(fd, &file)) {
        return (int)syscall(SYS_fallocate, fd, mode, at, len);
    }
    char path[PATH_MAX];
    disk_lock();
    int answer = -1;
    if (mode != 0) {
        errno = EOPNOTSUPP; /* holes are not modelled */
    } else if (!disk_fails(DISK_KIND_ALLOCATE, "fallocate", path_of(fd, path)) && !disk_full() &&
               fstat(fd, &st) == 0) {
        answer = (int)syscall(SYS_fallocate, fd, mode, at, len);
        if (answer == 0 && at + len > st.st_size) {
            disk_record(DISK_TRUNCATE, file, 0, (uint64_t)(at + len));
        }
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

ALSO(fallocate) int fallocate64(int fd, int mode, off_t at, off_t len);

EXPORT int posix_fallocate(int fd, off_t at, off_t len)
{
    return fallocate(fd, 0, at, len) == 0 ? 0 : errno;
}

ALSO(posix_fallocate) int posix_fallocate64(int fd, off_t at, off_t len);

/* ---- sync ---- */

/* `file` 0: all there is. The real sync is left out: the test plays the disk. */
static int sync_file(uint64_t file, const char *path, bool is_folder)
{
    const uint64_t serial = atomic_fetch_add(&sync_number, 1) + 1;
    disk_lock();
    disk_record_path(DISK_SYNC, is_folder ? 0 : file, serial, is_folder ? path : "");
    disk_unlock();
    disk_sync_time();
    disk_lock();
    const bool fails = disk_fails(DISK_KIND_SYNC, "sync", path);
    const int number = errno;
    disk_record(fails ? DISK_SYNC_LOST : DISK_SYNCED, file, 0, serial);
    disk_unlock();
    errno = number;
    return fails ? -1 : 0;
}

EXPORT int fsync(int fd)
{
    uint64_t file = 0;
    if (!disk_watches(fd, &file)) {
        return (int)syscall(SYS_fsync, fd);
    }
    char path[PATH_MAX];
    struct stat st;
    const bool is_folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    return sync_file(file, path_of(fd, path), is_folder);
}

EXPORT int fdatasync(int fd)
{
    uint64_t file = 0;
    return disk_watches(fd, &file) ? fsync(fd) : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int syncfs(int fd)
{
    uint64_t file = 0;
    return disk_watches(fd, &file) ? sync_file(0, "*", true) : (int)syscall(SYS_syncfs, fd);
}

/* A hint about write-back, and no promise (sync_file_range(2)). */
EXPORT int sync_file_range(int fd, off_t at, off_t len, unsigned flags)
{
    uint64_t file = 0;
    return disk_watches(fd, &file) ? 0 : (int)syscall(SYS_sync_file_range, fd, at, len, flags);
}

/* ---- names ---- */

EXPORT int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    char old[PATH_MAX];
    char new[PATH_MAX];
    const bool is_from = disk_path(from_dir, from, old);
    const bool is_to = disk_path(to_dir, to, new);
    if (!is_from && !is_to) {
        return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    }
    if (!is_from || !is_to || (flags & RENAME_EXCHANGE) != 0) {
        abort(); /* not modelled */
    }
    disk_lock();
    int answer = -1;
    if (!disk_fails(DISK_KIND_RENAME, "rename", new)) {
        answer = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    }
    if (answer == 0) {
        disk_record_paths(DISK_RENAME, old, new);
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

EXPORT int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat2(from_dir, from, to_dir, to, 0);
}

EXPORT int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    char old[PATH_MAX];
    char new[PATH_MAX];
    if (!disk_path(to_dir, to, new)) {
        return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    }
    if (!disk_path(from_dir, from, old)) {
        abort(); /* not modelled */
    }
    disk_lock();
    int answer = -1;
    if (!disk_fails(DISK_KIND_RENAME, "link", new) && !disk_full()) {
        answer = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    }
    if (answer == 0) {
        disk_record_paths(DISK_LINK, old, new);
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

EXPORT int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int unlinkat(int dir, const char *name, int flags)
{
    char path[PATH_MAX];
    if (!disk_path(dir, name, path)) {
        return (int)syscall(SYS_unlinkat, dir, name, flags);
    }
    disk_lock();
    int answer = -1;
    if (!disk_fails(DISK_KIND_UNLINK, "unlink", path)) {
        answer = (int)syscall(SYS_unlinkat, dir, name, flags);
    }
    if (answer == 0) {
        disk_record_path(flags == 0 ? DISK_UNLINK : DISK_RMDIR, 0, 0, path);
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

EXPORT int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

EXPORT int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

EXPORT int mkdirat(int dir, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    struct stat st;
    if (!disk_path(dir, name, path) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return (int)syscall(SYS_mkdirat, dir, name, mode);
    }
    disk_lock();
    int answer = -1;
    if (!disk_fails(DISK_KIND_MKDIR, "mkdir", path) && !disk_full()) {
        answer = (int)syscall(SYS_mkdirat, dir, name, mode);
    }
    if (answer == 0) {
        disk_record_path(DISK_MKDIR, 0, 0, path);
    }
    const int number = errno;
    disk_unlock();
    errno = number;
    return answer;
}

EXPORT int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}
