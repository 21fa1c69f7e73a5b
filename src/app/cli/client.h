/*
 * client.h - HTTP/1.1 and WebSocket over TCP for our own tools: one question, one answer; or a
 *            socket that is talked to in turns.
 *
 * Floor      app/cli
 * Source     RFC 9112, RFC 6455; both through the readers of protocol/.
 * Units      milliseconds for waits, bytes for sizes.
 * Ownership  a `struct client` is a plain value that opens nothing by itself; client_answer_deinit()
 *            and client_socket_deinit() release what the calls fill. A socket borrows its client.
 * Errors     ERR_IO (nobody there, connection lost, stopped), ERR_TIMEOUT, ERR_FORMAT (not HTTP, not
 *            JSON, not WebSocket), ERR_LIMIT, ERR_NOMEM; client->why then says it in one line. A
 *            status of the server, whatever it is, is an answer and no error.
 * Threads    one at a time per client and its sockets; blocks, never longer than `wait_ms`.
 *
 * Plain HTTP only: for loopback, or for the inner side of a proxy.
 */
#ifndef APP_CLIENT_H
#define APP_CLIENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "codec/json_read.h"
#include "protocol/ws_frames.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CLIENT_WHY_BYTES = 256,
    CLIENT_HOST_BYTES = 256,
    CLIENT_WAIT_MS = 15000,
    CLIENT_ANSWER_MAX = 2 * 1024 * 1024, /* most bytes of an answer, head included */
    CLIENT_REQUEST_MAX = 256 * 1024,
    CLIENT_RECEIVE_BYTES = 64 * 1024,
    CLIENT_CLOSED_ABNORMALLY = 1006, /* RFC 6455 7.1.5: the connection ended without a close */
};

struct client {
    char host[CLIENT_HOST_BYTES]; /* without brackets */
    char port[8];
    char authority[CLIENT_HOST_BYTES + 16]; /* for Host */
    const struct clock *clock;
    int64_t wait_ms; /* longest wait for a connection, or for one whole answer */
    int stop_fd;     /* when readable, every wait ends with ERR_IO; -1: none */
    bool stopped;    /* that has happened */
    char why[CLIENT_WHY_BYTES];
};

struct client_request {
    const char *method; /* "GET" */
    const char *path;   /* "/api/v1/auth/login": letters that need no escaping */
    const char *bearer; /* token; NULL for none */
    span_t body;        /* JSON; empty for none */
};

struct client_answer {
    unsigned status;
    int64_t retry_after_s; /* -1: not told */
    struct json *json;     /* NULL when the answer has no JSON body */
};

/* Prepare to talk to http://HOST[:PORT][/]. ERR_FORMAT, with `why`, for any other URL. */
NODISCARD err_t client_init(struct client *c, const char *url);

/* The same for who talks himself, and can do so under TLS: also https://HOST[:PORT][/]. */
NODISCARD err_t client_target(struct client *c, const char *url, bool *tls);

/* Ask once, on a connection of its own. `out` is overwritten, on failure it is empty. */
NODISCARD err_t client_ask(struct client *c, const struct client_request *request,
                           struct client_answer *out);

/* Release an answer; it is empty then. For CLEANUP. */
void client_answer_deinit(struct client_answer *a);

/* The words of the answer: detail, message or title; "" when it has none. */
const char *client_answer_words(const struct client_answer *a);

/* Wait `ms`, or until the client is stopped: ERR_IO then. */
NODISCARD err_t client_pause(struct client *c, int64_t ms);

/* ---- WebSocket ---- */

struct client_socket {
    struct client *client;
    int fd; /* -1: not connected */
    struct ws_reader reader;
    struct buf out;
    uint8_t *in; /* CLIENT_RECEIVE_BYTES */
    size_t at, len;
    bool closed;
    uint16_t close_code; /* once closed */
    char close_reason[128];
};

enum socket_news {
    SOCKET_QUIET,  /* nothing until then */
    SOCKET_TEXT,   /* a message */
    SOCKET_CLOSED, /* see close_code; so is every call after it */
};

/* Make an empty socket, safe to deinit. */
void client_socket_init(struct client_socket *s, struct client *c);

/* Connect and shake hands. When the server refuses the upgrade, ERR_IO; `why` has its words and
 * *refused (may be NULL) its status, else 0. */
NODISCARD err_t client_socket_open(struct client_socket *s, const char *path, const char *bearer,
                                   unsigned *refused);

/* Send one text message. A connection that is gone is no error here: the next news tells. */
NODISCARD err_t client_socket_send(struct client_socket *s, span_t text);

/* Wait up to `wait_ms` (0: only look) for the next message. `text` lives until the next call with
 * this socket. Pings are answered inside. */
NODISCARD err_t client_socket_next(struct client_socket *s, int64_t wait_ms, enum socket_news *news,
                                   span_t *text);

/* Say goodbye (1000) without waiting for an answer, hang up, release. Twice is fine. */
void client_socket_deinit(struct client_socket *s);

#endif
