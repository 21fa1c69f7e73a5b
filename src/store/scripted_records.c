#include "base/util.h"
#include "store/scripted_state.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT_ID  MEMBER(T_ACCOUNTS, struct account_row, id)
#define DECISION_ID MEMBER(T_DECISIONS, struct decision_row, id)

/* ---- how hashes begin */

static bool begins_as_one(const char *hash, const char (*known)[STORE_HASH_BEGIN + 1], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(hash, known[i], STORE_HASH_BEGIN) == 0) {
            return true;
        }
    }
    return false;
}

err_t scripted_account_hash_unlike(struct store_tx *tx, const char (*known)[STORE_HASH_BEGIN + 1],
                                   size_t count, char *out, bool *found)
{
    TRY(scripted_gate(tx));
    *found = false;
    for (size_t i = 0; i < scripted_count(tx, T_ACCOUNTS) && !*found; i++) {
        const struct account_row *row = scripted_row(tx, T_ACCOUNTS, i);
        const bool password = begins_as_one(row->password_hash, known, count);
        *found = !password || !begins_as_one(row->mpin_hash, known, count);
        if (*found) {
            scripted_put_text(out, password ? row->mpin_hash : row->password_hash,
                              STORE_HASH_BEGIN + 1);
        }
    }
    return ERR_OK;
}

/* ---- audit chain */

err_t scripted_audit_head(struct store_tx *tx, uint64_t *seq, uint8_t *hash)
{
    TRY(scripted_gate(tx));
    const size_t count = scripted_count(tx, T_AUDIT);
    *seq = count;
    memset(hash, 0, STORE_DIGEST_BYTES);
    if (count > 0) {
        const struct audit_row *last = scripted_row(tx, T_AUDIT, count - 1);
        *seq = last->seq;
        memcpy(hash, last->hash, sizeof last->hash);
    }
    return ERR_OK;
}

err_t scripted_audit_insert(struct store_tx *tx, const struct audit_row *row)
{
    TRY(scripted_gate(tx));
    return scripted_add(tx, T_AUDIT, row);
}

err_t scripted_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx)
{
    TRY(scripted_gate(tx));
    for (size_t i = 0; i < scripted_count(tx, T_AUDIT); i++) {
        const struct audit_row *link = scripted_row(tx, T_AUDIT, i);
        if (link->seq >= from) {
            TRY(fn(ctx, link));
        }
    }
    return ERR_OK;
}

/* ---- decisions */

err_t scripted_decision_put(struct store_tx *tx, const struct decision_row *row)
{
    TRY(scripted_gate(tx));
    TRY(scripted_must_have(tx, ACCOUNT_ID, &row->account));
    TRY(scripted_must_lack(tx, DECISION_ID, &row->id));
    return scripted_add(tx, T_DECISIONS, row);
}

err_t scripted_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out, bool *found)
{
    TRY(scripted_gate(tx));
    *found = scripted_fetch(tx, DECISION_ID, &id, out, sizeof *out);
    return ERR_OK;
}

static err_t edit_decision(struct store_tx *tx, size_t i, struct decision_row **out)
{
    void *place = NULL;
    TRY(scripted_edit(tx, T_DECISIONS, i, &place));
    *out = place;
    return ERR_OK;
}

static bool is_same_question(const struct decision_row *a, const struct decision_row *b)
{
    return strcmp(a->action, b->action) == 0 && strcmp(a->amount, b->amount) == 0 &&
           strcmp(a->currency, b->currency) == 0 && a->beneficiary_new == b->beneficiary_new;
}

err_t scripted_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                     wall_t since, wall_t at)
{
    TRY(scripted_gate(tx));
    const size_t count = scripted_count(tx, T_DECISIONS);
    struct decision_row newest = {0};
    for (size_t i = 0; i < count; i++) {
        const struct decision_row *row = scripted_row(tx, T_DECISIONS, i);
        if (uuid_eq(row->session, session) && row->decision == decision && row->at.ms >= since.ms &&
            row->at.ms >= newest.at.ms) {
            newest = *row;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct decision_row *row = scripted_row(tx, T_DECISIONS, i);
        struct decision_row *passed = NULL;
        if (uuid_eq(row->session, session) && row->decision == decision && row->at.ms >= since.ms &&
            !row->retry_used && is_same_question(row, &newest)) {
            TRY(edit_decision(tx, i, &passed));
            passed->mpin_passed_at = at;
        }
    }
    return ERR_OK;
}

err_t scripted_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at)
{
    TRY(scripted_gate(tx));
    for (size_t i = 0; i < scripted_count(tx, T_DECISIONS); i++) {
        const struct decision_row *row = scripted_row(tx, T_DECISIONS, i);
        struct decision_row *spent = NULL;
        if (uuid_eq(row->session, session) && row->mpin_passed_at.ms == passed_at.ms) {
            TRY(edit_decision(tx, i, &spent));
            spent->retry_used = true;
        }
    }
    return ERR_OK;
}

/* ---- meta */

static size_t find_meta(const struct store_tx *tx, const char *key)
{
    const size_t count = scripted_count(tx, T_META);
    for (size_t i = 0; i < count; i++) {
        const struct meta_entry *entry = scripted_row(tx, T_META, i);
        if (strcmp(entry->key, key) == 0) {
            return i;
        }
    }
    return count;
}

err_t scripted_meta_get(struct store_tx *tx, const char *key, struct meta_value *out, bool *found)
{
    TRY(scripted_gate(tx));
    const size_t at = find_meta(tx, key);
    *found = at < scripted_count(tx, T_META);
    if (*found) {
        const struct meta_entry *entry = scripted_row(tx, T_META, at);
        *out = entry->value;
    }
    return ERR_OK;
}

err_t scripted_meta_put(struct store_tx *tx, const char *key, span_t value)
{
    TRY(scripted_gate(tx));
    struct meta_entry entry = {.value.len = value.len};
    scripted_put_text(entry.key, key, sizeof entry.key);
    if (value.len > 0) {
        memcpy(entry.value.bytes, value.ptr, value.len);
    }
    const size_t old = find_meta(tx, key);
    if (old < scripted_count(tx, T_META)) {
        TRY(scripted_remove(tx, T_META, old));
    }
    return scripted_add(tx, T_META, &entry);
}
