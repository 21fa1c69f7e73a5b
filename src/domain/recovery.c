#include "domain/recovery.h"

#include "codec/event_scan.h"
#include "domain/behaviour.h"
#include "domain/mpin.h"
#include "domain/restriction.h"
#include "journal/journal_read.h"

#include <stdlib.h>
#include <string.h>

struct run {
    struct service *svc;
    struct ledger *ledger;
    struct shard *(*owner)(void *ctx, uuid_t session);
    void *ctx;
    struct event_scratch *scratch;
    recovery_report_t report;
};

/* ---- playing ---- */

err_t recovery_play(struct event_scratch *scratch, const canara_config_t *config,
                    canara_session_t *engine, const journal_record_t *record, canara_verdict_t *out,
                    bool *counted)
{
    *counted = true;
    if (record->kind == JOURNAL_SESSION_OPEN) {
        canara_session_begin(engine, record->at.ms);
        return ERR_OK;
    }
    if (record->fact != JOURNAL_NO_FACT) {
        if (record->fact >= CANARA_FACTS) {
            return err_new(ERR_FORMAT);
        }
        const enum canara_status noted = canara_note(engine, config, (enum canara_fact)record->fact,
                                                     record->value, record->at.ms, out);
        return noted == CANARA_OK ? ERR_OK : err_new(ERR_FORMAT);
    }
    if (record->kind != JOURNAL_EVENT) {
        *counted = false;
        return ERR_OK;
    }
    scanned_event_t event = {0};
    scan_fault_t fault = {0};
    if (event_scan_stored(scratch, record->type, record->data, &event, &fault) != SCAN_OK) {
        return err_new(ERR_FORMAT);
    }
    const enum canara_status seen =
        canara_observe(engine, config, NULL, &event.event, record->at.ms, out);
    return seen == CANARA_OK ? ERR_OK : err_new(ERR_FORMAT);
}

static void count_record(struct live *live, const journal_record_t *record)
{
    if (record->line > live->lines) {
        live->lines = record->line;
    }
    if (record->kind != JOURNAL_EVENT) {
        return;
    }
    live->events += 1;
    if (record->seq > live->seq) {
        live->seq = record->seq;
        live->seq_durable = record->seq;
    }
}

/* What CONTRACT.md calls activity, as far as the journal knows it. */
static bool is_activity(const journal_record_t *record)
{
    return record->kind == JOURNAL_EVENT || record->fact == (uint16_t)CANARA_FACT_MPIN_PASSED ||
           record->fact == (uint16_t)CANARA_FACT_MPIN_FAILED;
}

static bool is_blocked(const struct run *r, const struct live *live)
{
    canara_verdict_t v = {0};
    canara_peek(&live->engine, &r->svc->rules.risk, clock_wall(r->svc->clock).ms, &v);
    return v.level == CANARA_LEVEL_BLOCKED;
}

/* The session had ended and the store never heard of it. Only an expiry is told to the journal
 * first; a block before it comes first here, too, for the mark that it leaves on the account. */
static void play_end(struct run *r, struct shard *s, struct live *live)
{
    if (is_blocked(r, live)) {
        r->report.blocked += 1;
        shard_end(s, live, END_BLOCKED, false);
    }
    shard_end(s, live, END_EXPIRED, false);
}

static err_t play_record(struct run *r, const journal_record_t *record)
{
    struct shard *s = r->owner(r->ctx, record->session);
    struct live *live = shard_peek(s, record->session);
    if (live == NULL) {
        return ERR_OK; /* ended since: the store knows how */
    }
    canara_verdict_t v = {0};
    bool counted = false;
    TRY(recovery_play(r->scratch, &r->svc->rules.risk, &live->engine, record, &v, &counted));
    count_record(live, record);
    r->report.records += counted ? 1U : 0U;
    if (is_activity(record)) {
        shard_restore_activity(s, live, record->at);
    }
    if (record->fact == (uint16_t)CANARA_FACT_MPIN_PASSED) {
        live->restricted = false;
    }
    if (record->kind == JOURNAL_SESSION_END) {
        play_end(r, s, live);
    }
    return ERR_OK;
}

