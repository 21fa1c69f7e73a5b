/* sqlite_profile.c - profiles: a part is a row that is good for the revisions [revision, until). */
#include "store/sqlite_ops.h"

#define FOREVER   INT64_C(4294967296) /* above every revision */
#define DAMAGED   (INT64_C(90) * 24 * 3600 * 1000)
#define PART_SPAN "account = ? AND until > ? AND revision <= ?"

err_t sqlite_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out)
{
    static const struct sql head = {
        SQL_PROFILE_HEAD, "SELECT revision, oldest, saved FROM profiles WHERE account = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &head);
    query_bind_uuid(&q, &account);
    bool row = false;
    TRY(query_step(&q, &row));
    struct profile_head found = {0};
    if (row) {
        found.revision = (uint32_t)query_unsigned(&q, UINT32_MAX);
        found.oldest = (uint32_t)query_unsigned(&q, UINT32_MAX);
        found.saved = query_wall(&q);
        TRY(q.err);
    }
    *out = found;
    return ERR_OK;
}

err_t sqlite_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision, store_part_fn fn,
                          void *ctx)
{
    static const struct sql load = {
        SQL_PROFILE_LOAD, "SELECT name, revision, content FROM profile_parts WHERE " PART_SPAN};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &load);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, revision);
    query_bind_int(&q, revision);
    for (;;) {
        bool row = false;
        TRY(query_step(&q, &row));
        if (!row) {
            return ERR_OK;
        }
        char name[STORE_PART_NAME_BYTES] = "";
        query_text(&q, name, sizeof name);
        const uint32_t since = (uint32_t)query_unsigned(&q, UINT32_MAX);
        TRY(q.err);
        const struct profile_part part = {
            .name = name, .revision = since, .content = query_blob(&q)};
        TRY(fn(ctx, &part));
    }
}

/* ---- a new revision */

static err_t next_revision(struct store_tx *tx, uuid_t account, uint32_t revision, wall_t at)
{
    static const struct sql next = {
        SQL_PROFILE_NEXT,
        "INSERT INTO profiles (account, revision, oldest, saved) VALUES (?, ?, 0, ?)"
        " ON CONFLICT (account) DO UPDATE SET revision = excluded.revision, saved = excluded.saved"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &next);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, revision);
    query_bind_wall(&q, at);
    return query_run(&q, NULL);
}

static err_t close_part(struct store_tx *tx, const struct profile_save *save, const char *name,
                        bool damaged, size_t *closed)
{
    static const struct sql close = {SQL_PART_CLOSE,
                                     "UPDATE profile_parts SET until = ?, closed = ?, damaged = ?"
                                     " WHERE account = ? AND until = ? AND name = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &close);
    query_bind_int(&q, (int64_t)save->base + 1);
    query_bind_wall(&q, save->at);
    query_bind_int(&q, damaged);
    query_bind_uuid(&q, &save->account);
    query_bind_int(&q, FOREVER);
    query_bind_text(&q, name);
    return query_run(&q, closed);
}

static err_t put_part(struct store_tx *tx, const struct profile_save *save,
                      const struct profile_part *part)
{
    static const struct sql put = {
        SQL_PART_PUT,
        "INSERT INTO profile_parts (account, name, revision, until, closed, damaged, content)"
        " VALUES (?, ?, ?, ?, 0, 0, ?)"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &put);
    query_bind_uuid(&q, &save->account);
    query_bind_text(&q, part->name);
    query_bind_int(&q, (int64_t)save->base + 1);
    query_bind_int(&q, FOREVER);
    query_bind_bytes(&q, part->content.ptr, part->content.len);
    return query_run(&q, NULL);
}

err_t sqlite_profile_save(struct store_tx *tx, const struct profile_save *save,
                          enum profile_answer *out)
{
    struct profile_head head = {0};
    TRY(sqlite_profile_head(tx, save->account, &head));
    if (head.revision != save->base) {
        *out = PROFILE_OVERTAKEN;
        return ERR_OK;
    }
    TRY(next_revision(tx, save->account, save->base + 1, save->at));
    for (size_t i = 0; i < save->count; i++) {
        TRY(close_part(tx, save, save->part[i].name, false, NULL));
        if (save->part[i].content.len > 0) {
            TRY(put_part(tx, save, &save->part[i]));
        }
    }
    *out = PROFILE_SAVED;
    return ERR_OK;
}

static err_t close_all(struct store_tx *tx, uuid_t account, uint32_t next, wall_t at)
{
    static const struct sql close = {SQL_PART_CLOSE_ALL,
                                     "UPDATE profile_parts SET until = ?, closed = ?"
                                     " WHERE account = ? AND until = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &close);
    query_bind_int(&q, next);
    query_bind_wall(&q, at);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, FOREVER);
    return query_run(&q, NULL);
}

static err_t copy_parts(struct store_tx *tx, uuid_t account, uint32_t from, uint32_t next)
{
    static const struct sql copy = {
        SQL_PART_COPY,
        "INSERT INTO profile_parts (account, name, revision, until, closed, damaged, content)"
        " SELECT account, name, ?, ?, 0, 0, content FROM profile_parts WHERE " PART_SPAN
        " AND damaged = 0"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &copy);
    query_bind_int(&q, next);
    query_bind_int(&q, FOREVER);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, from);
    query_bind_int(&q, from);
    return query_run(&q, NULL);
}

