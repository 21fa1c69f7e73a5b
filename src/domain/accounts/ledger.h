/*
 * ledger.h - what loops want written to the store of their sessions, later and in batches: ends, and
 *            challenges that the account owes an MPIN for.
 *
 * Floor      domain/accounts
 * Ownership  ledger_new/ledger_free; items are copied in.
 * Errors     a full ledger refuses (ERR_LIMIT), ends by time before the rest. Whoever posts a block
 *            keeps its session, and so its place in every checkpoint, until the block is written;
 *            all else the next start finds again in the journal. A challenge is told again while
 *            its session lives.
 * Threads    post from any; ledger_run() in one thread of its own.
 */
#ifndef DOMAIN_LEDGER_H
#define DOMAIN_LEDGER_H

#include "base/clock.h"
#include "base/uuid.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/service.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LEDGER_ITEMS_MAX = 65536,
    LEDGER_FOR_MARKS = 8192, /* the last of them: ends by time come in crowds and wait */
    LEDGER_BATCH = 256
};

/* A session ended, by a block or by its time, or was asked for an MPIN. */
typedef struct ledger_item {
    uuid_t session, account;
    wall_t at;   /* of the end; of a challenge: its last activity */
    double risk; /* as its status shows it afterwards, like level and mpin_required */
    uint8_t level;
    bool mpin_required;
    enum session_end how; /* END_NONE: a challenge */
} ledger_item_t;

struct ledger;

NODISCARD err_t ledger_new(struct service *svc, struct ledger **out);
void ledger_free(struct ledger **l);

/* `*place` counts from 1, in the order of writing. */
NODISCARD err_t ledger_post(struct ledger *l, const ledger_item_t *item, uint64_t *place);

/* True when the store holds, durably, what was posted up to this place. */
bool ledger_has_written(struct ledger *l, uint64_t place);

/* Where the newest of each waits; 0: none does. */
typedef struct ledger_places {
    uint64_t block, challenge;
} ledger_places_t;

/* The gravest mark of this account that waits to be written: the store does not know of it yet.
 * MARK_NONE without a ledger. */
enum account_mark ledger_holds_mark(struct ledger *l, uuid_t account, ledger_places_t *newest);

/* How far posting has come, and a number that no other ledger has; 0 without one. */
uint64_t ledger_posted(struct ledger *l);
uint64_t ledger_number(const struct ledger *l);

/* True while the end of this session waits to be written, and `*how` it ended. False without a
 * ledger. */
bool ledger_holds_end(struct ledger *l, uuid_t session, enum session_end *how);

/* Leave the mark that waits, in the transaction of somebody who ends sessions of this account in the
 * store, or asks for the mark: a start does not look for one in a session that the store calls ended.
 * Nobody else writes meanwhile: what does not wait any more, the store has. */
NODISCARD err_t ledger_mark_waiting(struct service *svc, struct store_tx *tx, uuid_t account);

/* Write batches until ledger_stop(), and what MPIN comparisons left (mpin_settle()); retries with back-off while the store is away, and purges the
 * store every `sweep_s` seconds (purge.h), a batch at a time between its own. Gives memory back
 * that sessions do not use any more (base/heap.h): no loop has to. */
void ledger_run(struct ledger *l, uint32_t sweep_s);

/* Ask ledger_run() to write what is queued and return. */
void ledger_stop(struct ledger *l);

/* Items waiting now, for the metrics. */
size_t ledger_depth(struct ledger *l);

#endif
