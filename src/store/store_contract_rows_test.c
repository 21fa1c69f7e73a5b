/* What every driver promises: sessions, tokens, audit, decisions, small facts. */
#include "store/contract_test.h"
#include "store/store.h"
#include "tests/support/unit.h"

/* ---- sessions */

static void assert_session(const struct session_row *got, const struct session_row *want)
{
    assert_memory_equal(&got->id, &want->id, sizeof want->id);
    assert_memory_equal(&got->account, &want->account, sizeof want->account);
    assert_string_equal(got->device_id, want->device_id);
    assert_memory_equal(got->device_key, want->device_key, sizeof want->device_key);
    assert_int_equal(got->created.ms, want->created.ms);
    assert_int_equal(got->last_activity.ms, want->last_activity.ms);
    assert_int_equal(got->expires_max.ms, want->expires_max.ms);
    assert_int_equal(got->end, want->end);
    assert_int_equal(got->ended.ms, want->ended.ms);
    assert_near(got->risk, want->risk, 0, "risk");
    assert_int_equal(got->level, want->level);
    assert_int_equal(got->mpin_required, want->mpin_required);
}

static void a_session_comes_back_as_it_was_put(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_session(&tx, 1, 1);
    const struct session_row want = sample_session(1, 1);
    struct session_row got = {0};
    assert_true(has_session(&tx, 1, &got));
    assert_session(&got, &want);
    assert_false(has_session(&tx, 2, &got));
    assert_err(store_session_create(&tx, &want), ERR_STORAGE);
    store_rollback(&tx);

    begin(state, STORE_WRITE, &tx);
    assert_err(store_session_create(&tx, &want), ERR_STORAGE); /* no such account */
}

static void the_first_reason_to_end_stays(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    for (unsigned why = END_LOGGED_OUT; why < END_REASONS; why++) {
        add_session(&tx, why, 1);
        end_session(&tx, why, (enum session_end)why, 70 + why, true);
        end_session(&tx, why, END_OPERATOR, 99, false);
        struct session_row got = {0};
        assert_true(has_session(&tx, why, &got));
        assert_int_equal(got.end, why);
        assert_int_equal(got.ended.ms, 70 + why);
    }
    end_session(&tx, 100, END_BLOCKED, 1, false);
    assert_ok(store_commit(&tx));
}

struct walk {
    size_t calls;
    unsigned last; /* number of the last sample seen */
    size_t stop;   /* fail at this call; 0: never */
};

struct id_walk {
    unsigned calls, stop, seen;
};

static err_t note_id(void *ctx, uuid_t id)
{
    struct id_walk *w = ctx;
    w->calls++;
    w->seen |= 1U << id.byte[15];
    return w->calls == w->stop ? err_new(ERR_LIMIT) : ERR_OK;
}

static err_t note_session(void *ctx, const struct session_row *row)
{
    struct walk *walk = ctx;
    walk->calls++;
    walk->last = row->id.byte[15];
    return walk->calls == walk->stop ? err_new(ERR_LIMIT) : ERR_OK;
}

static void live_sessions_are_listed_the_oldest_first(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    const unsigned order[] = {3, 1, 5, 2, 4};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        add_session(&tx, order[i], 1);
    }
    add_session(&tx, 9, 2);
    end_session(&tx, 2, END_EXPIRED, 5, true);

    struct session_row got[8] = {0};
    size_t count = 0;
    assert_ok(store_sessions_live_of(&tx, sample_id('a', 1), got, 8, &count));
    assert_int_equal(count, 4);
    const unsigned want[] = {1, 3, 4, 5};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(got[i].id.byte[15], want[i]);
    }
    assert_ok(store_sessions_live_of(&tx, sample_id('a', 1), got, 1, &count));
    assert_int_equal(count, 1);
    assert_int_equal(got[0].id.byte[15], 1);

    struct walk walk = {0};
    assert_ok(store_sessions_live_all(&tx, note_session, &walk));
    assert_int_equal(walk.calls, 5);
    assert_int_equal(walk.last, 9);
    struct id_walk ids = {0};
    assert_ok(store_session_ids_live(&tx, note_id, &ids));
    assert_int_equal(ids.calls, 5);
    assert_int_equal(ids.seen, 1U << 1 | 1U << 3 | 1U << 4 | 1U << 5 | 1U << 9);
    walk = (struct walk){.stop = 2};
    assert_err(store_sessions_live_all(&tx, note_session, &walk), ERR_LIMIT);
    assert_int_equal(walk.calls, 2);
}

