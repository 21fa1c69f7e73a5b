/*
 * tls_inside.h - what tls.c, tls_client.c and tls_conn.c know of each other, and nobody else.
 *
 * Floor      net
 * Ownership  the server's structure is tls.c's; a context is counted by OpenSSL.
 * Threads    any; the mutex is around what a reload changes.
 */
#ifndef NET_TLS_INSIDE_H
#define NET_TLS_INSIDE_H

#include "net/tls.h"
#include "net/tls_tickets.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

struct tls_server {
    pthread_mutex_t mutex; /* around ctx, not_after and ends_first */
    SSL_CTX *ctx;          /* NULL before the first load */
    wall_t not_after;
    size_t ends_first; /* the number of that pair */
    bool only_1_3;
    struct tickets tickets;
    BIO_METHOD *wire; /* of tls_conn.c */
};

/* The context of now, with a reference that the caller gives back; NULL when there is none. */
SSL_CTX *tls_server_ctx(struct tls_server *s);

/* Versions, ciphers and groups, of servers and clients. */
bool tls_set_rules(SSL_CTX *ctx, bool only_1_3);

/* Where a connection's cipher bytes come from and go to. NULL without memory. */
BIO_METHOD *tls_wire_new(void);

struct tls_conn;

/* A connection over `ssl`, which is its own from now on, also on failure (NULL: ERR_NOMEM). It holds at most so
 * many bytes that are not sent. */
NODISCARD err_t tls_conn_over(SSL *ssl, BIO_METHOD *wire, size_t unsent_max, struct tls_conn **out);

/* Watch what handshake messages a connection is sent. */
void tls_watch_messages(SSL_CTX *ctx);

#endif
