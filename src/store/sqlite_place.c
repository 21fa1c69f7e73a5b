#include "store/sqlite_place.h"

#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST = 512 }; /* one page of the smallest kind, by the file format */

static const char *const companions[] = {"", "-wal", "-shm"};

/* One line about `path` and the current errno. */
static err_t refuse_errno(const char *path, const char *what, char why[STORE_WHY_BYTES])
{
    char reason[64] = "";
    const char *text = strerror_r(errno, reason, sizeof reason);
    (void)snprintf(why, STORE_WHY_BYTES, "%s: %s: %s", path, what, text);
    return err_new(ERR_IO);
}

static err_t refuse(const char *path, const char *what, char why[STORE_WHY_BYTES])
{
    (void)snprintf(why, STORE_WHY_BYTES, "%s: %s", path, what);
    return err_new(ERR_IO);
}

/* Write `first` and `second` behind each other; false when they do not fit. */
static bool join(char out[PATH_MAX], const char *first, const char *second)
{
    const int length = snprintf(out, PATH_MAX, "%s%s", first, second);
    return length >= 0 && length < PATH_MAX;
}

/* The path the address means, not yet free of symbolic links. */
static err_t path_of(const struct store_config *config, char out[PATH_MAX],
                     char why[STORE_WHY_BYTES])
{
    static const char scheme[] = "sqlite:///";
    const char *rest = config->url + sizeof scheme - 1;
    if (strncmp(config->url, scheme, sizeof scheme - 1) != 0 || rest[0] == '\0' ||
        rest[strlen(rest) - 1] == '/' || strpbrk(rest, "?#%:") != NULL) {
        (void)snprintf(why, STORE_WHY_BYTES,
                       "DATABASE_URL must be sqlite:///NAME or sqlite:////ABSOLUTE/PATH, without "
                       "any of ? # %% :");
        return err_new(ERR_FORMAT);
    }

    char base[PATH_MAX] = "";
    const bool absolute = rest[0] == '/';
    if ((!absolute && !join(base, config->data_dir, "/")) || !join(out, base, rest)) {
        (void)snprintf(why, STORE_WHY_BYTES, "DATABASE_URL is too long");
        return err_new(ERR_FORMAT);
    }
    return ERR_OK;
}

static err_t check_dir(const char *dir, char why[STORE_WHY_BYTES])
{
    struct stat st = {0};
    if (stat(dir, &st) != 0) {
        return refuse_errno(dir, "cannot look at the directory", why);
    }
    if (st.st_uid != geteuid()) {
        return refuse(dir, "the directory belongs to another user; run as its owner", why);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(dir, "others may write to the directory; chmod 700 it", why);
    }
    if (euidaccess(dir, R_OK | W_OK | X_OK) != 0) {
        return refuse_errno(dir, "cannot write to the directory", why);
    }
    return ERR_OK;
}

/* Check a file that need not exist; `size` is -1 when it does not. */
static err_t check_file(const char *path, int64_t *size, char why[STORE_WHY_BYTES])
{
    struct stat st = {0};
    if (lstat(path, &st) != 0) {
        *size = -1;
        return errno == ENOENT ? ERR_OK : refuse_errno(path, "cannot look at it", why);
    }
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
        return refuse(path, "is not an ordinary file with one name", why);
    }
    if (st.st_uid != geteuid()) {
        return refuse(path, "belongs to another user; run as its owner", why);
    }
    if ((st.st_mode & 07777) != 0600) {
        (void)snprintf(why, STORE_WHY_BYTES, "%s: has mode %04o, must be 0600; chmod 600 it", path,
                       (unsigned)(st.st_mode & 07777));
        return err_new(ERR_IO);
    }
    *size = st.st_size;
    return ERR_OK;
}

static err_t check_files(struct sqlite_place *place, bool known, char why[STORE_WHY_BYTES])
{
    int64_t size[ARRAY_LEN(companions)] = {0};
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        char path[PATH_MAX] = "";
        MUST(join(path, place->path, companions[i])); /* split() left room */
        TRY(check_file(path, &size[i], why));
    }
    if (size[0] >= 0 && size[0] < SMALLEST) { /* SQLite would take 0 or 1 bytes for a new one */
        return refuse(place->path, "is empty; restore it from a backup, or remove it", why);
    }
    if (size[0] > 0 && size[0] % SMALLEST != 0 && size[1] <= 0) { /* a -wal would make it whole */
        return refuse(place->path, "is damaged, it was cut short; restore it from a backup", why);
    }
    if (size[0] < 0 && size[1] > 0) {
        return refuse(place->path, "is gone, but its -wal is there; restore it from a backup", why);
    }
    if (size[0] < 0 && known) {
        return refuse(
            place->path,
            "is missing, and DATA_DIR has known a database: restore it, or mount its disk; "
            "to begin anew, empty DATA_DIR",
            why);
    }
    place->size = size[0] < 0 ? 0 : size[0];
    return ERR_OK;
}

/* Resolve the directory part; the last name itself must not be a link. */
static err_t split(char *path, struct sqlite_place *out, char why[STORE_WHY_BYTES])
{
    enum { LONGEST_TAIL = sizeof "-wal" + sizeof ".new" };

    char *slash = strrchr(path, '/');
    MUST(slash != NULL);
    *slash = '\0';
    const char *dir = slash == path ? "/" : path;
    const char *name = slash + 1;
    if (realpath(dir, out->dir) == NULL) {
        return refuse_errno(dir, "cannot find the directory", why);
    }
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strlen(out->dir) + strlen(name) + LONGEST_TAIL >= PATH_MAX) {
        return refuse(dir, "the name of the database cannot be used", why);
    }
    char base[PATH_MAX] = "";
    MUST(join(base, out->dir, "/"));
    MUST(join(out->path, base, name));
    MUST(join(out->fresh, out->path, ".new"));
    return ERR_OK;
}

err_t sqlite_place_resolve(const struct store_config *config, struct sqlite_place *out,
                           char why[STORE_WHY_BYTES])
{
    char path[PATH_MAX] = "";
    TRY(path_of(config, path, why));
    TRY(split(path, out, why));
    return check_dir(out->dir, why);
}

err_t sqlite_place_find(const struct store_config *config, struct sqlite_place *out,
                        char why[STORE_WHY_BYTES])
{
    TRY(sqlite_place_resolve(config, out, why));
    return check_files(out, config->known, why);
}

err_t sqlite_place_prepare(const struct sqlite_place *place, char why[STORE_WHY_BYTES])
{
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        char path[PATH_MAX] = "";
        MUST(join(path, place->fresh, companions[i]));
        if (unlink(path) != 0 && errno != ENOENT) {
            return refuse_errno(path, "cannot remove what an interrupted start left", why);
        }
    }
    CLEANUP(fd_close)
    int fd = open(place->fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) != 0) { /* whatever the umask */
        return refuse_errno(place->fresh, "cannot make the database", why);
    }
    return ERR_OK;
}

err_t sqlite_place_settle(const struct sqlite_place *place, char why[STORE_WHY_BYTES])
{
    CLEANUP(fd_close) int dir = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 ||
        renameat2(AT_FDCWD, place->fresh, AT_FDCWD, place->path, RENAME_NOREPLACE) != 0 ||
        fsync(dir) != 0) {
        return refuse_errno(place->path, "cannot put the new database in its place", why);
    }
    return ERR_OK;
}
