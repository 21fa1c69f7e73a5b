/*
 * sqlite_ops.h - the operations of the SQLite driver, by the file that holds them.
 *
 * Floor      store
 * Errors     as store.h.
 */
#ifndef STORE_SQLITE_OPS_H
#define STORE_SQLITE_OPS_H

#include "store/sqlite_seat.h"
#include "store/store_ops.h"

/* sqlite_account.c: accounts, MPIN tries, devices */
err_t sqlite_account_create(struct store_tx *tx, const struct account_row *row,
                            enum account_created *out);
err_t sqlite_account_by_email(struct store_tx *tx, const char *email_key, struct account_row *out,
                              bool *found);
err_t sqlite_account_by_id(struct store_tx *tx, uuid_t id, struct account_row *out, bool *found);
err_t sqlite_account_set_password(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper);
err_t sqlite_account_set_mpin(struct store_tx *tx, uuid_t id, const char *hash, int64_t pepper);
err_t sqlite_account_hash_unlike(struct store_tx *tx, const char (*known)[STORE_HASH_BEGIN + 1],
                                 size_t count, char *out, bool *found);
err_t sqlite_mpin_load(struct store_tx *tx, uuid_t account, struct mpin_state *out);
err_t sqlite_mpin_save(struct store_tx *tx, uuid_t account, const struct mpin_state *state);
err_t sqlite_device_touch(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                          struct device_standing *was);
err_t sqlite_device_prove(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at);
err_t sqlite_device_known(struct store_tx *tx, uuid_t account, const uint8_t *key, bool *known);
err_t sqlite_devices_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged);

/* sqlite_profile.c */
err_t sqlite_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out);
err_t sqlite_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision, store_part_fn fn,
                          void *ctx);
err_t sqlite_profile_save(struct store_tx *tx, const struct profile_save *save,
                          enum profile_answer *out);
err_t sqlite_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                               enum profile_answer *out);
err_t sqlite_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name, wall_t at,
                               uint32_t *revision);
err_t sqlite_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                           size_t *purged);

/* sqlite_session.c: sessions */
err_t sqlite_session_create(struct store_tx *tx, const struct session_row *row);
err_t sqlite_session_get(struct store_tx *tx, uuid_t id, struct session_row *out, bool *found);
err_t sqlite_session_end(struct store_tx *tx, uuid_t id, enum session_end reason, wall_t at,
                         bool *ended_now);
err_t sqlite_sessions_live_of(struct store_tx *tx, uuid_t account, struct session_row *out,
                              size_t cap, size_t *count);
err_t sqlite_sessions_live_all(struct store_tx *tx, store_session_fn fn, void *ctx);
err_t sqlite_session_ids_live(struct store_tx *tx, store_session_id_fn fn, void *ctx);
err_t sqlite_session_save_activity(struct store_tx *tx, const struct session_activity *items,
                                   size_t count);
err_t sqlite_sessions_purge_ended_before(struct store_tx *tx, wall_t at, size_t limit,
                                         size_t *purged);

/* sqlite_refresh.c: refresh tokens */
err_t sqlite_refresh_put(struct store_tx *tx, const struct refresh_row *row);
err_t sqlite_refresh_ask(struct store_tx *tx, const struct refresh_mark *mark, wall_t at,
                         enum refresh_answer *out, struct refresh_row *row);
err_t sqlite_refresh_turn(struct store_tx *tx, uuid_t session, const uint8_t *newest);
err_t sqlite_refresh_revoke(struct store_tx *tx, uuid_t session);
err_t sqlite_refresh_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged);

/* sqlite_record.c: audit chain, decisions, meta */
err_t sqlite_audit_head(struct store_tx *tx, uint64_t *seq, uint8_t *hash);
err_t sqlite_audit_insert(struct store_tx *tx, const struct audit_row *row);
err_t sqlite_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx);
err_t sqlite_decision_put(struct store_tx *tx, const struct decision_row *row);
err_t sqlite_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out, bool *found);
err_t sqlite_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                   wall_t since, wall_t at);
err_t sqlite_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at);
err_t sqlite_decisions_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged);
err_t sqlite_meta_get(struct store_tx *tx, const char *key, struct meta_value *out, bool *found);
err_t sqlite_meta_put(struct store_tx *tx, const char *key, span_t value);

#endif
