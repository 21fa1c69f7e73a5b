/* Behaviour sockets, with one loop and with three: then most are handed over to another loop. */
#include "base/limits.h"
#include "server/visitor_test.h"

#define EVENT "{\"event_type\":\"app_resume\",\"data\":{\"n\":1},\"seq\":%d}"

enum {
    TIMES = 9
}; /* often enough that some sessions belong to another loop than their connection */

static unsigned one = 1;
static unsigned three = 3;

static bool no_sockets(struct site *s)
{
    return gauge_read(&s->api.metrics.ws_connections) == 0 &&
           gauge_read(&s->api.metrics.http_connections) == 0;
}

/* A session of ANN with an open socket that has said hello. */
static void arrive(struct site *s, struct visitor *v, struct badge *b, const char *query)
{
    visitor_open(v, s);
    badge_get(b, v, ANN, "phone");
    assert_int_equal(visitor_upgrade(v, b, query), 101);
    visitor_expect(v, "\"type\":\"connection_established\"");
    const span_t said = v->item.payload;
    assert_non_null(memmem(said.ptr, said.len, b->session, strlen(b->session)));
}

static void say_event(struct visitor *v, int seq)
{
    char text[256];
    (void)snprintf(text, sizeof text, EVENT, seq);
    visitor_say(v, text);
}

static void expect_ack(struct visitor *v, int count, int seq)
{
    char text[64];
    visitor_expect(v, "\"data_received\"");
    (void)snprintf(text, sizeof text, "\"count\":%d,\"seq\":%d", count, seq);
    const span_t said = v->item.payload;
    if (memmem(said.ptr, said.len, text, strlen(text)) == NULL) {
        fail_msg("%.*s instead of %s", (int)said.len, (const char *)said.ptr, text);
    }
}

/* ---- opening */

static void a_socket_opens_in_the_loop_of_its_session(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    struct visitor v[TIMES];
    struct badge b[TIMES];
    for (int i = 0; i < TIMES; i++) {
        arrive(s, &v[i], &b[i], i % 2 == 0 ? "" : "?acks=batch");
    }
    assert_int_equal(gauge_read(&s->api.metrics.ws_connections), TIMES);
    assert_int_equal(gauge_read(&s->api.metrics.http_connections), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < TIMES; i++) {
            say_event(&v[i], round);
        }
        for (int i = 0; i < TIMES; i++) {
            expect_ack(&v[i], 1, round);
        }
    }
    for (int i = 0; i < TIMES; i++) {
        visitor_frame(&v[i], WS_OP_CLOSE, "\x03\xe8");
        visitor_expect_close(&v[i], 1000);
        assert_true(visitor_ends(&v[i]));
        visitor_close(&v[i]);
    }
    site_wait(no_sockets, s);
}

/* What comes in the same packet behind the handshake, and what was asked for before it. */
static void nothing_is_lost_around_an_upgrade(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        struct visitor v;
        struct badge b;
        struct buf frame;
        char text[2048];
        static const uint8_t mask[WS_MASK_LEN] = {1, 2, 3, 4};
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        buf_init(&frame, 4096);
        int len = snprintf(text, sizeof text,
                           "GET /health/live HTTP/1.1\r\nHost: h\r\nX-Request-Id: before\r\n\r\n"
                           "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n",
                           b.session, SITE_HANDSHAKE, b.authorization);
        assert_ok(buf_append(&frame, (span_t){(const uint8_t *)text, (size_t)len}));
        (void)snprintf(text, sizeof text, EVENT, 7);
        assert_ok(ws_write_masked(&frame, WS_OP_TEXT, span_of(text), mask));
        visitor_send(&v, buf_span(&frame));
        buf_deinit(&frame);
        assert_int_equal(visitor_read(&v, false), 200);
        assert_span_text(http_response_find(&v.answer, "x-request-id"), "before");
        assert_int_equal(visitor_read(&v, false), 101);
        visitor_expect(&v, "\"connection_established\"");
        expect_ack(&v, 1, 7);
        visitor_close(&v);
    }
    site_wait(no_sockets, s);
}

