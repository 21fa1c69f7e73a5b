#include "net/listener.h"

#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reason that the caller can tell the operator, or an error of the machine. */
static err_t explain(int error, enum listen_outcome *outcome)
{
    switch (error) {
    case EADDRINUSE: *outcome = LISTEN_IN_USE; return ERR_OK;
    case EACCES:
    case EPERM:
    case EROFS: *outcome = LISTEN_NOT_PERMITTED; return ERR_OK;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EINVAL:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case ELOOP: *outcome = LISTEN_BAD_ADDRESS; return ERR_OK;
    default: return err_new(ERR_IO);
    }
}

/* Any descriptor does; it is only there to be closed when accept() finds none left. */
static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Take a descriptor out of the hands of CLEANUP(). */
static int keep(int *fd)
{
    const int kept = *fd;
    *fd = -1;
    return kept;
}

static socklen_t socket_address(const struct peer_address *a, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (address_is_v4(a)) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
        memcpy(&in.sin_addr, a->bytes + 12, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
    memcpy(&in6.sin6_addr, a->bytes, sizeof a->bytes);
    memcpy(out, &in6, sizeof in6);
    return sizeof in6;
}

/* A v6 socket takes v6 only, so that 0.0.0.0 and :: may be opened side by side. */
static bool set_options(int fd, unsigned flags, bool v6)
{
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        return false;
    }
    if ((flags & LISTEN_REUSEPORT) != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        return false;
    }
    return !v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
}

static bool bound_port(int fd, uint16_t *out)
{
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return false;
    }
    *out = address_from_socket(&bound).port;
    return true;
}

err_t listener_open(struct listener *l, const char *host, uint16_t port, unsigned flags,
                    int backlog, enum listen_outcome *outcome)
{
    const char *literal = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    struct peer_address a = {.port = 0};
    if (failed(address_parse((span_t){(const uint8_t *)literal, strlen(literal)}, &a))) {
        *outcome = LISTEN_BAD_ADDRESS;
        return ERR_OK;
    }
    a.port = port;
    struct sockaddr_storage to;
    const socklen_t len = socket_address(&a, &to);

    CLEANUP(stream_close)
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return explain(errno, outcome);
    }
    if (!set_options(fd, flags, to.ss_family == AF_INET6)) {
        return err_new(ERR_IO);
    }
    if (bind(fd, (const struct sockaddr *)&to, len) != 0 || listen(fd, backlog) != 0) {
        return explain(errno, outcome);
    }
    uint16_t bound = 0;
    if (!bound_port(fd, &bound)) {
        return err_new(ERR_IO);
    }
    *l = (struct listener){.fd = keep(&fd), .spare_fd = open_spare(), .port = bound};
    *outcome = LISTEN_OPEN;
    return ERR_OK;
}

static bool listens(int fd)
{
    int value = 0;
    socklen_t len = sizeof value;
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t bound_len = sizeof bound;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value == 1 &&
           getsockname(fd, (struct sockaddr *)&bound, &bound_len) == 0 &&
           (bound.ss_family == AF_INET || bound.ss_family == AF_INET6);
}

err_t listener_adopt(struct listener *l, int fd, enum listen_outcome *outcome)
{
    uint16_t port = 0;
    if (!listens(fd) || !bound_port(fd, &port)) {
        *outcome = LISTEN_BAD_ADDRESS;
        return ERR_OK;
    }
    CLEANUP(stream_close) int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    const int flags = copy < 0 ? -1 : fcntl(copy, F_GETFL);
    if (flags < 0 || fcntl(copy, F_SETFL, flags | O_NONBLOCK) != 0) {
        return err_new(ERR_IO);
    }
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof bound;
    if (getsockname(copy, (struct sockaddr *)&bound, &len) != 0) {
        return err_new(ERR_IO);
    }
    const struct peer_address at = address_from_socket(&bound);
    *l = (struct listener){.fd = keep(&copy),
                           .spare_fd = open_spare(),
                           .port = port,
                           .loopback = address_is_loopback(&at)};
    *outcome = LISTEN_OPEN;
    return ERR_OK;
}

/* Whether somebody answers at the path; a backlog that is full counts as an answer. */
static bool is_answered(const struct sockaddr_un *to)
{
    CLEANUP(stream_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return true; /* not known: leave the file alone */
    }
    return connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 || errno != ECONNREFUSED;
}

/* Remove a socket file that nobody listens on; anything else stays, and bind() will say so. */
static void remove_stale(const struct sockaddr_un *to)
{
    struct stat st;
    if (lstat(to->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_answered(to)) {
        (void)unlink(to->sun_path);
    }
}

err_t listener_open_unix(struct listener *l, const char *path, int backlog,
                         enum listen_outcome *outcome)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const size_t len = strnlen(path, sizeof to.sun_path);
    if (len == 0 || len == sizeof to.sun_path) {
        *outcome = LISTEN_BAD_ADDRESS;
        return ERR_OK;
    }
    memcpy(to.sun_path, path, len);
    remove_stale(&to);

    CLEANUP(stream_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    /* The mode of the socket's inode, less the umask, becomes that of the file: it is never open
     * to others, not even between bind() and a chmod(). */
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        return err_new(ERR_IO);
    }
    if (bind(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        return explain(errno, outcome);
    }
    if (chmod(to.sun_path, S_IRUSR | S_IWUSR) != 0 || listen(fd, backlog) != 0) {
        (void)unlink(to.sun_path);
        return err_new(ERR_IO);
    }
    *l = (struct listener){.fd = keep(&fd), .spare_fd = open_spare(), .port = 0};
    memcpy(l->path, to.sun_path, sizeof l->path);
    *outcome = LISTEN_OPEN;
    return ERR_OK;
}

void listener_close(struct listener *l)
{
    if (l->fd >= 0 && l->path[0] != '\0') {
        (void)unlink(l->path);
        l->path[0] = '\0';
    }
    stream_close(&l->fd);
    stream_close(&l->spare_fd);
}

/* Give the spare up, take the caller with it and hang up, so that the queue does not fill with
 * callers who wait for nothing (and a level-triggered loop does not spin). */
static enum accept_outcome refuse_one(struct listener *l)
{
    if (l->spare_fd < 0) {
        l->spare_fd = open_spare();
        return ACCEPT_LATER;
    }
    stream_close(&l->spare_fd);
    const int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    const bool refused = fd >= 0;
    if (refused) {
        (void)close(fd);
    }
    l->spare_fd = open_spare();
    return refused ? ACCEPT_REFUSED : ACCEPT_LATER;
}

enum accept_outcome listener_accept(struct listener *l, int *fd, struct peer_address *peer)
{
    for (;;) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof from;
        const int got =
            accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (got >= 0) {
            *fd = got;
            *peer = address_from_socket(&from);
            return ACCEPT_GOT;
        }
        switch (errno) {
        case EAGAIN: return ACCEPT_NONE;
        case EMFILE:
        case ENFILE: return refuse_one(l);
        case ENOMEM:
        case ENOBUFS: return ACCEPT_LATER;
        case EBADF:
        case EINVAL:
        case ENOTSOCK: bug(__FILE__, __LINE__, "the listener is open");
        default: break; /* that caller has gone, or the network lost it (accept(2)): the next */
        }
    }
}
