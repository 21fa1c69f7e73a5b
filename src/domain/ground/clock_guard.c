#include "domain/ground/clock_guard.h"

#include "domain/ground/audit.h"

#include <stdio.h>
#include <string.h>

static const char newest_key[] = "clock.newest";
static const char first_key[] =
    "clock.first"; /* no time was ever steady: what the first start had */

static err_t load_time(struct store_tx *tx, const char *key, wall_t *time, bool *known)
{
    struct meta_value value = {0};
    bool found = false;
    TRY(store_meta_get(tx, key, &value, &found));
    *known = found && value.len == sizeof time->ms;
    if (*known) {
        memcpy(&time->ms, value.bytes, sizeof time->ms);
    }
    return ERR_OK;
}

static err_t put_time(struct store_tx *tx, const char *key, wall_t time)
{
    return store_meta_put(tx, key, (span_t){(const uint8_t *)&time.ms, sizeof time.ms});
}

static err_t load_record(struct store_tx *tx, steady_record_t *out)
{
    steady_record_t r = {0};
    TRY(load_time(tx, newest_key, &r.newest, &r.known));
    TRY(load_time(tx, first_key, &r.first, &r.begun));
    *out = r;
    return ERR_OK;
}

err_t clock_guard_load(struct store *store, steady_record_t *out)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_READ, &tx));
    return load_record(&tx, out);
}

static bool is_behind(const steady_record_t *r, wall_t now)
{
    return r->known && now.ms < r->newest.ms - STEADY_BACK_MS;
}

err_t clock_guard_look(struct store *store, wall_t now)
{
    steady_record_t r = {0};
    TRY(clock_guard_load(store, &r));
    return is_behind(&r, now) ? err_new(ERR_RANGE) : ERR_OK;
}

err_t clock_guard_start(struct service *svc)
{
    const wall_t now = clock_wall(svc->clock);
    steady_record_t r = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(load_record(&tx, &r));
    if (is_behind(&r, now)) {
        return err_new(ERR_RANGE);
    }
    if (!r.known && !r.begun) {
        TRY(put_time(&tx, first_key, now));
        TRY(store_commit(&tx));
    }
    steady_clock_begin(svc->steady, &r);
    atomic_store(&svc->clock_state, STEADY_GOOD);
    clock_guard_watch(svc);
    return ERR_OK;
}

err_t clock_guard_note(struct service *svc)
{
    steady_record_t r = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(load_record(&tx, &r));
    const steady_look_t look = steady_clock_look(svc->steady);
    if (!look.known || (r.known && look.newest.ms <= r.newest.ms)) {
        return ERR_OK;
    }
    TRY(put_time(&tx, newest_key, look.newest));
    return store_commit(&tx);
}

void clock_guard_watch(struct service *svc)
{
    const steady_look_t look = steady_clock_look(svc->steady);
    const int before = atomic_exchange(&svc->clock_state, (int)look.state);
    if (before == (int)look.state) {
        return;
    }
    switch (look.state) {
    case STEADY_GOOD:
        log_event(svc->log, LOG_NOTICE, "clock.good",
                  FIELD_TEXT("was", steady_state_name((enum steady_state)before)));
        return;
    case STEADY_AHEAD:
        log_event(svc->log, LOG_ERROR, "clock.ahead",
                  FIELD_INT("ahead_ms", look.now.ms - look.vouched.ms),
                  FIELD_TEXT("waits", "nothing is deleted before this time has been steady"),
                  FIELD_INT("steady_s", STEADY_FOR_MS / MS_PER_S));
        return;
    case STEADY_BACK:
        log_event(svc->log, LOG_ERROR, "clock.set_back",
                  FIELD_INT("behind_ms", look.newest.ms - look.now.ms),
                  FIELD_TEXT("waits", "no login and no refresh before it is right or accepted"));
        return;
    }
}

bool clock_guard_ok(struct service *svc)
{
    return steady_clock_look(svc->steady).state != STEADY_BACK;
}

/* ---- an operator's word ---- */

err_t clock_guard_record(struct store *store, struct audit *audit, wall_t now)
{
    steady_record_t r = {0};
    char detail[96];
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_WRITE, &tx));
    TRY(load_record(&tx, &r));
    (void)snprintf(detail, sizeof detail,
                   "{\"by\":\"operator\",\"newest_ms\":%lld,\"now_ms\":%lld}",
                   (long long)r.newest.ms, (long long)now.ms);
    const audit_entry_t entry = {.kind = "clock.accepted", .detail = detail};
    TRY(put_time(&tx, newest_key, now));
    TRY(audit_append(audit, &tx, &entry));
    return store_commit(&tx);
}

err_t clock_guard_accept(struct service *svc)
{
    const wall_t now = clock_wall(svc->clock);
    TRY(clock_guard_record(svc->store, svc->audit, now));
    steady_clock_accept(svc->steady);
    clock_guard_watch(svc);
    /* Once more: the ledger may have put the old time on record between the two. */
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(put_time(&tx, newest_key, now));
    return store_commit(&tx);
}

/* ---- for the others ---- */

wall_t clock_vouched(const struct service *svc)
{
    return svc->steady == NULL ? clock_wall(svc->clock)
                               : clock_wall(steady_clock_vouched(svc->steady));
}

wall_t clock_latest(const struct service *svc)
{
    return svc->steady == NULL ? clock_wall(svc->clock) : steady_clock_latest(svc->steady);
}