static void activity_is_saved_in_batches_for_the_living_only(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_session(&tx, 1, 1);
    add_session(&tx, 2, 1);
    end_session(&tx, 2, END_BLOCKED, 77, true);
    const struct session_activity items[] = {
        {sample_id('s', 1), {8000}, 0.5, 2, false},
        {sample_id('s', 2), {8000}, 0.5, 2, true},
        {sample_id('s', 3), {8000}, 0.5, 2, true},
    };
    assert_ok(store_session_save_activity(&tx, items, ARRAY_LEN(items)));
    assert_ok(store_session_save_activity(&tx, items, 0));

    struct session_row want = sample_session(1, 1);
    want.last_activity = (wall_t){8000};
    want.risk = 0.5;
    want.level = 2;
    want.mpin_required = false;
    struct session_row got = {0};
    assert_true(has_session(&tx, 1, &got));
    assert_session(&got, &want);
    want = sample_session(2, 1);
    want.end = END_BLOCKED;
    want.ended = (wall_t){77};
    assert_true(has_session(&tx, 2, &got));
    assert_session(&got, &want);
    assert_ok(store_commit(&tx));
}

static void purging_forgets_the_oldest_ended_sessions_up_to_the_limit(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    for (unsigned n = 1; n <= 5; n++) {
        add_session(&tx, n, 1);
        add_refresh(&tx, n, n);
    }
    for (unsigned n = 1; n <= 4; n++) {
        end_session(&tx, n, END_EXPIRED, 100 - (int64_t)n, true); /* 99, 98, 97, 96 */
    }
    size_t purged = 9;
    assert_ok(store_sessions_purge_ended_before(&tx, (wall_t){99}, 2, &purged));
    assert_int_equal(purged, 2);
    struct session_row got = {0};
    assert_false(has_session(&tx, 4, &got));
    assert_false(has_session(&tx, 3, &got));
    assert_true(has_session(&tx, 2, &got));
    assert_int_equal(show(&tx, 3, 3, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 2, 2, 10), REFRESH_FRESH);
    assert_ok(store_sessions_purge_ended_before(&tx, (wall_t){99}, SIZE_MAX, &purged));
    assert_int_equal(purged, 1);
    assert_true(has_session(&tx, 1, &got)); /* ended at 99, not before */
    assert_true(has_session(&tx, 5, &got)); /* live */
    assert_ok(store_sessions_purge_ended_before(&tx, (wall_t){1000}, 0, &purged));
    assert_int_equal(purged, 0);
}

/* ---- refresh tokens */

static void the_newest_token_of_a_family_is_good_and_all_before_it_are_reused(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_session(&tx, 1, 1);
    add_session(&tx, 2, 1);
    add_refresh(&tx, 1, 1); /* until 5001 */
    assert_int_equal(show(&tx, 1, 2, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 1, 1, 5000), REFRESH_FRESH);
    assert_int_equal(show(&tx, 1, 1, 5000), REFRESH_FRESH); /* asking spends nothing */
    assert_int_equal(show(&tx, 1, 1, 5001), REFRESH_EXPIRED);
    for (unsigned n = 2; n <= 40; n++) {
        turn(&tx, n, 1);
        assert_int_equal(show(&tx, n, 1, 5000), REFRESH_FRESH);
        for (unsigned old = 1; old < n; old++) {
            assert_int_equal(show(&tx, old, 1, 5000), REFRESH_REUSED);
            assert_int_equal(show(&tx, old, 1, 9999), REFRESH_REUSED); /* worse than age */
        }
    }
    const struct refresh_mark mark = sample_mark(3, 2);
    assert_err(store_refresh_turn(&tx, sample_id('s', 2), mark.whole), ERR_STORAGE);
}

/* Begin a family in a transaction of its own. */
static err_t begin_family(void **state, const struct refresh_row *row)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    TRY(store_refresh_put(&tx, row));
    return store_commit(&tx);
}

