/* sqlite_refresh.c - the families of refresh tokens, and what an older version left of single ones. */
#include "store/sqlite_ops.h"

#define FAMILY_COLUMNS "f.session, f.family, f.newest, f.expires"

err_t sqlite_refresh_put(struct store_tx *tx, const struct refresh_row *row)
{
    static const struct sql put = {SQL_REFRESH_PUT,
                                   "INSERT INTO refresh_families (session, family, newest, expires)"
                                   " VALUES (?, ?, ?, ?)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &put);
    query_bind_uuid(&q, &row->session);
    query_bind_bytes(&q, row->family, sizeof row->family);
    query_bind_bytes(&q, row->newest, sizeof row->newest);
    query_bind_wall(&q, row->expires);
    return query_run(&q, NULL);
}

static err_t family_by(struct store_tx *tx, const struct sql *sql, const uint8_t *hash,
                       struct refresh_row *out, bool *found)
{
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), sql);
    query_bind_bytes(&q, hash, STORE_DIGEST_BYTES);
    TRY(query_step(&q, found));
    if (!*found) {
        return ERR_OK;
    }
    query_uuid(&q, &out->session);
    query_bytes(&q, out->family, sizeof out->family);
    query_bytes(&q, out->newest, sizeof out->newest);
    out->expires = query_wall(&q);
    return q.err;
}

err_t sqlite_refresh_ask(struct store_tx *tx, const struct refresh_mark *mark, wall_t at,
                         enum refresh_answer *out, struct refresh_row *row)
{
    static const struct sql get = {SQL_REFRESH_GET, "SELECT " FAMILY_COLUMNS
                                                    " FROM refresh_families f WHERE f.family = ?"};
    /* Spent under an older version, which kept a row for each token: its session has a family now. */
    static const struct sql get_old = {SQL_REFRESH_GET_OLD,
                                       "SELECT " FAMILY_COLUMNS " FROM refresh_tokens t"
                                       " JOIN refresh_families f ON f.session = t.session"
                                       " WHERE t.hash = ?"};
    struct refresh_row family = {0};
    bool found = false;
    TRY(family_by(tx, &get, mark->family, &family, &found));
    if (!found) {
        TRY(family_by(tx, &get_old, mark->whole, &family, &found));
    }
    if (found) {
        *row = family;
    }
    *out = store_refresh_judge(found, &family, mark, at);
    return ERR_OK;
}

err_t sqlite_refresh_turn(struct store_tx *tx, uuid_t session, const uint8_t *newest)
{
    static const struct sql turn = {SQL_REFRESH_TURN,
                                    "UPDATE refresh_families SET newest = ? WHERE session = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &turn);
    query_bind_bytes(&q, newest, STORE_DIGEST_BYTES);
    query_bind_uuid(&q, &session);
    size_t changed = 0;
    TRY(query_run(&q, &changed));
    return changed == 1 ? ERR_OK : err_new(ERR_STORAGE);
}

/* What an older version left of the session stays: without a family it opens nothing. */
err_t sqlite_refresh_revoke(struct store_tx *tx, uuid_t session)
{
    static const struct sql revoke = {SQL_REFRESH_REVOKE,
                                      "DELETE FROM refresh_families WHERE session = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &revoke);
    query_bind_uuid(&q, &session);
    return query_run(&q, NULL);
}

err_t sqlite_refresh_purge(struct store_tx *tx, wall_t at, size_t limit, size_t *purged)
{
    static const struct sql expired = {
        SQL_REFRESH_PURGE, "DELETE FROM refresh_families WHERE session IN (SELECT session FROM"
                           " refresh_families WHERE expires < ? ORDER BY expires LIMIT ?)"};
    static const struct sql expired_old = {
        SQL_REFRESH_PURGE_OLD, "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM"
                               " refresh_tokens WHERE expires < ? ORDER BY expires LIMIT ?)"};
    size_t families = 0;
    size_t old = 0;
    TRY(query_purge(tx, &expired, at, limit, &families));
    TRY(query_purge(tx, &expired_old, at, limit - families, &old));
    *purged = families + old;
    return ERR_OK;
}
