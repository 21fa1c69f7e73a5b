#include "store/sqlite_ops.h"

#include <string.h>

#define AUDIT_COLUMNS "seq, at, kind, account, session, detail, prev, hash"
#define DECISION_COLUMNS                                                                    \
    "id, session, account, at, action, amount, currency, beneficiary_new, decision, risk, " \
    "level, reasons, mpin_passed_at, retry_used"

/* ---- audit chain */

err_t sqlite_audit_head(struct store_tx *tx, uint64_t *seq, uint8_t *hash)
{
    static const struct sql head = {
        SQL_AUDIT_HEAD, "SELECT seq, hash FROM security_events ORDER BY seq DESC LIMIT 1"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &head);
    bool row = false;
    TRY(query_step(&q, &row));
    if (!row) {
        *seq = 0;
        memset(hash, 0, STORE_DIGEST_BYTES);
        return ERR_OK;
    }
    *seq = query_unsigned(&q, INT64_MAX);
    query_bytes(&q, hash, STORE_DIGEST_BYTES);
    return q.err;
}

err_t sqlite_audit_insert(struct store_tx *tx, const struct audit_row *row)
{
    static const struct sql insert = {SQL_AUDIT_INSERT,
                                      "INSERT INTO security_events (" AUDIT_COLUMNS ")"
                                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &insert);
    query_bind_int(&q, (int64_t)row->seq);
    query_bind_wall(&q, row->at);
    query_bind_text(&q, row->kind);
    query_bind_uuid(&q, &row->account);
    query_bind_uuid(&q, &row->session);
    query_bind_text(&q, row->detail);
    query_bind_bytes(&q, row->prev, sizeof row->prev);
    query_bind_bytes(&q, row->hash, sizeof row->hash);
    return query_run(&q, NULL);
}

static err_t audit_read(struct query *q, struct audit_row *out)
{
    out->seq = query_unsigned(q, INT64_MAX);
    out->at = query_wall(q);
    query_text(q, out->kind, sizeof out->kind);
    query_uuid(q, &out->account);
    query_uuid(q, &out->session);
    query_text(q, out->detail, sizeof out->detail);
    query_bytes(q, out->prev, sizeof out->prev);
    query_bytes(q, out->hash, sizeof out->hash);
    return q->err;
}

err_t sqlite_audit_walk(struct store_tx *tx, uint64_t from, store_audit_fn fn, void *ctx)
{
    static const struct sql walk = {SQL_AUDIT_WALK,
                                    "SELECT " AUDIT_COLUMNS
                                    " FROM security_events WHERE seq >= ? ORDER BY seq"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &walk);
    query_bind_int(&q, (int64_t)from);
    for (;;) {
        bool row = false;
        TRY(query_step(&q, &row));
        if (!row) {
            return ERR_OK;
        }
        struct audit_row link = {0};
        TRY(audit_read(&q, &link));
        TRY(fn(ctx, &link));
    }
}

/* ---- decisions */

err_t sqlite_decision_put(struct store_tx *tx, const struct decision_row *row)
{
    static const struct sql put = {SQL_DECISION_PUT,
                                   "INSERT INTO decisions (" DECISION_COLUMNS ")"
                                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &put);
    query_bind_uuid(&q, &row->id);
    query_bind_uuid(&q, &row->session);
    query_bind_uuid(&q, &row->account);
    query_bind_wall(&q, row->at);
    query_bind_text(&q, row->action);
    query_bind_text(&q, row->amount);
    query_bind_text(&q, row->currency);
    query_bind_int(&q, row->beneficiary_new);
    query_bind_int(&q, row->decision);
    query_bind_real(&q, row->risk);
    query_bind_int(&q, row->level);
    query_bind_text(&q, row->reasons);
    query_bind_wall(&q, row->mpin_passed_at);
    query_bind_int(&q, row->retry_used);
    return query_run(&q, NULL);
}

