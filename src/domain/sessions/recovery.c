#include "domain/sessions/recovery.h"

#include "codec/event_scan.h"
#include "crypto/token.h"
#include "domain/learnt/baselines.h"
#include "domain/sessions/recovery_checkpoint.h"
#include "journal/journal_read.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(JOURNAL_AHEAD_MS == (int64_t)TOKEN_FUTURE_S * MS_PER_S,
               "who was opened while the clock was ahead has a token, and a journal");

struct run {
    struct service *svc;
    struct shard *(*owner)(void *ctx, uuid_t session);
    void *ctx;
    struct recovery_round round;
};

/* ---- playing ---- */

static err_t play_event(const playing_t *play, const journal_record_t *record,
                        canara_verdict_t *out)
{
    scanned_event_t event = {0};
    scan_fault_t fault = {0};
    if (event_scan_stored(play->scratch, record->type, record->data, &event, &fault) != SCAN_OK ||
        canara_observe(play->engine, play->config, play->profile, &event.event, record->at.ms,
                       out) != CANARA_OK) {
        return err_new(ERR_FORMAT);
    }
    if (play->baselines != NULL) {
        baselines_note(play->baselines, play->profile, &event.event, record->at);
    }
    return ERR_OK;
}

err_t recovery_play(const playing_t *play, const journal_record_t *record, canara_verdict_t *out,
                    bool *counted)
{
    *counted = true;
    if (record->kind == JOURNAL_SESSION_OPEN) {
        canara_session_begin(play->engine, record->at.ms);
        return ERR_OK;
    }
    if (record->fact != JOURNAL_NO_FACT) {
        if (record->fact >= CANARA_FACTS) {
            return err_new(ERR_FORMAT);
        }
        const enum canara_status noted =
            canara_note(play->engine, play->config, (enum canara_fact)record->fact, record->value,
                        record->at.ms, out);
        return noted == CANARA_OK ? ERR_OK : err_new(ERR_FORMAT);
    }
    if (record->kind != JOURNAL_EVENT) {
        *counted = false;
        return ERR_OK;
    }
    return play_event(play, record, out);
}

static err_t play_record(struct run *r, const journal_record_t *record)
{
    struct shard *s = r->owner(r->ctx, record->session);
    struct live *live = shard_peek(s, record->session);
    if (live == NULL) {
        return ERR_OK; /* ended since: the store knows how */
    }
    if (record->kind == JOURNAL_SESSION_OPEN) {
        TRY(recovery_pin(&r->round, live, record));
    }
    return recovery_step(&r->round, s, &live, record);
}

/* ---- sessions of the store ---- */

struct entry {
    struct session_row row;
    bool locked_out; /* older than the lock of its account, so the lock should have ended it */
};

struct rows {
    struct entry *entry;
    size_t count, cap;
};

static err_t collect(void *ctx, const struct session_row *row)
{
    struct rows *rows = ctx;
    if (rows->count == rows->cap) {
        const size_t cap = rows->cap == 0 ? 256 : rows->cap * 2;
        struct entry *grown = realloc(rows->entry, cap * sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        rows->entry = grown;
        rows->cap = cap;
    }
    rows->entry[rows->count++] = (struct entry){.row = *row};
    return ERR_OK;
}

static err_t restore_sessions(struct run *r, struct rows *rows, wall_t *oldest)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(r->svc->store, STORE_READ, &tx));
    TRY(store_sessions_live_all(&tx, collect, rows));
    for (size_t i = 0; i < rows->count; i++) {
        struct entry *entry = &rows->entry[i];
        struct live *live = NULL;
        TRY(recovery_restore(&r->round, &tx, r->owner(r->ctx, entry->row.id), &entry->row, &live,
                             &entry->locked_out));
        if (rows->entry[i].row.created.ms < oldest->ms) {
            *oldest = rows->entry[i].row.created;
        }
    }
    return ERR_OK;
}

/* ---- the whole journal ---- */

/* Retention has taken what was to be read next, and with it the openings of all who have been played: they are as those
 * whose opening was gone before. Go on with what is left. */
