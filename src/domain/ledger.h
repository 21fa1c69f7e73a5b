/*
 * ledger.h - ends of sessions that loops want written to the store, later and in batches.
 *
 * Floor      domain
 * Ownership  ledger_new/ledger_free; items are copied in.
 * Errors     a full ledger refuses (ERR_LIMIT), ends by time before blocks. Whoever posts a block
 *            keeps its session, and so its place in every checkpoint, until the block is written;
 *            all else the next start finds again in the journal.
 * Threads    post from any; ledger_run() in one thread of its own.
 */
#ifndef DOMAIN_LEDGER_H
#define DOMAIN_LEDGER_H

#include "base/clock.h"
#include "base/uuid.h"
#include "domain/service.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LEDGER_ITEMS_MAX = 65536,
    LEDGER_FOR_BLOCKS = 8192, /* the last of them: ends by time come in crowds and wait */
    LEDGER_BATCH = 256
};

/* A session ended: by a block, or by its time. */
typedef struct ledger_item {
    uuid_t session, account;
    wall_t at;   /* of the end */
    double risk; /* as its status shows it afterwards, like level and mpin_required */
    uint8_t level;
    bool mpin_required;
    enum session_end how;
} ledger_item_t;

struct ledger;

NODISCARD err_t ledger_new(struct service *svc, struct ledger **out);
void ledger_free(struct ledger **l);

/* `*place` counts from 1, in the order of writing. */
NODISCARD err_t ledger_post(struct ledger *l, const ledger_item_t *item, uint64_t *place);

/* True when the store holds, durably, what was posted up to this place. */
bool ledger_has_written(struct ledger *l, uint64_t place);

/* True while a block of a session of this account waits to be written: the store does not know of
 * it yet. False without a ledger. */
bool ledger_holds_block(struct ledger *l, uuid_t account);

/* True while the end of this session waits to be written, and `*how` it ended. False without a
 * ledger. */
bool ledger_holds_end(struct ledger *l, uuid_t session, enum session_end *how);

/* Leave the mark of a block that waits, in the transaction of somebody who ends sessions of this
 * account in the store: a start does not look for a block in a session that the store calls ended. */
NODISCARD err_t ledger_mark_block(struct ledger *l, struct store_tx *tx, uuid_t account);

/* Write batches until ledger_stop(), and what MPIN comparisons left (mpin_settle()); retries with back-off while the store is away, and purges the
 * store every `sweep_s` seconds (purge.h), a batch at a time between its own. Gives memory back
 * that sessions do not use any more (base/heap.h): no loop has to. */
void ledger_run(struct ledger *l, uint32_t sweep_s);

/* Ask ledger_run() to write what is queued and return. */
void ledger_stop(struct ledger *l);

/* Items waiting now, for the metrics. */
size_t ledger_depth(struct ledger *l);

#endif
