/* ws_handshake_test.c - the example of RFC 6455, then everything a client can get wrong. */
#include "protocol/ws_handshake.h"

#include "base/util.h"
#include "protocol/http_response.h"
#include "tests/support/unit.h"

#define KEY     "dGhlIHNhbXBsZSBub25jZQ=="
#define START   "GET /x HTTP/1.1\r\nHost: a\r\n"
#define UP      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define WITHKEY "Sec-WebSocket-Key: " KEY "\r\n"

/* The bytes stay alive in `bytes`. */
static struct http_request parse(const char *text, uint8_t *bytes, size_t cap)
{
    struct http_request req = {0};
    struct http_reader r;
    http_reader_init(&r, HTTP_BODY_MAX);
    const size_t len = strlen(text);
    assert_true(len <= cap);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)text[i];
    }
    assert_int_equal(http_read(&r, bytes, len, &req), HTTP_READY);
    return req;
}

static void every_request_is_judged(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *text;
        enum ws_upgrade answer;
        bool subprotocol;
        const char *bearer;
    } cases[] = {
        {START UP VERSION WITHKEY "\r\n", WS_UPGRADE_OK, false, ""},
        {START "upgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n" VERSION WITHKEY "\r\n", WS_UPGRADE_OK, false, ""},
        {START "Upgrade: h2c, websocket\r\nConnection: x\r\nConnection: Upgrade\r\n" VERSION WITHKEY "\r\n", WS_UPGRADE_OK, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", WS_UPGRADE_OK, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: canara.v1, bearer.a.b-c_d\r\n\r\n", WS_UPGRADE_OK, true, "a.b-c_d"},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: canara.v1\r\n\r\n", WS_UPGRADE_OK, true, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: chat, canara.v2\r\n\r\n", WS_UPGRADE_OK, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: bearer.\r\n\r\n", WS_UPGRADE_OK, false, ""},
        {START VERSION WITHKEY "\r\n", WS_UPGRADE_NONE, false, ""},
        {START "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", WS_UPGRADE_NONE, false, ""},
        {START "Upgrade: websocket\r\n" VERSION WITHKEY "\r\n", WS_UPGRADE_BAD, false, ""},
        {START "Upgrade: websocket\r\nConnection: close\r\n" VERSION WITHKEY "\r\n", WS_UPGRADE_BAD, false, ""},
        {"POST /x HTTP/1.1\r\nHost: a\r\n" UP VERSION WITHKEY "\r\n", WS_UPGRADE_BAD, false, ""},
        {"GET /x HTTP/1.0\r\nHost: a\r\n" UP VERSION WITHKEY "\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION WITHKEY "Content-Length: 1\r\n\r\nx", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION "\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION WITHKEY WITHKEY "\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION "Sec-WebSocket-Key: abc\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=*\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZXh4\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP WITHKEY "\r\n", WS_UPGRADE_VERSION, false, ""},
        {START UP "Sec-WebSocket-Version: 8\r\n" WITHKEY "\r\n", WS_UPGRADE_VERSION, false, ""},
        {START UP VERSION VERSION WITHKEY "\r\n", WS_UPGRADE_VERSION, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: bearer.a, bearer.b\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: canara v1\r\n\r\n", WS_UPGRADE_BAD, false, ""},
        {START UP VERSION WITHKEY "Sec-WebSocket-Protocol: a,b,c,d,e,f,g,h,i\r\n\r\n", WS_UPGRADE_BAD, false, ""},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        uint8_t bytes[1024];
        const struct http_request req = parse(cases[c].text, bytes, sizeof bytes);
        struct ws_offer offer = {0};
        const enum ws_upgrade answer = ws_handshake_check(&req, &offer);
        if (answer != cases[c].answer) {
            fail_msg("%s: answer %d", cases[c].text, (int)answer);
        }
        assert_int_equal(offer.subprotocol, cases[c].subprotocol);
        assert_span_text(offer.bearer, cases[c].bearer);
    }
}

static void both_ends_agree_on_the_handshake(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    const struct http_request req = parse(
        START UP VERSION WITHKEY "Sec-WebSocket-Protocol: canara.v1\r\n\r\n", bytes, sizeof bytes);
    struct ws_offer offer;
    assert_int_equal(ws_handshake_check(&req, &offer), WS_UPGRADE_OK);

    struct buf out;
    buf_init(&out, 4096);
    assert_ok(ws_handshake_answer(&out, &offer));
    assert_ok(http_response_header(&out, "X-Request-Id", SPAN_LIT("1")));
    assert_ok(http_response_finish(&out));
    assert_span_text(buf_span(&out),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                     "Sec-WebSocket-Protocol: canara.v1\r\nX-Request-Id: 1\r\n\r\n");

    struct http_response res;
    struct http_reader r;
    http_reader_init(&r, HTTP_BODY_MAX);
    assert_int_equal(http_response_read(&r, out.ptr, out.len, false, &res), HTTP_READY);
    char key[WS_KEY_LEN];
    ws_client_key((const uint8_t *)"the sample nonce", key);
    assert_span_text((span_t){(const uint8_t *)key, sizeof key}, KEY);
    assert_true(ws_client_check(&res, key));
    key[0] = 'e';
    assert_false(ws_client_check(&res, key));
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_judged),
        cmocka_unit_test(both_ends_agree_on_the_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
