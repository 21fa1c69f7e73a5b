/* What comes before the first request: PROXY headers and handshakes. */
#include "base/limits.h"
#include "server/site_test.h"

#include <fcntl.h>

#define GET_METRICS "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"
#define SIGN        "\r\n\r\n\0\r\nQUIT\n"
#define FROM(a, b, c, d)                                                              \
    (span_t)                                                                          \
    {                                                                                 \
        (const uint8_t[]){0x0d, 0x0a, 0x0d, 0x0a, 0,    0x0d, 0x0a, 0x51, 0x55, 0x49, \
                          0x54, 0x0a, 0x21, 0x11, 0,    12,   a,    b,    c,    d,    \
                          10,   0,    0,    1,    0xcd, 0xef, 1,    0xbb},            \
            28                                                                        \
    }

static unsigned one = 1;
static unsigned three = 3;

static uint64_t count_of(const counter_t *c)
{
    return counter_read(c);
}

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

static bool somebody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) > 0;
}

/* Whether the connection ends, with or without bytes before; a reset is an end. */
static bool is_hung_up(const struct visitor *v)
{
    uint8_t bytes[4096];
    ssize_t n = 1;
    while (n > 0) {
        n = recv(v->fd, bytes, sizeof bytes, 0);
    }
    return n == 0 || errno == ECONNRESET;
}

/* The first flight of a client. */
static size_t hello(uint8_t *out, size_t room)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *away = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, away);
    (void)SSL_connect(ssl);
    const int len = BIO_read(away, out, (int)room);
    assert_true(len > 100);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return (size_t)len;
}

