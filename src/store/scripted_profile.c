/* scripted_profile.c - profiles as the SQLite driver keeps them, in memory. */
#include "base/util.h"
#include "store/scripted_state.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT_ID      MEMBER(T_ACCOUNTS, struct account_row, id)
#define PROFILE_ACCOUNT MEMBER(T_PROFILES, struct profile_entry, account)
#define FOREVER         UINT64_C(4294967296)
#define DAMAGED         (INT64_C(90) * 24 * 3600 * 1000)

static struct profile_head head_of(const struct store_tx *tx, uuid_t account)
{
    struct profile_entry entry = {0};
    (void)scripted_fetch(tx, PROFILE_ACCOUNT, &account, &entry, sizeof entry);
    return entry.head;
}

err_t scripted_profile_head(struct store_tx *tx, uuid_t account, struct profile_head *out)
{
    TRY(scripted_gate(tx));
    *out = head_of(tx, account);
    return ERR_OK;
}

static bool is_of(const struct part_entry *part, uuid_t account, uint32_t revision)
{
    return uuid_eq(part->account, account) && part->revision <= revision && part->until > revision;
}

err_t scripted_profile_load(struct store_tx *tx, uuid_t account, uint32_t revision,
                            store_part_fn fn, void *ctx)
{
    TRY(scripted_gate(tx));
    for (size_t i = 0; i < scripted_count(tx, T_PARTS); i++) {
        const struct part_entry *row = scripted_row(tx, T_PARTS, i);
        if (is_of(row, account, revision)) {
            const struct profile_part part = {
                .name = row->name, .revision = row->revision, .content = {row->content, row->len}};
            TRY(fn(ctx, &part));
        }
    }
    return ERR_OK;
}

/* ---- a new revision */

static err_t put_head(struct store_tx *tx, uuid_t account, struct profile_head head)
{
    TRY(scripted_must_have(tx, ACCOUNT_ID, &account));
    const struct profile_entry entry = {.account = account, .head = head};
    TRY(scripted_remove_all(tx, PROFILE_ACCOUNT, &account));
    return scripted_add(tx, T_PROFILES, &entry);
}

static err_t next_revision(struct store_tx *tx, uuid_t account, wall_t at)
{
    struct profile_head head = head_of(tx, account);
    head.revision += 1;
    head.saved = at;
    return put_head(tx, account, head);
}

/* Close the newest row of a name, or of all for NULL. */
static err_t close_parts(struct store_tx *tx, const struct profile_save *save, const char *name,
                         bool damaged, size_t *closed)
{
    *closed = 0;
    for (size_t i = 0; i < scripted_count(tx, T_PARTS); i++) {
        const struct part_entry *row = scripted_row(tx, T_PARTS, i);
        if (!uuid_eq(row->account, save->account) || row->until != FOREVER ||
            (name != NULL && strcmp(row->name, name) != 0)) {
            continue;
        }
        void *place = NULL;
        TRY(scripted_edit(tx, T_PARTS, i, &place));
        struct part_entry *part = place;
        part->until = (uint64_t)save->base + 1;
        part->closed = save->at;
        part->damaged = damaged;
        *closed += 1;
    }
    return ERR_OK;
}

static err_t put_part(struct store_tx *tx, const struct profile_save *save,
                      const struct profile_part *part)
{
    CLEANUP(scripted_freed) struct part_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return err_new(ERR_NOMEM);
    }
    entry->account = save->account;
    entry->revision = save->base + 1;
    entry->until = FOREVER;
    entry->len = part->content.len;
    scripted_put_text(entry->name, part->name, sizeof entry->name);
    memcpy(entry->content, part->content.ptr, part->content.len);
    return scripted_add(tx, T_PARTS, entry);
}

err_t scripted_profile_save(struct store_tx *tx, const struct profile_save *save,
                            enum profile_answer *out)
{
    TRY(scripted_gate(tx));
    if (head_of(tx, save->account).revision != save->base) {
        *out = PROFILE_OVERTAKEN;
        return ERR_OK;
    }
    TRY(next_revision(tx, save->account, save->at));
    for (size_t i = 0; i < save->count; i++) {
        size_t closed = 0;
        TRY(close_parts(tx, save, save->part[i].name, false, &closed));
        if (save->part[i].content.len > 0) {
            TRY(put_part(tx, save, &save->part[i]));
        }
    }
    *out = PROFILE_SAVED;
    return ERR_OK;
}

static err_t copy_part(struct store_tx *tx, const struct profile_save *save,
                       const struct part_entry *row)
{
    struct part_entry *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        return err_new(ERR_NOMEM);
    }
    *entry = *row;
    entry->revision = save->base + 1;
    entry->until = FOREVER;
    entry->closed = (wall_t){0};
    const err_t e = scripted_add(tx, T_PARTS, entry);
    free(entry);
    return e;
}

/* Copy the parts that made up revision `to`; the table grows while it is walked. */
static err_t copy_parts(struct store_tx *tx, const struct profile_save *save, uint32_t to)
{
    const size_t count = scripted_count(tx, T_PARTS);
    for (size_t i = 0; i < count; i++) {
        const struct part_entry *row = scripted_row(tx, T_PARTS, i);
        if (is_of(row, save->account, to) && !row->damaged) {
            TRY(copy_part(tx, save, row));
        }
    }
    return ERR_OK;
}

err_t scripted_profile_roll_back(struct store_tx *tx, uuid_t account, uint32_t to, wall_t at,
                                 enum profile_answer *out)
{
    TRY(scripted_gate(tx));
    const struct profile_head head = head_of(tx, account);
    if (!store_profile_is_whole(&head, to)) {
        *out = PROFILE_GONE;
        return ERR_OK;
    }
    if (to < head.revision) {
        const struct profile_save as = {.account = account, .base = head.revision, .at = at};
        size_t closed = 0;
        TRY(next_revision(tx, account, at));
        TRY(close_parts(tx, &as, NULL, false, &closed));
        TRY(copy_parts(tx, &as, to));
    }
    *out = PROFILE_SAVED;
    return ERR_OK;
}

err_t scripted_profile_set_aside(struct store_tx *tx, uuid_t account, const char *name, wall_t at,
                                 uint32_t *revision)
{
    TRY(scripted_gate(tx));
    const struct profile_save as = {
        .account = account, .base = head_of(tx, account).revision, .at = at};
    size_t closed = 0;
    TRY(close_parts(tx, &as, name, true, &closed));
    if (closed > 0) {
        TRY(next_revision(tx, account, at));
    }
    *revision = closed > 0 ? as.base + 1 : 0;
    return ERR_OK;
}

/* ---- forgetting */

err_t scripted_profile_purge(struct store_tx *tx, uuid_t account, uint32_t keep, wall_t at,
                             size_t *purged)
{
    TRY(scripted_gate(tx));
    struct profile_head head = head_of(tx, account);
    *purged = 0;
    for (size_t i = 0; i < scripted_count(tx, T_PARTS);) {
        const struct part_entry *row = scripted_row(tx, T_PARTS, i);
        const int64_t closed = row->closed.ms + (row->damaged ? DAMAGED : 0);
        if (!uuid_eq(row->account, account) || row->until + keep > (uint64_t)head.revision + 1 ||
            closed >= at.ms) {
            i++;
            continue;
        }
        head.oldest = row->until > head.oldest ? (uint32_t)row->until : head.oldest;
        TRY(scripted_remove(tx, T_PARTS, i));
        *purged += 1;
    }
    return *purged > 0 ? put_head(tx, account, head) : ERR_OK;
}
