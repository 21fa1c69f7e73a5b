#include "store/sqlite_ops.h"

#define SESSION_COLUMNS                                                         \
    "id, account, device_id, device_key, created, last_activity, expires_max, " \
    "end_reason, ended, risk, level, mpin_required"

/* ---- sessions */

err_t sqlite_session_create(struct store_tx *tx, const struct session_row *row)
{
    static const struct sql create = {SQL_SESSION_CREATE,
                                      "INSERT INTO sessions (" SESSION_COLUMNS ")"
                                      " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &create);
    query_bind_uuid(&q, &row->id);
    query_bind_uuid(&q, &row->account);
    query_bind_text(&q, row->device_id);
    query_bind_bytes(&q, row->device_key, sizeof row->device_key);
    query_bind_wall(&q, row->created);
    query_bind_wall(&q, row->last_activity);
    query_bind_wall(&q, row->expires_max);
    query_bind_real(&q, row->risk);
    query_bind_int(&q, row->level);
    query_bind_int(&q, row->mpin_required);
    return query_run(&q, NULL);
}

static err_t session_read(struct query *q, struct session_row *out)
{
    struct session_row session = {0};
    query_uuid(q, &session.id);
    query_uuid(q, &session.account);
    query_text(q, session.device_id, sizeof session.device_id);
    query_bytes(q, session.device_key, sizeof session.device_key);
    session.created = query_wall(q);
    session.last_activity = query_wall(q);
    session.expires_max = query_wall(q);
    session.end = (enum session_end)query_unsigned(q, END_REASONS - 1);
    session.ended = query_wall(q);
    session.risk = query_real(q);
    session.level = (uint8_t)query_unsigned(q, UINT8_MAX);
    session.mpin_required = query_bool(q);
    TRY(q->err);
    *out = session;
    return ERR_OK;
}

err_t sqlite_session_get(struct store_tx *tx, uuid_t id, struct session_row *out, bool *found)
{
    static const struct sql get = {SQL_SESSION_GET,
                                   "SELECT " SESSION_COLUMNS " FROM sessions WHERE id = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &get);
    query_bind_uuid(&q, &id);
    bool row = false;
    TRY(query_step(&q, &row));
    if (row) {
        TRY(session_read(&q, out));
    }
    *found = row;
    return ERR_OK;
}

err_t sqlite_session_end(struct store_tx *tx, uuid_t id, enum session_end reason, wall_t at,
                         bool *ended_now)
{
    static const struct sql end = {
        SQL_SESSION_END,
        "UPDATE sessions SET end_reason = ?, ended = ? WHERE id = ? AND end_reason = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &end);
    query_bind_int(&q, (int64_t)reason);
    query_bind_wall(&q, at);
    query_bind_uuid(&q, &id);
    size_t changed = 0;
    TRY(query_run(&q, &changed));
    *ended_now = changed == 1;
    return ERR_OK;
}

err_t sqlite_sessions_live_of(struct store_tx *tx, uuid_t account, struct session_row *out,
                              size_t cap, size_t *count)
{
    static const struct sql live = {SQL_SESSIONS_LIVE_OF,
                                    "SELECT " SESSION_COLUMNS " FROM sessions"
                                    " WHERE account = ? AND end_reason = 0 ORDER BY created, id"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &live);
    query_bind_uuid(&q, &account);
    size_t n = 0;
    for (bool row = true; n < cap; n++) {
        TRY(query_step(&q, &row));
        if (!row) {
            break;
        }
        TRY(session_read(&q, &out[n]));
    }
    *count = n;
    return ERR_OK;
}

err_t sqlite_sessions_live_all(struct store_tx *tx, store_session_fn fn, void *ctx)
{
    static const struct sql live = {SQL_SESSIONS_LIVE_ALL,
                                    "SELECT " SESSION_COLUMNS " FROM sessions WHERE end_reason = 0"
                                    " ORDER BY account, created, id"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &live);
    for (;;) {
        bool row = false;
        TRY(query_step(&q, &row));
        if (!row) {
            return ERR_OK;
        }
        struct session_row session = {0};
        TRY(session_read(&q, &session));
        TRY(fn(ctx, &session));
    }
}

err_t sqlite_session_ids_live(struct store_tx *tx, store_session_id_fn fn, void *ctx)
{
    static const struct sql ids = {
        SQL_SESSION_IDS_LIVE,
        "SELECT id FROM sessions INDEXED BY sessions_live WHERE end_reason = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &ids);
    for (;;) {
        bool row = false;
        TRY(query_step(&q, &row));
        if (!row) {
            return ERR_OK;
        }
        uuid_t id = {{0}};
        query_uuid(&q, &id);
        TRY(q.err);
        TRY(fn(ctx, id));
    }
}

static err_t save_one(struct store_tx *tx, const struct session_activity *item)
{
    static const struct sql save = {
        SQL_SESSION_SAVE_ACTIVITY,
        "UPDATE sessions SET last_activity = ?, risk = ?, level = ?, mpin_required = ?"
        " WHERE id = ? AND end_reason = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &save);
    query_bind_wall(&q, item->last_activity);
    query_bind_real(&q, item->risk);
    query_bind_int(&q, item->level);
    query_bind_int(&q, item->mpin_required);
    query_bind_uuid(&q, &item->id);
    return query_run(&q, NULL);
}

err_t sqlite_session_save_activity(struct store_tx *tx, const struct session_activity *items,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(save_one(tx, &items[i]));
    }
    return ERR_OK;
}

err_t sqlite_sessions_purge_ended_before(struct store_tx *tx, wall_t at, size_t limit,
                                         size_t *purged)
{
    static const struct sql ended = {
        SQL_SESSIONS_PURGE, "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
                            " WHERE end_reason <> 0 AND ended < ? ORDER BY ended LIMIT ?)"};
    return query_purge(tx, &ended, at, limit, purged);
}
