/*
 * site_test.h - a server on a free port of this machine, in this process, and visitors to it.
 *
 * Floor      server (tests only)
 * Ownership  site_begin() makes it, site_end() takes it down; a visitor is closed by its test.
 * Threads    the test's own, beside those of the server.
 *
 * A visitor blocks, but not for ever: what does not come in time fails the test.
 */
#ifndef SERVER_SITE_TEST_H
#define SERVER_SITE_TEST_H

#include "base/rng.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "domain/house_test.h"
#include "journal/files.h"
#include "journal/view.h"
#include "net/tls_test.h"
#include "protocol/http_client.h"
#include "protocol/ws_frames.h"
#include "protocol/ws_handshake.h"
#include "server/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANN      "ann@example.org"
#define PASSWORD "correct horse battery"
#define MPIN     "8305"

enum { SITE_PATIENCE_S = 30, SITE_TOKEN_BYTES = 1024, SITE_SWEEP_S = 3600 };

/* The journal's disk, which fails on cue. */
struct site_disk {
    struct journal_files files; /* first member */
    _Atomic int error;          /* of every write; 0: none */
};

struct site {
    struct house house;
    struct site_disk disk;
    struct api api;
    struct server *server;
    struct server_config config;
    struct view *view;
    pthread_t ledger_thread;
    struct tls_server *tls; /* NULL: plain */
    struct test_pair pair;
    SSL_CTX *visitors; /* what they speak TLS with */
    bool open;
};

/* ---- the server ---- */

static inline void *site_run_ledger(void *context)
{
    struct site *s = context;
    ledger_run(s->house.ledger, SITE_SWEEP_S);
    return NULL;
}

static inline err_t site_email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    (void)context;
    (void)account;
    out[0] = '\0';
    return ERR_OK;
}

static inline ssize_t site_write(const struct journal_files *self, int fd,
                                 const struct iovec *parts, int count, off_t offset)
{
    const struct site_disk *disk = (const void *)self;
    const struct journal_files *real = journal_files_system();
    const int error = atomic_load(&disk->error);
    if (error == 0) {
        return real->pwritev(real, fd, parts, count, offset);
    }
    errno = error;
    return -1;
}

/* The house's own shard makes way for those of the loops. */
static inline void site_journal(struct site *s, unsigned loops)
{
    struct house *h = &s->house;
    char dir[SCRATCH_PATH];
    scratch_path(&h->dir, "loops", h->journal_dir);
    shard_free(&h->shard);
    journal_close(&h->svc.journal);
    const struct journal_config journal = {.dir = h->journal_dir,
                                           .lanes = loops,
                                           .commit_us = 1,
                                           .segment_bytes = (uint64_t)1 << 20,
                                           .probe_ms = 5,
                                           .files = &s->disk.files,
                                           .clock = clock_system()};
    s->disk.files = *journal_files_system();
    s->disk.files.pwritev = site_write;
    assert_ok(journal_open(&journal, &h->svc.journal, NULL));
    scratch_path(&h->dir, "session_buffers", dir);
    const struct view_config view = {
        .dir = dir, .journal = h->svc.journal, .email_of = site_email_of, .clock = clock_system()};
    assert_ok(view_open(&view, &s->view));
    h->svc.view = s->view;
}

/* Everything but the threads. With `timed`, time stands still until the test moves it. */
static inline void site_make(struct site *s, unsigned loops, bool timed)
{
    static const char *const no_origins[] = {NULL};
    *s = (struct site){.open = false};
    house_begin(&s->house, HOUSE_SCRIPTED, 0);
    struct service *svc = &s->house.svc;
    svc->clock = timed ? &s->house.clock.face : clock_system();
    svc->rules.login_per_account = (throttle_t){1000, 1};
    svc->rules.login_per_address = (throttle_t){1000, 1};
    svc->rules.login_success_per_account = (throttle_t){0};
    svc->rules.sessions_per_account = 100;
    site_journal(s, loops);
    s->api = (struct api){.service = svc,
                          .version = "1.2.3",
                          .metrics_token = "",
                          .public_origin = "",
                          .origins = no_origins,
                          .ws_query_token = true,
                          .started = clock_wall(svc->clock),
                          .ledger = s->house.ledger};
    s->config = (struct server_config){.host = "127.0.0.1",
                                       .loops = loops,
                                       .cold_workers = 2,
                                       .cold_queue = 1024,
                                       .hash_workers = 1,
                                       .hash_queue = 64,
                                       .sessions_max = 1000,
                                       .connections_max = 1000,
                                       .api = &s->api,
                                       .ledger = s->house.ledger,
                                       .clock = svc->clock};
    assert_int_equal(pthread_create(&s->ledger_thread, NULL, site_run_ledger, s), 0);
}

/* Speak TLS; between site_make() and site_open(). */
static inline void site_secure(struct site *s)
{
    char why[TLS_WHY_BYTES] = "";
    pair_ec(&s->pair);
    assert_ok(tls_server_new(false, clock_mono(s->config.clock), &s->tls));
    assert_ok(tls_server_load(s->tls, &s->pair.pair, 1, why));
    s->config.tls = s->tls;
    s->visitors = SSL_CTX_new(TLS_client_method());
    assert_non_null(s->visitors);
}

