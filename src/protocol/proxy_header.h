/*
 * proxy_header.h - reads the header that a proxy puts before a connection: PROXY protocol 2.
 *
 * Floor      protocol
 * Source     The PROXY protocol, versions 1 & 2, Willy Tarreau, HAProxy Technologies, 2020.
 * Units      sizes in bytes; address in network order, v4 as its v4-mapped form; port in host order.
 * Ownership  borrows the bytes.
 * Errors     PROXY_BAD with a reason.
 * Threads    no state.
 *
 * Version 2 only: the text form of version 1 has no length before its end and no checksum. Whoever
 * believes a header asks first whether its sender is a proxy of ours.
 */
#ifndef PROTOCOL_PROXY_HEADER_H
#define PROTOCOL_PROXY_HEADER_H

#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proxy_answer {
    PROXY_MORE, /* not all of it is here */
    PROXY_READY,
    PROXY_BAD
};

struct proxy_header {
    bool own;   /* LOCAL: the proxy speaks for itself (it looks whether we live) */
    bool known; /* source and port are set; false for LOCAL and for a client without an address */
    uint8_t source[16];
    uint16_t source_port;
    size_t used; /* bytes of the header; what follows is the connection's */
};

/* Read the header at the front of `bytes`. `*out` is set for PROXY_READY, `*reason` for PROXY_BAD.
 * With LIMIT_PROXY_HEADER_BYTES the answer is never PROXY_MORE. A checksum that is there is
 * checked; other extensions (TLV) must be well formed and are passed over. */
enum proxy_answer proxy_header_read(span_t bytes, struct proxy_header *out, const char **reason);

/* How many bytes the header has, as far as its front tells: whoever reads up to there takes none that
 * belong to the connection. At most LIMIT_PROXY_HEADER_BYTES. */
size_t proxy_header_wanted(span_t front);

#endif
