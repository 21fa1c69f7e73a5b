/*
 * greet_test.h - what tests of greetings share: counts, who is here, the first flight of a client.
 *
 * Floor      server (tests only)
 * Threads    the test's own.
 */
#ifndef SERVER_GREET_TEST_H
#define SERVER_GREET_TEST_H

#include "server/visitor_test.h"

#include <errno.h>

#define GET_METRICS "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"

/* A PROXY header, version 2: this connection is that of a.b.c.d. */
#define FROM(a, b, c, d)                                                              \
    (span_t)                                                                          \
    {                                                                                 \
        (const uint8_t[]){0x0d, 0x0a, 0x0d, 0x0a, 0,    0x0d, 0x0a, 0x51, 0x55, 0x49, \
                          0x54, 0x0a, 0x21, 0x11, 0,    12,   a,    b,    c,    d,    \
                          10,   0,    0,    1,    0xcd, 0xef, 1,    0xbb},            \
            28                                                                        \
    }

static inline uint64_t count_of(const counter_t *c)
{
    return counter_read(c);
}

static inline bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

static inline bool somebody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) > 0;
}

/* Whether the connection ends, with or without bytes before; a reset is an end. */
static inline bool is_hung_up(const struct visitor *v)
{
    uint8_t bytes[4096];
    ssize_t n = 1;
    while (n > 0) {
        n = recv(v->fd, bytes, sizeof bytes, 0);
    }
    return n == 0 || errno == ECONNRESET;
}

/* The first flight of a client. */
static inline size_t hello(uint8_t *out, size_t room)
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

#endif
