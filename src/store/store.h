/*
 * store.h - everything that must survive a restart and is not an event, in words of the domain.
 *
 * Floor      store
 * Ownership  store_open() gives, store_close() takes. A store_tx is the caller's, on its stack:
 *                CLEANUP(store_rollback) struct store_tx tx = {0};
 *                TRY(store_begin(st, STORE_WRITE, &tx));
 *                TRY(store_mpin_load(&tx, who, &state));
 *                ...
 *                return store_commit(&tx);
 * Errors     ERR_STORAGE: the database refused, is full or broken. ERR_TIMEOUT: no connection was
 *            free, or another process held the file, for STORE_WAIT_MS. ERR_RANGE: a row with
 *            unterminated text, a risk outside 0..1, a time not after 1970 where 0 means never, or an
 *            audit link out of turn. ERR_LIMIT: a blob
 *            too large. ERR_NOMEM. After any of these the transaction is dead: its commit fails and
 *            leaves nothing. On failure no `out` is to be read. A failed commit has changed nothing
 *            that this process can see; if the disk itself failed under it, a crash right after may
 *            bring it back whole, never in part.
 * Threads    a store from any thread, and blocking: never from a loop. A transaction from one. One
 *            WRITE at a time, others wait; some READs beside it, each on the state it began with.
 *            Never begin one inside another, and never hold one while hashing.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "store/store_row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct log;

enum {
    STORE_WAIT_MS = 5000,
    STORE_WHY_BYTES = 256,
    STORE_DEVICES_AT_ONCE = 256 /* forgotten at one touch: an older version kept all */
};

enum store_mode { STORE_READ, STORE_WRITE };

struct store_config {
    const char *url;           /* sqlite:///NAME under data_dir, sqlite:////ABSOLUTE/PATH */
    const char *data_dir;      /* exists already */
    bool look;                 /* only to read what is there: nothing is made, migrated or checked
                                  page by page; STORE_READ alone, beside a server, too */
    struct log *log;           /* borrowed; NULL: silent */
    const struct clock *clock; /* borrowed */
    bool known;                /* there was one before: none is made */
};

struct store_tx {
    struct store *store;
    void *seat; /* the driver's */
    enum store_mode mode;
    bool open;
    bool broken; /* an operation failed: only rollback is left */
};

/* Open (create, migrate) the database. On failure `why` says it in one line for the operator. */
NODISCARD err_t store_open(const struct store_config *config, struct store **out,
                           char why[STORE_WHY_BYTES]);

/* Close and leave NULL; no transaction may be open. Accepts NULL. */
void store_close(struct store **st);

/* Give back the memory of connections that nobody has used since `before`; what they are asked for after it
 * they read again. Waits for no transaction; one that begins meanwhile may wait for it. */
void store_rest(struct store *st, mono_t before);

/* Begin; a WRITE holds the write lock from here to its end. */
NODISCARD err_t store_begin(struct store *st, enum store_mode mode, struct store_tx *out);

/* End; after success a WRITE survives power loss. Refuses when an operation of it failed. */
NODISCARD err_t store_commit(struct store_tx *tx);

/* Undo what was not committed; does nothing to a finished or never begun transaction. */
void store_rollback(struct store_tx *tx);

/* Operations marked W change something and need STORE_WRITE; anything else is a bug. */

/* ---- accounts */
/* W. The e-mail key decides whether it is taken. */
NODISCARD err_t store_account_create(struct store_tx *tx, const struct account_row *row,
                                     enum account_created *out);
NODISCARD err_t store_account_by_email(struct store_tx *tx, const char *email_key,
                                       struct account_row *out, bool *found);
NODISCARD err_t store_account_by_id(struct store_tx *tx, uuid_t id, struct account_row *out,
                                    bool *found);
/* W. An unknown account is ERR_STORAGE. */
NODISCARD err_t store_account_set_password(struct store_tx *tx, uuid_t id, const char *hash,
                                           int64_t pepper);
