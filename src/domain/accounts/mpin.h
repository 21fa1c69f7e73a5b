/*
 * mpin.h - one comparison of an MPIN, spent on the account before the answer is known.
 *
 * Floor      domain/accounts
 * Source     CONTRACT.md 3 "MPIN"; THREATS.md rows 3, 4, 21.
 * Errors     ERR_STORAGE, ERR_NOMEM, ERR_LIMIT: nothing was compared, or it was right and the store
 *            went away: the try is given back when it returns. What a comparison
 *            needs of memory it takes before a try is spent.
 * Threads    pool workers only (it hashes and waits for the store); serial per account through
 *            account_locks.
 */
#ifndef DOMAIN_MPIN_H
#define DOMAIN_MPIN_H

#include "base/clock.h"
#include "base/span.h"
#include "base/uuid.h"
#include "domain/ground/service.h"
#include "domain/ground/settlement.h"
#include "store/store_row.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct account_locks;

NODISCARD err_t account_locks_new(struct account_locks **out);
void account_locks_free(struct account_locks **l);

/* Wait for the turn of the account and hold it: no comparison of its MPIN is under way then. Never inside a
 * transaction. The second is for CLEANUP. */
pthread_mutex_t *account_locks_hold(struct account_locks *l, uuid_t account);
void account_locks_let_go(pthread_mutex_t **held);

enum mpin_answer {
    MPIN_RIGHT,
    MPIN_WRONG,      /* `attempts_left` >= 1 */
    MPIN_LOCKED_NOW, /* wrong, and this one locked the account: its live sessions are to be blocked */
    MPIN_LOCKED,     /* refused before any comparison; nothing was spent */
    MPIN_NO_ACCOUNT /* the account is gone */
};

enum { MPIN_SESSIONS_MAX = SETTLEMENT_SESSIONS_MAX };

typedef struct mpin_result {
    enum mpin_answer answer;
    uint32_t failures;           /* in the present row */
    uint32_t attempts_left;      /* until the lock */
    int64_t retry_after_s;       /* while locked; -1: an operator is needed */
    char hash[STORE_HASH_BYTES]; /* MPIN_RIGHT: the account's, that it was compared with */
    uint32_t sessions;           /* live sessions of the account at that moment */
    uuid_t session[MPIN_SESSIONS_MAX];
} mpin_result_t;

/* Compare `given` with the account's MPIN. On MPIN_LOCKED_NOW the account's live sessions are marked
 * blocked in the store, now or as soon as it can (mpin_settle()); the lock itself is durable. */
NODISCARD err_t mpin_check(struct service *svc, uuid_t account, uuid_t session, span_t given,
                           mpin_result_t *out);

/* Do what comparisons left to do when the store was away. False: it is still away. For the ledger's
 * thread. */
bool mpin_settle(struct service *svc);

/* What the account's row says now: for a login's answer and for risk decisions. */
typedef struct mpin_standing {
    uint32_t failures;
    bool locked;
    int64_t retry_after_s; /* as in mpin_result_t */
} mpin_standing_t;

NODISCARD err_t mpin_standing(struct service *svc, uuid_t account, mpin_standing_t *out);

/* True while the row says locked; `since` is then the moment of the failure that locked it, for a
 * start that has to finish what a crash cut short. */
struct mpin_state;
bool mpin_locked_since(const rules_t *rules, const struct mpin_state *state, wall_t now,
                       wall_t *since);

/* Operator: forget the failures and the lock. Audited. */
NODISCARD err_t mpin_unlock(struct service *svc, uuid_t account, bool *known);

/* Is this text exactly `rules.mpin_length` ASCII digits? */
bool mpin_is_well_formed(const rules_t *rules, span_t text);

#endif
