/*
 * address.h - IP addresses: reading, printing, matching networks, keys for throttles.
 *
 * Floor      net
 * Source     RFC 4291 (v6, v4-mapped), RFC 5952 (text form), RFC 4632 (CIDR).
 * Units      bytes in network order; port in host order.
 * Ownership  values.
 * Errors     ERR_FORMAT for text that is no address or network, ERR_LIMIT for too long a list.
 * Threads    any; no state.
 *
 * An IPv4 address is kept as its v4-mapped form ::ffff:a.b.c.d, whichever way it arrived. The
 * peer of a unix socket has ::1.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;

struct peer_address {
    uint8_t bytes[16];
    uint16_t port; /* 0 when not known */
};

enum { ADDRESS_TEXT_BYTES = 46 }; /* INET6_ADDRSTRLEN */

/* Read one address, v4 or v6, without port, brackets or zone. The port of `*out` is 0. */
NODISCARD err_t address_parse(span_t text, struct peer_address *out);

/* Take the address out of what the kernel filled in; a unix or unknown family gives ::1, port 0. */
struct peer_address address_from_socket(const struct sockaddr_storage *from);

/* Print without port, with a NUL: "192.0.2.1", "2001:db8::1". */
void address_print(const struct peer_address *a, char out[ADDRESS_TEXT_BYTES]);

/* Whether the address is v4 (or v4-mapped). */
bool address_is_v4(const struct peer_address *a);

/* Whether the address is ::1 or in 127.0.0.0/8. */
bool address_is_loopback(const struct peer_address *a);

/* A key for one subscriber: the /32 of a v4 address, the /64 of a v6. */
uint64_t address_narrow_key(const struct peer_address *a);

/* A key for the neighbourhood: the /24 of a v4 address, the /48 of a v6. Never equals a narrow
 * key of an address that is in use on the internet, so both may live in one table. */
uint64_t address_wide_key(const struct peer_address *a);

typedef struct cidr {
    uint8_t bytes[16];
    uint8_t bits; /* 0..128; a v4 network counts from 96 */
} cidr_t;

struct cidr_list {
    cidr_t net[LIMIT_CIDRS];
    size_t count;
};

/* Read "10.0.0.0/8, 2001:db8::/32, ::1": networks or addresses with commas and blanks between;
 * empty text gives an empty list. Bits set behind the prefix are refused as a slip of the hand.
 * On failure `*out` is untouched. */
NODISCARD err_t cidr_list_parse(span_t text, struct cidr_list *out);

/* Whether any network holds the address; v6 networks never hold v4 addresses. */
bool cidr_list_has(const struct cidr_list *list, const struct peer_address *a);

#endif
