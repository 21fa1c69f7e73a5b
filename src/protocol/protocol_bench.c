/* protocol_bench.c - nanoseconds for one request, one upgrade and one event message. */
#include "base/clock.h"
#include "base/util.h"
#include "protocol/ws_frames.h"
#include "protocol/ws_handshake.h"

#include <stdio.h>

enum { ROUNDS = 1000000, MESSAGE_BYTES = 215 };

static const char request[] =
    "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: bench\r\n"
    "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
    "{\"a\":\"bcd\"}";

static const char upgrade[] =
    "GET /api/v1/ws/behavior/8f14e45f-ceea-467f-a8b6-0a1b2c3d4e5f HTTP/1.1\r\nHost: a\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static void report(const char *what, mono_t from, size_t times)
{
    const int64_t ns = clock_mono(clock_system()).ns - from.ns;
    (void)printf("%-24s %8.1f ns\n", what, (double)ns / (double)times);
}

static void bench_request(const char *what, const char *text, size_t len, bool shake)
{
    static struct http_request req;
    uint8_t bytes[sizeof request + sizeof upgrade];
    const mono_t from = clock_mono(clock_system());
    for (size_t i = 0; i < ROUNDS; i++) {
        memcpy(bytes, text, len);
        struct http_reader r;
        http_reader_init(&r, HTTP_BODY_MAX);
        MUST(http_read(&r, bytes, len, &req) == HTTP_READY);
        struct ws_offer offer;
        MUST(!shake || ws_handshake_check(&req, &offer) == WS_UPGRADE_OK);
    }
    report(what, from, ROUNDS);
}

static void bench_messages(void)
{
    static const uint8_t mask[WS_MASK_LEN] = {1, 2, 3, 4};
    uint8_t payload[MESSAGE_BYTES];
    memset(payload, 'x', sizeof payload);
    struct buf wire;
    buf_init(&wire, 65536);
    for (size_t i = 0; i < 16; i++) {
        MUST(!failed(ws_write_masked(&wire, WS_OP_TEXT, (span_t){payload, sizeof payload}, mask)));
    }
    static uint8_t received[65536];
    struct ws_reader r;
    ws_reader_init(&r, WS_SERVER, WS_SERVER_MESSAGE_MAX);
    const mono_t from = clock_mono(clock_system());
    for (size_t i = 0; i < ROUNDS / 16; i++) {
        memcpy(received, wire.ptr, wire.len);
        uint8_t *cursor = received;
        struct ws_item_data data;
        size_t heard = 0;
        while (ws_next(&r, &cursor, received + wire.len, &data) == WS_MESSAGE_TEXT) {
            heard++;
        }
        MUST(heard == 16);
    }
    report("event message, 215 bytes", from, ROUNDS);
    buf_deinit(&wire);
}

int main(void)
{
    bench_request("request with body", request, sizeof request - 1, false);
    bench_request("upgrade", upgrade, sizeof upgrade - 1, true);
    bench_messages();
    return 0;
}