/* A visitor from an address of this machine's own 127.0.0.0/8. */
static void visitor_from(struct visitor *v, const struct site *s, uint32_t host)
{
    *v = (struct visitor){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const struct timeval patience = {.tv_sec = SITE_PATIENCE_S};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000U | host)};
    assert_int_equal(setsockopt(v->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(bind(v->fd, (const struct sockaddr *)&at, sizeof at), 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(server_port(s->server));
    assert_int_equal(connect(v->fd, (const struct sockaddr *)&at, sizeof at), 0);
    buf_init(&v->in, (size_t)1 << 16);
    ws_reader_init(&v->ws, WS_CLIENT, WS_MESSAGE_LIMIT);
}

/* ---- handshakes ---- */

static void silence_and_half_a_handshake_end_at_the_deadline(void **state)
{
    struct site s;
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    (void)state;
    site_make(&s, 1, true);
    site_secure(&s);
    site_open(&s);
    const size_t pieces[] = {0, 1, 5, len / 2, len};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        struct visitor v;
        visitor_connect(&v, server_port(s.server));
        if (pieces[i] > 0) {
            visitor_send(&v, (span_t){first, pieces[i]});
        }
        site_wait(somebody_is_here, &s);
        site_pass(&s, LIMIT_HANDSHAKE_DEADLINE_MS - 100);
        if (pieces[i] > 0) { /* a byte now and then is no progress */
            visitor_send(&v, (span_t){first + len - 1, 1});
        }
        site_pass(&s, 200);
        assert_true(is_hung_up(&v));
        visitor_close(&v);
        site_wait(nobody_is_here, &s);
    }
    assert_in_range(count_of(&s.api.metrics.tls_late) + count_of(&s.api.metrics.tls_failed),
                    ARRAY_LEN(pieces), ARRAY_LEN(pieces));
    assert_true(count_of(&s.api.metrics.tls_late) >= 1);
    site_end(&s);
}

static void plain_http_is_told_where_it_is(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_connect(&v, server_port(s->server));
    visitor_write(&v, GET_METRICS);
    assert_int_equal(visitor_read(&v, false), 400);
    assert_true(visitor_heard(&v, "TLS only"));
    assert_true(is_hung_up(&v));
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

static void garbage_is_hung_up_on_and_the_server_lives(void **state)
{
    struct site *s = *state;
    for (int i = 0; i < 200; i++) {
        struct visitor v;
        uint8_t bytes[600];
        rng_fill(bytes, sizeof bytes);
        bytes[0] = i % 4 == 0 ? 0x16 : bytes[0] | 0x80;
        bytes[1] = 9; /* no version at all, so that nothing of it is waited for */
        bytes[2] = 9;
        visitor_connect(&v, server_port(s->server));
        visitor_send(&v, (span_t){bytes, sizeof bytes});
        assert_true(is_hung_up(&v));
        visitor_close(&v);
    }
    assert_int_equal(count_of(&s->api.metrics.tls_failed), 200);
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

static void an_address_may_have_so_many_handshakes_and_no_more(void **state)
{
    enum { MOST = LIMIT_HANDSHAKES_PER_ADDRESS };

    struct site *s = *state;
    struct visitor v[MOST], more;
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    const span_t half = {first, len / 2};
    for (size_t i = 0; i < MOST - 1; i++) {
        visitor_connect(&v[i], server_port(s->server));
        visitor_send(&v[i], half);
    }
    struct visitor good;
    visitor_open(&good, s); /* the last place is for those who come through */
    visitor_ask(&good, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&good, false), 200);
    visitor_connect(&v[MOST - 1], server_port(s->server));
    visitor_send(&v[MOST - 1], half);
    for (int i = 0; i < 1000 && count_of(&s->api.metrics.tls_crowded) == 0; i++) {
        visitor_connect(&more, server_port(s->server)); /* until all the halves have come */
        visitor_send(&more, half);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        visitor_close(&more);
    }
    assert_true(count_of(&s->api.metrics.tls_crowded) > 0);
    visitor_ask(&good, "GET", "/health/live", "", ""); /* who is through does not count */
    assert_int_equal(visitor_read(&good, false), 200);
    struct visitor other;
    visitor_from(&other, s, 77); /* nor does another address */
    visitor_send(&other, (span_t){first, len});
    uint8_t byte = 0;
    assert_int_equal(recv(other.fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 0x16);
    visitor_close(&other);
    for (size_t i = 0; i < MOST; i++) {
        visitor_close(&v[i]);
    }
    visitor_close(&good);
    site_wait(nobody_is_here, s);
    site_stop(s);
    assert_int_equal(s->server->shaking.count.as_uuid.count, 0);
}

static bool loop_is_full(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) >= LIMIT_HANDSHAKES_PER_LOOP;
}

/* One more drops the oldest: whoever only holds on does not keep others out. */
static void a_loop_has_so_many_handshakes_and_then_drops_the_oldest(void **state)
{
    enum { MOST = LIMIT_HANDSHAKES_PER_LOOP };

    struct site *s = *state;
    struct visitor *v = calloc(MOST + 1, sizeof *v);
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    const span_t half = {first, len / 2};
    assert_non_null(v);
    visitor_from(&v[0], s, 200);
    visitor_send(&v[0], half);
    site_wait(somebody_is_here, s);
    (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    for (size_t i = 1; i < MOST; i++) {
        visitor_from(&v[i], s, 2 + (uint32_t)(i / 50));
        visitor_send(&v[i], half);
    }
    site_wait(loop_is_full, s);
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    assert_int_equal(count_of(&s->api.metrics.tls_crowded), 0);
    uint8_t byte = 0;
    assert_int_equal(recv(v[0].fd, &byte, 1, MSG_DONTWAIT), -1);
    visitor_from(&v[MOST], s, 201);
    visitor_send(&v[MOST], (span_t){first, len});
    assert_int_equal(recv(v[MOST].fd, &byte, 1, 0), 1); /* it is served */
    assert_true(is_hung_up(&v[0]));
    assert_int_equal(count_of(&s->api.metrics.tls_crowded), 1);
    for (size_t i = 0; i <= MOST; i++) {
        visitor_close(&v[i]);
    }
    free(v);
    site_wait(nobody_is_here, s);
}

/* More than one round of a loop begins. */
static void many_handshakes_at_once_all_come_through(void **state)
{
    enum { MANY = LIMIT_HANDSHAKES_PER_ROUND * 3 };

    struct site *s = *state;
    struct visitor v[MANY];
    for (size_t i = 0; i < MANY; i++) {
        visitor_connect(&v[i], server_port(s->server));
        v[i].tls = SSL_new(s->visitors);
        assert_int_equal(SSL_set_fd(v[i].tls, v[i].fd), 1);
        const int flags = fcntl(v[i].fd, F_GETFL);
        assert_int_equal(fcntl(v[i].fd, F_SETFL, flags | O_NONBLOCK), 0);
        (void)SSL_connect(v[i].tls); /* its first flight is out */
        assert_int_equal(fcntl(v[i].fd, F_SETFL, flags), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(SSL_connect(v[i].tls), 1);
        visitor_ask(&v[i], "GET", "/health/live", "", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
        visitor_close(&v[i]);
    }
    assert_int_equal(count_of(&s->api.metrics.tls_full), MANY);
    assert_int_equal(count_of(&s->api.metrics.tls_crowded), 0);
    site_stop(s);
    for (unsigned i = 0; i < s->server->workers; i++) {
        assert_true(s->server->worker[i]->shakes.begun <= LIMIT_HANDSHAKES_PER_ROUND);
    }
}

static void a_stop_does_not_wait_for_handshakes(void **state)
{
    struct site *s = *state;
    struct visitor v[10];
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    const span_t half = {first, len / 2};
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_connect(&v[i], server_port(s->server));
        visitor_send(&v[i], half);
    }
    site_wait(somebody_is_here, s);
    site_stop(s);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
}

static void a_new_certificate_is_for_new_connections(void **state)
{
    struct site *s = *state;
    struct test_pair fresh;
    char why[TLS_WHY_BYTES];
    struct visitor before, after;
    visitor_open(&before, s);
    pair_ec(&fresh);
    assert_ok(tls_server_load(s->tls, &fresh.pair, 1, why));
    visitor_open(&after, s);
    X509 *old_cert = SSL_get1_peer_certificate(before.tls);
    X509 *new_cert = SSL_get1_peer_certificate(after.tls);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(old_cert), s->pair.key), 1);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(new_cert), fresh.key), 1);
    X509_free(old_cert);
    X509_free(new_cert);
    visitor_ask(&before, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&before, false), 200);
    visitor_close(&before);
    visitor_close(&after);
    pair_free(&fresh);
}