static void an_upgrade_may_come_byte_by_byte(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    char text[2048];
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    const int len =
        snprintf(text, sizeof text, "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n",
                 b.session, SITE_HANDSHAKE, b.authorization);
    for (int i = 0; i < len; i++) {
        visitor_send(&v, (span_t){(const uint8_t *)text + i, 1});
    }
    assert_int_equal(visitor_read(&v, false), 101);
    visitor_expect(&v, "\"connection_established\"");
    visitor_close(&v);
}

static void a_refused_upgrade_is_answered_wherever_its_session_lives(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        struct visitor v;
        struct badge b;
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        assert_int_equal(visitor_upgrade(&v, &b, "?ticket=AAAAAAAAAAAAAAAAAAAAAA"), 401);
        visitor_close(&v);
        visitor_open(&v, s);
        assert_int_equal(visitor_upgrade(&v, &b, "?token=nothing"), 401);
        visitor_ask(&v, "POST", "/api/v1/auth/logout", b.authorization, "");
        assert_int_equal(visitor_read(&v, false), 200);
        assert_int_equal(visitor_upgrade(&v, &b, ""), 401);
        visitor_close(&v);
    }
    site_wait(no_sockets, s);
}

/* What is pipelined behind it is longer than the upgrade itself. */
static void requests_behind_a_refused_upgrade_stay_whole(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    char pad[1500];
    memset(pad, 'y', sizeof pad);
    pad[sizeof pad - 1] = '\0';
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    visitor_write(&v,
                  "GET /api/v1/ws/behavior/%s?ticket=no HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
                  "GET /health/live HTTP/1.1\r\nHost: h\r\nX-Pad: %s\r\n\r\n"
                  "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n",
                  b.session, SITE_HANDSHAKE, pad);
    assert_int_equal(visitor_read(&v, false), 401);
    assert_int_equal(visitor_read(&v, false), 200);
    assert_int_equal(visitor_read(&v, false), 404);
    visitor_close(&v);
}

static void a_ticket_opens_one_socket(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        struct visitor v;
        struct visitor again;
        struct badge b;
        struct json *tree = NULL;
        span_t ticket = {0};
        char query[64];
        visitor_open(&v, s);
        visitor_open(&again, s);
        badge_get(&b, &v, ANN, "phone");
        visitor_ask(&v, "POST", "/api/v1/ws/ticket", b.authorization, "");
        assert_int_equal(visitor_read(&v, false), 200);
        assert_ok(json_parse(v.answer.body, &tree, NULL));
        assert_true(json_get_text(tree, "ticket", &ticket));
        (void)snprintf(query, sizeof query, "?ticket=%.*s", (int)ticket.len,
                       (const char *)ticket.ptr);
        json_free(&tree);
        assert_int_equal(visitor_upgrade(&v, &b, query), 101);
        visitor_expect(&v, "\"connection_established\"");
        assert_int_equal(visitor_upgrade(&again, &b, query), 401);
        visitor_close(&v);
        visitor_close(&again);
    }
}

static void a_newer_socket_takes_over(void **state)
{
    struct site *s = *state;
    struct visitor older;
    struct badge b;
    site_register(s, ANN);
    arrive(s, &older, &b, "");
    say_event(&older, 4);
    expect_ack(&older, 1, 4);
    for (int i = 0; i < TIMES; i++) {
        struct visitor newer;
        visitor_open(&newer, s);
        assert_int_equal(visitor_upgrade(&newer, &b, ""), 101);
        visitor_expect(&newer, "\"last_seq\":4");
        visitor_expect_close(&older, 4409);
        visitor_close(&older);
        older = newer;
    }
    say_event(&older, 5);
    expect_ack(&older, 1, 5);
    assert_int_equal(gauge_read(&s->api.metrics.ws_connections), 1);
    visitor_close(&older);
    site_wait(no_sockets, s);
}

/* ---- messages */

