#include "domain/ground/pepper_guard.h"

#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

static const char key[] = "pepper.marks";

/* Marks in the order of a pepper file: the root last. */
struct marks {
    pepper_mark_t mark[KEYRING_PEPPERS];
    size_t count;
};

_Static_assert(sizeof(pepper_mark_t) == (size_t)PEPPER_ID_CHARS + PEPPER_MARK_BYTES,
               "marks are stored as they are");
_Static_assert((int)KEYRING_PEPPERS <= (int)STORE_HASH_BEGINS, "one question names all peppers");
_Static_assert((int)PEPPER_ID_CHARS + 2 == (int)STORE_HASH_BEGIN, "a hash begins p=ID");

const char *pepper_fit_text(enum pepper_fit fit)
{
    switch (fit) {
    case PEPPER_FITS: break;
    case PEPPER_MISSING: return "lacks a pepper that this database needs; restore its line";
    case PEPPER_DIFFERS: return "has another pepper under an id that this database knows";
    case PEPPER_OLDEST: return "must have the oldest pepper of this database in its last line";
    case PEPPER_NOT_AUDIT:
        return "is not the one that this database was made with: its audit does not verify";
    }
    return "";
}

/* An id out of the database goes to a terminal: no other characters than those of an id. */
static void answer(pepper_answer_t *out, enum pepper_fit fit, const char *id)
{
    *out = (pepper_answer_t){.fit = fit};
    memcpy(out->id, id, PEPPER_ID_CHARS);
    if (strspn(out->id, "0123456789abcdef") != PEPPER_ID_CHARS) {
        out->id[0] = '\0';
    }
}

/* What is not of our making counts as nothing: then everything is looked at. */
static err_t load(struct store_tx *tx, struct marks *out)
{
    struct meta_value value = {0};
    bool found = false;
    *out = (struct marks){0};
    TRY(store_meta_get(tx, key, &value, &found));
    if (found && value.len <= sizeof out->mark && value.len % sizeof *out->mark == 0) {
        memcpy(out->mark, value.bytes, value.len);
        out->count = value.len / sizeof *out->mark;
    }
    return ERR_OK;
}

static const pepper_mark_t *mark_of(const struct marks *m, const char *id)
{
    for (size_t i = 0; i < m->count; i++) {
        if (memcmp(m->mark[i].id, id, PEPPER_ID_CHARS) == 0) {
            return &m->mark[i];
        }
    }
    return NULL;
}

/* `*gone`: a pepper that is marked and not the root is not in the file. */
static void compare(const struct marks *was, const struct marks *now, bool *gone,
                    pepper_answer_t *out)
{
    for (size_t i = 0; i < was->count; i++) {
        const pepper_mark_t *const old = &was->mark[i];
        const pepper_mark_t *const same = mark_of(now, old->id);
        const bool root = i + 1 == was->count;
        *gone = *gone || (same == NULL && !root);
        if (same == NULL && root) {
            answer(out, PEPPER_MISSING, old->id);
        } else if (same != NULL && !ct_equal(same->mac, old->mac, sizeof old->mac)) {
            answer(out, PEPPER_DIFFERS, old->id);
        } else if (root && same != &now->mark[now->count - 1]) {
            answer(out, PEPPER_OLDEST, old->id);
        }
        if (out->fit != PEPPER_FITS) {
            return;
        }
    }
}

static err_t look_at_hashes(struct store_tx *tx, const struct marks *now, pepper_answer_t *out)
{
    char known[KEYRING_PEPPERS][STORE_HASH_BEGIN + 1];
    char begin[STORE_HASH_BEGIN + 1] = "";
    bool found = false;
    for (size_t i = 0; i < now->count; i++) {
        (void)snprintf(known[i], sizeof known[i], "p=%.*s", PEPPER_ID_CHARS, now->mark[i].id);
    }
    TRY(store_account_hash_unlike(tx, (const char(*)[STORE_HASH_BEGIN + 1]) known, now->count,
                                  begin, &found));
    if (found) {
        answer(out, PEPPER_MISSING, begin + 2);
    }
    return ERR_OK;
}

static err_t look(struct store_tx *tx, const struct marks *now, const struct audit *audit,
                  bool *same, pepper_answer_t *out)
{
    struct marks was = {0};
    bool gone = false;
    bool fits = true;
    *out = (pepper_answer_t){.fit = PEPPER_FITS};
    TRY(load(tx, &was));
    if (was.count == 0) {
        TRY(audit_head_fits(audit, tx, &fits));
    }
    if (!fits) {
        out->fit = PEPPER_NOT_AUDIT;
        return ERR_OK;
    }
    compare(&was, now, &gone, out);
    if (out->fit == PEPPER_FITS && (gone || was.count == 0)) {
        TRY(look_at_hashes(tx, now, out));
    }
    *same =
        was.count == now->count && memcmp(was.mark, now->mark, now->count * sizeof *now->mark) == 0;
    return ERR_OK;
}

err_t pepper_guard_look(struct store *store, const struct keyring *keys, const struct audit *audit,
                        pepper_answer_t *out)
{
    struct marks now = {0};
    bool same = false;
    now.count = keyring_marks(keys, now.mark);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_READ, &tx));
    return look(&tx, &now, audit, &same, out);
}

err_t pepper_guard_start(struct store *store, const struct keyring *keys, const struct audit *audit,
                         pepper_answer_t *out)
{
    struct marks now = {0};
    bool same = false;
    now.count = keyring_marks(keys, now.mark);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_WRITE, &tx));
    TRY(look(&tx, &now, audit, &same, out));
    if (out->fit != PEPPER_FITS) {
        return err_new(ERR_RANGE);
    }
    if (same) {
        return ERR_OK;
    }
    const span_t bytes = {(const uint8_t *)now.mark, now.count * sizeof *now.mark};
    TRY(store_meta_put(&tx, key, bytes));
    return store_commit(&tx);
}
