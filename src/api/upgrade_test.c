/* The upgrade to a behaviour socket: every way to carry a token, every refusal. */
#include "api/desk_test.h"

#define OURS    "https://bank.example"
#define FOREIGN "https://evil.example"
#define HANDSHAKE                                     \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
    "Sec-WebSocket-Version: 13\r\n"

static const arrival_t near = {.from = "127.0.0.1", .loopback = true};

/* Judge an upgrade; its status, 101 when it may go on to its session's loop. */
static unsigned upgrade(struct desk *d, const char *method, const char *target, const char *headers,
                        upgrade_t *up)
{
    char text[8192];
    const int len =
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, headers);
    struct http_reader reader;
    struct http_request req;
    http_reader_init(&reader, HTTP_BODY_MAX);
    assert_int_equal(http_read(&reader, (uint8_t *)text, (size_t)len, &req), HTTP_READY);
    assert_true(api_is_upgrade(&req));
    struct call *c = call_new(&d->api);
    unsigned status = 101;
    if (!api_upgrade_check(c, &req, &near, up)) {
        status = c->status;
        assert_true(status >= 400);
    } else if (api_upgrade_admit(c, desk_owner(d, up->session), up) == NULL) {
        if (c->status == 0) {
            desk_run(d, c, PLACE_COLD);
        }
        status = c->status;
    }
    call_free(&c);
    return status;
}

static void expect_upgrade(struct desk *d, const struct bearer *b, const char *query,
                           const char *headers, unsigned want)
{
    char target[2048];
    upgrade_t up = {0};
    (void)snprintf(target, sizeof target, "/api/v1/ws/behavior/%s%s", b->id, query);
    const unsigned status = upgrade(d, "GET", target, headers, &up);
    if (status != want) {
        fail_msg("%s %s: %u instead of %u", query, headers, status, want);
    }
}

PRINTF_LIKE(1, 2) static const char *text_of(const char *format, ...)
{
    static _Thread_local char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

static void a_token_may_come_in_a_header_a_subprotocol_or_the_query(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    d->api.ws_query_token = true;
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "%s", b.header), 101);
    expect_upgrade(d, &b, "",
                   text_of(HANDSHAKE "Sec-WebSocket-Protocol: canara.v1, bearer.%s\r\n", b.token),
                   101);
    char query[1024];
    (void)snprintf(query, sizeof query, "?acks=batch&token=%s", b.token);
    expect_upgrade(d, &b, query, HANDSHAKE, 101);
    d->api.ws_query_token = false; /* switched off: an address ends up in logs */
    expect_upgrade(d, &b, query, HANDSHAKE, 401);
    expect_upgrade(d, &b, query, text_of(HANDSHAKE "%s", b.header), 101);
}

static void a_loop_that_is_behind_says_when_to_come_again(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    api_upgrade_later(c);
    assert_int_equal(c->status, 503);
    struct buf out;
    buf_init(&out, 16384);
    assert_false(failed(api_answer(c, false, &out)));
    assert_false(failed(buf_append_byte(&out, 0)));
    assert_non_null(strstr((const char *)out.ptr, "Retry-After: 5\r\n"));
    buf_deinit(&out);
    call_free(&c);
}

static void a_ticket_opens_once_and_for_its_own_session(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    char ticket[TICKET_CHARS + 1];
    char query[128];
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "phone");
    assert_true(live_ticket_make(b.owner, b.live, ticket));
    (void)snprintf(query, sizeof query, "?ticket=%s", ticket);
    expect_upgrade(d, &other, query, HANDSHAKE, 401);
    expect_upgrade(d, &b, query, HANDSHAKE, 101);
    expect_upgrade(d, &b, query, HANDSHAKE, 401);
    assert_true(live_ticket_make(b.owner, b.live, ticket));
    (void)snprintf(query, sizeof query, "?ticket=%s", ticket);
    scripted_clock_pass(&d->house.clock, (TICKET_LIFE_S + 1) * MS_PER_S);
    expect_upgrade(d, &b, query, HANDSHAKE, 401);
    expect_upgrade(d, &b, "?ticket=", HANDSHAKE, 401);
    expect_upgrade(d, &b, "?ticket=a&ticket=b", HANDSHAKE, 401);
    expect_upgrade(
        d, &b, "?ticket=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        HANDSHAKE, 401);
}

static void a_ticket_is_good_from_its_own_device_alone(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char ticket[TICKET_CHARS + 1];
    char query[128];
    desk_enter(d, &b, "phone");
    assert_true(live_ticket_make(b.owner, b.live, ticket));
    (void)snprintf(query, sizeof query, "?ticket=%s", ticket);
    expect_upgrade(d, &b, query, HANDSHAKE "X-Device-ID: other\r\n", 401);
    expect_upgrade(d, &b, query, HANDSHAKE "X-Device-ID: phone\r\nX-Device-ID: other\r\n", 401);
    expect_upgrade(d, &b, query, HANDSHAKE "X-Device-ID: phone\r\n", 101); /* it was not spent */
}

/* The better way wins, even when it is wrong: a bad header is not excused by a good query. */
static void the_first_way_that_carries_a_token_decides(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char query[1024];
    desk_enter(d, &b, "phone");
    d->api.ws_query_token = true;
    (void)snprintf(query, sizeof query, "?token=%s", b.token);
    expect_upgrade(d, &b, query, HANDSHAKE "Authorization: Bearer nothing\r\n", 401);
    expect_upgrade(d, &b, query, HANDSHAKE "Sec-WebSocket-Protocol: bearer.nothing\r\n", 401);
    expect_upgrade(d, &b, "?ticket=nothing&token=x", HANDSHAKE, 401);
    expect_upgrade(d, &b, "", HANDSHAKE, 401);
}