static err_t go_on_behind(struct run *r, const struct rows *rows, struct journal_reader **reader)
{
    struct journal *j = r->svc->journal;
    const uint64_t from = journal_reader_sequence(*reader);
    for (size_t i = 0; i < rows->count; i++) {
        const uuid_t id = rows->entry[i].row.id;
        struct live *live = shard_peek(r->owner(r->ctx, id), id);
        if (live != NULL) {
            live->unopened = true;
        }
    }
    journal_reader_close(reader);
    return journal_reader_open(journal_dir(j), from, journal_committed(j), reader, NULL);
}

static err_t next_record(struct run *r, const struct rows *rows, struct journal_reader **reader,
                         journal_record_t *out, bool *more)
{
    err_t e = journal_reader_next(*reader, out, more);
    while (e.code == ERR_FORMAT && journal_reader_is_outrun(*reader)) {
        TRY(go_on_behind(r, rows, reader));
        e = journal_reader_next(*reader, out, more);
    }
    return e;
}

static err_t play_journal(struct run *r, const struct rows *rows, wall_t since)
{
    struct journal *j = r->svc->journal;
    struct journal_reader *reader = NULL;
    TRY(journal_reader_open(journal_dir(j), journal_sequence_since(j, since), journal_committed(j),
                            &reader, NULL));
    err_t e = ERR_OK;
    uint64_t done = 0;
    for (bool more = true; !failed(e); done++) {
        journal_record_t record = {0};
        if (asked_now(r->svc->asked, done)) {
            e = err_new(ERR_TIMEOUT);
            break;
        }
        e = next_record(r, rows, &reader, &record, &more);
        if (failed(e) || !more) {
            break;
        }
        e = play_record(r, &record);
    }
    if (e.code == ERR_FORMAT) {
        recovery_note_fault(&r->round, reader);
    }
    journal_reader_close(&reader);
    return e;
}

/* Mend first, expire then: the end of its time must not hide that a session was blocked. */
static void mend_sessions(struct run *r, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct entry *entry = &rows->entry[i];
        struct shard *s = r->owner(r->ctx, entry->row.id);
        struct live *live = shard_peek(s, entry->row.id);
        if (live != NULL) {
            recovery_mend(&r->round, s, live, entry->locked_out);
        }
        if (shard_find_held(s, entry->row.id) == NULL) {
            r->round.report.expired += 1;
        }
        journal_kick(shard_lane(s));
    }
}

static err_t run_whole(struct run *r)
{
    struct rows rows = {0};
    wall_t oldest = clock_wall(r->svc->clock);
    err_t e = restore_sessions(r, &rows, &oldest);
    if (!failed(e) && rows.count > 0) {
        e = play_journal(r, &rows, wall_after_ms(oldest, -JOURNAL_AHEAD_MS));
    }
    if (!failed(e)) {
        mend_sessions(r, &rows);
    }
    free(rows.entry);
    return e;
}

err_t recovery_run(struct service *svc, const char *checkpoints,
                   struct shard *(*owner)(void *ctx, uuid_t session), void *ctx,
                   recovery_report_t *out)
{
    struct run r = {.svc = svc, .owner = owner, .ctx = ctx, .round = {.svc = svc}};
    CLEANUP(checkpoint_reader_close) struct checkpoint_reader saved = {.fd = -1};
    bool found = false;
    r.round.scratch = malloc(sizeof *r.round.scratch);
    err_t e = r.round.scratch == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    if (!failed(e) && checkpoints != NULL) {
        e = checkpoint_find(svc, checkpoints, &saved, &found);
    }
    if (!failed(e)) {
        const struct recovery_owner who = {.of = owner, .ctx = ctx};
        e = found ? recovery_from_checkpoint(&r.round, &saved, &who) : run_whole(&r);
    }
    r.round.report.checkpoint = found;
    *out = r.round.report;
    if (saved.fd >= 0) {
        (void)close(saved.fd);
    }
    free(r.round.scratch);
    return e;
}