static void a_session_has_one_family_of_its_own(void **state)
{
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        begin(state, STORE_WRITE, &tx);
        add_account(&tx, 1);
        add_session(&tx, 1, 1);
        add_session(&tx, 2, 1);
        add_refresh(&tx, 1, 1);
        assert_ok(store_commit(&tx));
    }
    struct refresh_row row = sample_refresh(2, 2);
    row.session = sample_id('s', 1); /* it has one */
    assert_err(begin_family(state, &row), ERR_STORAGE);
    row = sample_refresh(1, 1);
    row.session = sample_id('s', 2); /* of another session */
    assert_err(begin_family(state, &row), ERR_STORAGE);
    row = sample_refresh(90, 90); /* of no session */
    assert_err(begin_family(state, &row), ERR_STORAGE);
    row = sample_refresh(2, 2);
    assert_ok(begin_family(state, &row));
}

static void revoked_and_purged_families_are_unknown(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    for (unsigned n = 1; n <= 5; n++) {
        add_session(&tx, n, 1);
        add_refresh(&tx, n, n);
        turn(&tx, n + 10, n);
    }
    assert_ok(store_refresh_revoke(&tx, sample_id('s', 2)));
    assert_ok(store_refresh_revoke(&tx, sample_id('s', 99)));
    assert_int_equal(show(&tx, 2, 2, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 12, 2, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 11, 1, 10), REFRESH_FRESH);
    size_t purged = 0;
    assert_ok(store_refresh_purge(&tx, (wall_t){5004}, 1, &purged)); /* 1 ends at 5001 */
    assert_int_equal(purged, 1);
    assert_int_equal(show(&tx, 11, 1, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 13, 3, 10), REFRESH_FRESH);
    assert_ok(store_refresh_purge(&tx, (wall_t){5004}, 10, &purged));
    assert_int_equal(purged, 1);
    assert_int_equal(show(&tx, 3, 3, 10), REFRESH_UNKNOWN);
    assert_int_equal(show(&tx, 14, 4, 10), REFRESH_FRESH);
}

/* ---- audit chain */

static err_t note_audit(void *ctx, const struct audit_row *row)
{
    struct walk *walk = ctx;
    const struct audit_row want = sample_audit((unsigned)row->seq);
    walk->calls++;
    assert_true(row->seq == walk->last + 1);
    walk->last = (unsigned)row->seq;
    assert_int_equal(row->at.ms, want.at.ms);
    assert_string_equal(row->kind, want.kind);
    assert_string_equal(row->detail, want.detail);
    assert_memory_equal(&row->account, &want.account, sizeof want.account);
    assert_memory_equal(&row->session, &want.session, sizeof want.session);
    assert_memory_equal(row->prev, want.prev, sizeof want.prev);
    assert_memory_equal(row->hash, want.hash, sizeof want.hash);
    return ERR_OK;
}

static void the_audit_chain_grows_in_order_only(void **state)
{
    uint64_t seq = 9;
    uint8_t head[STORE_DIGEST_BYTES] = {1};
    uint8_t zero[STORE_DIGEST_BYTES] = {0};
    struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    assert_ok(store_audit_head(&tx, &seq, head));
    assert_int_equal(seq, 0);
    assert_memory_equal(head, zero, sizeof head);
    for (unsigned n = 1; n <= 300; n++) {
        const struct audit_row row = sample_audit(n);
        assert_ok(store_audit_insert(&tx, &row));
    }
    assert_ok(store_audit_head(&tx, &seq, head));
    assert_int_equal(seq, 300);
    assert_memory_equal(head, sample_audit(300).hash, sizeof head);
    struct walk walk = {0};
    assert_ok(store_audit_walk(&tx, 0, note_audit, &walk));
    assert_int_equal(walk.calls, 300);
    walk = (struct walk){.last = 199};
    assert_ok(store_audit_walk(&tx, 200, note_audit, &walk));
    assert_int_equal(walk.calls, 101);
    assert_ok(store_commit(&tx));

    const uint64_t wrong_seq[] = {0, 1, 300, 302, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(wrong_seq); i++) {
        begin(state, STORE_WRITE, &tx);
        struct audit_row row = sample_audit(301);
        row.seq = wrong_seq[i];
        assert_err(store_audit_insert(&tx, &row), ERR_RANGE);
        store_rollback(&tx);
    }
    begin(state, STORE_WRITE, &tx);
    struct audit_row row = sample_audit(301);
    row.prev[31] ^= 1;
    assert_err(store_audit_insert(&tx, &row), ERR_RANGE);
    store_rollback(&tx);
}

/* ---- decisions */

