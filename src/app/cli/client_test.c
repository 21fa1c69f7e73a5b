/* client_test.c - the client against a server that says what the test wants, on loopback. */
#include "app/cli/client.h"

#include "base/util.h"
#include "net/listener.h"
#include "protocol/ws_handshake.h"
#include "tests/support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_BYTES = 8192, PATIENCE_MS = 5000 };

/* A server for one connection: hears a request up to its empty line, then says its words. */
struct actor {
    struct listener listener;
    pthread_t thread;
    span_t words;
    bool slowly;    /* one byte at a time */
    bool upgrade;   /* first a 101 that fits the key */
    bool silent;    /* says nothing until the client hangs up */
    int hears_more; /* bytes to hear after the words, before it hangs up */
    char heard[HEARD_BYTES];
    size_t heard_len;
};

static void hear(struct actor *a, int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    if (poll(&polled, 1, PATIENCE_MS) != 1) {
        return;
    }
    const ssize_t n = recv(fd, a->heard + a->heard_len, HEARD_BYTES - 1 - a->heard_len, 0);
    a->heard_len += n > 0 ? (size_t)n : 0;
    a->heard[a->heard_len] = '\0';
}

static void say(int fd, span_t words, bool slowly)
{
    const size_t step = slowly ? 1 : words.len;
    for (size_t at = 0; at < words.len; at += step) {
        (void)send(fd, words.ptr + at, step, MSG_NOSIGNAL);
    }
}

static void say_upgrade(struct actor *a, int fd)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *const key = strstr(a->heard, name);
    char accept[WS_ACCEPT_LEN];
    char text[256];
    if (key == NULL ||
        failed(ws_accept_for((span_t){(const uint8_t *)key + sizeof name - 1, 24}, accept))) {
        return;
    }
    const int n = snprintf(text, sizeof text,
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                           WS_ACCEPT_LEN, accept);
    say(fd, (span_t){(const uint8_t *)text, (size_t)n}, a->slowly);
}

static void *act(void *arg)
{
    struct actor *const a = arg;
    struct pollfd polled = {.fd = a->listener.fd, .events = POLLIN};
    struct peer_address peer;
    int fd = -1;
    if (poll(&polled, 1, PATIENCE_MS) != 1 ||
        listener_accept(&a->listener, &fd, &peer) != ACCEPT_GOT) {
        return NULL;
    }
    for (int i = 0; i < 64 && strstr(a->heard, "\r\n\r\n") == NULL; i++) {
        hear(a, fd);
    }
    if (a->upgrade) {
        say_upgrade(a, fd);
    }
    say(fd, a->words, a->slowly);
    const size_t enough = a->heard_len + (size_t)a->hears_more;
    for (int i = 0; i < 64 && a->heard_len < enough; i++) {
        hear(a, fd);
    }
    if (a->silent) {
        (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_MS);
    }
    (void)close(fd);
    return NULL;
}

static void actor_begin(struct actor *a, struct client *c)
{
    enum listen_outcome outcome = LISTEN_IN_USE;
    char url[64];
    assert_ok(listener_open(&a->listener, "127.0.0.1", 0, 0, 4, &outcome));
    assert_int_equal(outcome, LISTEN_OPEN);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)a->listener.port);
    assert_ok(client_init(c, url));
    assert_int_equal(pthread_create(&a->thread, NULL, act, a), 0);
}

static void actor_end(struct actor *a)
{
    assert_int_equal(pthread_join(a->thread, NULL), 0);
    listener_close(&a->listener);
}

static span_t text(const char *words)
{
    return (span_t){(const uint8_t *)words, strlen(words)};
}

/* ---- addresses ---- */