NODISCARD err_t store_account_set_mpin(struct store_tx *tx, uuid_t id, const char *hash,
                                       int64_t pepper);
/* Look for a password or MPIN whose hash begins as none of `known` (1 to STORE_HASH_BEGINS, of
 * STORE_HASH_BEGIN characters); `out` is how it begins. Reads all accounts. */
NODISCARD err_t store_account_hash_unlike(struct store_tx *tx,
                                          const char (*known)[STORE_HASH_BEGIN + 1], size_t count,
                                          char out[STORE_HASH_BEGIN + 1], bool *found);

/* ---- MPIN tries */
NODISCARD err_t store_mpin_load(struct store_tx *tx, uuid_t account, struct mpin_state *out);
/* W. An unknown account is ERR_STORAGE. */
NODISCARD err_t store_mpin_save(struct store_tx *tx, uuid_t account,
                                const struct mpin_state *state);

/* ---- devices */
/* W. Remember that the device was used. Beyond LIMIT_DEVICES_PER_ACCOUNT those not seen for longest are
 * forgotten, proved ones after all others, at most STORE_DEVICES_AT_ONCE of them. */
NODISCARD err_t store_device_touch(struct store_tx *tx, uuid_t account,
                                   const uint8_t key[STORE_DIGEST_BYTES], wall_t at,
                                   struct device_standing *was);
/* W. A MPIN was passed on it. One that is not known stays unknown. */
NODISCARD err_t store_device_prove(struct store_tx *tx, uuid_t account,
                                   const uint8_t key[STORE_DIGEST_BYTES], wall_t at);
NODISCARD err_t store_device_known(struct store_tx *tx, uuid_t account,
                                   const uint8_t key[STORE_DIGEST_BYTES], bool *known);
/* W. Forget at most `limit` devices that were last seen before `at`. An account that loses its last one is
 * still one that had a device. */
NODISCARD err_t store_devices_purge_before(struct store_tx *tx, wall_t at, size_t limit,
                                           size_t *purged);

/* ---- sessions */
typedef err_t (*store_session_fn)(void *ctx, const struct session_row *row);

/* W. `end` must be END_NONE; a known id or an unknown account is ERR_STORAGE. */
NODISCARD err_t store_session_create(struct store_tx *tx, const struct session_row *row);
NODISCARD err_t store_session_get(struct store_tx *tx, uuid_t id, struct session_row *out,
                                  bool *found);
/* W. The first reason stays: `ended_now` is false for an ended or unknown session. */
NODISCARD err_t store_session_end(struct store_tx *tx, uuid_t id, enum session_end reason,
                                  wall_t at, bool *ended_now);
/* At most `cap` live sessions of an account, the oldest first. */
NODISCARD err_t store_sessions_live_of(struct store_tx *tx, uuid_t account, struct session_row *out,
                                       size_t cap, size_t *count);
/* Call `fn` for every live session; its error ends the walk and is returned. It must not use `tx`.
 */
NODISCARD err_t store_sessions_live_all(struct store_tx *tx, store_session_fn fn, void *ctx);
/* The same with their ids alone, in no order: one small index is read, and no row. */
typedef err_t (*store_session_id_fn)(void *ctx, uuid_t id);
NODISCARD err_t store_session_ids_live(struct store_tx *tx, store_session_id_fn fn, void *ctx);
/* W. Items of ended or unknown sessions change nothing. */
NODISCARD err_t store_session_save_activity(struct store_tx *tx,
                                            const struct session_activity *items, size_t count);
/* W. Forget at most `limit` sessions that ended before `at`, with their refresh tokens. */
NODISCARD err_t store_sessions_purge_ended_before(struct store_tx *tx, wall_t at, size_t limit,
                                                  size_t *purged);

/* ---- refresh tokens */
/* W. Begin the family of a session; a known family, a session that has one or an unknown session is
 * ERR_STORAGE. */