static void assert_decision(struct store_tx *tx, const struct decision_row *want)
{
    struct decision_row got = {0};
    bool found = false;
    assert_ok(store_decision_get(tx, want->id, &got, &found));
    assert_true(found);
    assert_memory_equal(&got.session, &want->session, sizeof want->session);
    assert_memory_equal(&got.account, &want->account, sizeof want->account);
    assert_int_equal(got.at.ms, want->at.ms);
    assert_string_equal(got.action, want->action);
    assert_string_equal(got.amount, want->amount);
    assert_string_equal(got.currency, want->currency);
    assert_string_equal(got.reasons, want->reasons);
    assert_int_equal(got.beneficiary_new, want->beneficiary_new);
    assert_int_equal(got.decision, want->decision);
    assert_near(got.risk, want->risk, 0, "risk");
    assert_int_equal(got.level, want->level);
    assert_int_equal(got.mpin_passed_at.ms, want->mpin_passed_at.ms);
    assert_int_equal(got.retry_used, want->retry_used);
}

enum { CHALLENGED = 1, DENIED = 2, ROWS = 8 };

/* Made at 6000, 6001 and so on; what is wanted of them later is asked of all. */
static void put_decisions(struct store_tx *tx, struct decision_row rows[ROWS])
{
    for (unsigned n = 0; n < ROWS; n++) {
        rows[n] = sample_decision(n, 1, 1);
        rows[n].decision = CHALLENGED;
        (void)snprintf(rows[n].amount, sizeof rows[n].amount, "%u", n);
    }
    (void)snprintf(rows[0].amount, sizeof rows[0].amount, "5"); /* as 5, but asked too early */
    (void)snprintf(rows[1].amount, sizeof rows[1].amount, "5"); /* as 5, in time */
    (void)snprintf(rows[3].amount, sizeof rows[3].amount, "5");
    rows[3].beneficiary_new = false; /* and so another question */
    rows[4].session = sample_id('s', 2);
    rows[6].decision = DENIED; /* newer than 5, and no challenge */
    rows[7].session = sample_id('s', 2);
    (void)snprintf(rows[7].amount, sizeof rows[7].amount, "5");
    for (unsigned n = 0; n < ROWS; n++) {
        assert_ok(store_decision_put(tx, &rows[n]));
    }
}

static void assert_decisions(struct store_tx *tx, const struct decision_row rows[ROWS])
{
    for (unsigned n = 0; n < ROWS; n++) {
        assert_decision(tx, &rows[n]);
    }
}

static void an_mpin_marks_the_newest_challenged_question_of_its_session(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct decision_row rows[ROWS];
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    put_decisions(&tx, rows);
    assert_decisions(&tx, rows);
    const uuid_t session = sample_id('s', 1);
    assert_ok(
        store_decisions_mpin_passed(&tx, session, CHALLENGED, (wall_t){6001}, (wall_t){7000}));
    rows[1].mpin_passed_at = (wall_t){7000};
    rows[5].mpin_passed_at = (wall_t){7000};
    assert_decisions(&tx, rows);
    assert_ok(
        store_decisions_mpin_passed(&tx, session, CHALLENGED, (wall_t){6002}, (wall_t){7001}));
    rows[5].mpin_passed_at = (wall_t){7001}; /* the next one counts for what is left */
    assert_decisions(&tx, rows);
    assert_ok(
        store_decisions_mpin_passed(&tx, session, CHALLENGED, (wall_t){6006}, (wall_t){7002}));
    assert_ok(store_decisions_mpin_passed(&tx, sample_id('s', 9), CHALLENGED, (wall_t){1},
                                          (wall_t){7002}));
    assert_decisions(&tx, rows); /* nothing was asked */
}

static void a_retry_spends_all_that_its_mpin_marked(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct decision_row rows[ROWS];
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    put_decisions(&tx, rows);
    const uuid_t session = sample_id('s', 1);
    const uuid_t other = sample_id('s', 2);
    assert_ok(
        store_decisions_mpin_passed(&tx, session, CHALLENGED, (wall_t){6001}, (wall_t){7000}));
    assert_ok(store_decisions_mpin_passed(&tx, other, CHALLENGED, (wall_t){6001}, (wall_t){7000}));
    assert_ok(store_decisions_spend(&tx, session, (wall_t){7000}));
    rows[1].mpin_passed_at = rows[5].mpin_passed_at = rows[7].mpin_passed_at = (wall_t){7000};
    rows[1].retry_used = rows[5].retry_used = true;
    assert_decisions(&tx, rows);
    /* What is spent stays so, and an older question does not come into its place. */
    assert_ok(
        store_decisions_mpin_passed(&tx, session, CHALLENGED, (wall_t){6001}, (wall_t){7001}));
    assert_ok(store_decisions_spend(&tx, session, (wall_t){6999}));
    assert_decisions(&tx, rows);
}

