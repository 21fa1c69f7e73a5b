#include "net/stream.h"

#include "base/limits.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static enum stream_outcome outcome_of(int error)
{
    switch (error) {
    case EAGAIN: return STREAM_WOULD_BLOCK;
    case EPIPE:
    case ECONNRESET: return STREAM_CLOSED;
    default: return STREAM_ERROR;
    }
}

enum stream_outcome stream_recv(int fd, void *into, size_t room, size_t *got)
{
    MUST(room > 0);
    ssize_t n = 0;
    do {
        n = recv(fd, into, room, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        *got = (size_t)n;
        return STREAM_MORE;
    }
    return n == 0 ? STREAM_CLOSED : outcome_of(errno);
}

enum stream_outcome stream_send(int fd, span_t bytes, size_t *sent)
{
    MUST(bytes.len > 0);
    ssize_t n = 0;
    do {
        n = send(fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        *sent = (size_t)n;
        return STREAM_MORE;
    }
    return n == 0 ? STREAM_WOULD_BLOCK : outcome_of(errno);
}

void stream_set_no_delay(int fd)
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void stream_set_lean(int fd)
{
    const int most = LIMIT_NOT_SENT_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

void stream_shut_write(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

void stream_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}
