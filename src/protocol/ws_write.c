/* ws_write.c - the writing half of ws_frames.h. */
#include "base/util.h"
#include "protocol/ws_frames.h"
#include "protocol/ws_mask.h"

enum { CLOSE_REASON_MAX = WS_CONTROL_MAX - 2 };

static void put_big_endian(uint8_t *out, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(value >> 8U * (n - 1 - i));
    }
}

size_t ws_frame_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len)
{
    out[0] = (uint8_t)(0x80U | (unsigned)opcode);
    if (len < 126) {
        out[1] = (uint8_t)len;
        return 2;
    }
    if (len <= UINT16_MAX) {
        out[1] = 126;
        put_big_endian(out + 2, 2, len);
        return 4;
    }
    out[1] = 127;
    put_big_endian(out + 2, 8, len);
    return 10;
}

static err_t write_frame(struct buf *out, enum ws_opcode opcode, span_t payload)
{
    uint8_t head[WS_HEAD_MAX];
    const size_t n = ws_frame_head(head, opcode, payload.len);
    size_t whole = 0;
    if (!size_add(payload.len, n, &whole)) {
        return err_new(ERR_LIMIT);
    }
    TRY(buf_reserve(out, whole));
    TRY(buf_append(out, (span_t){head, n}));
    return buf_append(out, payload);
}

err_t ws_write_text(struct buf *out, span_t payload)
{
    return write_frame(out, WS_OP_TEXT, payload);
}

err_t ws_write_binary(struct buf *out, span_t payload)
{
    return write_frame(out, WS_OP_BINARY, payload);
}

err_t ws_write_ping(struct buf *out, span_t payload)
{
    MUST(payload.len <= WS_CONTROL_MAX);
    return write_frame(out, WS_OP_PING, payload);
}

err_t ws_write_pong(struct buf *out, span_t payload)
{
    MUST(payload.len <= WS_CONTROL_MAX);
    return write_frame(out, WS_OP_PONG, payload);
}

static span_t cut_reason(span_t reason)
{
    size_t n = size_min(reason.len, CLOSE_REASON_MAX);
    while (n > 0 && n < reason.len && (reason.ptr[n] & 0xc0U) == 0x80) {
        n--; /* back to the first byte of the code point that would be cut */
    }
    return (span_t){reason.ptr, n};
}

err_t ws_write_close(struct buf *out, uint16_t code, span_t reason)
{
    if (code == WS_CLOSE_NONE) {
        return write_frame(out, WS_OP_CLOSE, (span_t){NULL, 0});
    }
    MUST(ws_close_code_is_valid(code));
    const span_t cut = cut_reason(reason);
    uint8_t payload[WS_CONTROL_MAX];
    put_big_endian(payload, 2, code);
    if (cut.len > 0) {
        memcpy(payload + 2, cut.ptr, cut.len);
    }
    return write_frame(out, WS_OP_CLOSE, (span_t){payload, cut.len + 2});
}

err_t ws_write_masked(struct buf *out, enum ws_opcode opcode, span_t payload,
                      const uint8_t mask[WS_MASK_LEN])
{
    MUST((unsigned)opcode < WS_OP_CLOSE || payload.len <= WS_CONTROL_MAX);
    uint8_t head[WS_HEAD_MAX];
    const size_t n = ws_frame_head(head, opcode, payload.len);
    head[1] |= 0x80U;
    size_t whole = 0;
    if (!size_add(payload.len, n + WS_MASK_LEN, &whole)) {
        return err_new(ERR_LIMIT);
    }
    TRY(buf_reserve(out, whole));
    TRY(buf_append(out, (span_t){head, n}));
    TRY(buf_append(out, (span_t){mask, WS_MASK_LEN}));
    TRY(buf_append(out, payload));
    ws_mask(out->ptr + out->len - payload.len, payload.len, mask, 0);
    return ERR_OK;
}