static void of_one_moment_the_decision_put_last_is_the_newest(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct decision_row rows[2] = {sample_decision(2, 1, 1), sample_decision(1, 1, 1)};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    rows[0].at = rows[1].at;
    (void)snprintf(rows[1].amount, sizeof rows[1].amount, "7");
    assert_ok(store_decision_put(&tx, &rows[0]));
    assert_ok(store_decision_put(&tx, &rows[1]));
    assert_ok(
        store_decisions_mpin_passed(&tx, rows[0].session, CHALLENGED, rows[0].at, (wall_t){7000}));
    rows[1].mpin_passed_at = (wall_t){7000};
    assert_decision(&tx, &rows[0]);
    assert_decision(&tx, &rows[1]);
}

static void old_decisions_are_forgotten_up_to_a_limit(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    struct decision_row rows[3];
    for (unsigned n = 0; n < ARRAY_LEN(rows); n++) {
        rows[n] = sample_decision(n, 1, 1);
        assert_ok(store_decision_put(&tx, &rows[n]));
    }
    size_t purged = 0;
    assert_ok(store_decisions_purge_before(&tx, (wall_t){6002}, 1, &purged));
    assert_int_equal(purged, 1);
    bool found = true;
    assert_ok(store_decision_get(&tx, rows[0].id, &rows[0], &found));
    assert_false(found);
    assert_decision(&tx, &rows[1]);
    assert_err(store_decisions_spend(&tx, rows[1].session, (wall_t){0}), ERR_RANGE);
}

/* ---- meta */

static void small_facts_are_kept_by_key(void **state)
{
    static const uint8_t big[STORE_META_BYTES + 1] = {1, 2, 3};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    struct meta_value got = {.len = 9};
    bool found = true;
    assert_ok(store_meta_get(&tx, "journal.epoch", &got, &found));
    assert_false(found);
    assert_ok(store_meta_put(&tx, "journal.epoch", SPAN_LIT("1")));
    assert_ok(store_meta_put(&tx, "empty", SPAN_LIT("")));
    assert_ok(store_meta_put(&tx, "journal.epoch", (span_t){big, STORE_META_BYTES}));
    assert_ok(store_meta_get(&tx, "journal.epoch", &got, &found));
    assert_true(found);
    assert_int_equal(got.len, STORE_META_BYTES);
    assert_memory_equal(got.bytes, big, STORE_META_BYTES);
    assert_ok(store_meta_get(&tx, "empty", &got, &found));
    assert_true(found);
    assert_int_equal(got.len, 0);
    assert_err(store_meta_put(&tx, "big", (span_t){big, sizeof big}), ERR_LIMIT);
}

static const struct sentence sentences[] = {
    SENTENCE(a_session_comes_back_as_it_was_put),
    SENTENCE(the_first_reason_to_end_stays),
    SENTENCE(live_sessions_are_listed_the_oldest_first),
    SENTENCE(activity_is_saved_in_batches_for_the_living_only),
    SENTENCE(purging_forgets_the_oldest_ended_sessions_up_to_the_limit),
    SENTENCE(the_newest_token_of_a_family_is_good_and_all_before_it_are_reused),
    SENTENCE(a_session_has_one_family_of_its_own),
    SENTENCE(revoked_and_purged_families_are_unknown),
    SENTENCE(the_audit_chain_grows_in_order_only),
    SENTENCE(an_mpin_marks_the_newest_challenged_question_of_its_session),
    SENTENCE(a_retry_spends_all_that_its_mpin_marked),
    SENTENCE(of_one_moment_the_decision_put_last_is_the_newest),
    SENTENCE(old_decisions_are_forgotten_up_to_a_limit),
    SENTENCE(small_facts_are_kept_by_key),
};

int main(void)
{
    return contract_run(sentences, ARRAY_LEN(sentences));
}
