/*
 * tls_client.h - what all TLS connections of a client share: whom it takes for the server.
 *
 * Floor      net
 * Source     RFC 8446 (1.3), RFC 5246 (1.2), RFC 9525 (names in certificates); OpenSSL 3.
 * Units      bytes.
 * Ownership  tls_client_new/tls_client_free; connections outlive no client.
 * Errors     tls_client_new(): ERR_FORMAT with one line in `why`, ERR_NOMEM.
 * Threads    one at a time.
 *
 * Versions, ciphers and groups are those that our servers speak (tls.h). No session is resumed: each
 * connection is a whole handshake.
 */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "net/tls_conn.h"

struct tls_client;

/* Who is the server. */
struct tls_trust {
    const char *name;    /* in its certificate: a host, or an address in numbers */
    const char *ca_name; /* of `ca`, for messages; NULL: those of this system are trusted */
    span_t ca;           /* certificates in PEM */
    bool anybody;        /* whatever certificate it shows */
};

NODISCARD err_t tls_client_new(const struct tls_trust *trust, struct tls_client **out,
                               char why[TLS_WHY_BYTES]);

/* NULL is fine; it is NULL afterwards. */
void tls_client_free(struct tls_client **c);

/* The client's side of a connection, with its first words in `unsent`, of which it never holds more than so
 * many bytes. tls_conn_feed() then says TLS_BROKEN when the server is not who it should be. */
NODISCARD err_t tls_client_connect(struct tls_client *c, size_t unsent_max, struct tls_conn **out);

/* Behind TLS_BROKEN: why the certificate was not believed, else tls_conn_reason(). */
const char *tls_client_reason(const struct tls_conn *t);

#endif