NODISCARD err_t store_refresh_put(struct store_tx *tx, const struct refresh_row *row);
/* Ask what a token is worth; spends nothing. `row` is filled unless the answer is UNKNOWN. */
NODISCARD err_t store_refresh_ask(struct store_tx *tx, const struct refresh_mark *mark, wall_t at,
                                  enum refresh_answer *out, struct refresh_row *row);
/* W. Make `newest` the newest token of the session's family: all others are spent. A session without a family
 * is ERR_STORAGE. */
NODISCARD err_t store_refresh_turn(struct store_tx *tx, uuid_t session,
                                   const uint8_t newest[STORE_DIGEST_BYTES]);
/* W. From now on every token of the session is UNKNOWN. */
NODISCARD err_t store_refresh_revoke(struct store_tx *tx, uuid_t session);
/* W. Forget at most `limit` families that expired before `at`. */
NODISCARD err_t store_refresh_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged);

/* ---- audit chain: only ever appended to */
typedef err_t (*store_audit_fn)(void *ctx, const struct audit_row *row);

/* The newest link; 0 and zeros when there is none. */
NODISCARD err_t store_audit_head(struct store_tx *tx, uint64_t *seq,
                                 uint8_t hash[STORE_DIGEST_BYTES]);
/* W. `seq` and `prev` must follow the head, else ERR_RANGE. */
NODISCARD err_t store_audit_insert(struct store_tx *tx, const struct audit_row *row);
/* Call `fn` for each link from `from` on, in order; its error ends the walk and is returned. */
NODISCARD err_t store_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx);

/* ---- decisions about actions */
/* W. A known id or an unknown account is ERR_STORAGE. */
NODISCARD err_t store_decision_put(struct store_tx *tx, const struct decision_row *row);
NODISCARD err_t store_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out,
                                   bool *found);
/* W. An MPIN passed at `at`. Of the session's rows that say `decision`, made at `since` or later, take
 * the newest (of one time: the last put), and mark those whose question is the same (action, amount,
 * currency, beneficiary_new) as passed, unless their retry is spent. */
NODISCARD err_t store_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                            wall_t since, wall_t at);
/* W. Spend the retry of all that the MPIN of `passed_at` marked in this session. */
NODISCARD err_t store_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at);
/* W. Forget at most `limit` decisions made before `at`. */
NODISCARD err_t store_decisions_purge_before(struct store_tx *tx, wall_t at, size_t limit,
                                             size_t *purged);

/* ---- profiles: what was learnt of a person, in parts; every save makes a new revision of the whole */
typedef err_t (*store_part_fn)(void *ctx, const struct profile_part *part);

NODISCARD err_t store_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out);
/* Call `fn` for every part of a revision that the head allows; its error ends the walk and is
 * returned. It must not use `tx`. */
NODISCARD err_t store_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision,
                                   store_part_fn fn, void *ctx);
/* W. Make revision base + 1 out of base, unless base is the newest no more. A part of more than
 * STORE_PART_BYTES is ERR_LIMIT, an unknown account ERR_STORAGE. */
NODISCARD err_t store_profile_save(struct store_tx *tx, const struct profile_save *save,
                                   enum profile_answer *out);
/* W. Make a new revision that is as revision `to` was; 0 is nothing learnt. To the newest: no change. */
NODISCARD err_t store_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                                        enum profile_answer *out);
/* W. Set a part of the newest revision aside: the next one, `*revision`, is without it, and the bytes
 * stay for whoever looks into it. `*revision` is 0 when there is no such part. */
NODISCARD err_t store_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name,
                                        wall_t at, uint32_t *revision);
/* W. Forget what the newest `keep` revisions of the account do not need and was replaced before `at`;
 * what was set aside, 90 days later. */
NODISCARD err_t store_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                                    size_t *purged);

/* ---- small facts of the server itself */
NODISCARD err_t store_meta_get(struct store_tx *tx, const char *key, struct meta_value *out,
                               bool *found);
/* W. More than STORE_META_BYTES is ERR_LIMIT. */
NODISCARD err_t store_meta_put(struct store_tx *tx, const char *key, span_t value);

#endif