static void an_upgrade_is_refused_for_the_first_thing_that_is_wrong(void **state)
{
    static const char *const origins[] = {OURS, NULL};
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    upgrade_t up = {0};
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "phone");
    d->api.origins = origins;
    assert_int_equal(upgrade(d, "GET", "/api/v1/ws/behavior/x", "", &up), 404);
    assert_int_equal(upgrade(d, "POST", text_of("/api/v1/ws/behavior/%s", b.id), "", &up), 405);
    assert_int_equal(upgrade(d, "GET", text_of("/api/v1/ws/behavior/%s/more", b.id), "", &up), 404);
    expect_upgrade(d, &b, "", "Origin: " FOREIGN "\r\n", 426);
    expect_upgrade(d, &b, "",
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n",
                   426);
    expect_upgrade(d, &b, "",
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n",
                   400);
    expect_upgrade(d, &b, "", HANDSHAKE "Origin: " FOREIGN "\r\n", 403);
    expect_upgrade(d, &b, "", HANDSHAKE "Origin: " OURS "\r\n", 401);
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "Origin: " OURS "\r\n%s", b.header), 101);
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "%s", other.header), 403);
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "X-Device-ID: other\r\n%s", b.header), 401);
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "X-Device-ID: phone\r\n%s", b.header), 101);
    behaviour_block(b.owner, b.live, END_OPERATOR, true);
    expect_upgrade(d, &b, "", text_of(HANDSHAKE "%s", b.header), 410);
    shard_end(other.owner, other.live, END_LOGGED_OUT, true);
    expect_upgrade(d, &other, "", text_of(HANDSHAKE "%s", other.header), 401);
}

static void a_refusal_to_upgrade_says_how_to_do_it(void **state)
{
    struct desk *d = *state;
    static const char text[] = "GET /api/v1/ws/behavior/11111111-1111-4111-8111-111111111111 "
                               "HTTP/1.1\r\nHost: h\r\n\r\n";
    char copy[sizeof text];
    char out[16384];
    struct http_reader reader;
    struct http_request req;
    upgrade_t up = {0};
    memcpy(copy, text, sizeof copy);
    http_reader_init(&reader, HTTP_BODY_MAX);
    assert_int_equal(http_read(&reader, (uint8_t *)copy, sizeof copy - 1, &req), HTTP_READY);
    struct call *c = call_new(&d->api);
    assert_false(api_upgrade_check(c, &req, &near, &up));
    struct buf wire;
    buf_init(&wire, 16384);
    assert_ok(api_answer(c, true, &wire));
    (void)snprintf(out, sizeof out, "%.*s", (int)wire.len, (const char *)wire.ptr);
    buf_deinit(&wire);
    assert_non_null(strstr(out, "HTTP/1.1 426 "));
    assert_non_null(strstr(out, "Upgrade: websocket\r\n"));
    assert_non_null(strstr(out, "Sec-WebSocket-Version: 13\r\n"));
    call_free(&c);
}

static void the_answer_to_an_upgrade_fits_its_key_and_names_the_protocol(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    upgrade_t up = {0};
    struct buf out;
    desk_enter(d, &b, "phone");
    for (int offered = 0; offered < 2; offered++) {
        char headers[2048];
        (void)snprintf(headers, sizeof headers, HANDSHAKE "%s%sX-Request-Id: ws-1\r\n", b.header,
                       offered == 1 ? "Sec-WebSocket-Protocol: chat, canara.v1\r\n" : "");
        assert_int_equal(
            upgrade(d, "GET", text_of("/api/v1/ws/behavior/%s?acks=batch", b.id), headers, &up),
            101);
        assert_true(up.batch);
        buf_init(&out, 4096);
        assert_ok(api_upgrade_answer(&up, &out));
        assert_ok(buf_append(&out, (span_t){(const uint8_t *)"", 1}));
        const char *const wire = (const char *)out.ptr;
        assert_non_null(strstr(wire, "HTTP/1.1 101 "));
        assert_non_null(strstr(wire, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert_non_null(strstr(wire, "X-Request-Id: ws-1\r\n"));
        assert_true((strstr(wire, "Sec-WebSocket-Protocol: canara.v1\r\n") != NULL) ==
                    (offered == 1));
        assert_null(strstr(wire, b.token));
        buf_deinit(&out);
    }
}

static void only_paths_below_the_socket_are_upgrades(void **state)
{
    static const struct {
        const char *path;
        bool is;
    } cases[] = {
        {"/api/v1/ws/behavior/x", true},   {"/api/v1/ws/behavior/", false},
        {"/api/v1/ws/behavior", false},    {"/api/v1/ws/ticket", false},
        {"/api/v1/ws/behaviour/x", false}, {"/", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct http_request req = {.path = span_of(cases[i].path)};
        assert_true(api_is_upgrade(&req) == cases[i].is);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_token_may_come_in_a_header_a_subprotocol_or_the_query),
        DESK_TEST(a_loop_that_is_behind_says_when_to_come_again),
        DESK_TEST(a_ticket_opens_once_and_for_its_own_session),
        DESK_TEST(a_ticket_is_good_from_its_own_device_alone),
        DESK_TEST(the_first_way_that_carries_a_token_decides),
        DESK_TEST(an_upgrade_is_refused_for_the_first_thing_that_is_wrong),
        DESK_TEST(a_refusal_to_upgrade_says_how_to_do_it),
        DESK_TEST(the_answer_to_an_upgrade_fits_its_key_and_names_the_protocol),
        cmocka_unit_test(only_paths_below_the_socket_are_upgrades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