static err_t play_journal(struct run *r, wall_t since)
{
    struct journal *j = r->svc->journal;
    struct journal_reader *reader = NULL;
    struct journal_fault why = {0};
    TRY(journal_reader_open(journal_dir(j), journal_sequence_since(j, since), journal_committed(j),
                            &reader, &why));
    err_t e = ERR_OK;
    for (bool more = true; !failed(e);) {
        journal_record_t record = {0};
        e = journal_reader_next(reader, &record, &more);
        if (failed(e) || !more) {
            break;
        }
        e = play_record(r, &record);
    }
    journal_reader_close(&reader);
    return e;
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

/* The failure that locks is durable before its MPIN is compared, the end of the sessions after:
 * a crash between the two leaves them open. */
static bool is_locked_out(const struct service *svc, const struct session_row *row,
                          const struct mpin_state *mpin)
{
    wall_t since = {0};
    return mpin_locked_since(&svc->rules, mpin, clock_wall(svc->clock), &since) &&
           row->created.ms < since.ms;
}

static err_t restore_one(struct run *r, struct store_tx *tx, struct entry *entry)
{
    const struct session_row *row = &entry->row;
    CLEANUP(account_wipe) struct account_row account = {0};
    struct mpin_state mpin = {0};
    bool found = false;
    TRY(store_account_by_id(tx, row->account, &account, &found));
    if (!found) {
        return ERR_OK;
    }
    TRY(store_mpin_load(tx, row->account, &mpin));
    entry->locked_out = is_locked_out(r->svc, row, &mpin);
    session_seed_t seed = {.row = *row, .mpin_failures = mpin.failures};
    memcpy(seed.email, account.email, sizeof seed.email);
    TRY(account_is_restricted(r->svc, tx, row->account, &mpin, &seed.restricted));
    struct live *live = NULL;
    TRY(shard_restore(r->owner(r->ctx, row->id), &seed, &live));
    r->report.sessions += 1;
    return ERR_OK;
}

static err_t restore_sessions(struct run *r, struct rows *rows, wall_t *oldest)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(r->svc->store, STORE_READ, &tx));
    TRY(store_sessions_live_all(&tx, collect, rows));
    for (size_t i = 0; i < rows->count; i++) {
        TRY(restore_one(r, &tx, &rows->entry[i]));
        if (rows->entry[i].row.created.ms < oldest->ms) {
            *oldest = rows->entry[i].row.created;
        }
    }
    return ERR_OK;
}

/* ---- gaps between journal and store ---- */

static void mend_session(struct run *r, struct shard *s, struct live *live,
                         const struct entry *entry)
{
    behaviour_restore(s, live);
    if (is_blocked(r, live)) {
        r->report.blocked += 1;
        shard_end(s, live, entry->locked_out ? END_MPIN_LOCKED : END_BLOCKED, false);
    } else if (entry->locked_out) {
        r->report.blocked += 1;
        behaviour_block(s, live, END_MPIN_LOCKED, false);
    } else if (live->restricted && entry->row.mpin_required && !behaviour_mpin_required(s, live)) {
        /* Opened in the store, and the crash came before its first record was durable. */
        (void)behaviour_fact(s, live, "policy_challenge", SPAN_LIT("{\"why\":\"account\"}"),
                             CANARA_FACT_CHALLENGED, 0.0);
    }
    journal_kick(shard_lane(s));
}

/* Mend first, expire then: the end of its time must not hide that a session was blocked. */
static void mend_sessions(struct run *r, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct entry *entry = &rows->entry[i];
        struct shard *s = r->owner(r->ctx, entry->row.id);
        struct live *live = shard_peek(s, entry->row.id);
        if (live != NULL) {
            mend_session(r, s, live, entry);
        }
        if (shard_find(s, entry->row.id) == NULL) {
            r->report.expired += 1;
        }
    }
}

err_t recovery_run(struct service *svc, struct ledger *ledger,
                   struct shard *(*owner)(void *ctx, uuid_t session), void *ctx,
                   recovery_report_t *out)
{
    struct run r = {.svc = svc, .ledger = ledger, .owner = owner, .ctx = ctx};
    struct rows rows = {0};
    wall_t oldest = clock_wall(svc->clock);
    r.scratch = malloc(sizeof *r.scratch);
    err_t e = r.scratch == NULL ? err_new(ERR_NOMEM) : restore_sessions(&r, &rows, &oldest);
    if (!failed(e) && rows.count > 0) {
        e = play_journal(&r, oldest);
    }
    if (!failed(e)) {
        mend_sessions(&r, &rows);
        *out = r.report;
    }
    free(rows.entry);
    free(r.scratch);
    return e;
}
