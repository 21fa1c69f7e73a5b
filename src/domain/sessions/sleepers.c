#include "domain/sessions/sleepers.h"

#include "base/buf.h"
#include "base/util.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/recovery_steps.h"
#include "domain/sessions/rest.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record in `bytes`, and the one before it of the same session. */
struct unplayed {
    uint32_t offset;
    uint32_t before; /* counted from 1; 0: none */
};

struct called {
    uuid_t session, account;
    uint32_t revision;
};

struct sleepers {
    struct service *svc;
    struct buf bytes;
    struct unplayed *record;
    size_t records, record_cap;
    struct called *call;
    size_t calls, call_cap, next_call;
    _Atomic uint64_t left;
};

_Static_assert(SLEEPERS_TAIL_MAX <= UINT32_MAX, "an offset fits 32 bits");

err_t sleepers_new(struct service *svc, struct sleepers **out)
{
    struct sleepers *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->svc = svc;
    buf_init(&s->bytes, SLEEPERS_TAIL_MAX);
    svc->sleepers = s;
    *out = s;
    return ERR_OK;
}

static void forget_records(struct sleepers *s)
{
    buf_deinit(&s->bytes);
    free(s->record);
    s->record = NULL;
}

void sleepers_free(struct sleepers **place)
{
    struct sleepers *s = *place;
    if (s == NULL) {
        return;
    }
    s->svc->sleepers = NULL;
    forget_records(s);
    free(s->call);
    free(s);
    *place = NULL;
}

/* ---- what is left to play ---- */

static err_t grow(void **items, size_t size, size_t count, size_t *cap)
{
    if (count < *cap) {
        return ERR_OK;
    }
    const size_t more = *cap == 0 ? 1024 : *cap * 2;
    void *grown = reallocarray(*items, more, size);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    *items = grown;
    *cap = more;
    return ERR_OK;
}

err_t sleepers_keep(struct sleepers *s, struct live *live, const journal_record_t *record)
{
    uint8_t fixed[JOURNAL_RECORD_FIXED];
    size_t size = 0;
    void *items = s->record;
    TRY(grow(&items, sizeof *s->record, s->records, &s->record_cap));
    s->record = items;
    TRY(journal_record_size(record, &size));
    journal_record_head(record, size, fixed);
    const struct unplayed last = {.offset = (uint32_t)s->bytes.len, .before = live->unplayed};
    TRY(buf_reserve(&s->bytes, size));
    TRY(buf_append(&s->bytes, (span_t){fixed, sizeof fixed}));
    TRY(buf_append(&s->bytes, record->type));
    TRY(buf_append(&s->bytes, record->client_time));
    TRY(buf_append(&s->bytes, record->data));
    s->record[s->records++] = last;
    live->unplayed = (uint32_t)s->records;
    return ERR_OK;
}

err_t sleepers_call(struct sleepers *s, const struct live *live)
{
    void *items = s->call;
    TRY(grow(&items, sizeof *s->call, s->calls, &s->call_cap));
    s->call = items;
    s->call[s->calls++] = (struct called){.session = live->id,
                                          .account = live->account,
                                          .revision = live->unpinned ? 0 : live->profile_revision};
    (void)atomic_fetch_add(&s->left, 1);
    return ERR_OK;
}

uint64_t sleepers_left(struct sleepers *s)
{
    return s == NULL ? 0 : atomic_load(&s->left);
}

bool sleepers_next(struct sleepers *s, waking_t *out)
{
    if (s == NULL || s->next_call == s->calls) {
        return false;
    }
    const struct called *c = &s->call[s->next_call++];
    *out = (waking_t){.session = c->session, .account = c->account, .revision = c->revision};
    return true;
}

void sleepers_again(struct sleepers *s)
{
    s->next_call = 0;
}

/* ---- waking ---- */

bool sleeper_scores(struct shard *s, uuid_t id)
{
    const struct live *live = shard_peek(s, id);
    return live != NULL && live->away;
}

bool sleeper_is(struct shard *s, uuid_t id)
{
    if (shard_service(s)->sleepers == NULL) {
        return false;
    }
    const struct live *live = shard_peek(s, id);
    return live != NULL && live->asleep;
}

void waking_begin(const struct live *live, waking_t *out)
{
    *out = (waking_t){.session = live->id,
                      .account = live->account,
                      .profile_only = !live->asleep,
                      .revision = live->unpinned ? 0 : live->profile_revision};
}

static err_t read_all(struct service *svc, waking_t *w)
{
    if (w->revision > 0) {
        profile_pin_t pin = {.set = true, .revision = w->revision};
        if (svc->model != NULL) {
            (void)snprintf(pin.model, sizeof pin.model, "%s", canara_model_name(svc->model));
        }
        TRY(profile_of_pin(svc, w->account, &pin, &w->profile, &w->found));
    }
    if (w->profile_only) {
        return ERR_OK;
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_mpin_load(&tx, w->account, &w->mpin));
    struct session_row row = {0};
    bool found = false;
    TRY(store_session_get(&tx, w->session, &row, &found));
    w->end = found ? row.end : END_REVOKED; /* its row is gone */
    w->mpin_due = row.mpin_required;
    return ERR_OK;
}