/* ---- records ---- */

static void a_peer_that_never_reads_holds_bounded_memory(void **state)
{
    struct site *s = *state;
    struct visitor v, other;
    visitor_open(&v, s);
    const int flags = fcntl(v.fd, F_GETFL);
    assert_int_equal(fcntl(v.fd, F_SETFL, flags | O_NONBLOCK), 0);
    static const char ask[] = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n";
    int stuck = 0;
    for (int i = 0; i < 1000000 && stuck < 200; i++) { /* until the server stops reading */
        size_t done = 0;
        if (SSL_write_ex(v.tls, ask, sizeof ask - 1, &done) != 1) {
            stuck += 1;
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    assert_int_equal(stuck, 200);
    visitor_open(&other, s);
    visitor_ask(&other, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&other, false), 200);
    visitor_close(&other);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

static void a_connection_that_is_cut_is_forgotten(void **state)
{
    struct site *s = *state;
    for (int i = 0; i < 20; i++) {
        struct visitor v;
        const struct linger now = {.l_onoff = 1};
        visitor_open(&v, s);
        visitor_ask(&v, "GET", "/health/ready", "", "");
        if (i % 2 == 0) {
            assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        }
        visitor_close(&v); /* without a word, in the middle */
    }
    site_wait(nobody_is_here, s);
}

/* ---- PROXY headers ---- */

static void proxied(struct site *s, const char *trusted, bool secure, bool timed)
{
    static struct cidr_list list; /* outlives the site */
    assert_ok(cidr_list_parse(span_of(trusted), &list));
    site_make(s, 1, timed);
    s->config.trusted = &list;
    s->config.proxy_protocol = true;
    s->config.connections_per_address = secure ? 1000 : 2;
    if (secure) {
        site_secure(s);
    }
    site_open(s);
}

/* The metrics page is for this machine, so it tells whose connection it is. */
static void the_header_says_whose_connection_it_is(void **state)
{
    const struct {
        span_t header;
        unsigned status; /* 0: hung up */
    } cases[] = {
        {FROM(10, 0, 0, 9), 401},
        {FROM(127, 0, 0, 1), 200},
        {SPAN_LIT(SIGN "\x20\x00\x00\x00"), 200}, /* the proxy itself, which is on this machine */
        {SPAN_LIT(SIGN "\x21\x00\x00\x00"), 401}, /* nobody knows who */
        {SPAN_LIT(SIGN "\x21\x12\x00\x00"), 0},
        {SPAN_LIT("PROXY TCP4 10.0.0.9 10.0.0.1 1 2\r\n"), 0},
        {SPAN_LIT(""), 0}, /* a request where a header should be */
    };

    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", false, false);
    uint64_t bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t step = 1; step <= 64; step += 63) {
            struct visitor v;
            visitor_connect(&v, server_port(s.server));
            for (size_t at = 0; at < cases[i].header.len && cases[i].status != 0; at += step) {
                const size_t n = size_min(step, cases[i].header.len - at);
                visitor_send(&v, (span_t){cases[i].header.ptr + at, n});
            }
            if (cases[i].status == 0) {
                bad += 1;
                struct buf all;
                buf_init(&all, 4096);
                assert_ok(buf_append(&all, cases[i].header));
                assert_ok(buf_append(&all, SPAN_LIT(GET_METRICS)));
                visitor_send(&v, buf_span(&all));
                buf_deinit(&all);
                assert_true(is_hung_up(&v));
            } else {
                visitor_write(&v, GET_METRICS);
                assert_int_equal(visitor_read(&v, false), cases[i].status);
            }
            visitor_close(&v);
            site_wait(nobody_is_here, &s);
        }
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_header), bad);
    site_end(&s);
}