static void addresses_are_read(void **state)
{
    (void)state;

    static const struct {
        const char *url, *host, *port, *authority;
    } cases[] = {
        {"http://127.0.0.1:8000", "127.0.0.1", "8000", "127.0.0.1:8000"},
        {"http://localhost/", "localhost", "80", "localhost"},
        {"http://[::1]:81", "::1", "81", "[::1]:81"},
        {"http://[::1]", "::1", "80", "[::1]"},
        {"http://bank-7.example:65535/", "bank-7.example", "65535", "bank-7.example:65535"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client c;
        assert_ok(client_init(&c, cases[i].url));
        assert_string_equal(c.host, cases[i].host);
        assert_string_equal(c.port, cases[i].port);
        assert_string_equal(c.authority, cases[i].authority);
    }
}

static void a_target_may_speak_tls(void **state)
{
    (void)state;

    static const struct {
        const char *url, *port, *authority;
        bool tls;
    } rows[] = {{"https://10.0.0.1", "443", "10.0.0.1", true},
                {"https://[::1]:8443/", "8443", "[::1]:8443", true},
                {"http://10.0.0.1", "80", "10.0.0.1", false}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;
        bool tls = !rows[i].tls;
        assert_ok(client_target(&c, rows[i].url, &tls));
        assert_int_equal(tls, rows[i].tls);
        assert_string_equal(c.port, rows[i].port);
        assert_string_equal(c.authority, rows[i].authority);
    }
}

static void other_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "127.0.0.1:8000",
        "ftp://127.0.0.1",
        "https://127.0.0.1",
        "http://",
        "http://:80",
        "http:///",
        "http://host:",
        "http://host:0",
        "http://host:65536",
        "http://host:123456",
        "http://host:8x",
        "http://host/path",
        "http://user@host",
        "http://ho st",
        "http://host?x",
        "http://[::1",
        "http://[::1]x",
        "http://[]:80",
        "http://host\r\nX: y",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct client c;
        assert_err(client_init(&c, urls[i]), ERR_FORMAT);
        assert_true(c.why[0] != '\0');
    }
}

/* ---- answers ---- */

static void answers_are_read_in_any_cut(void **state)
{
    (void)state;

    static const struct {
        const char *words;
        unsigned status;
        int64_t retry_after_s;
        const char *said;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
         "{\"message\":\"yes\"}",
         200, -1, "yes"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Type: application/problem+json; "
         "charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"detail\r\n7\r\n\":\"no\"}\r\n0"
         "\r\n\r\n",
         401, -1, "no"},
        {"HTTP/1.1 429 Later\r\nRetry-After: 17\r\nContent-Length: 2\r\n\r\n{}", 429, 17, ""},
        {"HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 503, -1, ""},
        {"HTTP/1.1 204 None\r\n\r\n", 204, -1, ""},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", 200, -1,
         ""},
    };

    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        struct client c;
        struct client_answer answer;
        struct actor a = {.words = text(cases[i / 2].words), .slowly = i % 2 == 1};
        const struct client_request q = {
            .method = "POST", .path = "/there", .bearer = "to.ken", .body = SPAN_INIT("{\"a\":1}")};
        actor_begin(&a, &c);
        assert_ok(client_ask(&c, &q, &answer));
        actor_end(&a);
        assert_int_equal(answer.status, cases[i / 2].status);
        assert_int_equal(answer.retry_after_s, cases[i / 2].retry_after_s);
        assert_string_equal(client_answer_words(&answer), cases[i / 2].said);
        assert_memory_equal(a.heard, "POST /there HTTP/1.1\r\nHost: 127.0.0.1:", 38);
        assert_non_null(strstr(a.heard, "\r\nAuthorization: Bearer to.ken\r\n"));
        assert_non_null(strstr(a.heard, "\r\nContent-Length: 7\r\n"));
        client_answer_deinit(&answer);
        assert_null(answer.json);
    }
}

static void bad_answers_are_faults(void **state)
{
    (void)state;

    static const struct {
        const char *words;
        enum err_code code;
    } cases[] = {
        {"", ERR_IO},
        {"HTTP/1.1 200 OK\r\nContent-Le", ERR_IO},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", ERR_IO},
        {"220 mail.example ESMTP\r\n\r\n", ERR_FORMAT},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", ERR_FORMAT},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{\"a\"",
         ERR_FORMAT},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client c;
        struct client_answer answer;
        struct actor a = {.words = text(cases[i].words)};
        const struct client_request q = {.method = "GET", .path = "/"};
        actor_begin(&a, &c);
        assert_err(client_ask(&c, &q, &answer), cases[i].code);
        actor_end(&a);
        assert_true(c.why[0] != '\0');
        assert_null(answer.json);
    }
}

