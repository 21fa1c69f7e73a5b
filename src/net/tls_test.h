/*
 * tls_test.h - certificates made on the spot, and a TLS client without a socket.
 *
 * Floor      net (tests only)
 * Ownership  the macros of CLEANUP are not used: test_pair_free, talker_end.
 */
#ifndef NET_TLS_TEST_H
#define NET_TLS_TEST_H

#include "net/tls_conn.h"
#include "tests/support/unit.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string.h>

/* ---- certificates ---- */

struct test_pair {
    EVP_PKEY *key;
    BIO *cert_pem, *key_pem;
    struct tls_pair pair;
};

static inline span_t pem_of(BIO *bio)
{
    char *bytes = NULL;
    const long len = BIO_get_mem_data(bio, &bytes);
    return (span_t){(const uint8_t *)bytes, (size_t)len};
}

/* A certificate for localhost over `key`, signed by itself, from a day ago for `days`. */
static inline void pair_over(struct test_pair *p, EVP_PKEY *key, int days)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    *p = (struct test_pair){
        .key = key, .cert_pem = BIO_new(BIO_s_mem()), .key_pem = BIO_new(BIO_s_mem())};
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -86400));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * days));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"localhost", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(p->cert_pem, cert), 1);
    assert_int_equal(PEM_write_bio_PrivateKey(p->key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
    X509_free(cert);
    p->pair = (struct tls_pair){.cert_name = "CERT",
                                .key_name = "KEY",
                                .cert = pem_of(p->cert_pem),
                                .key = pem_of(p->key_pem)};
}

static inline void pair_ec(struct test_pair *p)
{
    pair_over(p, EVP_EC_gen("P-256"), 30);
}

static inline void pair_rsa(struct test_pair *p, unsigned bits)
{
    pair_over(p, EVP_RSA_gen(bits), 30);
}

static inline void pair_free(struct test_pair *p)
{
    EVP_PKEY_free(p->key);
    (void)BIO_free(p->cert_pem);
    (void)BIO_free(p->key_pem);
}

/* ---- a client and a connection of the server, joined by nothing but these functions ---- */

enum { TALK_ROOM = 262144 };

struct talker {
    SSL_CTX *ctx; /* its own; NULL: a borrowed one */
    SSL *ssl;
    BIO *from_us, *to_us; /* what the client reads and writes */
    struct tls_conn *conn;
    uint8_t plain[TALK_ROOM]; /* what the server read, all of it */
    size_t heard;
    enum tls_answer answer; /* the last */
};

/* One client for one server; its context is borrowed. */
static inline void talker_begin_with(struct talker *t, struct tls_server *s, SSL_CTX *ctx,
                                     int version)
{
    *t = (struct talker){.answer = TLS_GOING};
    t->ssl = SSL_new(ctx);
    assert_int_equal(SSL_set_min_proto_version(t->ssl, version), 1);
    assert_int_equal(SSL_set_max_proto_version(t->ssl, version), 1);
    t->from_us = BIO_new(BIO_s_mem());
    t->to_us = BIO_new(BIO_s_mem());
    SSL_set_bio(t->ssl, t->from_us, t->to_us);
    SSL_set_connect_state(t->ssl);
    assert_ok(tls_conn_new(s, &t->conn));
}

/* The same with a context of its own. */
static inline void talker_begin(struct talker *t, struct tls_server *s, int version)
{
    SSL_CTX *const ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    talker_begin_with(t, s, ctx, version);
    t->ctx = ctx;
}

static inline void talker_end(struct talker *t)
{
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN); /* or its session could not be resumed */
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    tls_conn_free(&t->conn);
}

/* Give the server these bytes, as they are. */
static inline void talker_feed(struct talker *t, span_t cipher)
{
    size_t got = 0;
    const size_t room = cipher.len + LIMIT_TLS_RECORD_BYTES;
    assert_true(room <= TALK_ROOM - t->heard);
    t->answer = tls_conn_feed(t->conn, cipher, t->plain + t->heard, room, &got);
    t->heard += got;
}

/* What the client has written, to the server: `step` bytes at a time, 0 for all at once. */
static inline void talker_to_server(struct talker *t, size_t step)
{
    span_t bytes = pem_of(t->to_us);
    while (bytes.len > 0 && t->answer == TLS_GOING) {
        const size_t n = step == 0 || step > bytes.len ? bytes.len : step;
        talker_feed(t, (span_t){bytes.ptr, n});
        bytes = (span_t){bytes.ptr + n, bytes.len - n};
    }
    (void)BIO_reset(t->to_us);
}

static inline void talker_to_client(struct talker *t)
{
    if (t->conn->unsent.len > 0) {
        assert_int_equal(BIO_write(t->from_us, t->conn->unsent.ptr, (int)t->conn->unsent.len),
                         (int)t->conn->unsent.len);
        buf_deinit(&t->conn->unsent);
    }
}

/* Talk until both sides are through with it; whether they are. */
static inline bool talker_shake(struct talker *t, size_t step)
{
    for (int i = 0; i < 10 && t->answer == TLS_GOING; i++) {
        (void)SSL_do_handshake(t->ssl);
        talker_to_server(t, step);
        talker_to_client(t);
    }
    return SSL_is_init_finished(t->ssl) == 1 && t->conn->open && t->answer == TLS_GOING;
}

/* What the client hears now, into `out`; the number of bytes. */
static inline size_t talker_hear(struct talker *t, uint8_t *out, size_t room)
{
    size_t all = 0;
    talker_to_client(t);
    for (size_t n = 0; all < room && SSL_read_ex(t->ssl, out + all, room - all, &n) == 1;) {
        all += n;
    }
    return all;
}

static inline void talker_say(struct talker *t, span_t plain, size_t step)
{
    size_t done = 0;
    assert_int_equal(SSL_write_ex(t->ssl, plain.ptr, plain.len, &done), 1);
    talker_to_server(t, step);
}

#endif
