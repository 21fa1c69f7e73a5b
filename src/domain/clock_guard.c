#include "domain/clock_guard.h"

#include <string.h>

static const char key[] = "clock.newest";

static err_t load(struct store_tx *tx, int64_t *newest)
{
    struct meta_value value = {0};
    bool found = false;
    TRY(store_meta_get(tx, key, &value, &found));
    *newest = 0;
    if (found && value.len == sizeof *newest) {
        memcpy(newest, value.bytes, sizeof *newest);
    }
    return ERR_OK;
}

static err_t note(struct service *svc, bool refuse)
{
    const int64_t now = clock_wall(svc->clock).ms;
    int64_t newest = 0;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(load(&tx, &newest));
    if (refuse && now < newest - CLOCK_BACK_MAX_MS) {
        return err_new(ERR_RANGE);
    }
    if (now <= newest) {
        return ERR_OK;
    }
    TRY(store_meta_put(&tx, key, (span_t){(const uint8_t *)&now, sizeof now}));
    return store_commit(&tx);
}

err_t clock_guard_start(struct service *svc)
{
    atomic_store(&svc->newest_ms, clock_wall(svc->clock).ms);
    return note(svc, true);
}

err_t clock_guard_note(struct service *svc)
{
    return note(svc, false);
}

bool clock_guard_ok(struct service *svc)
{
    const int64_t now = clock_wall(svc->clock).ms;
    int64_t newest = atomic_load(&svc->newest_ms);
    while (now > newest && !atomic_compare_exchange_weak(&svc->newest_ms, &newest, now)) {}
    if (now >= newest - CLOCK_BACK_MAX_MS) {
        return true;
    }
    log_event(svc->log, LOG_ERROR, "clock.set_back", FIELD_INT("behind_ms", newest - now));
    return false;
}