/* With its loops, which nobody runs. */
static inline void site_build(struct site *s)
{
    char why[SERVER_WHY_BYTES] = "";
    if (failed(server_new(&s->config, &s->server, why))) {
        fail_msg("%s", why);
    }
}

static inline void site_open(struct site *s)
{
    site_build(s);
    assert_ok(server_start(s->server));
    s->open = true;
}

static inline void site_stop(struct site *s)
{
    if (s->open) {
        server_stop(s->server);
    }
    s->open = false;
}

/* Stop and free the server; the house under it stays. */
static inline void site_close(struct site *s)
{
    site_stop(s);
    server_free(&s->server);
}

static inline void site_end(struct site *s)
{
    site_close(s);
    ledger_stop(s->house.ledger);
    (void)pthread_join(s->ledger_thread, NULL);
    view_close(&s->view);
    house_end(&s->house);
    if (s->tls != NULL) {
        tls_server_free(&s->tls);
        pair_free(&s->pair);
        SSL_CTX_free(s->visitors);
    }
}

static inline void site_begin(struct site *s, unsigned loops, bool timed)
{
    site_make(s, loops, timed);
    site_open(s);
}

/* For cmocka: *state points to the number of loops before, to the site afterwards. */
static inline int site_set_up_with(void **state, bool timed)
{
    const unsigned *const loops = *state;
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    site_begin(s, *loops, timed);
    *state = s;
    return 0;
}

static inline int site_set_up(void **state)
{
    return site_set_up_with(state, false);
}

static inline int site_set_up_timed(void **state)
{
    return site_set_up_with(state, true);
}

static inline int site_set_up_secure(void **state)
{
    const unsigned *const loops = *state;
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    site_make(s, *loops, false);
    site_secure(s);
    site_open(s);
    *state = s;
    return 0;
}

static inline int site_tear_down(void **state)
{
    struct site *s = *state;
    site_end(s);
    free(s);
    return 0;
}

static inline void site_register(struct site *s, const char *email)
{
    enum register_answer answer = REGISTER_EMAIL_TAKEN;
    assert_ok(
        account_register(&s->house.svc, email, email, span_of(PASSWORD), span_of(MPIN), &answer));
    assert_int_equal(answer, REGISTERED);
}

/* Bring a connection from this machine to a loop that is not started: the test's own thread is the loop. `*peer` is
 * the other end, which never blocks. */
static inline struct conn *site_bring(struct site *s, int *peer)
{
    int ends[2];
    const struct peer_address here = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    struct conn *const c = conn_open(s->server->worker[0], ends[0], &here, false);
    assert_non_null(c);
    *peer = ends[1];
    return c;
}

/* Let time pass for every loop. */
static inline void site_pass(struct site *s, int64_t ms)
{
    scripted_clock_pass(&s->house.clock, ms);
    server_poke(s->server);
}

/* Wait until this is so. */
static inline void site_wait(bool (*fact)(struct site *s), struct site *s)
{
    for (int i = 0; !fact(s); i++) {
        assert_true(i < SITE_PATIENCE_S * 1000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* ---- a pool that is kept busy ---- */

struct stopper {
    struct job job;
    sem_t begun, go_on, gone;
};

static inline void stopper_run(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    struct stopper *b = CONTAINER_OF(job, struct stopper, job);
    (void)sem_post(&b->begun);
    while (sem_wait(&b->go_on) != 0) {
        MUST(errno == EINTR);
    }
    (void)sem_post(&b->gone);
}

static inline void stopper_drop(struct job *job)
{
    struct stopper *b = CONTAINER_OF(job, struct stopper, job);
    (void)sem_post(&b->gone);
}

/* Hold one worker of a pool until stopper_go_on(). */
static inline void stopper_begin(struct stopper *b, struct pool *p)
{
    *b =
        (struct stopper){.job = {.run = stopper_run, .drop = stopper_drop, .refuse = stopper_drop}};
    assert_int_equal(sem_init(&b->begun, 0, 0), 0);
    assert_int_equal(sem_init(&b->go_on, 0, 0), 0);
    assert_int_equal(sem_init(&b->gone, 0, 0), 0);
    assert_true(pool_post(p, &b->job));
    while (sem_wait(&b->begun) != 0) {
        MUST(errno == EINTR);
    }
}

/* The worker has let go of it behind this: it may hold another one. */
static inline void stopper_go_on(struct stopper *b)
{
    (void)sem_post(&b->go_on);
    while (sem_wait(&b->gone) != 0) {
        MUST(errno == EINTR);
    }
}

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

#define SITE_TEST(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up, site_tear_down, &(loops))
#define SITE_TEST_SECURE(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up_secure, site_tear_down, &(loops))
#define SITE_TEST_TIMED(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up_timed, site_tear_down, &(loops))

#endif
