#include "protocol/ws_frames.h"

#include "base/util.h"
#include "protocol/ws_mask.h"

#include <stdlib.h>
#include <string.h>

enum phase { PHASE_HEAD, PHASE_PAYLOAD, PHASE_CLOSED, PHASE_FAULT };

enum release { RELEASE_NONE, RELEASE_MESSAGE, RELEASE_CONTROL };

enum {
    FIRST_HELD_BYTES = 512,
    BIT_FIN = 0x80,
    BITS_RESERVED = 0x70,
    BITS_OPCODE = 0x0f,
    BIT_CONTROL = 0x08,
    BIT_MASKED = 0x80,
    BITS_LENGTH = 0x7f,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
};

void ws_reader_init(struct ws_reader *r, enum ws_role role, size_t message_max)
{
    MUST(message_max <= WS_MESSAGE_LIMIT);
    *r = (struct ws_reader){.message_max = (uint32_t)message_max, .role = (uint8_t)role};
}

void ws_reader_deinit(struct ws_reader *r)
{
    free(r->held);
    *r = (struct ws_reader){.message_max = r->message_max, .role = r->role};
}

bool ws_reader_is_mid_message(const struct ws_reader *r)
{
    return r->head_len > 0 || r->phase == PHASE_PAYLOAD || r->message_op != 0;
}

bool ws_close_code_is_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static void held_free(struct ws_reader *r)
{
    free(r->held);
    r->held = NULL;
    r->held_len = 0;
    r->held_cap = 0;
}

static void release(struct ws_reader *r)
{
    if (r->release == RELEASE_CONTROL) {
        r->control_len = 0;
    }
    if (r->release == RELEASE_MESSAGE || (r->release == RELEASE_CONTROL && r->held_len == 0)) {
        held_free(r);
    }
    r->release = RELEASE_NONE;
}

static bool fault(struct ws_reader *r, enum ws_close code, const char *reason)
{
    held_free(r);
    r->phase = PHASE_FAULT;
    r->fault = (uint16_t)code;
    r->reason = reason;
    return false;
}

static unsigned opcode_of(const struct ws_reader *r)
{
    return r->head[0] & (unsigned)BITS_OPCODE;
}

static bool is_final(const struct ws_reader *r)
{
    return (r->head[0] & (unsigned)BIT_FIN) != 0;
}

static bool is_control(const struct ws_reader *r)
{
    return (opcode_of(r) & (unsigned)BIT_CONTROL) != 0;
}

/* Bytes of the header; more than 2 are known only once 2 are there. */
static size_t head_need(const struct ws_reader *r)
{
    if (r->head_len < 2) {
        return 2;
    }
    const unsigned length = r->head[1] & (unsigned)BITS_LENGTH;
    const size_t wide = length == LENGTH_16 ? 2U : 8U;
    return 2 + (length < LENGTH_16 ? 0U : wide) +
           ((r->head[1] & (unsigned)BIT_MASKED) != 0 ? (size_t)WS_MASK_LEN : 0U);
}

/* RFC 6455 5.2, 5.4, 5.5: what the first two bytes alone can break. */
static bool check_bits(struct ws_reader *r)
{
    const unsigned op = opcode_of(r);
    if ((r->head[0] & (unsigned)BITS_RESERVED) != 0) {
        return fault(r, WS_CLOSE_PROTOCOL, "reserved bit set");
    }
    const bool masked = (r->head[1] & (unsigned)BIT_MASKED) != 0;
    if (masked != (r->role == WS_SERVER)) {
        return fault(r, WS_CLOSE_PROTOCOL, masked ? "masked frame" : "frame without a mask");
    }
    if ((op > WS_OP_BINARY && op < WS_OP_CLOSE) || op > WS_OP_PONG) {
        return fault(r, WS_CLOSE_PROTOCOL, "reserved opcode");
    }
    if (is_control(r)) {
        const bool small = (r->head[1] & (unsigned)BITS_LENGTH) <= WS_CONTROL_MAX;
        return (is_final(r) && small) ||
               fault(r, WS_CLOSE_PROTOCOL, "control frame fragmented or too long");
    }
    if (op == WS_OP_CONTINUATION && r->message_op == 0) {
        return fault(r, WS_CLOSE_PROTOCOL, "continuation of nothing");
    }
    if (op != WS_OP_CONTINUATION && r->message_op != 0) {
        return fault(r, WS_CLOSE_PROTOCOL, "new message inside a message");
    }
    return true;
}