static void a_socket_answers_what_the_protocol_asks(void **state)
{
    static const struct {
        const char *frame;
        size_t len;
        unsigned code;
    } bad[] = {
        {"\x82\x80\0\0\0\0", 6, 1003},                  /* binary */
        {"\x81\x01x", 3, 1002},                         /* not masked */
        {"\x81\x81\0\0\0\0\xff", 7, 1007},              /* not UTF-8 */
        {"\xc1\x80\0\0\0\0", 6, 1002},                  /* a reserved bit */
        {"\x81\xff\0\0\0\0\0\1\0\1\0\0\0\0", 14, 1009}, /* 65537 bytes */
    };
    struct site *s = *state;
    site_register(s, ANN);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct visitor v;
        struct badge b;
        arrive(s, &v, &b, "");
        visitor_frame(&v, WS_OP_PING, "are you there");
        assert_int_equal(visitor_hear(&v), WS_PONG);
        assert_span_text(v.item.payload, "are you there");
        visitor_frame(&v, WS_OP_PONG, "");
        visitor_send(&v, (span_t){(const uint8_t *)bad[i].frame, bad[i].len});
        visitor_expect_close(&v, bad[i].code);
        assert_true(visitor_ends(&v));
        visitor_close(&v);
    }
    site_wait(no_sockets, s);
}

static void ten_errors_in_a_row_close_and_nine_do_not(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    arrive(s, &v, &b, "");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < LIMIT_WS_ERRORS_IN_A_ROW - 1; i++) {
            visitor_say(&v, "{\"data\":{}}");
            visitor_expect(&v, "\"type\":\"error\"");
        }
        say_event(&v, round);
        expect_ack(&v, 1, round);
    }
    for (int i = 0; i < LIMIT_WS_ERRORS_IN_A_ROW; i++) {
        visitor_say(&v, "{");
    }
    for (int i = 0; i < LIMIT_WS_ERRORS_IN_A_ROW; i++) {
        visitor_expect(&v, "Invalid JSON format");
    }
    visitor_expect_close(&v, 1008);
    visitor_close(&v);
}

static void say_frames(struct visitor *v, const char *frame, size_t len, size_t times)
{
    struct buf frames;
    buf_init(&frames, (size_t)1 << 20);
    for (size_t i = 0; i < times; i++) {
        assert_ok(buf_append(&frames, (span_t){(const uint8_t *)frame, len}));
    }
    visitor_send(v, buf_span(&frames));
    buf_deinit(&frames);
}

/* Time stands still: what a session begins with is all there is. */
static void frames_that_are_no_message_count_as_bytes_do(void **state)
{
    static const struct {
        const char *opening, *frame;
        size_t opening_len;
        size_t few, many; /* within the allowance, and beyond it */
    } rows[] = {
        {"", "\x89\x80\0\0\0\0", 0, 1800, 300},                   /* pings */
        {"", "\x8a\x80\0\0\0\0", 0, 1800, 300},                   /* pongs */
        {"\x01\x80\0\0\0\0", "\x00\x80\0\0\0\0", 6, 40000, 6000}, /* a message of nothing */
    };
    struct site *s = *state;
    site_register(s, ANN);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct visitor v;
        struct badge b;
        arrive(s, &v, &b, "");
        say_event(&v, 1);
        expect_ack(&v, 1, 1);
        say_frames(&v, rows[i].opening, rows[i].opening_len, 1);
        say_frames(&v, rows[i].frame, 6, rows[i].few);
        visitor_frame(&v, WS_OP_PING, "still there");
        enum ws_item item = WS_PONG;
        do {
            item = visitor_hear(&v);
            assert_int_equal(item, WS_PONG);
        } while (v.item.payload.len == 0);
        say_frames(&v, rows[i].frame, 6, rows[i].many);
        while ((item = visitor_hear(&v)) == WS_PONG) {}
        assert_int_equal(item, WS_CLOSE);
        assert_int_equal(v.item.code, 1008);
        visitor_close(&v);
    }
    assert_int_equal(counter_read(&s->api.metrics.refused_rate), ARRAY_LEN(rows));
    site_wait(no_sockets, s);
}

/* Their text among the messages, and not among what is none again. */
static void refused_messages_count_once(void **state)
{
    enum { FEW = 4, BYTES = 64000 };

    static char text[BYTES];
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    _Static_assert(FEW * BYTES < LIMIT_EVENT_BYTES_FIRST, "within the allowance");
    _Static_assert((FEW + 1) * BYTES > LIMIT_EVENT_BYTES_FIRST, "and beyond it");
    memset(text, 'x', sizeof text - 1);
    site_register(s, ANN);
    arrive(s, &v, &b, "");
    for (int i = 0; i < FEW; i++) {
        visitor_say(&v, text);
        visitor_expect(&v, "\"Invalid JSON format\"");
    }
    say_event(&v, 1);
    expect_ack(&v, 1, 1);
    visitor_say(&v, text);
    visitor_expect_close(&v, 1008);
    visitor_close(&v);
    site_wait(no_sockets, s);
}

