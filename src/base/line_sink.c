#include "base/line_sink.h"

#include "base/err.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A part to write. An iovec has no const, but writing only reads. */
static struct iovec iovec_of_text(const char *bytes, size_t len)
{
    const union {
        const void *in;
        void *out;
    } pointer = {.in = bytes};

    return (struct iovec){.iov_base = pointer.out, .iov_len = len};
}

/* A second opening of the same pipe or terminal; -1 where that is refused. */
static int open_again(int fd)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void line_sink_init(struct line_sink *s, int fd)
{
    struct stat st;
    s->fd = fd;
    s->way = LINE_SINK_PLAIN;
    atomic_init(&s->cut, false);
    MUST(pthread_mutex_init(&s->turn, NULL) == 0);
    if (fstat(fd, &st) != 0) {
        return;
    }
    if (S_ISSOCK(st.st_mode)) {
        s->way = LINE_SINK_SOCKET;
    } else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        const int own = open_again(fd);
        s->way = own < 0 ? LINE_SINK_LOOK : LINE_SINK_OWN;
        s->fd = own < 0 ? fd : own;
    }
}

void line_sink_deinit(struct line_sink *s)
{
    if (s->way == LINE_SINK_OWN) {
        (void)close(s->fd);
    }
    (void)pthread_mutex_destroy(&s->turn);
}

/* Ask this one write not to wait; a kernel that cannot (pipes before Linux 6.4) writes as it is. */
static ssize_t write_now(int fd, const char *bytes, size_t len)
{
    const struct iovec part = iovec_of_text(bytes, len);
    const ssize_t n = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);
    return n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS) ? write(fd, bytes, len) : n;
}

static ssize_t put_once(const struct line_sink *s, const char *bytes, size_t len)
{
    switch (s->way) {
    case LINE_SINK_SOCKET: return send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case LINE_SINK_LOOK: return write_now(s->fd, bytes, len);
    case LINE_SINK_PLAIN:
    case LINE_SINK_OWN: break;
    }
    return write(s->fd, bytes, len);
}

static ssize_t put(const struct line_sink *s, const char *bytes, size_t len)
{
    ssize_t n = 0;
    do {
        n = put_once(s, bytes, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* A pipe that says it has room takes PIPE_BUF bytes at once. */
static bool has_room(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

static bool write_line(struct line_sink *s, const char *line, size_t len)
{
    if (s->way == LINE_SINK_LOOK && !has_room(s->fd)) {
        return false;
    }
    if (atomic_load_explicit(&s->cut, memory_order_relaxed)) {
        if (put(s, "\n", 1) != 1) {
            return false;
        }
        atomic_store_explicit(&s->cut, false, memory_order_relaxed);
    }
    const ssize_t n = put(s, line, len);
    if (n > 0 && (size_t)n < len) {
        atomic_store_explicit(&s->cut, true, memory_order_relaxed);
    }
    return n == (ssize_t)len;
}

bool line_sink_write(struct line_sink *s, const char *line, size_t len)
{
    if (s->way != LINE_SINK_LOOK) {
        return write_line(s, line, len);
    }
    MUST(pthread_mutex_lock(&s->turn) == 0);
    const bool written = write_line(s, line, len);
    MUST(pthread_mutex_unlock(&s->turn) == 0);
    return written;
}