static uint64_t big_endian(const uint8_t *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value = value << 8U | bytes[i];
    }
    return value;
}

/* The header is complete: take its length, refuse what is too big before a byte of it is kept. */
static bool begin_frame(struct ws_reader *r)
{
    const unsigned short_len = r->head[1] & (unsigned)BITS_LENGTH;
    uint64_t len = short_len;
    if (short_len >= LENGTH_16) {
        const bool wide = short_len == LENGTH_64;
        len = big_endian(r->head + 2, wide ? 8 : 2);
        if (len < (wide ? UINT64_C(65536) : UINT64_C(126)) || len > INT64_MAX) {
            return fault(r, WS_CLOSE_PROTOCOL, "length not in its shortest form");
        }
    }
    const uint64_t room = is_control(r) ? WS_CONTROL_MAX : r->message_max - r->held_len;
    if (len > room) {
        return fault(r, WS_CLOSE_TOO_BIG, "message too big");
    }
    if (!is_control(r) && r->message_op == 0) {
        r->message_op = (uint8_t)opcode_of(r);
        r->utf8 = (utf8_state_t){0};
    }
    r->frame_len = (uint32_t)len;
    r->frame_left = (uint32_t)len;
    r->phase = PHASE_PAYLOAD;
    return true;
}

/* Collect header bytes. True when one is complete and lawful; false with phase HEAD means more. */
static bool head_read(struct ws_reader *r, uint8_t **cursor, const uint8_t *end)
{
    for (;;) {
        const size_t need = head_need(r);
        const size_t have = size_min(need - r->head_len, (size_t)(end - *cursor));
        memcpy(r->head + r->head_len, *cursor, have);
        r->head_len = (uint8_t)(r->head_len + have);
        *cursor += have;
        if (r->head_len < need) {
            return false;
        }
        if (need == 2 && !check_bits(r)) {
            return false;
        }
        if (r->head_len == head_need(r)) {
            return begin_frame(r);
        }
    }
}

static void unmask(const struct ws_reader *r, uint8_t *bytes, size_t n)
{
    if (r->role == WS_SERVER) {
        const size_t done = r->frame_len - r->frame_left;
        ws_mask(bytes, n, r->head + head_need(r) - WS_MASK_LEN, done);
    }
}

/* Keep a piece behind what is held. Grows with what has arrived, never with what was announced. */
static bool hold(struct ws_reader *r, const uint8_t *bytes, size_t n)
{
    const size_t used = (size_t)r->held_len + r->control_len;
    const size_t need = used + n;
    if (need > r->held_cap) {
        const size_t most = (size_t)r->message_max + WS_CONTROL_MAX;
        const size_t doubled = size_max((size_t)r->held_cap * 2, FIRST_HELD_BYTES);
        const size_t cap = size_max(need, size_min(doubled, most));
        uint8_t *grown = realloc(r->held, cap);
        if (grown == NULL) {
            return fault(r, WS_CLOSE_INTERNAL, "out of memory");
        }
        r->held = grown;
        r->held_cap = (uint32_t)cap;
    }
    if (n > 0) {
        MUST(r->held != NULL);
        memcpy(r->held + used, bytes, n);
    }
    return true;
}

static enum ws_item close_item(struct ws_reader *r, span_t payload, struct ws_item_data *out)
{
    if (payload.len == 0) {
        out->code = WS_CLOSE_NONE;
    } else if (payload.len == 1) {
        (void)fault(r, WS_CLOSE_PROTOCOL, "close frame of one byte");
        return WS_FAULT;
    } else {
        out->code = (uint16_t)big_endian(payload.ptr, 2);
        payload = (span_t){payload.ptr + 2, payload.len - 2};
        if (!ws_close_code_is_valid(out->code)) {
            (void)fault(r, WS_CLOSE_PROTOCOL, "close code that may not be sent");
            return WS_FAULT;
        }
    }
    if (!utf8_is_valid(payload)) {
        (void)fault(r, WS_CLOSE_BAD_DATA, "close reason is not UTF-8");
        return WS_FAULT;
    }
    r->phase = PHASE_CLOSED;
    out->payload = payload;
    return WS_CLOSE;
}

static enum ws_item control_item(struct ws_reader *r, span_t payload, struct ws_item_data *out)
{
    const unsigned op = opcode_of(r);
    r->phase = PHASE_HEAD;
    r->head_len = 0;
    if (op == WS_OP_CLOSE) {
        return close_item(r, payload, out);
    }
    out->payload = payload;
    return op == WS_OP_PING ? WS_PING : WS_PONG;
}

