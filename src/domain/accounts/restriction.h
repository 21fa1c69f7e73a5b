/*
 * restriction.h - the mark that a block or a challenge leaves on an account until an MPIN succeeds.
 *
 * Floor      domain/accounts
 * Source     CONTRACT.md 3: after a risk block, and while the account is locked, a login stays
 *            allowed and its session starts with mpin_required. docs/decisions/0081: after a
 *            challenge that nobody has answered, too; 0084: and now and then by lot.
 * Errors     as the store's; the caller's transaction then fails as a whole.
 * Threads    workers and the ledger's thread, in the write transaction they hold.
 */
#ifndef DOMAIN_RESTRICTION_H
#define DOMAIN_RESTRICTION_H

#include "domain/ground/service.h"

#include <stdbool.h>
#include <stdint.h>

/* What the account owes an MPIN for. The numbers are stored. */
enum account_mark { MARK_NONE, MARK_BLOCKED, MARK_CHALLENGED };

/* A block that is in force as of now. */
NODISCARD err_t account_mark_blocked(struct store_tx *tx, uuid_t account);

/* A block that the ledger took at `place`. One that a lift has overtaken since, while it waited there, leaves
 * no mark. */
NODISCARD err_t account_mark_blocked_at(struct service *svc, struct store_tx *tx, uuid_t account,
                                        uint64_t place);

/* A challenge that the ledger took at `place`. It takes nothing from a block, and one that a lift has
 * overtaken leaves no mark, as above: `*stands` is false then. */
NODISCARD err_t account_mark_challenged(struct service *svc, struct store_tx *tx, uuid_t account,
                                        uint64_t place, bool *stands);

/* An MPIN has succeeded whose comparison began when the ledger had come to `place`: what it took up to there is
 * answered. What it took since stands, written or not. */
NODISCARD err_t account_mark_lift(struct service *svc, struct store_tx *tx, uuid_t account,
                                  uint64_t place);

/* An operator has set a new MPIN: whatever the ledger took before is answered, and the new one is owed. */
NODISCARD err_t account_mark_renew(struct service *svc, struct store_tx *tx, uuid_t account);

/* How a session of the account begins. */
typedef struct restriction {
    bool restricted; /* locked, or a block before: asked for the MPIN, and decisions are denied */
    bool owes;       /* a challenge before, or drawn by lot: asked for the MPIN */
    bool drawn;      /* by this login */
} restriction_t;

NODISCARD err_t account_restriction(struct service *svc, struct store_tx *tx, uuid_t account,
                                    const struct mpin_state *mpin, restriction_t *out);

/* A login of an account that owes no MPIN draws a lot: `random_challenge_percent` of a hundred owe one, for no
 * other reason, like after any challenge. */
NODISCARD err_t account_draw(struct service *svc, struct store_tx *tx, uuid_t account,
                             restriction_t *r);

#endif
