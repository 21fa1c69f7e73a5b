#include "domain/sessions/recovery_steps.h"

#include "domain/accounts/mpin.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/behaviour.h"
#include "journal/frame.h"

#include <string.h>

/* ---- the profile of before ---- */

void recovery_found(struct recovery_round *r, struct live *live, const profile_pin_t *pin,
                    enum profile_found found)
{
    live->unpinned = found == PROFILE_MISSING;
    r->report.unpinned += found == PROFILE_MISSING ? 1U : 0U;
    r->report.remodel += found == PROFILE_OTHER_MODEL ? 1U : 0U;
    if (found != PROFILE_AS_PINNED) {
        log_event(r->svc->log, LOG_WARN, "recovery.profile", FIELD_UUID("session", live->id),
                  FIELD_INT("revision", (int64_t)pin->revision), FIELD_TEXT("model", pin->model),
                  FIELD_TEXT("found", live->unpinned ? "missing" : "other model"));
    }
}

/* The session goes on with the profile that its opening names, or, when that is missing, with what is
 * known of strangers. */
err_t recovery_pin(struct recovery_round *r, struct live *live, const journal_record_t *record)
{
    profile_pin_t pin = {0};
    enum profile_found found = PROFILE_AS_PINNED;
    TRY(profile_pin_read(record, &pin));
    live->unopened = false;
    canara_profile_free(&live->profile);
    TRY(profile_of_pin(r->svc, live->account, &pin, &live->profile, &found));
    live->profile_revision = pin.revision;
    recovery_found(r, live, &pin, found);
    return ERR_OK;
}

void recovery_note_fault(struct recovery_round *r, const struct journal_reader *reader)
{
    struct journal_fault where = *journal_reader_fault(reader);
    if (where.reason == NULL) {
        journal_mark_t mark = {0};
        journal_reader_mark(reader, &mark);
        where =
            (struct journal_fault){.offset = mark.offset, .reason = "a record cannot be played"};
        segment_name_print(mark.segment, where.file);
    }
    r->report.fault = where;
    log_event(r->svc->log, LOG_ERROR, "journal.damage", FIELD_TEXT("file", where.file),
              FIELD_INT("offset", (int64_t)where.offset), FIELD_TEXT("reason", where.reason));
}

/* ---- playing ---- */

void recovery_count(struct live *live, const journal_record_t *record)
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

void recovery_owe(struct shard *s, struct live *live)
{
    if (!live->blocked && !live->mpin_due && behaviour_mpin_required(s, live)) {
        live->mpin_due = true;
        shard_owe(s, live);
    }
}

static bool is_blocked(const struct recovery_round *r, const struct live *live)
{
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &r->svc->rules.risk, clock_wall(r->svc->clock).ms, &v);
    return v.level == CANARA_LEVEL_BLOCKED;
}

/* The session had ended and the store never heard of it. Only an expiry is told to the journal
 * first; a block or a challenge before it comes first here, too, for the mark that it leaves on the account. */
static void play_end(struct recovery_round *r, struct shard *s, struct live *live)
{
    recovery_owe(s, live);
    if (!live->blocked && is_blocked(r, live)) {
        r->report.blocked += 1;
        shard_end(s, live, END_BLOCKED, false);
    }
    shard_end(s, live, END_EXPIRED, false);
}

err_t recovery_step(struct recovery_round *r, struct shard *s, struct live **place,
                    const journal_record_t *record)
{
    struct live *live = *place;
    canara_verdict_t v = {0};
    bool counted = false;
    struct mind *mind = live_mind(s, live);
    if (mind == NULL) {
        return err_new(ERR_NOMEM);
    }
    const playing_t play = {.scratch = r->scratch,
                            .config = &r->svc->rules.risk,
                            .profile = live_profile(s, live),
                            .engine = &mind->engine};
    TRY(recovery_play(&play, record, &v, &counted));
    recovery_count(live, record);
    r->report.records += counted ? 1U : 0U;
    if (is_activity(record)) {
        shard_restore_activity(s, live, record->at);
    }
    if (record->fact == (uint16_t)CANARA_FACT_MPIN_PASSED) {
        live->restricted = false;
        live->owes = false;
    }
    if (record->kind == JOURNAL_SESSION_END) {
        play_end(r, s, live);
        journal_kick(shard_lane(s));
        *place = NULL;
    }
    return ERR_OK;
}

/* ---- gaps between journal and store ---- */

/* The failure that locks is durable before its MPIN is compared, the end of the sessions after:
 * a crash between the two leaves them open. */
bool recovery_is_locked_out(const struct service *svc, wall_t created,
                            const struct mpin_state *mpin)
{
    wall_t since = {0};
    return mpin_locked_since(&svc->rules, mpin, clock_vouched(svc), &since) &&
           created.ms < since.ms;
}

err_t recovery_restore(struct recovery_round *r, struct store_tx *tx, struct shard *s,
                       const struct session_row *row, struct live **live, bool *locked_out)
{
    CLEANUP(account_wipe) struct account_row account = {0};
    struct mpin_state mpin = {0};
    bool found = false;
    *live = NULL;
    TRY(store_account_by_id(tx, row->account, &account, &found));
    if (!found) {
        return ERR_OK;
    }
    TRY(store_mpin_load(tx, row->account, &mpin));
    *locked_out = recovery_is_locked_out(r->svc, row->created, &mpin);
    session_seed_t seed = {.row = *row, .mpin_failures = mpin.failures};
    memcpy(seed.email, account.email, sizeof seed.email);
    restriction_t now = {0};
    TRY(account_restriction(r->svc, tx, row->account, &mpin, &now));
    seed.restricted = now.restricted;
    seed.owes = now.owes;
    TRY(shard_restore(s, &seed, live));
    (*live)->unopened = true;
    r->report.sessions += 1;
    return ERR_OK;
}

/* The store knows it, and the journal does not know its opening: whatever spoke against it may be lost.
 * Of one that has no line at all nothing is left to go on with, and its file, if it has one, stays as it is. */
static void mend_unopened(struct recovery_round *r, struct shard *s, struct live *live)
{
    r->report.unknown += 1;
    log_event(r->svc->log, LOG_WARN, "recovery.unknown", FIELD_UUID("session", live->id),
              FIELD_INT("lines", (int64_t)live->lines));
    if (live->lines == 0) {
        shard_end(s, live, END_EXPIRED, false);
    } else if (!behaviour_mpin_required(s, live)) {
        behaviour_ask(s, live, ASK_FOR_JOURNAL);
    }
}

void recovery_mend(struct recovery_round *r, struct shard *s, struct live *live, bool locked_out)
{
    if (live->blocked) {
        return; /* it was before the start, and its time is over but for the ledger */
    }
    behaviour_restore(s, live);
    recovery_owe(s, live);
    if (is_blocked(r, live)) {
        r->report.blocked += 1;
        shard_end(s, live, locked_out ? END_MPIN_LOCKED : END_BLOCKED, false);
    } else if (locked_out) {
        r->report.blocked += 1;
        behaviour_block(s, live, END_MPIN_LOCKED, false);
    } else if (live->unopened) {
        mend_unopened(r, s, live);
        return;
    } else if ((live->restricted || live->owes) && live->mpin_due &&
               !behaviour_mpin_required(s, live)) {
        /* Its first record was durable and what it asked for was not. */
        behaviour_ask(s, live, ASK_FOR_ACCOUNT);
    }
    if (live->unpinned && !live->blocked && !behaviour_mpin_required(s, live)) {
        /* Nobody knows what its profile would say now: ask, rather than trust. */
        behaviour_ask(s, live, ASK_FOR_PROFILE);
    }
}
