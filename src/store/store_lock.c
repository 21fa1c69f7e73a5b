#include "store/store_lock.h"

#include "base/fd.h"
#include "base/util.h"
#include "store/sqlite_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 8 }; /* somebody may remove the file while it is taken */

static err_t refuse(const char *path, const char *what, enum err_code code,
                    char why[STORE_WHY_BYTES])
{
    (void)snprintf(why, STORE_WHY_BYTES, "%s: %s", path, what);
    return err_new(code);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static err_t open_file(const char *path, int *fd, struct stat *st, char why[STORE_WHY_BYTES])
{
    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*fd < 0 || fstat(*fd, st) != 0) {
        return refuse(path, "cannot be opened", ERR_IO, why);
    }
    if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() || (st->st_mode & 077) != 0) {
        return refuse(path, "must be an ordinary file of ours with mode 0600; remove it", ERR_IO,
                      why);
    }
    return ERR_OK;
}

/* Try once; `*taken` stays false when the name means another file by now. */
static err_t take_once(const char *path, const char *database, int *fd, bool *taken,
                       char why[STORE_WHY_BYTES])
{
    struct stat mine;
    struct stat held;
    struct stat named;
    CLEANUP(fd_close) int file = -1;
    TRY(open_file(path, &file, &mine, why));
    if (*fd >= 0 && fstat(*fd, &held) == 0 && is_same(&held, &mine)) {
        fd_close(&file);
        file = *fd; /* ours, or of the server before us */
        *fd = -1;
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? refuse(database, "another server is running on it", ERR_LIMIT, why)
                   : refuse(path, "cannot be locked", ERR_IO, why);
    }
    *taken = stat(path, &named) == 0 && is_same(&named, &mine);
    if (*taken) {
        fd_close(fd);
        *fd = file;
        file = -1;
    }
    return ERR_OK;
}

err_t store_lock_take(const struct store_config *config, int *fd, char why[STORE_WHY_BYTES])
{
    struct sqlite_place place = {0};
    bool taken = false;
    why[0] = '\0';
    TRY(sqlite_place_resolve(config, &place, why));
    char path[PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s.lock", place.path);
    MUST(length > 0 && (size_t)length < sizeof path); /* the place has left room */
    for (int tries = 0; tries < TRIES && !taken; tries++) {
        TRY(take_once(path, place.path, fd, &taken, why));
    }
    return taken ? ERR_OK : refuse(path, "vanishes while it is locked", ERR_IO, why);
}
