/*
 * forwarded.h - the client's address behind proxies of ours.
 *
 * Floor      server
 * Source     RFC 7239 (Forwarded); the older X-Forwarded-For; RFC 9110 5.2 (several lines are one
 *            list).
 * Ownership  borrows the request.
 * Errors     none: what cannot be read ends the walk, and the last address known is the answer.
 * Threads    no shared state.
 *
 * X-Forwarded-For is believed when there is one, else Forwarded. A proxy must write the header that
 * it uses and remove the other, or a client could write that one itself.
 */
#ifndef SERVER_FORWARDED_H
#define SERVER_FORWARDED_H

#include "net/address.h"
#include "protocol/http_request.h"

/* The nearest address, from the peer outwards, that is not in `trusted`. A peer that is not trusted
 * is the answer itself. */
struct peer_address forwarded_for(const struct cidr_list *trusted, struct peer_address peer,
                                  const struct http_request *req);

#endif
