/*
 * talk.h - the conversation on a behaviour socket: messages in, messages and closes out. Sans-I/O.
 *
 * Floor      api
 * Source     CONTRACT.md 4.
 * Ownership  the server's connection holds a `struct talk` and implements its sink.
 * Errors     none leave: trouble becomes an `error` message or a close.
 * Threads    the loop that owns the session.
 */
#ifndef API_TALK_H
#define API_TALK_H

#include "api/api.h"
#include "codec/event_scan.h"
#include "domain/sessions/behaviour.h"
#include "protocol/ws_frames.h"

#include <stdbool.h>
#include <stdint.h>

/* Beside those of the protocol, WS_CLOSE_. */
enum talk_close {
    TALK_CLOSE_EXPIRED = 4401,
    TALK_CLOSE_BLOCKED = 4403,
    TALK_CLOSE_LOGGED_OUT = 4408,
    TALK_CLOSE_REPLACED = 4409
};

/* Where words go. Both may be called from inside any talk_ function. */
struct talk_sink {
    void (*text)(struct talk_sink *self, span_t json);
    /* Send a close frame after everything said before; nothing may be said afterwards. */
    void (*close)(struct talk_sink *self, uint16_t code, const char *reason);
};

/* One per open socket; small. */
struct talk {
    struct talk_sink *sink;
    struct live *live; /* NULL once closed */
    mono_t heard;      /* the server's: the round in which bytes of the peer came last */
    uint8_t errors_in_a_row;
    bool closed;
};

/* What the server must acknowledge later. */
typedef struct talk_due {
    bool due;          /* an acknowledgement is owed once durable */
    uint64_t position; /* of the lane */
    uint32_t count;    /* events in the message */
    int64_t seq;       /* -1: none */
} talk_due_t;

/* Begin: greet (connection_established), repeat an open challenge. `lane_durable` is now's. */
void talk_begin(struct talk *t, struct api *api, struct shard *s, struct live *live,
                struct talk_sink *sink);

/* Take one text message; what is to be acknowledged. `scratch` and `events` are the loop's. */
talk_due_t talk_message(struct talk *t, struct api *api, struct shard *s,
                        struct event_scratch *scratch,
                        scanned_event_t events[EVENTS_PER_MESSAGE_MAX], span_t text);

/* Bytes came that are no message's: pings, pongs, headers of fragments. They count as those of
 * messages do. */
void talk_noise(struct talk *t, struct api *api, struct shard *s, size_t bytes);

enum { TALK_ACK_HEAD_BYTES = 92 };

/* How all acknowledgements of one moment begin: written once, copied for each. */
typedef struct talk_ack_head {
    char text[TALK_ACK_HEAD_BYTES];
} talk_ack_head_t;

void talk_ack_head(talk_ack_head_t *head, wall_t now);

/* Say data_received for `count` events. */
void talk_acknowledge(struct talk *t, const talk_ack_head_t *head, uint32_t count, int64_t seq);

/* Tell what happened to the session; closes where the contract says so. */
void talk_notice(struct talk *t, struct api *api, struct shard *s, enum notice what,
                 enum session_end how, const canara_verdict_t *verdict);

/* Close from this side for a reason of the server: replaced, going away, overload, binary. */
void talk_end(struct talk *t, uint16_t code, const char *reason);

#endif
