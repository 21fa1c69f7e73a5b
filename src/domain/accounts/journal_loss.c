#include "domain/accounts/journal_loss.h"

#include "base/util.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/audit.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 1000 }; /* sessions of one transaction */

struct owned {
    uuid_t session, account;
};

struct all {
    struct owned *live;
    size_t count, cap;
};

static void all_deinit(struct all *a)
{
    free(a->live);
}

static err_t collect(void *ctx, const struct session_row *row)
{
    struct all *a = ctx;
    if (a->count == a->cap) {
        const size_t cap = a->cap == 0 ? BATCH : 2 * a->cap;
        struct owned *grown = reallocarray(a->live, cap, sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        a->live = grown;
        a->cap = cap;
    }
    a->live[a->count++] = (struct owned){.session = row->id, .account = row->account};
    return ERR_OK;
}

static err_t read_all(struct service *svc, struct all *a)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    return store_sessions_live_all(&tx, collect, a);
}

static err_t note(struct service *svc, uint64_t sessions)
{
    char detail[48];
    (void)snprintf(detail, sizeof detail, "{\"sessions\":%" PRIu64 "}", sessions);
    const audit_entry_t entry = {.kind = "operator.journal_loss", .detail = detail};
    return audit_record(svc->audit, svc->store, &entry);
}

static err_t end_some(struct service *svc, const struct owned *live, size_t count)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    for (size_t i = 0; i < count; i++) {
        bool ended = false;
        TRY(store_session_end(&tx, live[i].session, END_REVOKED, clock_wall(svc->clock), &ended));
        TRY(store_refresh_revoke(&tx, live[i].session));
        TRY(account_mark_blocked(&tx, live[i].account));
    }
    return store_commit(&tx);
}

err_t journal_loss_accept(struct service *svc, uint64_t *ended)
{
    CLEANUP(all_deinit) struct all all = {0};
    TRY(read_all(svc, &all));
    TRY(note(svc, all.count));
    for (size_t at = 0; at < all.count; at += BATCH) {
        TRY(end_some(svc, all.live + at, size_min(BATCH, all.count - at)));
    }
    *ended = all.count;
    return ERR_OK;
}
