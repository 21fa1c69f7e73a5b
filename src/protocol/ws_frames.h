/*
 * ws_frames.h - reads and writes WebSocket frames and messages, either side.
 *
 * Floor      protocol
 * Source     RFC 6455 sections 5 to 7; UTF-8 after RFC 3629.
 * Units      sizes in bytes.
 * Ownership  the receive buffer is the caller's and is changed in place; a payload lives until the
 *            next call with the same reader or the next change of that buffer, whichever is first.
 *            The reader owns a heap buffer only while a message or control frame is incomplete.
 * Errors     a peer that breaks the protocol is an item (WS_FAULT with the close code to send);
 *            writing fails as the buf does.
 * Threads    one caller per reader.
 */
#ifndef PROTOCOL_WS_FRAMES_H
#define PROTOCOL_WS_FRAMES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "codec/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_SERVER_MESSAGE_MAX = LIMIT_WS_MESSAGE_BYTES, /* what the server takes from a client */
    WS_MESSAGE_LIMIT = 16 * 1024 * 1024,            /* the most a reader can be set to */
    WS_CONTROL_MAX = 125,
    WS_HEAD_MAX = 10, /* of an unmasked frame; 14 with its mask */
    WS_MASK_LEN = 4,
};

enum ws_opcode {
    WS_OP_CONTINUATION = 0,
    WS_OP_TEXT = 1,
    WS_OP_BINARY = 2,
    WS_OP_CLOSE = 8,
    WS_OP_PING = 9,
    WS_OP_PONG = 10,
};

enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNACCEPTABLE = 1003,
    WS_CLOSE_NONE = 1005, /* never on the wire: a close frame without a code */
    WS_CLOSE_BAD_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
    WS_CLOSE_TRY_LATER = 1013,
};

enum ws_role { WS_SERVER, WS_CLIENT }; /* a server takes masked frames only, a client unmasked */

enum ws_item {
    WS_NEED_MORE,      /* everything was consumed */
    WS_MESSAGE_TEXT,   /* payload: a whole message of valid UTF-8 */
    WS_MESSAGE_BINARY, /* payload: a whole message */
    WS_PING,           /* payload: answer with ws_write_pong() */
    WS_PONG,           /* payload */
    WS_CLOSE,          /* code (WS_CLOSE_NONE if none was sent), payload: its reason */
    WS_FAULT,          /* code: send it in a close frame, then close */
};

struct ws_item_data {
    span_t payload;
    uint16_t code;      /* WS_CLOSE and WS_FAULT */
    const char *reason; /* WS_FAULT: static text, fit for a log and a close frame */
};

/* State of one direction of one connection. Small, because a million idle ones may exist. */
struct ws_reader {
    uint8_t *held;        /* heap: message bytes so far, then those of a control frame */
    const char *reason;   /* of the fault */
    uint32_t held_len;    /* message bytes in `held` */
    uint32_t held_cap;    /* bytes allocated */
    uint32_t control_len; /* control bytes behind them */
    uint32_t message_max; /* most bytes of one message */
    uint32_t frame_len;   /* payload bytes of the current frame */
    uint32_t frame_left;  /* of those, still to come */
    uint16_t fault;       /* close code of the fault, 0 while there is none */
    uint8_t head[14];     /* header bytes of the current frame */
    uint8_t head_len;
    uint8_t phase;
    uint8_t role;
    uint8_t message_op; /* WS_OP_TEXT or WS_OP_BINARY while a message is open, else 0 */
    utf8_state_t utf8;  /* of the open text message */
    uint8_t release;    /* what the next call forgets, because it was delivered */
};

_Static_assert(sizeof(struct ws_reader) <= 64, "one per connection");

/* Prepare a reader that takes messages up to `message_max` bytes (at most WS_MESSAGE_LIMIT). */
void ws_reader_init(struct ws_reader *r, enum ws_role role, size_t message_max);

/* Free what is held; the reader is then as after init. */
void ws_reader_deinit(struct ws_reader *r);

/* Take the next item out of *cursor..end and move *cursor behind what was used. Call until
 * WS_NEED_MORE. A message that lies whole in the buffer is unmasked there and not copied. After
 * WS_FAULT every call gives the same fault; after WS_CLOSE further bytes are swallowed. Any cut of
 * the input gives the same items. When the heap refuses, a fault with 1011. */
enum ws_item ws_next(struct ws_reader *r, uint8_t **cursor, uint8_t *end, struct ws_item_data *out);

/* True while a message or frame has begun and is not complete (for deadlines). */
bool ws_reader_is_mid_message(const struct ws_reader *r);

/* Bytes of an incomplete message that it keeps. */
static inline size_t ws_reader_held(const struct ws_reader *r)
{
    return r->held_len;
}

/* Write the header of an unmasked, final frame; returns its length, 2, 4 or 10. */
size_t ws_frame_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len);

/* Append one whole unmasked frame. */
NODISCARD err_t ws_write_text(struct buf *out, span_t payload);
NODISCARD err_t ws_write_binary(struct buf *out, span_t payload);
NODISCARD err_t ws_write_ping(struct buf *out, span_t payload); /* MUST: <= 125 bytes */
NODISCARD err_t ws_write_pong(struct buf *out, span_t payload); /* MUST: <= 125 bytes */

/* Append a close frame; code WS_CLOSE_NONE sends none. A reason over 123 bytes is cut, between two
 * code points. */
NODISCARD err_t ws_write_close(struct buf *out, uint16_t code, span_t reason);

/* Client side: append one whole masked frame; the caller gives four fresh random bytes. */
NODISCARD err_t ws_write_masked(struct buf *out, enum ws_opcode opcode, span_t payload,
                                const uint8_t mask[WS_MASK_LEN]);

/* True for a close code that may stand on the wire (RFC 6455 7.4 and the IANA registry). */
bool ws_close_code_is_valid(unsigned code);

#endif