static void messages_of_one_read_may_share_an_acknowledgement(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    struct buf frames;
    static const uint8_t mask[WS_MASK_LEN] = {9, 8, 7, 6};
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    buf_init(&frames, 65536);
    for (int i = 0; i < 50; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, EVENT, i);
        assert_ok(ws_write_masked(&frames, WS_OP_TEXT, span_of(text), mask));
    }
    char query[SITE_TOKEN_BYTES + 32];
    (void)snprintf(query, sizeof query, "?acks=batch&token=%s", b.token);
    assert_int_equal(visitor_upgrade(&v, &b, query), 101);
    visitor_expect(&v, "\"connection_established\"");
    visitor_send(&v, buf_span(&frames));
    buf_deinit(&frames);
    int64_t counted = 0;
    int64_t seq = -1;
    int answers = 0;
    while (counted < 50) {
        struct json *tree = NULL;
        int64_t count = 0;
        visitor_expect(&v, "\"data_received\"");
        assert_ok(json_parse(v.item.payload, &tree, NULL));
        assert_true(json_get_int(tree, "count", &count));
        assert_true(json_get_int(tree, "seq", &seq));
        json_free(&tree);
        counted += count;
        answers++;
    }
    assert_int_equal(counted, 50);
    assert_int_equal(seq, 49);
    assert_true(answers <= 50);
    visitor_close(&v);
}

static void a_peer_that_takes_no_answers_is_dropped(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    s->house.svc.rules.events_per_second = 0; /* or it would be too many frames */
    arrive(s, &v, &b, "");
    const struct timeval soon = {.tv_usec = 200000};
    assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon), 0);
    static char ping[131] = "\x89\xfd";
    bool gone = false;
    for (int i = 0; i < 1000000 && !gone; i++) {
        gone = send(v.fd, ping, sizeof ping, MSG_NOSIGNAL) < 0;
    }
    assert_true(gone);
    site_wait(no_sockets, s);
    visitor_close(&v);
}

/* A descriptor that the loop does not know stands for a kernel that refuses the change. */
static void a_socket_that_cannot_be_watched_is_nobodys(void **state)
{
    (void)state;
    struct site s;
    login_t login = {.email_key = ANN, .device_id = "phone"};
    bool right = false;
    session_seed_t seed = {0};
    credentials_t credentials = {0};
    struct live *live = NULL;
    char id[UUID_TEXT_SIZE];
    char request[2048];
    char byte = 0;
    int peer = -1;
    site_make(&s, 1, false);
    site_build(&s);
    struct worker *const w = s.server->worker[0];
    site_register(&s, ANN);
    assert_ok(login_look(&s.house.svc, &login));
    assert_ok(login_prove(&s.house.svc, &login, span_of(PASSWORD), &right));
    assert_true(right);
    assert_ok(login_open(&s.house.svc, &login, &seed, &credentials));
    assert_ok(shard_open(w->shard, &seed, &live));
    uuid_print(live->id, id);
    const int len = snprintf(request, sizeof request,
                             "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: localhost\r\n%s"
                             "Authorization: Bearer %s\r\n\r\n",
                             id, SITE_HANDSHAKE, credentials.session_token);
    assert_in_range(len, 1, sizeof request - 1);

    struct conn *const c = site_bring(&s, &peer);
    c->state = CONN_HTTP;
    loop_unwatch(&w->loop, &c->watch);
    c->watch.events = 0;
    assert_int_equal(send(peer, request, (size_t)len, 0), len);
    c->watch.ready(&c->watch, EPOLLIN);
    assert_int_equal(w->conns.count, 0);
    assert_null(live->socket);
    assert_int_equal(recv(peer, &byte, 1, 0), 0);  /* hung up */
    shard_end(w->shard, live, END_EXPIRED, false); /* nobody is told */
    assert_true(no_sockets(&s));
    assert_int_equal(close(peer), 0);
    site_end(&s);
}

/* ---- behind a proxy */

