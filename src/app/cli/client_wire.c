#include "app/cli/client_wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

err_t wire_fault(struct client *c, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    return err_new(code);
}

static err_t system_fault(struct client *c, const char *doing, int error)
{
    char words[96] = "";
    const char *const text = strerror_r(error, words, sizeof words);
    return wire_fault(c, ERR_IO, "%s %s: %s", doing, c->authority, text);
}

mono_t wire_until(const struct client *c, int64_t wait_ms)
{
    return mono_after_ms(clock_mono(c->clock), wait_ms);
}

void wire_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* Milliseconds left, rounded up, for poll(). */
static int left_ms(const struct client *c, mono_t until)
{
    const int64_t ns = until.ns - clock_mono(c->clock).ns;
    if (ns <= 0) {
        return 0;
    }
    const int64_t ms = (ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms > 3600000 ? 3600000 : (int)ms;
}

/* Wait for `events` on `fd` (-1: only for time to pass). *ready false: the time is over. */
static err_t wait_for(struct client *c, int fd, short events, mono_t until, bool *ready)
{
    struct pollfd polled[2] = {{.fd = fd, .events = events}, {.fd = c->stop_fd, .events = POLLIN}};
    for (;;) {
        const int left = left_ms(c, until);
        const int n = poll(polled, 2, left);
        if (n < 0 && errno != EINTR) {
            return system_fault(c, "waiting for", errno);
        }
        if (n > 0 && polled[1].revents != 0) {
            c->stopped = true;
            return wire_fault(c, ERR_IO, "stopped");
        }
        if (n > 0 && polled[0].revents != 0) {
            *ready = true;
            return ERR_OK;
        }
        if (left == 0) {
            *ready = false;
            return ERR_OK;
        }
    }
}

err_t client_pause(struct client *c, int64_t ms)
{
    bool ready = false;
    return wait_for(c, -1, 0, wire_until(c, ms), &ready);
}

/* Finish a connect() that is under way. `*error` is its errno, 0 for a connection. */
static err_t await_connection(struct client *c, int fd, mono_t until, int *error)
{
    bool ready = false;
    TRY(wait_for(c, fd, POLLOUT, until, &ready));
    if (!ready) {
        return wire_fault(c, ERR_TIMEOUT, "connecting to %s took longer than %lld ms", c->authority,
                          (long long)c->wait_ms);
    }
    socklen_t len = sizeof *error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) != 0) {
        *error = errno;
    }
    return ERR_OK;
}

/* Try one address; *error is 0 for a connection, else why not, and *fd is -1. */
static err_t connect_one(struct client *c, const struct addrinfo *a, mono_t until, int *fd,
                         int *error)
{
    err_t e = ERR_OK;
    *fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    *error = *fd >= 0 && connect(*fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (*error == EINPROGRESS) {
        e = await_connection(c, *fd, until, error);
    }
    if (failed(e) || *error != 0) {
        wire_close(fd);
        return e;
    }
    const int on = 1;
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return ERR_OK;
}

static void free_addresses(struct addrinfo **list)
{
    if (*list != NULL) {
        freeaddrinfo(*list);
    }
}

err_t wire_connect(struct client *c, mono_t until, int *fd)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    CLEANUP(free_addresses) struct addrinfo *list = NULL;
    const int answer = getaddrinfo(c->host, c->port, &hints, &list);
    if (answer != 0) {
        return wire_fault(c, ERR_IO, "%s: %s", c->host, gai_strerror(answer));
    }
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        TRY(connect_one(c, a, until, fd, &error));
        if (error == 0) {
            return ERR_OK;
        }
    }
    return system_fault(c, "connecting to", error);
}

err_t wire_send(struct client *c, int fd, span_t bytes, mono_t until)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        const ssize_t n = send(fd, bytes.ptr + sent, bytes.len - sent, MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN) {
            return system_fault(c, "sending to", errno);
        }
        bool ready = false;
        TRY(wait_for(c, fd, POLLOUT, until, &ready));
        if (!ready) {
            return wire_fault(c, ERR_TIMEOUT, "%s takes nothing in", c->authority);
        }
    }
    return ERR_OK;
}

err_t wire_receive(struct client *c, int fd, void *to, size_t room, mono_t until, size_t *got)
{
    for (;;) {
        const ssize_t n = recv(fd, to, room, 0);
        if (n >= 0) {
            *got = (size_t)n;
            return ERR_OK;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno == ECONNRESET) {
            *got = 0;
            return ERR_OK;
        }
        if (errno != EAGAIN) {
            return system_fault(c, "receiving from", errno);
        }
        bool ready = false;
        TRY(wait_for(c, fd, POLLIN, until, &ready));
        if (!ready) {
            return wire_fault(c, ERR_TIMEOUT, "no answer from %s in time", c->authority);
        }
    }
}