static void nobody_there_is_told(void **state)
{
    (void)state;
    struct client c;
    struct client_answer answer;
    struct actor a = {0};
    const struct client_request q = {.method = "GET", .path = "/"};
    enum listen_outcome outcome = LISTEN_IN_USE;
    assert_ok(listener_open(&a.listener, "127.0.0.1", 0, 0, 4, &outcome));
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)a.listener.port);
    listener_close(&a.listener); /* the port was free a moment ago and nobody has it now */
    assert_ok(client_init(&c, url));
    assert_err(client_ask(&c, &q, &answer), ERR_IO);
    assert_non_null(strstr(c.why, "Connection refused"));
}

static void a_silent_server_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    struct client c;
    struct client_answer answer;
    struct actor a = {.silent = true};
    const struct client_request q = {.method = "GET", .path = "/"};
    actor_begin(&a, &c);
    c.wait_ms = 30;
    assert_err(client_ask(&c, &q, &answer), ERR_TIMEOUT);
    actor_end(&a);
}

static void a_stop_ends_every_wait(void **state)
{
    (void)state;
    struct client c;
    struct client_answer answer;
    int pipe_fd[2];
    struct actor a = {.silent = true};
    const struct client_request q = {.method = "GET", .path = "/"};
    assert_int_equal(pipe(pipe_fd), 0);
    actor_begin(&a, &c);
    c.stop_fd = pipe_fd[0];
    assert_ok(client_pause(&c, 1));
    assert_int_equal(write(pipe_fd[1], "x", 1), 1);
    assert_err(client_pause(&c, PATIENCE_MS), ERR_IO);
    assert_err(client_ask(&c, &q, &answer), ERR_IO);
    assert_true(c.stopped);
    actor_end(&a);
    (void)close(pipe_fd[0]);
    (void)close(pipe_fd[1]);
}

/* ---- sockets ---- */

static void a_socket_is_talked_to_in_turns(void **state)
{
    (void)state;
    struct buf words;
    buf_init(&words, 4096);
    assert_ok(ws_write_text(&words, SPAN_LIT("{\"type\":\"hello\"}")));
    assert_ok(ws_write_ping(&words, SPAN_LIT("p")));
    assert_ok(ws_write_text(&words, SPAN_LIT("two")));
    assert_ok(ws_write_close(&words, 4403, SPAN_LIT("blocked")));
    for (int slowly = 0; slowly < 2; slowly++) {
        enum socket_news news = SOCKET_QUIET;
        struct client c;
        struct client_socket s;
        span_t got = {0};
        /* a masked pong of one byte, a masked text of two, a masked close of two */
        struct actor a = {.words = buf_span(&words),
                          .slowly = slowly == 1,
                          .upgrade = true,
                          .hears_more = 7 + 8 + 8};
        actor_begin(&a, &c);
        client_socket_init(&s, &c);
        assert_ok(client_socket_open(&s, "/ws", "to.ken", NULL));
        assert_ok(client_socket_next(&s, PATIENCE_MS, &news, &got));
        assert_int_equal(news, SOCKET_TEXT);
        assert_span_text(got, "{\"type\":\"hello\"}");
        assert_ok(client_socket_send(&s, SPAN_LIT("ok")));
        assert_ok(client_socket_next(&s, PATIENCE_MS, &news, &got));
        assert_int_equal(news, SOCKET_TEXT);
        assert_span_text(got, "two");
        for (int again = 0; again < 2; again++) {
            assert_ok(client_socket_next(&s, PATIENCE_MS, &news, &got));
            assert_int_equal(news, SOCKET_CLOSED);
        }
        assert_int_equal(s.close_code, 4403);
        assert_string_equal(s.close_reason, "blocked");
        assert_ok(client_socket_send(&s, SPAN_LIT("nobody hears")));
        actor_end(&a);
        assert_non_null(strstr(a.heard, "\r\nAuthorization: Bearer to.ken\r\n"));
        client_socket_deinit(&s);
        client_socket_deinit(&s);
    }
    buf_deinit(&words);
}