static void count_strangers(void *ctx, struct shard *shard)
{
    const struct worker *w = CONTAINER_OF(shard_watcher_of(shard), struct worker, watcher);
    _Atomic int *strangers = ctx;
    for (uint32_t i = 0; i < w->conns.seen; i++) {
        const struct conn *c = slab_is_taken(&w->conns, i) ? slab_at(&w->conns, i) : NULL;
        (void)atomic_fetch_add(strangers, c != NULL && c->state == CONN_SOCKET && !c->proxy);
    }
}

static void all_counted(void *ctx)
{
    _Atomic int *strangers = ctx;
    (void)atomic_fetch_add(strangers, TIMES + 1); /* there are not so many */
}

/* Or they would all be one neighbourhood's, and share what one may hold. */
static void a_socket_of_a_proxy_stays_one_in_another_loop(void **state)
{
    (void)state;
    struct site s;
    struct visitor v[TIMES];
    struct badge b[TIMES];
    struct cidr_list trusted = {0};
    _Atomic int strangers = 0;
    assert_ok(cidr_list_parse(span_of("127.0.0.0/8"), &trusted));
    site_make(&s, 3, false);
    s.config.trusted = &trusted;
    site_open(&s);
    site_register(&s, ANN);
    for (int i = 0; i < TIMES; i++) {
        arrive(&s, &v[i], &b[i], "");
    }
    struct courier *courier = &s.server->courier;
    assert_ok(courier->every_loop(courier, count_strangers, all_counted, &strangers));
    for (int i = 0; atomic_load(&strangers) <= TIMES; i++) {
        assert_true(i < SITE_PATIENCE_S * 1000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(atomic_load(&strangers), TIMES + 1);
    for (int i = 0; i < TIMES; i++) {
        visitor_close(&v[i]);
    }
    site_end(&s);
}

/* ---- time */

static void expect_ping(struct visitor *v)
{
    assert_int_equal(visitor_hear(v), WS_PING);
    visitor_frame(v, WS_OP_PONG, "");
    visitor_frame(v, WS_OP_PING, "");
    assert_int_equal(visitor_hear(v), WS_PONG); /* so both have been heard */
}

static void a_silent_peer_is_pinged_and_then_given_up(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    arrive(s, &v, &b, "");
    site_pass(s, LIMIT_WS_PING_MS + 10);
    expect_ping(&v);
    site_pass(s, LIMIT_WS_PING_MS + 10);
    assert_int_equal(visitor_hear(&v), WS_PING);
    site_pass(s, LIMIT_WS_PING_MS + 10);
    for (;;) {
        buf_consume(&v.in, v.used);
        v.used = 0;
        if (v.in.len > 0) { /* one more ping */
            v.used = v.in.len;
            site_pass(s, LIMIT_WS_PING_MS + 10);
            continue;
        }
        if (!visitor_more(&v)) {
            break;
        }
    }
    site_wait(no_sockets, s);
    visitor_close(&v);
}

/* It answered every ping that there was. */
static void a_pause_of_the_server_gives_nobody_up(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    arrive(s, &v, &b, "");
    site_pass(s, LIMIT_WS_PING_MS + 10);
    expect_ping(&v);
    site_pass(s, (int64_t)3 * LIMIT_WS_DEAD_MS);
    expect_ping(&v);
    say_event(&v, 1);
    expect_ack(&v, 1, 1);
    visitor_close(&v);
}

static void a_session_that_expires_closes_its_socket(void **state)
{
    struct site *s = *state;
    struct visitor v[TIMES];
    struct badge b[TIMES];
    site_register(s, ANN);
    s->house.svc.rules.session_idle_ms = LIMIT_WS_PING_MS / 2; /* sooner than a ping */
    for (int i = 0; i < TIMES; i++) {
        arrive(s, &v[i], &b[i], "");
    }
    site_pass(s, LIMIT_WS_PING_MS - 1000);
    for (int i = 0; i < TIMES; i++) {
        visitor_expect_close(&v[i], 4401);
        visitor_close(&v[i]);
    }
    site_wait(no_sockets, s);
}

/* ---- news from elsewhere */

static void news_of_a_session_reaches_its_socket(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        struct visitor v;
        struct visitor other;
        struct badge b;
        arrive(s, &v, &b, "");
        visitor_open(&other, s);
        switch (i % 3) {
        case 0:
            visitor_ask(&other, "POST", "/api/v1/auth/logout", b.authorization, "");
            assert_int_equal(visitor_read(&other, false), 200);
            visitor_expect_close(&v, 4408);
            break;
        case 1:
            s->server->courier.tell(&s->server->courier, b.id, TELL_BLOCK, END_OPERATOR, 0.0);
            visitor_expect(&v, "\"session_blocked\"");
            visitor_expect_close(&v, 4403);
            assert_int_equal(visitor_upgrade(&other, &b, ""), 410);
            break;
        default:
            s->server->courier.tell(&s->server->courier, b.id, TELL_END, END_REVOKED, 0.0);
            visitor_expect_close(&v, 4401);
            break;
        }
        visitor_close(&v);
        visitor_close(&other);
    }
    site_wait(no_sockets, s);
}

/* ---- the end */

static void a_stop_acknowledges_what_it_took_and_says_goodbye(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor v[TIMES];
    struct badge b[TIMES];
    site_begin(&s, *loops, false);
    site_register(&s, ANN);
    for (int i = 0; i < TIMES; i++) {
        arrive(&s, &v[i], &b[i], "");
        say_event(&v[i], 1);
    }
    for (int i = 0; i < TIMES; i++) {
        expect_ack(&v[i], 1, 1);
        say_event(&v[i], 2);
    }
    site_close(&s);
    for (int i = 0; i < TIMES; i++) { /* the second was taken and answered, or never read */
        enum ws_item item = visitor_hear(&v[i]);
        if (item == WS_MESSAGE_TEXT) {
            item = visitor_hear(&v[i]);
        }
        assert_int_equal(item, WS_CLOSE);
        assert_int_equal(v[i].item.code, 1001);
        visitor_close(&v[i]);
    }
    site_end(&s);
}

#define BOTH(name)       SITE_TEST(name, one), SITE_TEST(name, three)
#define SECURE(name)     SITE_TEST_SECURE(name, one), SITE_TEST_SECURE(name, three)
#define BOTH_TIMED(name) SITE_TEST_TIMED(name, one), SITE_TEST_TIMED(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(a_socket_opens_in_the_loop_of_its_session),
        SECURE(a_socket_opens_in_the_loop_of_its_session),
        BOTH(nothing_is_lost_around_an_upgrade),
        SECURE(nothing_is_lost_around_an_upgrade),
        BOTH(an_upgrade_may_come_byte_by_byte),
        SECURE(an_upgrade_may_come_byte_by_byte),
        BOTH(a_refused_upgrade_is_answered_wherever_its_session_lives),
        SECURE(a_refused_upgrade_is_answered_wherever_its_session_lives),
        SITE_TEST(requests_behind_a_refused_upgrade_stay_whole, one),
        BOTH(a_ticket_opens_one_socket),
        SECURE(a_ticket_opens_one_socket),
        BOTH(a_newer_socket_takes_over),
        SECURE(a_newer_socket_takes_over),
        BOTH(a_socket_answers_what_the_protocol_asks),
        SECURE(a_socket_answers_what_the_protocol_asks),
        BOTH(ten_errors_in_a_row_close_and_nine_do_not),
        SECURE(ten_errors_in_a_row_close_and_nine_do_not),
        BOTH_TIMED(frames_that_are_no_message_count_as_bytes_do),
        BOTH_TIMED(refused_messages_count_once),
        BOTH(messages_of_one_read_may_share_an_acknowledgement),
        SECURE(messages_of_one_read_may_share_an_acknowledgement),
        BOTH(a_peer_that_takes_no_answers_is_dropped),
        cmocka_unit_test(a_socket_that_cannot_be_watched_is_nobodys),
        cmocka_unit_test(a_socket_of_a_proxy_stays_one_in_another_loop),
        BOTH_TIMED(a_silent_peer_is_pinged_and_then_given_up),
        BOTH_TIMED(a_pause_of_the_server_gives_nobody_up),
        BOTH_TIMED(a_session_that_expires_closes_its_socket),
        BOTH(news_of_a_session_reaches_its_socket),
        SECURE(news_of_a_session_reaches_its_socket),
        cmocka_unit_test_prestate(a_stop_acknowledges_what_it_took_and_says_goodbye, &one),
        cmocka_unit_test_prestate(a_stop_acknowledges_what_it_took_and_says_goodbye, &three),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
