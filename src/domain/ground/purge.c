#include "domain/ground/purge.h"

#include "domain/ground/clock_guard.h"

/* Ended sessions and decisions are kept so long for support and disputes. */
#define KEEP_MS (INT64_C(90) * 24 * 3600 * 1000)

/* Devices: whoever comes back within a year comes from one that is known. */
#define KEEP_DEVICE_MS (INT64_C(365) * 24 * 3600 * 1000)

enum { PURGED_TABLES = 4 };

void purge_init(purge_t *p, uint32_t every_s, mono_t now)
{
    *p = (purge_t){.every_ms = (int64_t)every_s * MS_PER_S};
    p->at = mono_after_ms(now, p->every_ms);
}

/* Delete a batch of each table; `*most` is what the fullest one gave. */
static err_t delete_batch(struct service *svc, size_t *most, uint64_t *gone)
{
    const wall_t now =
        clock_vouched(svc); /* a moment ahead must not cost what it cannot give back */
    const wall_t before = wall_after_ms(now, -KEEP_MS);
    size_t n[PURGED_TABLES] = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_sessions_purge_ended_before(&tx, before, PURGE_BATCH, &n[0]));
    TRY(store_refresh_purge(&tx, now, PURGE_BATCH, &n[1]));
    TRY(store_decisions_purge_before(&tx, before, PURGE_BATCH, &n[2]));
    TRY(store_devices_purge_before(&tx, wall_after_ms(now, -KEEP_DEVICE_MS), PURGE_BATCH, &n[3]));
    TRY(store_commit(&tx));
    for (size_t i = 0; i < PURGED_TABLES; i++) {
        *most = n[i] > *most ? n[i] : *most;
        *gone += n[i];
    }
    return ERR_OK;
}

static err_t take_batch(purge_t *p, struct service *svc, bool *left)
{
    size_t most = 0;
    if (!p->goes_on) {
        TRY(clock_guard_note(svc));
    }
    TRY(delete_batch(svc, &most, &p->gone));
    *left = most == PURGE_BATCH;
    return ERR_OK;
}

static void begin_turn(purge_t *p, mono_t now)
{
    const int64_t share_ms = p->every_ms / PURGE_SHARE;
    p->until = mono_after_ms(now, share_ms > PURGE_LEAST_MS ? share_ms : PURGE_LEAST_MS);
    p->gone = 0;
}

void purge_some(purge_t *p, struct service *svc, mono_t now)
{
    if (now.ns < p->at.ns) {
        return;
    }
    if (!p->goes_on) {
        begin_turn(p, now);
    }
    bool left = false;
    const err_t taken = take_batch(p, svc, &left);
    if (failed(taken)) {
        log_event(svc->log, LOG_WARN, "ledger.sweep_failed",
                  FIELD_INT("error", (int64_t)taken.code));
    }
    p->goes_on = left && now.ns < p->until.ns;
    if (p->goes_on) {
        p->at = now; /* whoever calls lets the others write before */
        return;
    }
    if (left) {
        log_event(svc->log, LOG_WARN, "ledger.sweep_behind", FIELD_INT("rows", (int64_t)p->gone));
    }
    p->at = mono_after_ms(now, p->every_ms);
}
