/*
 * allowance.h - how much a session may send: EVENTS_PER_SECOND and EVENT_BYTES_PER_SECOND.
 *
 * Floor      domain/sessions
 * Source     ITU-T I.371 (1996), annex A: the generic cell rate algorithm. A bucket is one moment, that at
 *            which it is full again, and needs neither a fill nor a rounding.
 * Units      events; bytes of messages as they were sent.
 * Ownership  the two moments lie in `struct live`. Rest keeps them; a restart begins them anew, as for a
 *            new session.
 * Errors     none.
 * Threads    the owner loop of the session.
 *
 * The bucket of events holds one second, and at least one whole message. That of bytes holds
 * LIMIT_EVENT_BYTES_BURST_S seconds, for a client that comes back with what it kept meanwhile, and at least
 * one whole message; a new session begins with LIMIT_EVENT_BYTES_FIRST at most, so that logging in again wins little.
 */
#ifndef DOMAIN_ALLOWANCE_H
#define DOMAIN_ALLOWANCE_H

#include "domain/sessions/live.h"

/* True, and charged, when `bytes` more are within the rate; false, and nothing is charged, when they are beyond
 * it. Asked before a message is read: to find out that it is wrong is work, too. EVENTS_PER_SECOND=0 and
 * EVENT_BYTES_PER_SECOND=0 switch it off. */
bool live_allows_bytes(struct shard *s, struct live *live, size_t bytes, mono_t now);

/* The same for `count` events of a message that was read: EVENTS_PER_SECOND=0 switches it off. The bytes of one that
 * is refused here stay charged. */
bool live_allows_events(struct shard *s, struct live *live, size_t count, mono_t now);

#endif