static void a_header_and_its_handshake_may_come_together(void **state)
{
    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", true, false);
    for (int i = 0; i < 4; i++) {
        struct visitor v;
        visitor_connect(&v, server_port(s.server));
        visitor_send(&v, FROM(10, 0, 0, 9));
        v.tls = SSL_new(s.visitors);
        assert_int_equal(SSL_set_fd(v.tls, v.fd), 1);
        assert_int_equal(SSL_connect(v.tls), 1);
        visitor_write(&v, GET_METRICS);
        assert_int_equal(visitor_read(&v, false), 401);
        visitor_close(&v);
        site_wait(nobody_is_here, &s);
    }
    site_end(&s);
}

static void throttles_count_the_client_and_not_the_proxy(void **state)
{
    (void)state;
    struct site s;
    struct visitor v[8];
    proxied(&s, "127.0.0.0/8", false, false);
    for (uint8_t i = 0; i < 8; i++) {
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], i < 3 ? FROM(10, 0, 0, 9) : FROM(10, 0, 1, i));
        visitor_ask(&v[i], "GET", "/health/live", "X-Forwarded-For: 10.0.0.77\r\n", "");
        assert_int_equal(visitor_read(&v[i], false), i == 2 ? 429 : 200);
    }
    for (size_t i = 0; i < 8; i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_stop(&s);
    assert_int_equal(s.server->guests.count.as_uuid.count, 0);
    site_end(&s);
}

/* The networks of TRUSTED_PROXIES hold more machines than proxies. */
static void a_client_among_the_trusted_is_a_client_behind_a_header(void **state)
{
    static const char *const claims[] = {"X-Forwarded-For: 127.0.0.1\r\n",
                                         "Forwarded: for=127.0.0.1\r\n"};
    struct site s;
    struct visitor v[3];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        proxied(&s, "127.0.0.0/8, 10.0.0.0/8", false, false);
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            visitor_connect(&v[k], server_port(s.server));
            visitor_send(&v[k], FROM(10, 0, 0, 9));
            visitor_ask(&v[k], "GET", "/metrics", claims[i], ""); /* for this machine alone */
            assert_int_equal(visitor_read(&v[k], false), k < 2 ? 401 : 429);
        }
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            visitor_close(&v[k]);
        }
        site_wait(nobody_is_here, &s);
        site_end(&s);
    }
}

static void a_proxy_that_speaks_for_itself_is_no_guest_and_is_taken_by_its_own_address(void **state)
{
    struct site s;
    struct visitor v[4];
    (void)state;
    proxied(&s, "127.0.0.0/8", false, false);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) { /* two of an address, of others */
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], SPAN_LIT(SIGN "\x20\x00\x00\x00"));
        visitor_ask(&v[i], "GET", "/metrics", "X-Forwarded-For: 10.0.0.77\r\n", "");
        assert_int_equal(visitor_read(&v[i], false), 200);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_end(&s);
}

static bool one_was_too_many(struct site *s)
{
    return count_of(&s->api.metrics.tls_crowded) == 1;
}

