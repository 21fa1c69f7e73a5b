#include "net/tls_client.h"

#include "net/address.h"
#include "net/tls_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_client {
    SSL_CTX *ctx;
    BIO_METHOD *wire;
    char name[256]; /* asked for (RFC 6066 3); empty: an address, which is not */
};

static err_t refuse(char why[TLS_WHY_BYTES], const char *name, const char *what)
{
    (void)snprintf(why, TLS_WHY_BYTES, "%s: %s", name, what);
    ERR_clear_error();
    return err_new(ERR_FORMAT);
}

/* ---- whom it trusts ---- */

static err_t trust_certificates(SSL_CTX *ctx, const struct tls_trust *trust,
                                char why[TLS_WHY_BYTES])
{
    if (trust->ca.len > LIMIT_TLS_PEM_BYTES) {
        return refuse(why, trust->ca_name, "holds more certificates than are taken (64 KiB)");
    }
    BIO *const pem = BIO_new_mem_buf(trust->ca.ptr, (int)trust->ca.len);
    X509_STORE *const store = SSL_CTX_get_cert_store(ctx);
    size_t taken = 0;
    for (X509 *cert = NULL;
         pem != NULL && (cert = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL;) {
        taken += X509_STORE_add_cert(store, cert) == 1;
        X509_free(cert);
    }
    (void)BIO_free(pem);
    ERR_clear_error(); /* of the end of the text */
    return taken > 0 ? ERR_OK : refuse(why, trust->ca_name, "holds no certificate in PEM");
}

static bool is_numbers(const char *name)
{
    struct peer_address address;
    return !failed(address_parse((span_t){(const uint8_t *)name, strlen(name)}, &address));
}

static err_t trust_name(struct tls_client *c, const char *name, char why[TLS_WHY_BYTES])
{
    X509_VERIFY_PARAM *const param = SSL_CTX_get0_param(c->ctx);
    const size_t len = strlen(name);
    if (len == 0 || len >= sizeof c->name) {
        return refuse(why, name, "is no name of a server");
    }
    if (is_numbers(name)) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 ? ERR_OK : err_new(ERR_NOMEM);
    }
    memcpy(c->name, name, len + 1);
    return X509_VERIFY_PARAM_set1_host(param, name, len) == 1
               ? ERR_OK
               : refuse(why, name, "is no name of a server");
}

static err_t set_trust(struct tls_client *c, const struct tls_trust *trust, char why[TLS_WHY_BYTES])
{
    TRY(trust_name(c, trust->name, why));
    SSL_CTX_set_verify(c->ctx, trust->anybody ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (trust->anybody) {
        return ERR_OK;
    }
    if (trust->ca_name != NULL) {
        return trust_certificates(c->ctx, trust, why);
    }
    return SSL_CTX_set_default_verify_paths(c->ctx) == 1 ? ERR_OK : err_new(ERR_NOMEM);
}

/* ---- life ---- */

err_t tls_client_new(const struct tls_trust *trust, struct tls_client **out,
                     char why[TLS_WHY_BYTES])
{
    static const unsigned char protocol[] = "\x08http/1.1";
    struct tls_client *c = calloc(1, sizeof *c);
    (void)snprintf(why, TLS_WHY_BYTES, "TLS: OpenSSL could not be set up");
    if (c == NULL) {
        return err_new(ERR_NOMEM);
    }
    c->ctx = SSL_CTX_new(TLS_client_method());
    c->wire = tls_wire_new();
    err_t e = err_new(ERR_NOMEM);
    if (c->ctx != NULL && c->wire != NULL && tls_set_rules(c->ctx, false) &&
        SSL_CTX_set_alpn_protos(c->ctx, protocol, sizeof protocol - 1) == 0) {
        tls_watch_messages(c->ctx);
        e = set_trust(c, trust, why);
    }
    if (failed(e)) {
        tls_client_free(&c);
        ERR_clear_error();
        return e;
    }
    *out = c;
    return ERR_OK;
}

void tls_client_free(struct tls_client **c)
{
    if (*c == NULL) {
        return;
    }
    SSL_CTX_free((*c)->ctx);
    BIO_meth_free((*c)->wire);
    free(*c);
    *c = NULL;
}

err_t tls_client_connect(struct tls_client *c, size_t unsent_max, struct tls_conn **out)
{
    struct tls_conn *t = NULL;
    TRY(tls_conn_over(SSL_new(c->ctx), c->wire, unsent_max, &t));
    SSL_set_connect_state(t->ssl);
    ERR_clear_error();
    const bool named = c->name[0] == '\0' || SSL_set_tlsext_host_name(t->ssl, c->name) == 1;
    if (!named || SSL_get_error(t->ssl, SSL_do_handshake(t->ssl)) != SSL_ERROR_WANT_READ) {
        tls_conn_free(&t);
        ERR_clear_error();
        return err_new(ERR_NOMEM);
    }
    *out = t;
    return ERR_OK;
}

const char *tls_client_reason(const struct tls_conn *t)
{
    const long fault = SSL_get_verify_result(t->ssl);
    const bool asked = SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE;
    return asked && fault != X509_V_OK ? X509_verify_cert_error_string(fault) : tls_conn_reason();
}