/* A control frame: whole in the buffer, or gathered behind the held part of a message. */
static enum ws_item control_read(struct ws_reader *r, uint8_t **cursor, const uint8_t *end,
                                 struct ws_item_data *out)
{
    uint8_t *bytes = *cursor;
    const size_t n = size_min(r->frame_left, (size_t)(end - bytes));
    unmask(r, bytes, n);
    *cursor += n;
    if (n == r->frame_len) {
        return control_item(r, (span_t){bytes, n}, out);
    }
    if (!hold(r, bytes, n)) {
        return WS_FAULT;
    }
    r->control_len += (uint32_t)n;
    r->frame_left -= (uint32_t)n;
    if (r->frame_left > 0) {
        return WS_NEED_MORE;
    }
    r->release = RELEASE_CONTROL;
    return control_item(r, (span_t){r->held + r->held_len, r->control_len}, out);
}

static enum ws_item message_item(struct ws_reader *r, span_t payload, struct ws_item_data *out)
{
    const bool text = r->message_op == WS_OP_TEXT;
    if (text && !utf8_is_complete(&r->utf8)) {
        (void)fault(r, WS_CLOSE_BAD_DATA, "text ends inside a code point");
        return WS_FAULT;
    }
    r->phase = PHASE_HEAD;
    r->head_len = 0;
    r->message_op = 0;
    out->payload = payload;
    return text ? WS_MESSAGE_TEXT : WS_MESSAGE_BINARY;
}

/* A data frame: a whole message stays where it is, a part of one is held. */
static enum ws_item data_read(struct ws_reader *r, uint8_t **cursor, const uint8_t *end,
                              struct ws_item_data *out)
{
    uint8_t *bytes = *cursor;
    const size_t n = size_min(r->frame_left, (size_t)(end - bytes));
    unmask(r, bytes, n);
    *cursor += n;
    if (r->message_op == WS_OP_TEXT && !utf8_feed(&r->utf8, (span_t){bytes, n})) {
        (void)fault(r, WS_CLOSE_BAD_DATA, "text is not UTF-8");
        return WS_FAULT;
    }
    if (n == r->frame_len && is_final(r) && opcode_of(r) != WS_OP_CONTINUATION) {
        return message_item(r, (span_t){bytes, n}, out);
    }
    if (!hold(r, bytes, n)) {
        return WS_FAULT;
    }
    r->held_len += (uint32_t)n;
    r->frame_left -= (uint32_t)n;
    if (r->frame_left > 0) {
        return WS_NEED_MORE;
    }
    if (is_final(r)) {
        r->release = RELEASE_MESSAGE;
        return message_item(r, (span_t){r->held, r->held_len}, out);
    }
    r->phase = PHASE_HEAD;
    r->head_len = 0;
    return WS_NEED_MORE;
}

static enum ws_item payload_read(struct ws_reader *r, uint8_t **cursor, const uint8_t *end,
                                 struct ws_item_data *out)
{
    return is_control(r) ? control_read(r, cursor, end, out) : data_read(r, cursor, end, out);
}

static enum ws_item fault_item(const struct ws_reader *r, uint8_t **cursor, uint8_t *end,
                               struct ws_item_data *out)
{
    *cursor = end;
    out->code = r->fault;
    out->reason = r->reason;
    return WS_FAULT;
}

enum ws_item ws_next(struct ws_reader *r, uint8_t **cursor, uint8_t *end, struct ws_item_data *out)
{
    *out = (struct ws_item_data){0};
    release(r);
    for (;;) {
        if (r->phase == PHASE_FAULT) {
            return fault_item(r, cursor, end, out);
        }
        if (r->phase == PHASE_CLOSED) {
            *cursor = end;
            return WS_NEED_MORE;
        }
        if (r->phase == PHASE_HEAD && (*cursor == end || !head_read(r, cursor, end))) {
            if (r->phase == PHASE_HEAD) {
                return WS_NEED_MORE;
            }
            continue; /* to the fault */
        }
        if (*cursor == end && r->frame_left > 0) {
            return WS_NEED_MORE;
        }
        const enum ws_item item = payload_read(r, cursor, end, out);
        if (item != WS_NEED_MORE && item != WS_FAULT) {
            return item;
        }
    }
}