static void a_client_among_the_trusted_shares_the_handshakes_of_its_address(void **state)
{
    enum { MOST = LIMIT_HANDSHAKES_PER_ADDRESS };

    struct site s;
    struct visitor v[MOST + 1];
    uint8_t first[2048];
    const size_t len = hello(first, sizeof first);
    (void)state;
    proxied(&s, "127.0.0.0/8, 10.0.0.0/8", true, false);
    for (size_t i = 0; i <= MOST; i++) {
        visitor_connect(&v[i], server_port(s.server));
        visitor_send(&v[i], FROM(10, 0, 0, 9));
        visitor_send(&v[i], (span_t){first, len / 2});
    }
    site_wait(one_was_too_many, &s);
    for (size_t i = 0; i <= MOST; i++) {
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    site_end(&s);
}

static void nobody_but_a_proxy_of_ours_may_send_a_header(void **state)
{
    (void)state;
    struct site s;
    struct visitor v;
    proxied(&s, "192.0.2.0/24", false, false);
    visitor_connect(&v, server_port(s.server));
    (void)send(v.fd, FROM(10, 0, 0, 9).ptr, 28, MSG_NOSIGNAL);
    assert_true(is_hung_up(&v));
    assert_int_equal(count_of(&s.api.metrics.proxy_stranger), 1);
    visitor_close(&v);
    site_end(&s);
}

static void a_header_that_does_not_come_in_time_is_not_waited_for(void **state)
{
    (void)state;
    struct site s;
    proxied(&s, "127.0.0.0/8", false, true);
    for (size_t len = 0; len < 28; len += 9) {
        struct visitor v;
        visitor_connect(&v, server_port(s.server));
        if (len > 0) {
            visitor_send(&v, (span_t){FROM(10, 0, 0, 9).ptr, len});
        }
        site_wait(somebody_is_here, &s);
        site_pass(&s, LIMIT_PROXY_DEADLINE_MS + 100);
        assert_true(is_hung_up(&v));
        visitor_close(&v);
        site_wait(nobody_is_here, &s);
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_late), 4);
    site_end(&s);
}

/* On a public address without TLS. */
static void where_only_proxies_may_speak_strangers_are_hung_up_on(void **state)
{
    static const struct {
        const char *peer;
        bool proxy_protocol, only_proxies, may;
    } cases[] = {
        {"10.1.2.3", false, true, true},     {"10.1.2.3", true, true, true},
        {"192.0.2.1", false, true, false},   {"192.0.2.1", false, false, true},
        {"192.0.2.1", true, false, false},   {"127.0.0.1", false, true, true},
        {"127.0.0.1", true, true, false},    {"::1", false, true, true},
        {"2001:db8::1", false, true, false},
    };

    (void)state;
    struct site s;
    struct cidr_list list;
    assert_ok(cidr_list_parse(SPAN_LIT("10.0.0.0/8"), &list));
    site_make(&s, 1, false);
    s.config.trusted = &list;
    site_open(&s);
    uint64_t refused = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer_address peer;
        assert_ok(address_parse(span_of(cases[i].peer), &peer));
        s.server->config.proxy_protocol = cases[i].proxy_protocol;
        s.server->config.only_proxies = cases[i].only_proxies;
        assert_int_equal(greet_allows(s.server, &peer), cases[i].may);
        refused += cases[i].may ? 0 : 1;
    }
    assert_int_equal(count_of(&s.api.metrics.proxy_stranger), refused);
    site_end(&s);
}

#define SECURE(name) SITE_TEST_SECURE(name, one), SITE_TEST_SECURE(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_and_half_a_handshake_end_at_the_deadline),
        SECURE(plain_http_is_told_where_it_is),
        SECURE(garbage_is_hung_up_on_and_the_server_lives),
        SECURE(an_address_may_have_so_many_handshakes_and_no_more),
        SITE_TEST_SECURE(a_loop_has_so_many_handshakes_and_then_drops_the_oldest, one),
        SECURE(many_handshakes_at_once_all_come_through),
        SECURE(a_stop_does_not_wait_for_handshakes),
        SECURE(a_new_certificate_is_for_new_connections),
        SECURE(a_peer_that_never_reads_holds_bounded_memory),
        SECURE(a_connection_that_is_cut_is_forgotten),
        cmocka_unit_test(the_header_says_whose_connection_it_is),
        cmocka_unit_test(a_header_and_its_handshake_may_come_together),
        cmocka_unit_test(throttles_count_the_client_and_not_the_proxy),
        cmocka_unit_test(a_client_among_the_trusted_is_a_client_behind_a_header),
        cmocka_unit_test(a_proxy_that_speaks_for_itself_is_no_guest_and_is_taken_by_its_own_address),
        cmocka_unit_test(a_client_among_the_trusted_shares_the_handshakes_of_its_address),
        cmocka_unit_test(nobody_but_a_proxy_of_ours_may_send_a_header),
        cmocka_unit_test(a_header_that_does_not_come_in_time_is_not_waited_for),
        cmocka_unit_test(where_only_proxies_may_speak_strangers_are_hung_up_on),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
