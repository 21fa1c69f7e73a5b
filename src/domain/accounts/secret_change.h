/*
 * secret_change.h - a new password or MPIN in the place of one that was proved, or an MPIN that an operator sets.
 *
 * Floor      domain/accounts
 * Source     CONTRACT.md 3: change-password, change-mpin, ended sessions; docs/decisions/0086.
 * Ownership  an order holds hashes: whoever holds it wipes it.
 * Errors     ERR_STORAGE, ERR_NOMEM: nothing was changed.
 * Threads    pool workers only: the first steps hash, the last one waits for the store.
 *
 * Proving and hashing take long, and the call waits for its turn before them: the session may be ended
 * or blocked meanwhile, the secret changed by another. So what was proved is written down in an order,
 * and secret_change() asks for all of it again in the transaction that writes.
 */
#ifndef DOMAIN_SECRET_CHANGE_H
#define DOMAIN_SECRET_CHANGE_H

#include "base/span.h"
#include "base/uuid.h"
#include "crypto/pwhash.h"
#include "domain/accounts/mpin.h"
#include "domain/ground/service.h"

#include <stdbool.h>

typedef struct change_order {
    uuid_t account; /* in */
    uuid_t session; /* in: which asks, and stays */
    enum pwhash_purpose purpose;
    char proved[STORE_HASH_BYTES]; /* the hash that was compared with */
    char fresh[PWHASH_TEXT_BYTES]; /* the one to take its place */
} change_order_t;

/* Compare the password, and when it is right hash the new one: then the order is complete. */
NODISCARD err_t password_change_order(struct service *svc, span_t password, span_t new_password,
                                      change_order_t *order, bool *right);

/* The same for an MPIN that mpin_check() found right. */
NODISCARD err_t mpin_change_order(struct service *svc, const mpin_result_t *proved, span_t new_mpin,
                                  change_order_t *order);

enum change_answer {
    CHANGED,
    CHANGE_ENDED,    /* the session that asks has ended, as `how` says: nothing was written */
    CHANGE_OVERTAKEN /* the secret is not the one that was proved any more: nothing was written */
};

typedef struct change {
    enum change_answer answer;
    enum session_end how;
    uint32_t ended; /* other sessions of the account, ended by this change */
    uuid_t ended_session[MPIN_SESSIONS_MAX];
} change_t;

/* Write the new hash and end the account's other sessions, if the session is open, nothing waits in
 * the ledger that ends it, and the secret is still the one that was proved. */
NODISCARD err_t secret_change(struct service *svc, const change_order_t *order, change_t *out);

/* Operator: a new MPIN for a customer whom the bank knows by other means. Its failures and the lock are
 * forgotten, and what was owed before; owed is the new MPIN, once. Every session of the account ends
 * (END_OPERATOR), with its refresh tokens: all in one transaction. Audited. What a session that was ended so does before its
 * loop hears of it counts as after. */
typedef struct mpin_reset {
    bool known; /* false: no such account, nothing was changed */
    uint32_t ended;
    uuid_t ended_session[MPIN_SESSIONS_MAX];
} mpin_reset_t;

NODISCARD err_t mpin_reset(struct service *svc, uuid_t account, span_t fresh, mpin_reset_t *out);

#endif
