/* The steps of a house that make the process and DATA_DIR fit for secrets. */
#include "app/house/descriptors.h"
#include "app/house/house_steps.h"
#include "base/fd.h"
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORDS_BYTES = 128 /* of an errno */ };

err_t house_process_up(struct house *h)
{
    (void)umask(077);
    descriptors_raise();
    if (failed(crypto_start())) {
        return house_fault(h, "libsodium could not be started");
    }
    if (!h->settings->debug && failed(process_harden())) {
        return house_fault(h, "the process could not be protected against core dumps");
    }
    return ERR_OK;
}

/* Some folders cannot be opened or synced, and that is taken; a disk that fails is not. */
static err_t sync_folder(struct house *h, const char *dir)
{
    CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) == 0 || !fd_sync_failed(errno)) {
        return ERR_OK;
    }
    char words[WORDS_BYTES];
    return house_fault(h, "DATA_DIR=%s: %s cannot be synced: %s", h->settings->data_dir, dir,
                       strerror_r(errno, words, sizeof words));
}

/* Make the name of DATA_DIR and the names in it durable, at every start: who made them may have
 * been killed before he did. Where its parent cannot be opened, DATA_DIR is not ours to make
 * either. */
static err_t sync_names_of(struct house *h, const char *dir)
{
    char parent[HOUSE_PATH_BYTES];
    const int n = snprintf(parent, sizeof parent, "%s/..", dir);
    if (n > 0 && (size_t)n < sizeof parent) {
        TRY(sync_folder(h, parent));
    }
    return sync_folder(h, dir);
}

/* A path in DATA_DIR that a socket address has to hold. */
static err_t note_paths(struct house *h)
{
    const char *dir = h->settings->data_dir;
    const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
    (void)snprintf(h->journal_dir, sizeof h->journal_dir, "%s/journal", dir);
    (void)snprintf(h->view_dir, sizeof h->view_dir, "%s/session_buffers", dir);
    (void)snprintf(h->control, sizeof h->control, "%s/control.sock", dir);
    return strlen(h->control) < room
               ? ERR_OK
               : house_fault(h,
                             "DATA_DIR=%s: is too long for the path of its control.sock, which "
                             "may have %zu bytes; at most %zu are left for it",
                             dir, room - 1, room - sizeof "/control.sock");
}

static bool is_ours_alone(const struct stat *st)
{
    return st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

/* The folders in DATA_DIR, if they are there; whoever opens them looks again, and into the segments. */
static err_t look_at_folder(struct house *h, const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 || (S_ISDIR(st.st_mode) && is_ours_alone(&st))
               ? ERR_OK
               : house_fault(h, "%s: must be a directory of ours, mode 0700", path);
}

err_t house_data_dir_look(struct house *h)
{
    const char *dir = h->settings->data_dir;
    char words[WORDS_BYTES];
    struct stat st;
    TRY(note_paths(h));
    if (stat(dir, &st) != 0 && errno == ENOENT) {
        return ERR_OK;
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return house_fault(h, "DATA_DIR=%s: is not a directory", dir);
    }
    if (st.st_uid != geteuid()) {
        return house_fault(h, "DATA_DIR=%s: belongs to another user; it must be ours, mode 0700",
                           dir);
    }
    if ((st.st_mode & 077) != 0) {
        return house_fault(h, "DATA_DIR=%s: mode is %04o; others may not enter it: chmod 0700", dir,
                           (unsigned)(st.st_mode & 07777));
    }
    if (access(dir, W_OK | X_OK) != 0) {
        return house_fault(h, "DATA_DIR=%s: cannot be written: %s", dir,
                           strerror_r(errno, words, sizeof words));
    }
    TRY(look_at_folder(h, h->journal_dir));
    return look_at_folder(h, h->view_dir);
}

err_t house_data_dir_up(struct house *h)
{
    const char *dir = h->settings->data_dir;
    char words[WORDS_BYTES];
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return house_fault(h, "DATA_DIR=%s: cannot be made: %s", dir,
                           strerror_r(errno, words, sizeof words));
    }
    TRY(house_data_dir_look(h));
    return sync_names_of(h, dir);
}

/* ---- descriptors ---- */

err_t house_descriptors(struct house *h, uint32_t *each)
{
    const unsigned loops = h->settings->loops;
    const uint64_t files = descriptors_limit();
    const uint32_t most = descriptors_for_connections(files, loops);
    if (most == 0) {
        return house_fault(h,
                           "LOOPS=%u: %" PRIu64 " descriptors are too few, %" PRIu64
                           " are needed (ulimit -n, LimitNOFILE=)",
                           loops, files, descriptors_least(loops));
    }
    if (each != NULL) {
        *each = most;
    }
    return ERR_OK;
}