void waking_read(struct service *svc, waking_t *w)
{
    w->error = read_all(svc, w);
}

void waking_drop(waking_t *w)
{
    canara_profile_free(&w->profile);
}

/* The chain is newest first: turn it round. Nobody else looks at a session's records. */
static uint32_t oldest_first(struct sleepers *s, uint32_t newest)
{
    uint32_t oldest = 0;
    while (newest != 0) {
        struct unplayed *u = &s->record[newest - 1];
        const uint32_t before = u->before;
        u->before = oldest;
        oldest = newest;
        newest = before;
    }
    return oldest;
}

static err_t step_or_count(struct recovery_round *r, struct shard *s, struct live **live,
                           const journal_record_t *record, bool *broken)
{
    if (*broken && record->kind == JOURNAL_EVENT) {
        recovery_count(*live, record);
        return ERR_OK;
    }
    const err_t e = recovery_step(r, s, live, record);
    *broken = *broken || failed(e);
    return e;
}

/* Play what the session has to play. What cannot be played stops the scoring, not the counting, and not
 * the facts: its MPIN is asked for then. A block of which only the line is left stands. */
static void play(struct sleepers *sl, struct recovery_round *r, struct shard *s, struct live **live)
{
    bool broken = r->scratch == NULL;
    bool blocked = false;
    uint32_t at = oldest_first(sl, (*live)->unplayed);
    (*live)->unplayed = 0;
    while (at != 0 && *live != NULL) {
        const struct unplayed *u = &sl->record[at - 1];
        const span_t rest = {sl->bytes.ptr + u->offset, sl->bytes.len - u->offset};
        journal_record_t record = {0};
        size_t size = 0;
        MUST(!failed(journal_record_read(rest, &record, &size)));
        if (failed(step_or_count(r, s, live, &record, &broken))) {
            recovery_count(*live, &record);
            log_event(r->svc->log, LOG_ERROR, "recovery.unplayable",
                      FIELD_UUID("session", (*live)->id), FIELD_INT("line", (int64_t)record.line));
        }
        blocked = blocked || (record.kind == JOURNAL_FACT &&
                              span_eq(record.type, SPAN_LIT("session_blocked")));
        at = u->before;
    }
    if (*live != NULL && broken) {
        (*live)->unpinned = true;
        if (blocked && !(*live)->blocked) {
            behaviour_block(s, *live, END_BLOCKED, false);
        }
    }
}

static void one_less(struct sleepers *sl)
{
    if (atomic_fetch_sub(&sl->left, 1) == 1) {
        forget_records(sl); /* the last one that had any */
    }
}

static void wake(struct shard *s, struct live *live, waking_t *w)
{
    struct service *svc = shard_service(s);
    struct sleepers *sl = svc->sleepers;
    struct recovery_round r = {.svc = svc};
    const bool called = live_is_called(live);
    const enum session_end end =
        live->told != END_NONE ? (enum session_end)live->told : w->end; /* the newer of the two */
    const bool locked_out = recovery_is_locked_out(svc, live->created, &w->mpin);
    live->asleep = false;
    live->opens_late = false;
    live_recount(s, live);
    live->mpin_failures = w->mpin.failures;
    live->mpin_due = live->mpin_due || w->mpin_due;
    if (w->revision > 0) {
        const profile_pin_t pin = {.revision = w->revision};
        recovery_found(&r, live, &pin, w->found);
        live->profile = w->profile;
        w->profile = NULL;
    }
    if (live->unplayed != 0) {
        r.scratch = shard_scratch(s);
        play(sl, &r, s, &live);
    }
    if (live != NULL && end != END_NONE) {
        recovery_owe(s, live);
        shard_end(s, live, end, true); /* while it slept, and nobody was there to be told */
    } else if (live != NULL) {
        recovery_mend(&r, s, live, locked_out);
        live = shard_peek(s, w->session);
        if (live != NULL) {
            live_arm(s, live);
        }
    }
    journal_kick(shard_lane(s));
    if (called) {
        one_less(sl);
    }
}

err_t waking_finish(struct shard *s, waking_t *w)
{
    struct live *live = shard_peek(s, w->session);
    err_t e = ERR_OK;
    if (live != NULL && live->asleep) {
        e = w->error;
        if (!failed(e)) {
            wake(s, live, w);
        } else {
            log_event(shard_service(s)->log, LOG_WARN, "recovery.asleep",
                      FIELD_UUID("session", w->session), FIELD_INT("error", (int64_t)e.code));
        }
    } else if (live != NULL && !failed(w->error)) {
        live_fetched(s, live, w);
    }
    waking_drop(w);
    return e;
}

bool sleeper_wake(struct shard *s, struct live **live)
{
    waking_t w = {0};
    const uuid_t id = (*live)->id;
    waking_begin(*live, &w);
    waking_read(shard_service(s), &w);
    if (failed(waking_finish(s, &w))) {
        return false;
    }
    *live = shard_peek(s, id);
    return *live != NULL;
}
