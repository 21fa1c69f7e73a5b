/*
 * tls_tickets.h - the keys that session tickets are sealed with.
 *
 * Floor      net
 * Source     RFC 5077 4 (ticket construction), RFC 8446 4.6.1; AES-256-CBC and HMAC-SHA-256 as
 *            OpenSSL's ticket callback wants them.
 * Units      mono_t.
 * Ownership  tickets_init/tickets_deinit; every key is wiped when it leaves.
 * Errors     ERR_IO without random bytes.
 * Threads    any; one mutex, held while a key is copied.
 *
 * The newest key makes tickets, all of them read them. Keys live in memory only: after a restart
 * clients make one full handshake.
 */
#ifndef NET_TLS_TICKETS_H
#define NET_TLS_TICKETS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

struct ticket_key {
    uint8_t name[TICKET_NAME_BYTES];
    uint8_t cipher[TICKET_KEY_BYTES];
    uint8_t mac[TICKET_KEY_BYTES];
};

struct tickets {
    pthread_mutex_t mutex;
    struct ticket_key key[LIMIT_TLS_TICKET_KEYS]; /* the newest first */
    size_t count;
    mono_t made; /* the newest */
};

/* Begin with one fresh key. */
NODISCARD err_t tickets_init(struct tickets *t, mono_t now);

/* Wipe every key. */
void tickets_deinit(struct tickets *t);

/* Make a new key, and forget the oldest, when the newest is LIMIT_TLS_TICKET_KEY_MS old: once for
 * each such time that has passed. Cheap when there is nothing to do. On failure the old ones stay. */
NODISCARD err_t tickets_tick(struct tickets *t, mono_t now);

/* Copy the newest key; the caller wipes it. */
void tickets_newest(struct tickets *t, struct ticket_key *out);

/* Copy the key of that name, and say whether it is the newest; false when there is none. */
bool tickets_find(struct tickets *t, const uint8_t name[TICKET_NAME_BYTES], struct ticket_key *out,
                  bool *newest);

#endif
