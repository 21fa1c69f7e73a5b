/*
 * tls.h - what all TLS connections of a server share: certificates, rules, ticket keys.
 *
 * Floor      net
 * Source     RFC 8446 (1.3), RFC 5246 (1.2), RFC 9325 (recommendations for the use of TLS),
 *            RFC 7301 (ALPN); OpenSSL 3.
 * Units      wall_t for the end of a certificate.
 * Ownership  tls_server_new/tls_server_free; connections outlive no server.
 * Errors     tls_server_load(): ERR_FORMAT with one line in `why`, ERR_NOMEM; what was served
 *            before goes on being served.
 * Threads    tls_server_load and _tick may be called beside connections of any thread.
 *
 * TLS 1.2 and 1.3; ECDHE with AES-GCM or ChaCha20-Poly1305; no renegotiation, no compression, no
 * early data, no session cache: a client resumes with a ticket. It reads no file: the caller brings
 * the bytes.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

enum { TLS_WHY_BYTES = 256 };

struct tls_server;

/* A certificate, its chain behind it, and its key, both PEM. The names are for messages. */
struct tls_pair {
    const char *cert_name, *key_name;
    span_t cert, key;
};

/* A server that has no certificate yet. `only_1_3` refuses TLS 1.2. */
NODISCARD err_t tls_server_new(bool only_1_3, mono_t now, struct tls_server **out);

void tls_server_free(struct tls_server **s);

/* Serve these from the next connection on; connections that are there go on as they are. At most
 * LIMIT_TLS_PAIRS, no two of one kind (elliptic curve, RSA). */
NODISCARD err_t tls_server_load(struct tls_server *s, const struct tls_pair *pair, size_t pairs,
                                char why[TLS_WHY_BYTES]);

/* When the first of the certificates served ends; 0 before the first load. */
wall_t tls_server_not_after(struct tls_server *s);

/* The pair whose certificate that is, from 0, as they were loaded. */
size_t tls_server_ends_first(struct tls_server *s);

/* Let ticket keys grow old: call it about once a second. */
NODISCARD err_t tls_server_tick(struct tls_server *s, mono_t now);

#endif
