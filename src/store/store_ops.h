/*
 * store_ops.h - the table that a driver fills; for drivers only.
 *
 * Floor      store
 * Threads    as store.h says; the face has checked mode and arguments before a driver is called.
 *
 * The face (store.c) owns what all drivers share: the state of a transaction, argument checks, and
 * that nothing is committed after a failed operation.
 */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "store/store.h"

#include <string.h>

struct store_ops {
    const char *name;
    void (*close)(struct store *st);
    void (*rest)(struct store *st, mono_t before); /* a driver that keeps nothing does nothing */
    err_t (*begin)(struct store *st, struct store_tx *tx); /* tx->store, tx->mode are set */
    err_t (*commit)(struct store_tx *tx);                  /* always releases tx->seat */
    void (*rollback)(struct store_tx *tx);                 /* the same */

    err_t (*account_create)(struct store_tx *, const struct account_row *, enum account_created *);
    err_t (*account_by_email)(struct store_tx *, const char *, struct account_row *, bool *);
    err_t (*account_by_id)(struct store_tx *, uuid_t, struct account_row *, bool *);
    err_t (*account_set_password)(struct store_tx *, uuid_t, const char *, int64_t);
    err_t (*account_set_mpin)(struct store_tx *, uuid_t, const char *, int64_t);
    err_t (*account_hash_unlike)(struct store_tx *, const char (*)[STORE_HASH_BEGIN + 1], size_t,
                                 char *, bool *);

    err_t (*mpin_load)(struct store_tx *, uuid_t, struct mpin_state *);
    err_t (*mpin_save)(struct store_tx *, uuid_t, const struct mpin_state *);

    err_t (*device_touch)(struct store_tx *, uuid_t, const uint8_t *, wall_t,
                          struct device_standing *);
    err_t (*device_prove)(struct store_tx *, uuid_t, const uint8_t *, wall_t);
    err_t (*device_known)(struct store_tx *, uuid_t, const uint8_t *, bool *);
    err_t (*devices_purge_before)(struct store_tx *, wall_t, size_t, size_t *);

    err_t (*session_create)(struct store_tx *, const struct session_row *);
    err_t (*session_get)(struct store_tx *, uuid_t, struct session_row *, bool *);
    err_t (*session_end)(struct store_tx *, uuid_t, enum session_end, wall_t, bool *);
    err_t (*sessions_live_of)(struct store_tx *, uuid_t, struct session_row *, size_t, size_t *);
    err_t (*sessions_live_all)(struct store_tx *, store_session_fn, void *);
    err_t (*session_ids_live)(struct store_tx *, store_session_id_fn, void *);
    err_t (*session_save_activity)(struct store_tx *, const struct session_activity *, size_t);
    err_t (*sessions_purge_ended_before)(struct store_tx *, wall_t, size_t, size_t *);

    err_t (*refresh_put)(struct store_tx *, const struct refresh_row *);
    err_t (*refresh_ask)(struct store_tx *, const struct refresh_mark *, wall_t,
                         enum refresh_answer *, struct refresh_row *);
    err_t (*refresh_turn)(struct store_tx *, uuid_t, const uint8_t *);
    err_t (*refresh_revoke)(struct store_tx *, uuid_t);
    err_t (*refresh_purge)(struct store_tx *, wall_t, size_t, size_t *);

    err_t (*audit_head)(struct store_tx *, uint64_t *, uint8_t *);
    err_t (*audit_insert)(struct store_tx *, const struct audit_row *);
    err_t (*audit_walk)(struct store_tx *, uint64_t, store_audit_fn, void *);

    err_t (*decision_put)(struct store_tx *, const struct decision_row *);
    err_t (*decision_get)(struct store_tx *, uuid_t, struct decision_row *, bool *);
    err_t (*decisions_mpin_passed)(struct store_tx *, uuid_t, uint8_t, wall_t, wall_t);
    err_t (*decisions_spend)(struct store_tx *, uuid_t, wall_t);
    err_t (*decisions_purge_before)(struct store_tx *, wall_t, size_t, size_t *);

    err_t (*profile_head)(struct store_tx *, uuid_t, struct profile_head *);
    err_t (*profile_load)(struct store_tx *, uuid_t, uint32_t, store_part_fn, void *);
    err_t (*profile_save)(struct store_tx *, const struct profile_save *, enum profile_answer *);
    err_t (*profile_roll_back)(struct store_tx *, uuid_t, uint32_t, wall_t, enum profile_answer *);
    err_t (*profile_set_aside)(struct store_tx *, uuid_t, const char *, wall_t, uint32_t *);
    err_t (*profile_purge)(struct store_tx *, uuid_t, uint32_t, wall_t, size_t *);

    err_t (*meta_get)(struct store_tx *, const char *, struct meta_value *, bool *);
    err_t (*meta_put)(struct store_tx *, const char *, span_t);
};

/* Every driver's store begins with this; struct store is never defined otherwise. */
struct store {
    const struct store_ops *ops;
};

/* What any driver answers for a token whose family it found (or not). One that is not the newest was spent,
 * however long ago. Keyed hashes are compared: how far two agree tells nobody anything. */
static inline enum refresh_answer store_refresh_judge(bool found, const struct refresh_row *row,
                                                      const struct refresh_mark *mark, wall_t at)
{
    if (!found) {
        return REFRESH_UNKNOWN;
    }
    if (memcmp(row->newest, mark->whole, sizeof mark->whole) != 0) {
        return REFRESH_REUSED;
    }
    return row->expires.ms <= at.ms ? REFRESH_EXPIRED : REFRESH_FRESH;
}

#endif