static void a_quiet_socket_stays_open(void **state)
{
    (void)state;
    enum socket_news news = SOCKET_TEXT;
    struct client c;
    struct client_socket s;
    span_t got = {0};
    struct actor a = {.upgrade = true, .silent = true};
    actor_begin(&a, &c);
    client_socket_init(&s, &c);
    assert_ok(client_socket_open(&s, "/ws", NULL, NULL));
    assert_ok(client_socket_next(&s, 0, &news, &got));
    assert_int_equal(news, SOCKET_QUIET);
    assert_ok(client_socket_next(&s, 5, &news, &got));
    assert_int_equal(news, SOCKET_QUIET);
    assert_false(s.closed);
    client_socket_deinit(&s);
    actor_end(&a);
}

static void a_lost_connection_is_an_abnormal_close(void **state)
{
    (void)state;
    enum socket_news news = SOCKET_TEXT;
    struct client c;
    struct client_socket s;
    span_t got = {0};
    struct actor a = {.upgrade = true};
    actor_begin(&a, &c);
    client_socket_init(&s, &c);
    assert_ok(client_socket_open(&s, "/ws", NULL, NULL));
    assert_ok(client_socket_next(&s, PATIENCE_MS, &news, &got));
    assert_int_equal(news, SOCKET_CLOSED);
    assert_int_equal(s.close_code, CLIENT_CLOSED_ABNORMALLY);
    client_socket_deinit(&s);
    actor_end(&a);
}

static void a_refused_upgrade_says_why(void **state)
{
    (void)state;

    static const struct {
        const char *words;
        enum err_code code;
        unsigned status;
        const char *why;
    } cases[] = {
        {"HTTP/1.1 410 Gone\r\nContent-Type: application/problem+json\r\nContent-Length: 32\r\n\r\n"
         "{\"detail\":\"Session is blocked\"}  ",
         ERR_IO, 410, "410 Session is blocked"},
        {"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", ERR_IO, 404, "404"},
        {"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
         ERR_FORMAT, 0, "shakes hands wrongly"},
        {"hello", ERR_IO, 0, "hung up"},
        {"hello\r\n\r\n", ERR_FORMAT, 0, "no HTTP"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client c;
        struct client_socket s;
        unsigned refused = 7;
        struct actor a = {.words = text(cases[i].words)};
        actor_begin(&a, &c);
        client_socket_init(&s, &c);
        assert_err(client_socket_open(&s, "/ws", NULL, &refused), cases[i].code);
        assert_int_equal(refused, cases[i].status);
        assert_non_null(strstr(c.why, cases[i].why));
        client_socket_deinit(&s);
        actor_end(&a);
    }
}

static void a_server_that_masks_is_a_fault(void **state)
{
    (void)state;
    static const uint8_t masked[] = {0x81, 0x81, 1, 2, 3, 4, 'x'};
    enum socket_news news = SOCKET_TEXT;
    struct client c;
    struct client_socket s;
    span_t got = {0};
    struct actor a = {.upgrade = true, .words = {masked, sizeof masked}};
    actor_begin(&a, &c);
    client_socket_init(&s, &c);
    assert_ok(client_socket_open(&s, "/ws", NULL, NULL));
    assert_err(client_socket_next(&s, PATIENCE_MS, &news, &got), ERR_FORMAT);
    client_socket_deinit(&s);
    actor_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(a_target_may_speak_tls),
        cmocka_unit_test(other_addresses_are_refused),
        cmocka_unit_test(answers_are_read_in_any_cut),
        cmocka_unit_test(bad_answers_are_faults),
        cmocka_unit_test(nobody_there_is_told),
        cmocka_unit_test(a_silent_server_is_not_waited_for_for_ever),
        cmocka_unit_test(a_stop_ends_every_wait),
        cmocka_unit_test(a_socket_is_talked_to_in_turns),
        cmocka_unit_test(a_quiet_socket_stays_open),
        cmocka_unit_test(a_lost_connection_is_an_abnormal_close),
        cmocka_unit_test(a_refused_upgrade_says_why),
        cmocka_unit_test(a_server_that_masks_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
