#include "crypto/key_file.h"

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

static err_t system_says(char why[KEYRING_WHY_BYTES], const char *what, const char *path)
{
    char reason[64] = "";
    const char *const text = strerror_r(errno, reason, sizeof reason);
    (void)snprintf(why, KEYRING_WHY_BYTES, "%s: %.140s: %.40s", what, path, text);
    return err_new(ERR_IO);
}

static err_t refuse(char why[KEYRING_WHY_BYTES], const char *setting, const char *path,
                    const char *rule)
{
    (void)snprintf(why, KEYRING_WHY_BYTES, "%s: %.120s: %s", setting, path, rule);
    return err_new(ERR_RANGE);
}

struct ask {
    const char *setting, *path;
    uint8_t *into;
    size_t cap;
};

typedef const char *rule_fn(const struct stat *st);

static const char *ours_alone(const struct stat *st)
{
    if (st->st_uid != geteuid()) {
        return "must belong to the user of the server";
    }
    if ((st->st_mode & 07777) != 0600 && (st->st_mode & 07777) != 0400) {
        return "must have mode 0600 or 0400";
    }
    return NULL;
}

static const char *shared_with_a_group(const struct stat *st)
{
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        return "must belong to the user of the server or to root";
    }
    if ((st->st_mode & 07137) != 0) {
        return "must have mode 0640, 0600 or narrower";
    }
    return NULL;
}

static const char *rule_broken(const struct stat *st, size_t cap, rule_fn *rule)
{
    if (!S_ISREG(st->st_mode)) {
        return "must be a regular file";
    }
    const char *const broken = rule(st);
    if (broken != NULL) {
        return broken;
    }
    if (st->st_size <= 0 || (size_t)st->st_size > cap) {
        return "is empty or too long";
    }
    return NULL;
}

static err_t read_by(rule_fn *rule, const struct ask *ask, span_t *out, char why[KEYRING_WHY_BYTES])
{
    const char *const setting = ask->setting;
    const char *const path = ask->path;
    uint8_t *const into = ask->into;
    const size_t cap = ask->cap;
    /* O_NONBLOCK: a FIFO in its place must not hang the start. */
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st = {0};
    if (fd < 0 || fstat(fd, &st) != 0) {
        return system_says(why, setting, path);
    }
    const char *const broken = rule_broken(&st, cap, rule);
    if (broken != NULL) {
        return refuse(why, setting, path, broken);
    }
    size_t len = 0;
    while (len < cap) {
        const ssize_t got = read(fd, into + len, cap - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_says(why, setting, path);
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    *out = (span_t){into, len};
    return ERR_OK;
}

err_t key_file_read(const char *setting, const char *path, span_t *out, uint8_t *into, size_t cap,
                    char why[KEYRING_WHY_BYTES])
{
    return read_by(ours_alone, &(struct ask){setting, path, into, cap}, out, why);
}

err_t key_file_read_shared(const char *setting, const char *path, span_t *out, uint8_t *into,
                           size_t cap, char why[KEYRING_WHY_BYTES])
{
    return read_by(shared_with_a_group, &(struct ask){setting, path, into, cap}, out, why);
}

/* Make the name durable, too. Some folders cannot be opened or synced; false: it was tried, and the
 * name may be lost with the power. */
static bool sync_folder_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    char copy[PATH_MAX];
    const size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    const int n = snprintf(copy, sizeof copy, "%.*s", (int)len, len == 0 ? "" : path);
    if (n < 0 || (size_t)n >= sizeof copy) {
        return true;
    }
    CLEANUP(fd_close) int fd = open(n == 0 ? "." : copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) == 0 || errno == EINVAL;
}

err_t key_file_make(const char *path, span_t bytes, char why[KEYRING_WHY_BYTES])
{
    char draft[PATH_MAX];
    const int n = snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    if (n <= 0 || (size_t)n >= sizeof draft) {
        return refuse(why, "cannot make", path, "the path is too long");
    }
    CLEANUP(fd_close) int fd = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        return system_says(why, "cannot make", path);
    }
    /* link() refuses an existing name, and gives the name only to the finished file. */
    const bool linked = !failed(write_all(fd, bytes)) && fsync(fd) == 0 && link(draft, path) == 0;
    const bool made = linked && sync_folder_of(path);
    const err_t answer = made ? ERR_OK : system_says(why, "cannot make", path);
    (void)unlink(draft);
    if (linked && !made) {
        (void)unlink(path); /* what is encrypted with it must not outlive it */
    }
    return answer;
}

bool key_file_is_there(const char *path)
{
    struct stat st = {0};
    return lstat(path, &st) == 0;
}

bool path_is_inside(const char *path, const char *folder)
{
    char real[PATH_MAX];
    char real_folder[PATH_MAX];
    if (realpath(path, real) == NULL) {
        return true;
    }
    if (realpath(folder, real_folder) == NULL) {
        return errno != ENOENT; /* in a folder that is yet to be made lies nothing */
    }
    const size_t n = strlen(real_folder);
    if (n == 1) { /* the folder is "/" */
        return true;
    }
    return strncmp(real, real_folder, n) == 0 && (real[n] == '/' || real[n] == '\0');
}
