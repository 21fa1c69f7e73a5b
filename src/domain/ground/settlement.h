/*
 * settlement.h - what follows MPIN comparisons and the store has not taken yet.
 *
 * Floor      domain/ground
 * Ownership  settlements_new/settlements_free; what waits is copied in and out.
 * Errors     ERR_LIMIT when as many wait, or may come to wait, as there are places.
 * Threads    any; settlements_first() and settlements_drop() one thread only.
 *
 * A try is spent in one transaction and settled in a second, after the comparison. Between the two
 * the store may go away, and the account may be locked by then: its sessions, its audit entry or
 * the try of a right MPIN must not be forgotten. A place is taken before the try is spent, so that
 * there is one whatever happens. A crash leaves the rest to the start (recovery_is_locked_out()).
 */
#ifndef DOMAIN_SETTLEMENT_H
#define DOMAIN_SETTLEMENT_H

#include "base/err.h"
#include "base/uuid.h"
#include "store/store_row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTLEMENTS_MAX = 1024, SETTLEMENT_SESSIONS_MAX = 64 };

typedef struct settlement {
    uuid_t account, session; /* whose MPIN, and who gave it */
    struct mpin_state spent; /* as the try left it */
    uint64_t posted;         /* how far the ledger had come when its comparison began */
    bool right, locked;
    uint32_t sessions; /* live ones of the account when the try was spent */
    uuid_t of[SETTLEMENT_SESSIONS_MAX];
} settlement_t;

struct settlements;

NODISCARD err_t settlements_new(struct settlements **out);
void settlements_free(struct settlements **s);

/* Take a place for one comparison. */
NODISCARD err_t settlements_reserve(struct settlements *s);

/* Give the place back: there is nothing left to settle. */
void settlements_release(struct settlements *s);

/* Let it wait, in the place that was taken. */
void settlements_keep(struct settlements *s, const settlement_t *item);

/* Copy the one that has waited longest, which stays; false when none waits. */
bool settlements_first(struct settlements *s, settlement_t *out);

/* It is settled. */
void settlements_drop(struct settlements *s);

#endif
