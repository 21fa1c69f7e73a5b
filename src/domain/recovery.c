#include "domain/recovery.h"

#include "codec/event_scan.h"
#include "domain/baselines.h"
#include "domain/behaviour.h"
#include "domain/mpin.h"
#include "domain/profile.h"
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
        baselines_note(play->baselines, play->profile, &event.event);
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

/* ---- the profile of before ---- */

/* The session goes on with the profile that its opening names, or, when that is missing, with what is
 * known of strangers. */
static err_t open_again(struct run *r, struct live *live, const journal_record_t *record)
{
    profile_pin_t pin = {0};
    enum profile_found found = PROFILE_AS_PINNED;
    TRY(profile_pin_read(record, &pin));
    canara_profile_free(&live->profile);
    TRY(profile_of_pin(r->svc, live->account, &pin, &live->profile, &found));
    live->profile_revision = pin.revision;
    live->unpinned = found == PROFILE_MISSING;
    r->report.unpinned += found == PROFILE_MISSING ? 1U : 0U;
    r->report.remodel += found == PROFILE_OTHER_MODEL ? 1U : 0U;
    if (found != PROFILE_AS_PINNED) {
        log_event(r->svc->log, LOG_WARN, "recovery.profile", FIELD_UUID("session", live->id),
                  FIELD_INT("revision", (int64_t)pin.revision), FIELD_TEXT("model", pin.model),
                  FIELD_TEXT("found", live->unpinned ? "missing" : "other model"));
    }
    return ERR_OK;
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
    if (record->kind == JOURNAL_SESSION_OPEN) {
        TRY(open_again(r, live, record));
    }
    const playing_t play = {.scratch = r->scratch,
                            .config = &r->svc->rules.risk,
                            .profile = live_profile(s, live),
                            .engine = &live->engine};
    TRY(recovery_play(&play, record, &v, &counted));
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
        journal_kick(shard_lane(s));
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
    if (live->unpinned && !live->blocked && !behaviour_mpin_required(s, live)) {
        /* Nobody knows what its profile would say now: ask, rather than trust. */
        (void)behaviour_fact(s, live, "policy_challenge", SPAN_LIT("{\"why\":\"profile\"}"),
                             CANARA_FACT_CHALLENGED, 0.0);
    }
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
        journal_kick(shard_lane(s));
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
