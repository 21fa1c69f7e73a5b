/* The steps of a house that bring sessions back and keep them for the next start. */
#include "app/house/house_steps.h"
#include "domain/learnt/replay_keeper.h"
#include "domain/sessions/checkpoint_keeper.h"

static struct shard *owner(void *ctx, uuid_t session)
{
    return server_shard_of(ctx, session);
}

err_t house_recovery_up(struct house *h)
{
    const err_t e =
        recovery_run(&h->service, h->settings->data_dir, owner, h->server, &h->recovery);
    h->sleepers = h->service.sleepers;
    if (failed(e)) {
        sleepers_free(&h->sleepers);
        if (h->recovery.fault.reason != NULL) {
            return house_fault(h, "journal: %s, file %s at byte %llu", h->recovery.fault.reason,
                               h->recovery.fault.file,
                               (unsigned long long)h->recovery.fault.offset);
        }
        return house_fault(
            h, "recovery: sessions could not be restored from store and journal (error %d)",
            (int)e.code);
    }
    log_event(h->log, LOG_INFO, "recovery.done",
              FIELD_INT("sessions", (int64_t)h->recovery.sessions),
              FIELD_INT("records", (int64_t)h->recovery.records),
              FIELD_INT("expired", (int64_t)h->recovery.expired),
              FIELD_INT("unknown", (int64_t)h->recovery.unknown),
              FIELD_INT("asleep", (int64_t)h->recovery.asleep),
              FIELD_BOOL("checkpoint", h->recovery.checkpoint));
    return ERR_OK;
}

void house_recovery_down(struct house *h)
{
    sleepers_free(&h->sleepers);
}

/* ---- checkpoints ---- */

static err_t visit_loops(void *ctx, void (*each)(void *ctx, struct shard *s),
                         void (*done)(void *ctx), void *visit_ctx)
{
    return server_visit(ctx, each, done, visit_ctx);
}

static void wake_in_loop(void *ctx, waking_t *w)
{
    server_wake(ctx, w);
}

static struct shard *shard_at(void *ctx, unsigned index)
{
    return server_shard(ctx, index);
}

err_t house_checkpoints_up(struct house *h)
{
    const struct checkpoint_keeper_config config = {.dir = h->settings->data_dir,
                                                    .svc = &h->service,
                                                    .at_once = !h->recovery.checkpoint,
                                                    .loops = {.visit = visit_loops,
                                                              .wake = wake_in_loop,
                                                              .shard = shard_at,
                                                              .count = server_loops(h->server),
                                                              .ctx = h->server}};
    return failed(checkpoint_keeper_open(&config, &h->checkpoints))
               ? house_fault(h, "out of memory for checkpoints")
               : ERR_OK;
}

void house_checkpoints_down(struct house *h)
{
    checkpoint_keeper_close(&h->checkpoints);
}

err_t house_keeping_up(struct house *h)
{
    if (h->replay != NULL) {
        replay_keeper_begin(h->replay);
    }
    return failed(checkpoint_keeper_start(h->checkpoints))
               ? house_fault(h, "a thread could not be started")
               : ERR_OK;
}

void house_keeping_down(struct house *h)
{
    checkpoint_keeper_stop(h->checkpoints);
}

/* ---- serving ---- */

err_t house_serving_up(struct house *h)
{
    return failed(server_start(h->server)) ? house_fault(h, "a thread could not be started")
                                           : ERR_OK;
}

void house_serving_down(struct house *h)
{
    server_stop(h->server);
    const err_t saved = checkpoint_keeper_save(h->checkpoints);
    if (failed(saved)) { /* the next start plays what it lacks from the journal */
        log_event(h->log, LOG_WARN, "checkpoint.failed", FIELD_INT("error", (int64_t)saved.code));
    }
}
