/*
 * forwarded.h - the client's address behind proxies of ours.
 *
 * Floor      server
 * Source     RFC 7239 (Forwarded); the older X-Forwarded-For; RFC 9110 5.2 (several lines are one
 *            list), 5.6.4 (quoted strings).
 * Ownership  borrows the request.
 * Errors     none: what cannot be read gives the unspecified address.
 * Threads    no shared state.
 *
 * X-Forwarded-For is believed when there is one, else Forwarded. A proxy must write the header that
 * it uses and remove the other, or a client could write that one itself.
 *
 * Whose address cannot be read ("unknown", "_hidden", an element with two `for` or none, a quoted
 * string that does not end, an empty item) is nobody in particular: the unspecified address, as for a
 * PROXY header without one. Never the proxy's own, and never what stands further from us, which the
 * client may have written.
 */
#ifndef SERVER_FORWARDED_H
#define SERVER_FORWARDED_H

#include "net/address.h"
#include "protocol/http_request.h"

/* The nearest address, from the peer outwards, that is not in `trusted`; when all are, the outermost.
 * A peer that is not trusted, or that wrote no header, is the answer itself. */
struct peer_address forwarded_for(const struct cidr_list *trusted, struct peer_address peer,
                                  const struct http_request *req);

#endif