err_t sqlite_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                               enum profile_answer *out)
{
    struct profile_head head = {0};
    TRY(sqlite_profile_head(tx, account, &head));
    if (!store_profile_is_whole(&head, to)) {
        *out = PROFILE_GONE;
        return ERR_OK;
    }
    if (to < head.revision) {
        TRY(next_revision(tx, account, head.revision + 1, at));
        TRY(close_all(tx, account, head.revision + 1, at));
        TRY(copy_parts(tx, account, to, head.revision + 1));
    }
    *out = PROFILE_SAVED;
    return ERR_OK;
}

err_t sqlite_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name, wall_t at,
                               uint32_t *revision)
{
    struct profile_head head = {0};
    size_t closed = 0;
    TRY(sqlite_profile_head(tx, account, &head));
    const struct profile_save as = {.account = account, .base = head.revision, .at = at};
    TRY(close_part(tx, &as, name, true, &closed));
    if (closed > 0) {
        TRY(next_revision(tx, account, head.revision + 1, at));
    }
    *revision = closed > 0 ? head.revision + 1 : 0;
    return ERR_OK;
}

/* ---- forgetting */

static err_t note_oldest(struct store_tx *tx, uuid_t account, int64_t oldest)
{
    static const struct sql note = {
        SQL_PROFILE_OLDEST, "UPDATE profiles SET oldest = max(oldest, ?) WHERE account = ?"};
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &note);
    query_bind_int(&q, oldest);
    query_bind_uuid(&q, &account);
    return query_run(&q, NULL);
}

err_t sqlite_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                           size_t *purged)
{
    static const struct sql purge = {SQL_PART_PURGE,
                                     "DELETE FROM profile_parts WHERE account = ? AND until <= ?"
                                     " AND closed + damaged * ? < ? RETURNING until"};
    struct profile_head head = {0};
    TRY(sqlite_profile_head(tx, account, &head));
    *purged = 0;
    if (head.revision < keep) {
        return ERR_OK;
    }
    int64_t oldest = 0;
    CLEANUP(query_end) struct query q;
    query_begin(&q, seat_of(tx), &purge);
    query_bind_uuid(&q, &account);
    query_bind_int(&q, (int64_t)head.revision - keep + 1);
    query_bind_int(&q, DAMAGED);
    query_bind_wall(&q, at);
    for (;;) {
        bool row = false;
        TRY(query_step(&q, &row));
        if (!row) {
            break;
        }
        const int64_t until = query_int(&q);
        TRY(q.err);
        oldest = until > oldest ? until : oldest;
        *purged += 1;
    }
    return *purged > 0 ? note_oldest(tx, account, oldest) : ERR_OK;
}
