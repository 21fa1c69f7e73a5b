#include "domain/accounts/secret_change.h"

#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/accounts/ledger.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_PEPPER_COLUMN = 0 };

_Static_assert((int)STORE_HASH_BYTES == (int)PWHASH_TEXT_BYTES, "a hash is copied whole");

/* ---- proved ---- */

static err_t complete(struct service *svc, const char *proved, span_t fresh, change_order_t *order)
{
    const struct pwhash_subject who = {.account = order->account, .purpose = order->purpose};
    memcpy(order->proved, proved, sizeof order->proved);
    return pwhash_make(svc->keys, &svc->hashing, who, fresh, order->fresh);
}

err_t password_change_order(struct service *svc, span_t password, span_t new_password,
                            change_order_t *order, bool *right)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    bool found = false;
    bool match = false;
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        TRY(store_begin(svc->store, STORE_READ, &tx));
        TRY(store_account_by_id(&tx, order->account, &row, &found));
    }
    order->purpose = PWHASH_PASSWORD;
    if (found) {
        const struct pwhash_subject who = {.account = order->account, .purpose = PWHASH_PASSWORD};
        TRY(pwhash_verify(svc->keys, &svc->hashing, who, password, row.password_hash, &match));
    }
    if (match) {
        TRY(complete(svc, row.password_hash, new_password, order));
    }
    *right = match;
    return ERR_OK;
}

err_t mpin_change_order(struct service *svc, const mpin_result_t *proved, span_t new_mpin,
                        change_order_t *order)
{
    MUST(proved->answer == MPIN_RIGHT);
    order->purpose = PWHASH_MPIN;
    return complete(svc, proved->hash, new_mpin, order);
}

/* ---- written ---- */

/* Whether all that the order stands on is still so. */
static err_t is_still_so(struct store_tx *tx, const change_order_t *order, change_t *out)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    struct session_row session = {0};
    bool found = false;
    TRY(store_session_get(tx, order->session, &session, &found));
    if (!found || session.end != END_NONE || !uuid_eq(session.account, order->account)) {
        out->answer = CHANGE_ENDED;
        out->how = found && session.end != END_NONE ? session.end : END_EXPIRED;
        return ERR_OK;
    }
    TRY(store_account_by_id(tx, order->account, &row, &found));
    const char *now = order->purpose == PWHASH_PASSWORD ? row.password_hash : row.mpin_hash;
    out->answer = found && strcmp(now, order->proved) == 0 ? CHANGED : CHANGE_OVERTAKEN;
    return ERR_OK;
}

/* Whose sessions end, how, and which of them stays: nil, none. */
struct ending {
    uuid_t account, keep;
    enum session_end how;
};

static err_t end_sessions(struct service *svc, struct store_tx *tx, const struct ending *ending,
                          uuid_t ended[MPIN_SESSIONS_MAX], uint32_t *count)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    if (rows == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t live = 0;
    err_t e = store_sessions_live_of(tx, ending->account, rows, MPIN_SESSIONS_MAX, &live);
    for (size_t i = 0; !failed(e) && i < live; i++) {
        bool now = false;
        if (uuid_eq(rows[i].id, ending->keep)) {
            continue;
        }
        e = store_session_end(tx, rows[i].id, ending->how, clock_wall(svc->clock), &now);
        if (!failed(e)) {
            e = store_refresh_revoke(tx, rows[i].id);
        }
        ended[(*count)++] = rows[i].id;
    }
    free(rows);
    return e;
}

static err_t end_others(struct service *svc, struct store_tx *tx, const change_order_t *order,
                        change_t *out)
{
    const struct ending others = {
        .account = order->account, .keep = order->session, .how = END_REVOKED};
    TRY(ledger_mark_waiting(svc, tx, order->account));
    return end_sessions(svc, tx, &others, out->ended_session, &out->ended);
}

static err_t write_change(struct service *svc, struct store_tx *tx, const change_order_t *order,
                          change_t *out)
{
    const bool password = order->purpose == PWHASH_PASSWORD;
    TRY(password ? store_account_set_password(tx, order->account, order->fresh, NO_PEPPER_COLUMN)
                 : store_account_set_mpin(tx, order->account, order->fresh, NO_PEPPER_COLUMN));
    TRY(end_others(svc, tx, order, out));
    const audit_entry_t entry = {.kind = password ? "password.changed" : "mpin.changed",
                                 .account = order->account,
                                 .session = order->session,
                                 .detail = "{}"};
    return audit_append(svc->audit, tx, &entry);
}

err_t secret_change(struct service *svc, const change_order_t *order, change_t *out)
{
    change_t change = {.answer = CHANGED};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(is_still_so(&tx, order, &change));
    if (change.answer != CHANGED) {
        *out = change;
        return ERR_OK;
    }
    TRY(write_change(svc, &tx, order, &change));
    /* Asked last: an end that is in force in its loop reaches the store late, and not before this
     * transaction, the only one that writes. */
    if (ledger_holds_end(svc->ledger, order->session, &change.how)) {
        *out = (change_t){.answer = CHANGE_ENDED, .how = change.how};
        return ERR_OK;
    }
    TRY(store_commit(&tx));
    *out = change;
    return ERR_OK;
}

/* ---- set by an operator ---- */

static void wipe_hash(char (*hash)[PWHASH_TEXT_BYTES])
{
    memory_wipe(*hash, sizeof *hash);
}

static err_t write_reset(struct service *svc, struct store_tx *tx, uuid_t account, const char *hash,
                         mpin_reset_t *out)
{
    char detail[64];
    const struct ending all = {.account = account, .how = END_OPERATOR};
    TRY(store_account_set_mpin(tx, account, hash, NO_PEPPER_COLUMN));
    TRY(store_mpin_save(tx, account, &(struct mpin_state){0}));
    TRY(end_sessions(svc, tx, &all, out->ended_session, &out->ended));
    TRY(account_mark_renew(svc, tx, account)); /* also what waits in the ledger to be written */
    (void)snprintf(detail, sizeof detail, "{\"by\":\"operator\",\"ended\":%u}",
                   (unsigned)out->ended);
    const audit_entry_t entry = {.kind = "mpin.reset", .account = account, .detail = detail};
    return audit_append(svc->audit, tx, &entry);
}

/* Hashed before the account's turn, which a comparison holds while it hashes. */
err_t mpin_reset(struct service *svc, uuid_t account, span_t fresh, mpin_reset_t *out)
{
    CLEANUP(wipe_hash) char hash[PWHASH_TEXT_BYTES] = "";
    CLEANUP(account_wipe) struct account_row row = {0};
    mpin_reset_t done = {0};
    const struct pwhash_subject who = {.account = account, .purpose = PWHASH_MPIN};
    TRY(pwhash_make(svc->keys, &svc->hashing, who, fresh, hash));

    CLEANUP(account_locks_let_go)
    pthread_mutex_t *held = account_locks_hold(svc->locks, account);
    (void)held;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_account_by_id(&tx, account, &row, &done.known));
    if (done.known) {
        TRY(write_reset(svc, &tx, account, hash, &done));
        TRY(store_commit(&tx));
    }
    *out = done;
    return ERR_OK;
}
