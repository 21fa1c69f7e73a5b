/*
 * listener.h - sockets that accept: TCP over v4 and v6, and unix sockets.
 *
 * Floor      net
 * Ownership  the holder calls listener_close(); accepted descriptors belong to the caller.
 * Errors     ERR_IO for anything but the outcomes below.
 * Threads    one at a time for each listener.
 *
 * Every socket is non-blocking and closed on exec.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "base/err.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

enum listen_outcome {
    LISTEN_OPEN,
    LISTEN_IN_USE,        /* somebody listens there already */
    LISTEN_NOT_PERMITTED, /* a port below 1024, a folder without right to write */
    LISTEN_ELSEWHERE, /* the server's: an adopted socket has another address than was judged safe */
    LISTEN_BAD_ADDRESS, /* no such literal, not an address of this machine, path too long */
};

enum listen_flag {
    LISTEN_REUSEPORT = 1 << 0, /* several sockets share the port, the kernel spreads connections */
};

struct listener {
    int fd;        /* -1: closed */
    int spare_fd;  /* held back, to refuse politely when descriptors run out */
    uint16_t port; /* the one bound; 0 for a unix socket */
    bool loopback; /* adopted: it is bound to an address of this machine alone */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of a unix socket, else "" */
};

/* Listen on `host` (a v4 or v6 literal, or "localhost" for 127.0.0.1) and `port` (0: the kernel
 * chooses). `flags` of enum listen_flag. `*l` is set only when the outcome is LISTEN_OPEN. */
NODISCARD err_t listener_open(struct listener *l, const char *host, uint16_t port, unsigned flags,
                              int backlog, enum listen_outcome *outcome);

/* Listen on a copy of a socket that listens already, made by a service manager or by the server before
 * us. LISTEN_BAD_ADDRESS: it is no TCP socket that listens. */
NODISCARD err_t listener_adopt(struct listener *l, int fd, enum listen_outcome *outcome);

/* Listen on a unix socket that only our user may open (mode 0600). A socket file that nobody
 * listens on is replaced; any other file is LISTEN_IN_USE. */
NODISCARD err_t listener_open_unix(struct listener *l, const char *path, int backlog,
                                   enum listen_outcome *outcome);

/* Close, and remove the socket file that it made. Closing twice is fine. */
void listener_close(struct listener *l);

enum accept_outcome {
    ACCEPT_GOT,
    ACCEPT_NONE,    /* nobody is waiting */
    ACCEPT_REFUSED, /* descriptors ran out: one caller was accepted and hung up on; go on */
    ACCEPT_LATER,   /* the kernel is out of memory, or out of descriptors and no spare: stop
                       accepting for a while */
};

/* Accept one connection; `*fd` and `*peer` are set only for ACCEPT_GOT. Never fails otherwise. */
enum accept_outcome listener_accept(struct listener *l, int *fd, struct peer_address *peer);

#endif
