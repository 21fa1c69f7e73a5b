#include "disk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WATCHED_MAX = 65536, LOG_FD_MIN = 512, PARTS_MAX = 512 };

/* Set once before main(); below that, under the lock. */
static char root[PATH_MAX];
static size_t root_len;
static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t watched[WATCHED_MAX]; /* inode by descriptor; 0: not ours */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CANARA_DISK_ROOT");
    const char *log = getenv("CANARA_DISK_LOG");
    if (path == NULL) {
        return;
    }
    root_len = strlen(path);
    if (root_len == 0 || root_len >= sizeof root) {
        abort();
    }
    memcpy(root, path, root_len + 1);
    if (log == NULL) {
        return;
    }
    const int fd =
        (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD_MIN);
    if (log_fd < 0) {
        abort();
    }
    (void)syscall(SYS_close, fd);
}

/* ---- paths ---- */

/* Take one component of a path behind `at` bytes of `out`; where it ends now. */
static size_t step(char out[PATH_MAX], size_t at, const char *name, size_t len)
{
    if (len == 0 || (len == 1 && name[0] == '.')) {
        return at;
    }
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        while (at > 0 && out[at - 1] != '/') {
            at--;
        }
        return at > 0 ? at - 1 : 0;
    }
    if (at + len + 2 > PATH_MAX) {
        abort();
    }
    out[at] = '/';
    memcpy(out + at + 1, name, len);
    return at + 1 + len;
}

static size_t walk(char out[PATH_MAX], size_t at, const char *path)
{
    while (*path != '\0') {
        const size_t len = strcspn(path, "/");
        at = step(out, at, path, len);
        path += len + (path[len] == '/' ? 1 : 0);
    }
    out[at] = '\0';
    return at;
}

/* The folder a relative name starts from. */
static bool folder_of(int dir, char out[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    const ssize_t got = dir == AT_FDCWD ? readlink("/proc/self/cwd", out, PATH_MAX - 1)
                                        : readlink(link, out, PATH_MAX - 1);
    if (got < 0 || out[0] != '/') {
        return false;
    }
    out[got] = '\0';
    return true;
}

bool disk_path(int dir, const char *name, char out[PATH_MAX])
{
    if (root_len == 0) {
        return false;
    }
    char folder[PATH_MAX] = "";
    if (name[0] != '/' && !folder_of(dir, folder)) {
        return false;
    }
    char whole[PATH_MAX];
    const size_t len = walk(whole, walk(whole, 0, folder), name);
    if (len < root_len || memcmp(whole, root, root_len) != 0 ||
        (whole[root_len] != '/' && whole[root_len] != '\0')) {
        return false;
    }
    const size_t skip = root_len + (whole[root_len] == '/' ? 1 : 0);
    memcpy(out, whole + skip, len + 1 - skip);
    return true;
}

/* ---- descriptors ---- */

static uint64_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) ? st.st_ino : 0;
}

void disk_watch(int fd)
{
    if (fd < 0) {
        return;
    }
    if (fd >= WATCHED_MAX) {
        abort();
    }
    atomic_store(&watched[fd], inode_of(fd));
}

void disk_watch_as(int fd, int from)
{
    uint64_t file = 0;
    if (fd >= 0 && fd < WATCHED_MAX) {
        atomic_store(&watched[fd], disk_watches(from, &file) ? file : 0);
    }
}

void disk_forget(int fd)
{
    if (fd >= 0 && fd < WATCHED_MAX) {
        atomic_store(&watched[fd], 0);
    }
}

bool disk_watches(int fd, uint64_t *file)
{
    if (fd < 0 || fd >= WATCHED_MAX) {
        return false;
    }
    const uint64_t known = atomic_load(&watched[fd]);
    if (known == 0) {
        return false;
    }
    if (inode_of(fd) != known) { /* the library closed it behind our back (closedir) */
        atomic_store(&watched[fd], 0);
        return false;
    }
    *file = known;
    return true;
}

/* ---- the log ---- */

void disk_lock(void)
{
    if (pthread_mutex_lock(&lock) != 0) {
        abort();
    }
}

void disk_unlock(void)
{
    if (pthread_mutex_unlock(&lock) != 0) {
        abort();
    }
}

static void write_log(const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        const long put = syscall(SYS_write, log_fd, at, len);
        if (put <= 0) {
            abort(); /* a log with a hole proves nothing */
        }
        at += put;
        len -= (size_t)put;
    }
}

void disk_record_bytes(enum disk_op op, uint64_t file, uint64_t at, const struct iovec *parts,
                       int count, size_t len)
{
    if (log_fd < 0) {
        return;
    }
    if (len > UINT32_MAX) {
        abort();
    }
    const struct disk_record head = {
        .magic = DISK_MAGIC, .op = op, .file = file, .at = at, .size = len, .len = (uint32_t)len};
    write_log(&head, sizeof head);
    for (int i = 0; i < count && len > 0; i++) {
        const size_t part = parts[i].iov_len < len ? parts[i].iov_len : len;
        write_log(parts[i].iov_base, part);
        len -= part;
    }
}

void disk_record(enum disk_op op, uint64_t file, uint64_t at, uint64_t size)
{
    const struct disk_record head = {
        .magic = DISK_MAGIC, .op = op, .file = file, .at = at, .size = size};
    if (log_fd >= 0) {
        write_log(&head, sizeof head);
    }
}

void disk_record_path(enum disk_op op, uint64_t file, uint64_t size, const char *path)
{
    const struct disk_record head = {
        .magic = DISK_MAGIC, .op = op, .file = file, .size = size, .len = (uint32_t)strlen(path)};
    if (log_fd >= 0) {
        write_log(&head, sizeof head);
        write_log(path, head.len);
    }
}

void disk_record_paths(enum disk_op op, const char *from, const char *to)
{
    const uint32_t first = (uint32_t)strlen(from) + 1;
    const struct disk_record head = {
        .magic = DISK_MAGIC, .op = op, .len = first + (uint32_t)strlen(to)};
    if (log_fd >= 0) {
        write_log(&head, sizeof head);
        write_log(from, first);
        write_log(to, head.len - first);
    }
}
