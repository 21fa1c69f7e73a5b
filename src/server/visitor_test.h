/*
 * visitor_test.h - who comes to a site: a connection, what it asks and hears, a session and its behaviour socket.
 *
 * Floor      server (tests only)
 * Ownership  a visitor is closed by its test.
 * Threads    one visitor in one thread.
 *
 * A visitor blocks, but not for ever: what does not come in time fails the test.
 */
#ifndef SERVER_VISITOR_TEST_H
#define SERVER_VISITOR_TEST_H

#include "server/site_test.h"

/* ---- visitors ---- */

struct visitor {
    int fd;
    SSL *tls; /* NULL: plain */
    struct buf in;
    size_t used; /* front bytes that belong to what was handed out last */
    struct http_response answer;
    struct ws_reader ws;
    struct ws_item_data item;
};

static inline void visitor_connect(struct visitor *v, uint16_t port)
{
    *v = (struct visitor){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(v->fd >= 0);
    const struct timeval patience = {.tv_sec = SITE_PATIENCE_S};
    const int one = 1;
    assert_int_equal(setsockopt(v->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(v->fd, (const struct sockaddr *)&to, sizeof to), 0);
    buf_init(&v->in, (size_t)1 << 26);
    ws_reader_init(&v->ws, WS_CLIENT, WS_MESSAGE_LIMIT);
}

static inline void visitor_open(struct visitor *v, const struct site *s)
{
    visitor_connect(v, server_port(s->server));
    if (s->visitors != NULL) {
        v->tls = SSL_new(s->visitors);
        assert_int_equal(SSL_set_fd(v->tls, v->fd), 1);
        assert_int_equal(SSL_connect(v->tls), 1);
    }
}

/* One that comes by the control socket at `path`. */
static inline struct visitor operator_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct visitor v = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const struct timeval patience = {.tv_sec = SITE_PATIENCE_S};
    assert_true(v.fd >= 0);
    assert_true(strlen(path) <= 100);
    assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.100s", path);
    buf_init(&v.in, (size_t)1 << 20);
    assert_int_equal(connect(v.fd, (const struct sockaddr *)&at, sizeof at), 0);
    return v;
}

static inline void visitor_close(struct visitor *v)
{
    if (v->tls != NULL) {
        SSL_free(v->tls);
        v->tls = NULL;
    }
    (void)close(v->fd);
    v->fd = -1;
    buf_deinit(&v->in);
    ws_reader_deinit(&v->ws);
}

static inline void visitor_send(struct visitor *v, span_t bytes)
{
    size_t sealed = 0;
    if (v->tls != NULL) {
        assert_int_equal(SSL_write_ex(v->tls, bytes.ptr, bytes.len, &sealed), 1);
        assert_int_equal(sealed, bytes.len);
        return;
    }
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t n = send(v->fd, bytes.ptr + done, bytes.len - done, MSG_NOSIGNAL);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

/* Receive some more; false at the end of the stream. */
static inline bool visitor_more(struct visitor *v)
{
    uint8_t bytes[16384];
    size_t opened = 0;
    ssize_t n = 0;
    if (v->tls == NULL) {
        n = recv(v->fd, bytes, sizeof bytes, 0);
    } else if (SSL_read_ex(v->tls, bytes, sizeof bytes, &opened) == 1) {
        n = (ssize_t)opened;
    } else { /* the end has to be said, or the connection was cut */
        assert_int_equal(SSL_get_error(v->tls, 0), SSL_ERROR_ZERO_RETURN);
    }
    if (n < 0 && errno != ECONNRESET) {
        fail_msg("nothing came: %d", errno);
    }
    if (n > 0) {
        assert_ok(buf_append(&v->in, (span_t){bytes, (size_t)n}));
    }
    return n > 0;
}

/* Read one whole answer into v->answer; its status. `to_head`: it was asked for with HEAD. */
static inline unsigned visitor_read(struct visitor *v, bool to_head)
{
    struct http_reader reader;
    http_reader_init(&reader, HTTP_BODY_LIMIT);
    buf_consume(&v->in, v->used);
    v->used = 0;
    for (;;) {
        switch (http_response_read(&reader, v->in.ptr, v->in.len, to_head, &v->answer)) {
        case HTTP_READY: v->used = v->answer.used; return v->answer.status;
        case HTTP_BAD: fail_msg("bad answer: %s", reader.reason); break;
        case HTTP_MORE: break;
        }
        if (!visitor_more(v)) {
            fail_msg("the connection ended inside an answer");
        }
    }
}

/* Say that this was all, and go on listening. */
static inline void visitor_say_end(struct visitor *v)
{
    if (v->tls != NULL) {
        assert_true(SSL_shutdown(v->tls) >= 0);
    }
    assert_int_equal(shutdown(v->fd, SHUT_WR), 0);
}

/* True when nothing more comes, ever. */
static inline bool visitor_ends(struct visitor *v)
{
    buf_consume(&v->in, v->used);
    v->used = 0;
    return v->in.len == 0 && !visitor_more(v);
}

PRINTF_LIKE(2, 3)

static inline void visitor_write(struct visitor *v, const char *format, ...)
{
    char text[16384];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_in_range(len, 1, sizeof text - 1);
    visitor_send(v, (span_t){(const uint8_t *)text, (size_t)len});
}

/* Send a request; `headers` are whole lines. */
static inline void visitor_ask(struct visitor *v, const char *method, const char *target,
                               const char *headers, const char *body)
{
    visitor_write(v, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", method,
                  target, headers, strlen(body), body);
}

/* Whether the answer's body holds this text. */
static inline bool visitor_heard(const struct visitor *v, const char *text)
{
    const span_t body = v->answer.body;
    return body.len > 0 && memmem(body.ptr, body.len, text, strlen(text)) != NULL;
}

/* ---- sessions ---- */

struct badge {
    char token[SITE_TOKEN_BYTES];
    char authorization[SITE_TOKEN_BYTES + 32]; /* the header line */
    char session[UUID_TEXT_SIZE];
    uuid_t id;
};

/* Log in over HTTP. */
static inline void badge_get(struct badge *b, struct visitor *v, const char *email,
                             const char *device)
{
    char body[512];
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\",\"device_id\":\"%s\"}",
                   email, PASSWORD, device);
    visitor_ask(v, "POST", "/api/v1/auth/login", "Content-Type: application/json\r\n", body);
    assert_int_equal(visitor_read(v, false), 200);
    struct json *tree = NULL;
    span_t text = {0};
    assert_ok(json_parse(v->answer.body, &tree, NULL));
    assert_true(json_get_text(tree, "session_token", &text));
    (void)snprintf(b->token, sizeof b->token, "%.*s", (int)text.len, (const char *)text.ptr);
    (void)snprintf(b->authorization, sizeof b->authorization, "Authorization: Bearer %s\r\n",
                   b->token);
    assert_true(json_get_text(tree, "session_id", &text));
    assert_ok(uuid_parse(text, &b->id));
    uuid_print(b->id, b->session);
    json_free(&tree);
}

/* ---- behaviour sockets ---- */

#define SITE_HANDSHAKE                                \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
    "Sec-WebSocket-Version: 13\r\n"

/* Ask for a socket; the status of the answer. `query` begins with '?' or is ""; the header has the
 * token when the query carries none. */
static inline unsigned visitor_upgrade(struct visitor *v, const struct badge *b, const char *query)
{
    const bool carries = strstr(query, "token=") != NULL || strstr(query, "ticket=") != NULL;
    visitor_write(v, "GET /api/v1/ws/behavior/%s%s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n",
                  b->session, query, SITE_HANDSHAKE, carries ? "" : b->authorization);
    return visitor_read(v, false);
}

/* The next item on the socket. */
static inline enum ws_item visitor_hear(struct visitor *v)
{
    for (;;) {
        buf_consume(&v->in, v->used);
        uint8_t *cursor = v->in.ptr;
        const enum ws_item item = v->in.len == 0
                                      ? WS_NEED_MORE
                                      : ws_next(&v->ws, &cursor, v->in.ptr + v->in.len, &v->item);
        v->used = v->in.len == 0 ? 0 : (size_t)(cursor - v->in.ptr);
        if (item != WS_NEED_MORE) {
            return item;
        }
        if (!visitor_more(v)) {
            fail_msg("the socket ended without a close");
        }
    }
}

/* The next item is a message that holds this text. */
static inline void visitor_expect(struct visitor *v, const char *text)
{
    const enum ws_item item = visitor_hear(v);
    const span_t said = v->item.payload;
    if (item != WS_MESSAGE_TEXT || memmem(said.ptr, said.len, text, strlen(text)) == NULL) {
        fail_msg("item %d code %u \"%.*s\" instead of %s", (int)item, (unsigned)v->item.code,
                 (int)said.len, (const char *)said.ptr, text);
    }
}

/* The next item is a close frame with this code, and then nothing. */
static inline void visitor_expect_close(struct visitor *v, unsigned code)
{
    const enum ws_item item = visitor_hear(v);
    if (item != WS_CLOSE || v->item.code != code) {
        fail_msg("item %d code %u \"%.*s\" instead of close %u", (int)item, (unsigned)v->item.code,
                 (int)v->item.payload.len, (const char *)v->item.payload.ptr, code);
    }
}

static inline void visitor_frame(struct visitor *v, enum ws_opcode opcode, const char *text)
{
    struct buf frame;
    uint8_t mask[WS_MASK_LEN];
    rng_fill(mask, sizeof mask);
    buf_init(&frame, (size_t)1 << 20);
    assert_ok(ws_write_masked(&frame, opcode, span_of(text), mask));
    visitor_send(v, buf_span(&frame));
    buf_deinit(&frame);
}

static inline void visitor_say(struct visitor *v, const char *text)
{
    visitor_frame(v, WS_OP_TEXT, text);
}

#endif