static err_t decision_read(struct query *q, struct decision_row *out)
{
    struct decision_row decision = {0};
    query_uuid(q, &decision.id);
    query_uuid(q, &decision.session);
    query_uuid(q, &decision.account);
    decision.at = query_wall(q);
    query_text(q, decision.action, sizeof decision.action);
    query_text(q, decision.amount, sizeof decision.amount);
    query_text(q, decision.currency, sizeof decision.currency);
    decision.beneficiary_new = query_bool(q);
    decision.decision = (uint8_t)query_unsigned(q, UINT8_MAX);
    decision.risk = query_real(q);
    decision.level = (uint8_t)query_unsigned(q, UINT8_MAX);
    query_text(q, decision.reasons, sizeof decision.reasons);
    decision.mpin_passed_at = query_wall(q);
    decision.retry_used = query_bool(q);
    TRY(q->err);
    *out = decision;
    return ERR_OK;
}

err_t sqlite_decision_get(struct store_tx *tx, uuid_t id, struct decision_row *out, bool *found)
{
    static const struct sql get = {SQL_DECISION_GET,
                                   "SELECT " DECISION_COLUMNS " FROM decisions WHERE id = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &get);
    query_bind_uuid(&q, &id);
    bool row = false;
    TRY(query_step(&q, &row));
    if (row) {
        TRY(decision_read(&q, out));
    }
    *found = row;
    return ERR_OK;
}

err_t sqlite_decisions_mpin_passed(struct store_tx *tx, uuid_t session, uint8_t decision,
                                   wall_t since, wall_t at)
{
#define OF_THEM  "session = ? AND decision = ? AND at >= ?"
#define QUESTION "action, amount, currency, beneficiary_new"
    static const struct sql mark = {SQL_DECISIONS_MPIN_PASSED,
                                    "UPDATE decisions SET mpin_passed_at = ?"
                                    " WHERE " OF_THEM " AND retry_used = 0"
                                    " AND (" QUESTION ") = (SELECT " QUESTION
                                    " FROM decisions WHERE " OF_THEM
                                    " ORDER BY at DESC, rowid DESC LIMIT 1)"};
#undef OF_THEM
#undef QUESTION
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &mark);
    query_bind_wall(&q, at);
    for (int part = 0; part < 2; part++) {
        query_bind_uuid(&q, &session);
        query_bind_int(&q, decision);
        query_bind_wall(&q, since);
    }
    return query_run(&q, NULL);
}

err_t sqlite_decisions_spend(struct store_tx *tx, uuid_t session, wall_t passed_at)
{
    static const struct sql spend = {SQL_DECISIONS_SPEND,
                                     "UPDATE decisions SET retry_used = 1"
                                     " WHERE session = ? AND mpin_passed_at = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &spend);
    query_bind_uuid(&q, &session);
    query_bind_wall(&q, passed_at);
    return query_run(&q, NULL);
}

err_t sqlite_decisions_purge_before(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct sql old = {SQL_DECISIONS_PURGE,
                                   "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions"
                                   " WHERE at < ? ORDER BY at LIMIT ?)"};
    return query_purge(tx, &old, at, limit, purged);
}

/* ---- meta */

err_t sqlite_meta_get(struct store_tx *tx, const char *key, struct meta_value *out, bool *found)
{
    static const struct sql get = {SQL_META_GET, "SELECT value FROM meta WHERE key = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &get);
    query_bind_text(&q, key);
    bool row = false;
    TRY(query_step(&q, &row));
    if (row) {
        const span_t value = query_blob(&q);
        if (value.len > sizeof out->bytes) {
            return err_new(ERR_STORAGE);
        }
        *out = (struct meta_value){.len = value.len};
        if (value.len > 0) {
            memcpy(out->bytes, value.ptr, value.len);
        }
    }
    *found = row;
    return ERR_OK;
}

err_t sqlite_meta_put(struct store_tx *tx, const char *key, span_t value)
{
    static const struct sql put = {SQL_META_PUT,
                                   "INSERT INTO meta (key, value) VALUES (?, ?)"
                                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &put);
    query_bind_text(&q, key);
    query_bind_bytes(&q, value.ptr, value.len);
    return query_run(&q, NULL);
}
