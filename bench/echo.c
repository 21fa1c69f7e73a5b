/* echo.c - the bare epoll echo that other servers are measured against: recv, send, nothing else.
 *
 * bench_echo: listens on a free port of 127.0.0.1, prints it, echoes until it is killed. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, BYTES = 65536, BACKLOG = 4096 };

static void die(const char *what)
{
    perror(what);
    _exit(1);
}

static int listen_anywhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        die("listen");
    }
    (void)printf("listening on %u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        die("epoll_ctl");
    }
}

static void echo(int fd, uint8_t *bytes)
{
    const ssize_t got = recv(fd, bytes, BYTES, 0);
    if (got <= 0 || send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got) {
        (void)close(fd);
    }
}

int main(void)
{
    static uint8_t bytes[BYTES];
    const int one = 1;
    const int listener = listen_anywhere();
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener);
    for (;;) {
        struct epoll_event events[BATCH];
        const int n = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd != listener) {
                echo(events[i].data.fd, bytes);
                continue;
            }
            const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(epoll, fd);
            }
        }
    }
}
