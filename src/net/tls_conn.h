/*
 * tls_conn.h - one side of a TLS connection without a socket: cipher bytes in, plain bytes out, and back.
 *
 * Floor      net
 * Source     RFC 8446, RFC 5246; OpenSSL 3 in release-buffers mode.
 * Units      bytes.
 * Ownership  tls_conn_new, tls_client_connect (tls_client.h) / tls_conn_free; `unsent` belongs to the connection, and the holder takes
 *            from its front what the socket took.
 * Errors     tls_conn_write, _close: ERR_IO when the connection is broken, ERR_LIMIT with too much
 *            unsent; it is then of no further use.
 * Threads    one at a time; it may move to another thread between calls.
 *
 * An idle one holds no record buffer: what it was fed is consumed in the same call, but for the
 * front of a record that is not complete. A server's wipes what it has opened (SSL_OP_CLEANSE_PLAINTEXT:
 * the whole buffer of a record, 16 KiB, when it is given back).
 */
#ifndef NET_TLS_CONN_H
#define NET_TLS_CONN_H

#include "base/buf.h"
#include "net/tls.h"

struct ssl_st;

struct tls_conn {
    struct ssl_st *ssl;
    struct buf unsent; /* cipher bytes for the socket */
    span_t feed;       /* while it is fed */
    uint32_t hello_bytes;
    uint32_t key_updates;
    bool open;    /* the handshake is complete */
    bool ended;   /* the peer has said that it will send nothing more */
    bool closing; /* we have */
    bool broken;
};

enum tls_answer {
    TLS_GOING,
    TLS_ENDED, /* close_notify: it will send nothing more, and may still listen */
    TLS_BROKEN /* `unsent` may hold a last alert */
};

/* The server's side of a connection, before the first byte. */
NODISCARD err_t tls_conn_new(struct tls_server *s, struct tls_conn **out);

void tls_conn_free(struct tls_conn **t);

/* Take all of `cipher`. What it says is put into `plain`, `*got` bytes; `room` must be at least
 * cipher.len + LIMIT_TLS_RECORD_BYTES. Bytes that came before the connection broke are in `plain`
 * all the same. */
NODISCARD enum tls_answer tls_conn_feed(struct tls_conn *t, span_t cipher, uint8_t *plain,
                                        size_t room, size_t *got);

/* Seal `plain` behind `unsent`. Only when it is open and not closing. */
NODISCARD err_t tls_conn_write(struct tls_conn *t, span_t plain);

/* Say that nothing more will be sent. */
NODISCARD err_t tls_conn_close(struct tls_conn *t);

/* What it says from here on is no secret: OpenSSL need not wipe each of its records. */
void tls_conn_hear_openly(struct tls_conn *t);

/* Whether the handshake took up an earlier session. */
bool tls_conn_is_resumed(const struct tls_conn *t);

/* Why it broke, in OpenSSL's words, for a log at debug level; "" when not known. Of the last
 * failure in this thread. */
const char *tls_conn_reason(void);

#endif
