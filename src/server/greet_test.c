/* What comes before the first request: handshakes. */
#include "server/greet_test.h"

#include "base/limits.h"
#include "tests/support/scarce_memory.h"

#include <fcntl.h>

static unsigned one = 1;
static unsigned three = 3;

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

#define SECURE(name) SITE_TEST_SECURE(name, one), SITE_TEST_SECURE(name, three)

/* Who is one too many is told so; without memory for the words the connection ends without any. */
static void one_too_many_goes_even_without_memory_to_say_so(void **state)
{
    (void)state;
    struct site s;
    int peer[3];
    char byte = 0;
    if (!scarce_memory_drains()) {
        skip();
    }
    site_make(&s, 1, false);
    s.config.connections_per_address = 1;
    site_build(&s);
    const struct worker *const w = s.server->worker[0];
    assert_true(greet_begin(site_bring(&s, &peer[0])));
    assert_false(greet_begin(site_bring(&s, &peer[1])));
    assert_int_equal(w->conns.count, 2);

    struct conn *const more = site_bring(&s, &peer[2]);
    struct scarce_block *taken = NULL;
    scarce_memory_drain(sizeof(struct call), &taken);
    const bool goes_on = greet_begin(more);
    scarce_memory_give_back(&taken);
    assert_false(goes_on);
    assert_int_equal(w->conns.count, 2);
    assert_int_equal(recv(peer[2], &byte, 1, 0), 0); /* hung up, without a word */
    for (size_t i = 0; i < ARRAY_LEN(peer); i++) {
        assert_int_equal(close(peer[i]), 0);
    }
    site_end(&s);
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_and_half_a_handshake_end_at_the_deadline),
        cmocka_unit_test(one_too_many_goes_even_without_memory_to_say_so),
        SECURE(plain_http_is_told_where_it_is),
        SECURE(garbage_is_hung_up_on_and_the_server_lives),
        SECURE(an_address_may_have_so_many_handshakes_and_no_more),
        SITE_TEST_SECURE(a_loop_has_so_many_handshakes_and_then_drops_the_oldest, one),
        SECURE(many_handshakes_at_once_all_come_through),
        SECURE(a_stop_does_not_wait_for_handshakes),
        SECURE(a_new_certificate_is_for_new_connections),
        SECURE(a_peer_that_never_reads_holds_bounded_memory),
        SECURE(a_connection_that_is_cut_is_forgotten),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
