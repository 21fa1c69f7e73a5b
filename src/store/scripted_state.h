/*
 * scripted_state.h - tables in memory, shared until written to; inside the scripted driver only.
 *
 * Floor      store
 * Ownership  a transaction holds one reference to every table and writes to its own copy.
 * Threads    references are counted under the store's lock; rows of a shared table are read only.
 */
#ifndef STORE_SCRIPTED_STATE_H
#define STORE_SCRIPTED_STATE_H

#include "store/store_ops.h"

enum scripted_table {
    T_ACCOUNTS,
    T_MPIN,
    T_DEVICES,
    T_HAD_DEVICE,
    T_SESSIONS,
    T_REFRESH,
    T_AUDIT,
    T_DECISIONS,
    T_PROFILES,
    T_PARTS,
    T_META,
    TABLES
};

struct mpin_entry {
    uuid_t account;
    struct mpin_state state;
};

struct device_entry {
    uuid_t account;
    uint8_t key[STORE_DIGEST_BYTES];
    wall_t last_seen;
    bool proved;
};

/* An account that had a device, whatever became of it. */
struct had_device_entry {
    uuid_t account;
};

struct profile_entry {
    uuid_t account;
    struct profile_head head;
};

/* A part of the revisions from `revision` up to, without, `until`. */
struct part_entry {
    uuid_t account;
    char name[STORE_PART_NAME_BYTES];
    uint32_t revision;
    uint64_t until;
    wall_t closed;
    bool damaged;
    size_t len;
    uint8_t content[STORE_PART_BYTES];
};

struct meta_entry {
    char key[STORE_META_KEY_BYTES];
    struct meta_value value;
};

/* A member of a row that is compared byte by byte. */
struct member {
    enum scripted_table table;
    size_t offset;
    size_t len;
};

#define MEMBER(t, type, name)                                   \
    (struct member)                                             \
    {                                                           \
        (t), offsetof(type, name), sizeof(((type *)NULL)->name) \
    }

#define SCRIPTED_HAD_DEVICE MEMBER(T_HAD_DEVICE, struct had_device_entry, account)

/* Below, at or above zero, as qsort() asks. */
static inline int scripted_order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Count the operation, wait and fail as the cues say. Every operation begins with it. */
NODISCARD err_t scripted_gate(struct store_tx *tx);

/* How many rows a table has, and one of them for reading. */
size_t scripted_count(const struct store_tx *tx, enum scripted_table table);
const void *scripted_row(const struct store_tx *tx, enum scripted_table table, size_t index);

/* The place of the first row whose member equals `value`; the count when there is none. */
size_t scripted_find(const struct store_tx *tx, struct member where, const void *value);

/* Whether there is such a row. */
bool scripted_has(const struct store_tx *tx, struct member where, const void *value);

/* A row to write to; the table becomes the transaction's own. */
NODISCARD err_t scripted_edit(struct store_tx *tx, enum scripted_table table, size_t index,
                              void **out);

/* Append a copy of `row`. */
NODISCARD err_t scripted_add(struct store_tx *tx, enum scripted_table table, const void *row);

/* Remove one row; the others keep their order. */
NODISCARD err_t scripted_remove(struct store_tx *tx, enum scripted_table table, size_t index);

/* Remove every row whose member equals `value`. */
NODISCARD err_t scripted_remove_all(struct store_tx *tx, struct member where, const void *value);

/* A sorted copy of all rows of a table, for free(). NULL: out of memory. */
void *scripted_sorted(const struct store_tx *tx, enum scripted_table table,
                      int (*compare)(const void *, const void *));

/* What a database would refuse: a reference to nothing, a second row of that name. */
NODISCARD err_t scripted_must_have(const struct store_tx *tx, struct member where,
                                   const void *value);
NODISCARD err_t scripted_must_lack(const struct store_tx *tx, struct member where,
                                   const void *value);

/* Copy the row whose member equals `value`, if there is one. */
bool scripted_fetch(const struct store_tx *tx, struct member where, const void *value, void *out,
                    size_t width);

/* Copy text whose length the face has checked. */
void scripted_put_text(char *to, const char *from, size_t cap);

/* CLEANUP for any pointer from the heap. */
void scripted_freed(void *place);

/* scripted_device.c */
err_t scripted_device_touch(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                            struct device_standing *was);
err_t scripted_device_prove(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at);
err_t scripted_device_known(struct store_tx *tx, uuid_t account, const uint8_t *key, bool *known);

/* scripted_records.c */
err_t scripted_account_hash_unlike(struct store_tx *tx, const char (*known)[STORE_HASH_BEGIN + 1],
                                   size_t count, char *out, bool *found);
err_t scripted_audit_head(struct store_tx *tx, uint64_t *seq, uint8_t *hash);
err_t scripted_audit_insert(struct store_tx *tx, const struct audit_row *row);
err_t scripted_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx);
err_t scripted_decision_put(struct store_tx *tx, const struct decision_row *row);
err_t scripted_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out, bool *found);
err_t scripted_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                     wall_t since, wall_t at);
err_t scripted_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at);
err_t scripted_meta_get(struct store_tx *tx, const char *key, struct meta_value *out, bool *found);
err_t scripted_meta_put(struct store_tx *tx, const char *key, span_t value);

/* scripted_profile.c */
err_t scripted_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out);
err_t scripted_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision,
                            store_part_fn fn, void *ctx);
err_t scripted_profile_save(struct store_tx *tx, const struct profile_save *save,
                            enum profile_answer *out);
err_t scripted_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                                 enum profile_answer *out);
err_t scripted_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name, wall_t at,
                                 uint32_t *revision);
err_t scripted_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                             size_t *purged);

/* The table of operations, in scripted_ops.c; the store fills in the transactions. */
extern const struct store_ops scripted_ops;

/* store_scripted.c */
void scripted_close(struct store *st);
err_t scripted_begin(struct store *st, struct store_tx *tx);
err_t scripted_commit(struct store_tx *tx);
void scripted_rollback(struct store_tx *tx);

#endif
