/*
 * socket.h - a WebSocket client that answers pings, unless it plays dead.
 *
 * Floor      tests (may use: protocol)
 * Ownership  socket_open() ... socket_drop(); messages are taken by socket_take().
 * Errors     a reason for a person, or NULL when all is well.
 */
#ifndef TESTS_SCENARIO_SOCKET_H
#define TESTS_SCENARIO_SOCKET_H

#include "codec/json_read.h"
#include "protocol/ws_frames.h"
#include "tests/scenario/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum { SOCKET_HELD_MAX = 512 };

struct socket_client {
    int fd;
    struct ws_reader reader;
    struct json *held[SOCKET_HELD_MAX]; /* messages that came and nobody asked for yet */
    size_t holding;
    unsigned pings, pongs;
    bool deaf; /* reads nothing and answers nothing */
    bool closed;
    bool ended;          /* no bytes come any more */
    uint16_t close_code; /* of the server's close frame */
    char close_reason[128];
    const char *fault;
};

/* Ask for an upgrade of `target`. When the server answers otherwise, `refusal` has what it said
 * and the socket is not open. */
const char *socket_open(struct socket_client *s, int fd, const struct request *r,
                        struct answer *refusal, bool *open);

void socket_drop(struct socket_client *s);

/* Send one text message. */
const char *socket_send(struct socket_client *s, span_t text);

/* Read what has come, waiting up to `ms` for the first byte; pings are answered. */
void socket_pump(struct socket_client *s, int ms);

/* Be sure that everything the server sent before now has been read: ping, and wait for the pong. */
const char *socket_catch_up(struct socket_client *s);

/* Take the oldest message of this type, waiting for it. NULL: it does not come. */
struct json *socket_take(struct socket_client *s, const char *type);

#endif
