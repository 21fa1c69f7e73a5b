/* ws_frames_fuzz.c - any cut of any bytes gives the same items. The first byte of an input chooses
 * role and limit, so that small limits are met too. */
#include "protocol/ws_frames.h"

#include "base/err.h"
#include "base/util.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

struct digest {
    uint64_t sum;
    size_t items;
    size_t bytes;
};

NO_SANITIZE_WRAP static void add(struct digest *d, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) { /* FNV-1a */
        d->sum = (d->sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
}

static void add_item(struct digest *d, enum ws_item item, const struct ws_item_data *data)
{
    const uint8_t facts[] = {(uint8_t)item, (uint8_t)(data->code >> 8U), (uint8_t)data->code};
    add(d, facts, sizeof facts);
    add(d, data->payload.ptr, data->payload.len);
    d->items++;
    d->bytes += data->payload.len;
}

static struct digest feed(const uint8_t *bytes, size_t len, uint8_t option, size_t seed)
{
    struct digest d = {.sum = UINT64_C(0xcbf29ce484222325)};
    struct ws_reader r;
    const size_t max = (size_t)16 << ((unsigned)option >> 4U); /* 16 bytes to 512 KiB */
    ws_reader_init(&r, (option & 1U) != 0 ? WS_CLIENT : WS_SERVER, max);
    bool over = false;
    for (size_t at = 0; at < len && !over;) {
        const size_t step = seed == 0 ? len : 1 + (at * 7 + seed) % seed;
        const size_t n = size_min(step, len - at);
        uint8_t *piece = malloc(n);
        MUST(piece != NULL);
        memcpy(piece, bytes + at, n);
        uint8_t *cursor = piece;
        struct ws_item_data data;
        enum ws_item item = WS_NEED_MORE;
        while (!over && (item = ws_next(&r, &cursor, piece + n, &data)) != WS_NEED_MORE) {
            add_item(&d, item, &data);
            MUST(data.payload.len <= max || data.payload.len <= WS_CONTROL_MAX);
            over = item == WS_FAULT;
        }
        MUST(cursor == piece + n);
        MUST(r.held_cap <= max + WS_CONTROL_MAX + 512);
        free(piece);
        at += n;
    }
    ws_reader_deinit(&r);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    static const size_t seeds[] = {0, 1, 13};
    struct digest first = {0};
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        const struct digest d = feed(bytes + 1, len - 1, bytes[0], seeds[i]);
        first = i == 0 ? d : first;
        MUST(d.sum == first.sum && d.items == first.items && d.bytes == first.bytes);
    }
    return 0;
}
