/*
 * restriction.h - the mark that a risk block leaves on an account until an MPIN succeeds.
 *
 * Floor      domain
 * Source     CONTRACT.md 3: after a risk block, and while the account is locked, a login stays
 *            allowed and its session starts with mpin_required.
 * Errors     as the store's; the caller's transaction then fails as a whole.
 * Threads    workers and the ledger's thread, in the transaction they hold.
 */
#ifndef DOMAIN_RESTRICTION_H
#define DOMAIN_RESTRICTION_H

#include "domain/service.h"

#include <stdbool.h>

/* A risk block leaves a mark on the account until an MPIN succeeds: its next session starts with
 * mpin_required. In the caller's write transaction. */
NODISCARD err_t account_mark_restricted(struct store_tx *tx, uuid_t account, bool restricted);
NODISCARD err_t account_is_restricted(struct service *svc, struct store_tx *tx, uuid_t account,
                                      const struct mpin_state *mpin, bool *out);

#endif
