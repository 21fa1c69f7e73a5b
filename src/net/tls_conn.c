#include "net/tls_conn.h"

#include "base/util.h"
#include "net/tls_inside.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

/* ---- the wire: a BIO over what the connection is fed, and over its buf ---- */

/* False for a peer that talks too long before its handshake is complete. */
static bool may_read(struct tls_conn *t, size_t n)
{
    if (t->open) {
        return true;
    }
    if (n > LIMIT_TLS_HELLO_BYTES - t->hello_bytes) {
        return false;
    }
    t->hello_bytes += (uint32_t)n;
    return true;
}

static int wire_read(BIO *bio, char *out, size_t room, size_t *got)
{
    struct tls_conn *t = BIO_get_data(bio);
    const size_t n = size_min(room, t->feed.len);
    BIO_clear_retry_flags(bio);
    if (n == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    if (!may_read(t, n)) {
        return 0;
    }
    memcpy(out, t->feed.ptr, n);
    t->feed = (span_t){t->feed.ptr + n, t->feed.len - n};
    *got = n;
    return 1;
}

static int wire_write(BIO *bio, const char *bytes, size_t len, size_t *done)
{
    struct tls_conn *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (failed(buf_append(&t->unsent, (span_t){(const uint8_t *)bytes, len}))) {
        return 0;
    }
    *done = len;
    return 1;
}

static long wire_ctrl(BIO *bio, int what, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_wire_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "canara wire");
    if (m == NULL || BIO_meth_set_read_ex(m, wire_read) != 1 ||
        BIO_meth_set_write_ex(m, wire_write) != 1 || BIO_meth_set_ctrl(m, wire_ctrl) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}

/* ---- key updates ---- */

/* Each costs several HMACs, and an answer when the peer wants one. The shape is OpenSSL's. */
/* NOLINTNEXTLINE(readability-function-size) */
static void on_message(int ours, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *arg)
{
    (void)version;
    (void)arg;
    if (ours == 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
        *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE) {
        struct tls_conn *t = SSL_get_app_data(ssl);
        t->key_updates += 1;
        if (t->key_updates > LIMIT_TLS_KEY_UPDATES) {
            t->feed.len = 0; /* nothing more is read, and tls_conn_feed() says broken */
        }
    }
}

void tls_watch_messages(SSL_CTX *ctx)
{
    SSL_CTX_set_msg_callback(ctx, on_message);
}

/* ---- life ---- */

static SSL *make_ssl(struct tls_server *s)
{
    SSL_CTX *const ctx = tls_server_ctx(s);
    SSL *const ssl = ctx == NULL ? NULL : SSL_new(ctx);
    SSL_CTX_free(ctx);
    return ssl;
}

err_t tls_conn_over(SSL *ssl, BIO_METHOD *method, size_t unsent_max, struct tls_conn **out)
{
    struct tls_conn *t = calloc(1, sizeof *t);
    if (t == NULL) {
        SSL_free(ssl);
        return err_new(ERR_NOMEM);
    }
    buf_init(&t->unsent, unsent_max);
    t->ssl = ssl;
    BIO *const wire = ssl == NULL ? NULL : BIO_new(method);
    if (wire == NULL) {
        tls_conn_free(&t);
        ERR_clear_error();
        return err_new(ERR_NOMEM);
    }
    BIO_set_data(wire, t);
    BIO_set_init(wire, 1);
    SSL_set_bio(ssl, wire, wire); /* takes it */
    (void)SSL_set_app_data(ssl, t);
    *out = t;
    return ERR_OK;
}

err_t tls_conn_new(struct tls_server *s, struct tls_conn **out)
{
    TRY(tls_conn_over(make_ssl(s), s->wire, LIMIT_TLS_UNSENT_BYTES, out));
    SSL_set_accept_state((*out)->ssl);
    return ERR_OK;
}

void tls_conn_free(struct tls_conn **t)
{
    if (*t == NULL) {
        return;
    }
    SSL_free((*t)->ssl);
    buf_deinit(&(*t)->unsent);
    free(*t);
    *t = NULL;
}

/* ---- talking ---- */

/* One call did not bring bytes: why. */
static enum tls_answer answer_of(struct tls_conn *t)
{
    switch (SSL_get_error(t->ssl, 0)) {
    case SSL_ERROR_WANT_READ: return TLS_GOING;
    case SSL_ERROR_ZERO_RETURN: t->ended = true; return TLS_ENDED;
    default: return TLS_BROKEN;
    }
}

static enum tls_answer read_all(struct tls_conn *t, uint8_t *plain, size_t room, size_t *got)
{
    for (;;) {
        size_t n = 0;
        if (*got == room) {
            return TLS_BROKEN; /* no record says more than it holds */
        }
        const int took = SSL_read_ex(t->ssl, plain + *got, room - *got, &n);
        t->open = t->open || SSL_is_init_finished(t->ssl) == 1;
        if (took != 1) {
            return answer_of(t);
        }
        *got += n;
    }
}

enum tls_answer tls_conn_feed(struct tls_conn *t, span_t cipher, uint8_t *plain, size_t room,
                              size_t *got)
{
    size_t had = 0;
    ERR_clear_error();
    t->feed = cipher;
    const enum tls_answer answer = read_all(t, plain, room, &had);
    t->feed = (span_t){NULL, 0};
    *got = had;
    t->broken = answer == TLS_BROKEN || t->key_updates > LIMIT_TLS_KEY_UPDATES;
    return t->broken ? TLS_BROKEN : answer;
}

err_t tls_conn_write(struct tls_conn *t, span_t plain)
{
    size_t done = 0;
    MUST(t->open && !t->closing);
    if (t->broken) {
        return err_new(ERR_IO);
    }
    ERR_clear_error();
    return SSL_write_ex(t->ssl, plain.ptr, plain.len, &done) == 1 && done == plain.len
               ? ERR_OK
               : err_new(ERR_IO);
}

err_t tls_conn_close(struct tls_conn *t)
{
    if (!t->open || t->closing || t->broken) {
        return ERR_OK;
    }
    t->closing = true;
    ERR_clear_error();
    return SSL_shutdown(t->ssl) >= 0 ? ERR_OK : err_new(ERR_IO);
}

void tls_conn_hear_openly(struct tls_conn *t)
{
    (void)SSL_clear_options(t->ssl, SSL_OP_CLEANSE_PLAINTEXT);
}

bool tls_conn_is_resumed(const struct tls_conn *t)
{
    return SSL_session_reused(t->ssl) == 1;
}

const char *tls_conn_reason(void)
{
    const char *const text = ERR_reason_error_string(ERR_peek_last_error());
    return text == NULL ? "" : text;
}
