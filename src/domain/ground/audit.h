/*
 * audit.h - security events, each chained to the one before it.
 *
 * Floor      domain/ground
 * Source     THREATS.md row 27: hash_i = HMAC(audit key, hash_{i-1} || fields of record i).
 * Ownership  audit_new/audit_free.
 * Errors     ERR_STORAGE when the store refuses; the caller's transaction then fails as a whole.
 * Threads    any; records are chained inside the caller's write transaction, which is serial.
 */
#ifndef DOMAIN_AUDIT_H
#define DOMAIN_AUDIT_H

#include "base/clock.h"
#include "base/uuid.h"
#include "crypto/keys.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct audit;

NODISCARD err_t audit_new(const struct keyring *keys, const struct clock *clock,
                          struct audit **out);
void audit_free(struct audit **a);

/* One thing that happened. `detail` is a JSON object of at most 1 KiB, without secrets. */
typedef struct audit_entry {
    const char *kind; /* stable name, such as "account.locked" */
    uuid_t account;   /* nil when none */
    uuid_t session;   /* nil when none */
    const char *detail;
} audit_entry_t;

/* Chain and insert one entry in the caller's write transaction. */
NODISCARD err_t audit_append(struct audit *a, struct store_tx *tx, const audit_entry_t *entry);

/* Chain and insert one entry in a transaction of its own. */
NODISCARD err_t audit_record(struct audit *a, struct store *store, const audit_entry_t *entry);

/* Whether the newest link was made with our key, as far as it alone can tell; true without one. */
NODISCARD err_t audit_head_fits(const struct audit *a, struct store_tx *tx, bool *out);

enum audit_verdict { AUDIT_INTACT, AUDIT_BROKEN };

/* Walk the whole chain. `*records` counts good ones; on AUDIT_BROKEN `*at` is the first bad
 * sequence number. A truncated tail shows against `head` (32 bytes, may be NULL). */
NODISCARD err_t audit_verify(const struct audit *a, struct store *store, const uint8_t *head,
                             enum audit_verdict *out, uint64_t *records, uint64_t *at);

#endif
