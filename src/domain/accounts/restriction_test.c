/* A challenge that nobody answers stays with the account, over logins, ends, crashes and checkpoints, until an
 * MPIN succeeds. */
#include "domain/accounts/restriction.h"

#include "domain/ground/clock_guard.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/recovery.h"
#include "domain/sessions/sleepers.h"

#define CLICKS "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":90}}"

/* What the ledger holds, as its thread writes it at a stop. */
static void run_ledger(struct house *h)
{
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
}

static enum account_mark waiting(struct house *h, uuid_t account)
{
    ledger_places_t newest;
    return ledger_holds_mark(h->ledger, account, &newest);
}

static restriction_t standing(struct house *h, uuid_t account)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    restriction_t r = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(account_restriction(&h->svc, &tx, account, &(struct mpin_state){0}, &r));
    return r;
}

/* Whether the next login is asked for the MPIN. What it opens is logged out again. */
static session_seed_t next_login(struct house *h)
{
    session_seed_t seed = {0};
    credentials_t cred = {0};
    bool ended = false;
    enum session_end before = END_NONE;
    open_session(h, ANN, "phone", &seed, &cred);
    assert_ok(session_end_stored(&h->svc, seed.row.id, END_LOGGED_OUT, &ended, &before));
    assert_int_equal(seed.row.mpin_required, seed.restricted || seed.owes);
    return seed;
}

static void log_out(struct house *h, uuid_t session)
{
    bool ended = false;
    enum session_end before = END_NONE;
    struct live *live = shard_find(h->shard, session);
    assert_ok(session_end_stored(&h->svc, session, END_LOGGED_OUT, &ended, &before));
    assert_true(ended);
    shard_end(h->shard, live, END_LOGGED_OUT, true);
}

/* As a request does it. */
static void give_mpin(struct house *h, uuid_t session)
{
    mpin_result_t r = {0};
    struct live *live = shard_find(h->shard, session);
    assert_ok(mpin_check(&h->svc, live->account, session, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    live->restricted = false;
    (void)behaviour_fact(h->shard, live, "mpin_challenge_passed", SPAN_LIT("{}"),
                         CANARA_FACT_MPIN_PASSED, 0.0);
}

/* ---- what is owed */

static void whoever_is_challenged_and_logs_in_anew_is_asked(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t first = log_in(h, ANN, "phone")->id;
    for (int i = 0; i < 40 && !behaviour_mpin_required(h->shard, shard_find(h->shard, first));
         i++) {
        (void)send(h, shard_find(h->shard, first), CLICKS);
    }
    assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
    log_out(h, first);
    session_seed_t next = next_login(h);
    assert_true(next.owes && !next.restricted);
    run_ledger(h);
    const struct live *live = log_in(h, ANN, "phone");
    assert_true(behaviour_mpin_required(h->shard, live));
    assert_false(live->restricted); /* its decisions are challenged, and not denied */
    const uuid_t second = live->id;
    assert_int_equal(waiting(h, ann), MARK_NONE); /* that it is asked is nothing new */
    give_mpin(h, second);
    next = next_login(h);
    assert_false(next.owes || next.restricted);
}

static void a_challenge_that_is_answered_leaves_nothing(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int written = 0; written < 2; written++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        predict(h, live, 0.75);
        if (written) {
            run_ledger(h);
            assert_true(standing(h, ann).owes);
        }
        give_mpin(h, id);
        assert_false(next_login(h).owes); /* also while its challenge waits to be written */
        run_ledger(h);
        assert_false(next_login(h).owes);
        predict(h, shard_find(h->shard, id), 0.75); /* and the next one counts */
        assert_true(next_login(h).owes);
        give_mpin(h, id);
        run_ledger(h);
        assert_false(standing(h, ann).owes);
    }
}

static void a_login_that_is_drawn_is_asked_until_an_mpin_succeeds(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int i = 0; i < 20; i++) {
        assert_false(next_login(h).owes); /* nothing is drawn unless it is wanted */
    }
    h->svc.rules.random_challenge_percent = 100;
    session_seed_t next = next_login(h);
    assert_true(next.drawn && next.owes && !next.restricted);
    next = next_login(h);
    assert_true(next.owes && !next.drawn); /* it is owed already */
    h->svc.rules.random_challenge_percent = 0;
    const struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    assert_true(behaviour_mpin_required(h->shard, live));
    assert_false(live->restricted);
    give_mpin(h, id);
    assert_false(behaviour_mpin_required(h->shard, shard_find(h->shard, id)));
    assert_false(standing(h, ann).owes);
    assert_false(next_login(h).owes);
    assert_int_equal(counter_read(&h->svc.drawn), 1);
}

static void what_was_answered_before_a_lot_leaves_nothing_behind_it(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    ledger_places_t newest;
    bool stands = true;
    predict(h, live, 0.75);
    assert_int_equal(ledger_holds_mark(h->ledger, ann, &newest), MARK_CHALLENGED);
    give_mpin(h, id); /* while it waits to be written */
    h->svc.rules.random_challenge_percent = 100;
    assert_true(next_login(h).drawn);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(account_mark_challenged(&h->svc, &tx, ann, newest.challenge, &stands));
    assert_false(stands);
    assert_ok(
        account_mark_challenged(&h->svc, &tx, ann, newest.challenge + 1, &stands)); /* after it */
    assert_true(stands);
}

static void of_a_hundred_logins_as_many_are_drawn_as_wanted(void **state)
{
    enum { DRAWS = 40000 };
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);

    /* Least and most that one run in ten million leaves. */
    static const struct {
        uint32_t percent;
        int least, most;
    } rows[] = {{0, 0, 0}, {1, 290, 520}, {2, 650, 960}, {50, 19450, 20550}, {100, DRAWS, DRAWS}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        int drawn = 0;
        h->svc.rules.random_challenge_percent = rows[i].percent;
        assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
        for (int k = 0; k < DRAWS; k++) {
            restriction_t r = {0};
            assert_ok(account_draw(&h->svc, &tx, ann, &r));
            assert_int_equal(r.drawn, r.owes);
            drawn += r.drawn;
        }
        assert_in_range(drawn, rows[i].least, rows[i].most);
        restriction_t locked = {.restricted = true};
        assert_ok(account_draw(&h->svc, &tx, ann, &locked));
        assert_false(locked.drawn || locked.owes);
    }
}

static void every_challenge_is_owed_but_that_of_the_account_itself(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);

    static const enum ask asks[] = {ASK_FOR_ACCOUNT, ASK_FOR_DECISION, ASK_FOR_JOURNAL,
                                    ASK_FOR_PROFILE};

    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        behaviour_ask(h->shard, live, asks[i]);
        assert_true(behaviour_mpin_required(h->shard, live));
        assert_int_equal(waiting(h, ann), asks[i] == ASK_FOR_ACCOUNT ? MARK_NONE : MARK_CHALLENGED);
        predict(h, live, 0.75); /* now there is something against it */
        assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
        give_mpin(h, id);
        run_ledger(h);
    }
}

static void how_an_mpin_was_typed_is_answered_by_it(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    live->proved = true;
    predict(h, live, 0.75);
    assert_int_equal(waiting(h, ann), MARK_NONE);
    give_mpin(h, live->id);
    assert_false(live->proved);
    predict(h, live, 0.75);
    assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
}

static void a_block_outweighs_a_challenge_whichever_comes_last(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    struct live *blocked = log_in(h, ANN, "phone");
    struct live *asked = log_in(h, ANN, "laptop");
    predict(h, asked, 0.75);
    predict(h, blocked, 0.95);
    assert_int_equal(waiting(h, ann), MARK_BLOCKED);
    assert_true(next_login(h).restricted);
    predict(h, log_in(h, ANN, "tablet"), 0.75);
    assert_int_equal(ledger_depth(h->ledger), 3);
    run_ledger(h);
    assert_true(standing(h, ann).restricted && !standing(h, ann).owes);
}

static void other_sessions_go_on_and_any_of_them_may_answer(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t asked = log_in(h, ANN, "phone")->id;
    const uuid_t clean = log_in(h, ANN, "laptop")->id;
    predict(h, shard_find(h->shard, asked), 0.75);
    run_ledger(h);
    assert_false(behaviour_mpin_required(h->shard, shard_find(h->shard, clean)));
    assert_false(shard_find(h->shard, clean)->restricted);
    give_mpin(h, clean);
    assert_false(next_login(h).owes);
    assert_true(behaviour_mpin_required(h->shard, shard_find(h->shard, asked))); /* it still is */
}

static void wrong_mpins_answer_nothing_nor_does_the_end_of_their_lock(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75);
    for (uint32_t i = 0; i < h->svc.rules.mpin_attempts; i++) {
        mpin_result_t r = {0};
        assert_ok(mpin_check(&h->svc, ann, id, span_of(WRONG), &r));
    }
    assert_true(next_login(h).restricted);
    scripted_clock_pass(&h->clock, HOUR_MS); /* of the lock nothing is left */
    assert_true(next_login(h).owes);
    run_ledger(h);
    assert_true(next_login(h).owes);
}

static void a_challenge_that_the_ledger_had_no_room_for_is_told_again(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    const ledger_item_t filler = {.at = clock_wall(&h->clock.face), .how = END_BLOCKED};
    uint64_t place = 0;
    for (size_t i = 0; i < LEDGER_ITEMS_MAX; i++) {
        assert_ok(ledger_post(h->ledger, &filler, &place));
    }
    predict(h, shard_find(h->shard, id), 0.75);
    assert_int_equal(waiting(h, ann), MARK_NONE);
    run_ledger(h);
    scripted_clock_pass(&h->clock, 2000);
    (void)shard_advance(h->shard);
    assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
    assert_false(shard_find(h->shard, id)->untold);
}

/* ---- after a crash */

/* What the ledger holds is lost. `dir`: of checkpoints, or NULL. */
static void crash_and_start(struct house *h, const char *dir)
{
    recovery_report_t report = {0};
    settle(h);
    sleepers_free(&h->svc.sleepers);
    house_crash(h);
    house_start(h);
    assert_ok(recovery_run(&h->svc, dir, the_shard, h, &report));
    assert_int_equal(report.checkpoint, dir != NULL);
}

static void wake_all(struct house *h)
{
    waking_t w = {0};
    while (sleepers_next(h->svc.sleepers, &w)) {
        waking_read(&h->svc, &w);
        assert_ok(waking_finish(h->shard, &w));
    }
}

static void a_challenge_that_the_store_did_not_hear_of_outlives_a_crash(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75);
    for (int i = 0; i < 2; i++) {
        crash_and_start(h, NULL);
        assert_false(standing(h, ann).owes); /* the store had not heard of it */
        assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
    }
    run_ledger(h);
    assert_true(standing(h, ann).owes);
    crash_and_start(h, NULL);
    assert_int_equal(waiting(h, ann), MARK_NONE); /* it has by now */
    log_out(h, id);
    assert_true(next_login(h).owes);
}

/* By what it is known that the first one is on record must not hide the second. */
static void a_challenge_after_one_that_was_answered_outlives_a_crash(void **state)
{
    enum { ANSWERED_LATE, ANSWERED_AT_ONCE, BEGAN_ASKED, WAYS };
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int way = 0; way < WAYS; way++) {
        const uuid_t id = log_in(h, ANN, "phone")->id;
        assert_int_equal(behaviour_mpin_required(h->shard, shard_find(h->shard, id)),
                         way == BEGAN_ASKED);
        if (way != BEGAN_ASKED) {
            predict(h, shard_find(h->shard, id), 0.75);
        }
        if (way == ANSWERED_LATE) {
            run_ledger(h);
        }
        give_mpin(h, id);
        run_ledger(h);
        assert_false(standing(h, ann).owes);
        predict(h, shard_find(h->shard, id), 0.75);
        crash_and_start(h, NULL);
        assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
        run_ledger(h);
        assert_true(standing(h, ann).owes);
        if (way != ANSWERED_AT_ONCE) { /* the last one begins asked */
            give_mpin(h, id);
        }
        log_out(h, id);
    }
}

static void a_challenge_whose_session_expired_in_the_dark_is_owed(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int told_the_journal = 0; told_the_journal < 2; told_the_journal++) {
        const uuid_t id = log_in(h, ANN, "phone")->id;
        predict(h, shard_find(h->shard, id), 0.75);
        scripted_clock_pass(&h->clock, 2 * HOUR_MS);
        if (told_the_journal) {
            assert_null(shard_find(h->shard, id));
        }
        crash_and_start(h, NULL);
        assert_null(shard_find(h->shard, id));
        assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
        run_ledger(h);
        const struct live *live = log_in(h, ANN, "phone");
        assert_true(behaviour_mpin_required(h->shard, live));
        give_mpin(h, live->id);
    }
}

static void a_challenge_is_found_in_a_checkpoint_or_behind_it(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    for (int behind = 0; behind < 2; behind++) {
        const uuid_t id = log_in(h, ANN, "phone")->id;
        if (behind) {
            write_checkpoint(h);
        }
        predict(h, shard_find(h->shard, id), 0.75);
        if (!behind) {
            write_checkpoint(h);
        }
        crash_and_start(h, h->dir.path);
        assert_true(shard_peek(h->shard, id)->asleep);
        if (behind) { /* it has something to play */
            wake_all(h);
        }
        assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
        run_ledger(h);
        crash_and_start(h, h->dir.path);
        wake_all(h);
        assert_non_null(shard_find(h->shard, id));
        assert_int_equal(waiting(h, ann), MARK_NONE);
        assert_true(standing(h, ann).owes);
        give_mpin(h, id);
    }
}

static void a_session_that_was_logged_out_while_it_slept_leaves_its_challenge(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    bool ended = false;
    enum session_end before = END_NONE;
    write_checkpoint(h);
    predict(h, shard_find(h->shard, id), 0.75);
    crash_and_start(h, h->dir.path);
    assert_ok(session_end_stored(&h->svc, id, END_REVOKED, &ended, &before));
    wake_all(h);
    assert_null(shard_peek(h->shard, id));
    assert_int_equal(waiting(h, ann), MARK_CHALLENGED);
}

static void what_an_mpin_has_lifted_no_start_brings_back(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t asked = log_in(h, ANN, "phone")->id;
    const uuid_t other = log_in(h, ANN, "laptop")->id;
    predict(h, shard_find(h->shard, asked), 0.75);
    run_ledger(h);
    give_mpin(h, other);
    write_checkpoint(h);
    for (int i = 0; i < 2; i++) { /* `asked` still is, in itself */
        crash_and_start(h, i == 0 ? NULL : h->dir.path);
        assert_true(behaviour_mpin_required(h->shard, shard_find(h->shard, asked)));
        assert_int_equal(waiting(h, ann), MARK_NONE);
        assert_false(next_login(h).owes);
    }
}

static void a_session_that_began_asked_stays_asked_and_owes_nothing_new(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t clean = log_in(h, ANN, "laptop")->id;
    const uuid_t first = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, first), 0.75);
    run_ledger(h);
    log_out(h, first);
    const uuid_t second = log_in(h, ANN, "phone")->id;
    crash_and_start(h, NULL);
    assert_true(behaviour_mpin_required(h->shard, shard_find(h->shard, second)));
    assert_false(shard_find(h->shard, second)->restricted);
    assert_false(behaviour_mpin_required(h->shard, shard_find(h->shard, clean)));
    assert_int_equal(waiting(h, ann), MARK_NONE);
    give_mpin(h, second);
    crash_and_start(h, NULL);
    assert_false(behaviour_mpin_required(h->shard, shard_find(h->shard, second)));
    assert_int_equal(waiting(h, ann), MARK_NONE);
    assert_false(next_login(h).owes);
}

/* The ledger was faster than the journal, which has lost what began it. */
static void a_challenge_that_only_the_store_knows_is_asked_for_anew(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    shard_owe(h->shard, shard_find(h->shard, id));
    CLEANUP(store_rollback) struct store_tx tx = {0};
    const struct session_activity asked = {
        .id = id, .last_activity = clock_wall(&h->clock.face), .mpin_required = true};
    run_ledger(h);
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_session_save_activity(&tx, &asked, 1));
    assert_ok(store_commit(&tx));
    crash_and_start(h, NULL);
    assert_true(behaviour_mpin_required(h->shard, shard_find(h->shard, id)));
    assert_false(shard_find(h->shard, id)->restricted);
    assert_true(standing(h, ann).owes);
}

/* What a server without challenges in its marks has written, or without the places of what they stand for. */
static void marks_of_before_are_read(void **state)
{
    static const struct {
        const char *value; /* of 17 bytes: with a ledger and its place */
        bool restricted, owes;
    } cases[] = {{"0", false, false},
                 {"1", true, false},
                 {"2", false, true},
                 {"0ledger..place...", false, false},
                 {"2ledger..place...", false, true},
                 {"1ledger..place...", true, false}};
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    char key[48] = "restricted.";
    for (size_t i = 0; i < sizeof ann.byte; i++) {
        (void)snprintf(key + 11 + 2 * i, 3, "%02x", ann.byte[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        restriction_t r = {0};
        assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
        assert_ok(store_meta_put(&tx, key, span_of(cases[i].value)));
        assert_ok(account_restriction(&h->svc, &tx, ann, &(struct mpin_state){0}, &r));
        assert_int_equal(r.restricted, cases[i].restricted);
        assert_int_equal(r.owes, cases[i].owes);
    }
}

static bool is_restricted(struct house *h, uuid_t account, struct mpin_state tries)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    restriction_t r = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(account_restriction(&h->svc, &tx, account, &tries, &r));
    return r.restricted;
}

static void a_lock_restricts_until_it_has_run_out_and_an_operator_came(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    clock_guard_watch(&h->svc);
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
    const wall_t now = clock_wall(&h->clock.face);
    const struct mpin_state timed = {.locked_until = wall_after_ms(now, 1)};
    assert_true(is_restricted(h, ann, timed));
    house_turn_wall(&h->clock, HOUR_MS); /* a moment ahead ends no lock */
    assert_true(is_restricted(h, ann, timed));
    house_turn_wall(&h->clock, -HOUR_MS);
    scripted_clock_pass(&h->clock, 1);
    assert_false(is_restricted(h, ann, timed));
    const struct mpin_state kept = {.locked_until = timed.locked_until, .operator_needed = true};
    assert_true(is_restricted(h, ann, kept));
}

/* Its end is in force, and the store has not heard of it. */
static void the_mpin_of_a_session_that_is_over_lifts_no_challenge(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75);
    assert_true(next_login(h).owes); /* the store knows of the challenge */
    shard_end(h->shard, shard_find(h->shard, id), END_EXPIRED, false);
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, ann, id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    assert_true(next_login(h).owes);
    run_ledger(h);
    assert_true(standing(h, ann).owes);
}

static int begin(void **state)
{
    return house_set_up(state, HOUSE_SQLITE, 0);
}

static int end(void **state)
{
    struct house *h = *state;
    sleepers_free(&h->svc.sleepers);
    return tear_down(state);
}

/* The checkpoint has the challenge, the journal behind it the MPIN. */
static void what_was_answered_since_the_checkpoint_is_not_owed_again(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75);
    run_ledger(h);
    write_checkpoint(h);
    give_mpin(h, id);
    assert_false(standing(h, ann).owes);
    for (int start = 0; start < 2; start++) {
        crash_and_start(h, h->dir.path);
        assert_true(shard_peek(h->shard, id)->asleep);
        assert_int_equal(waiting(h, ann), MARK_NONE);
        wake_all(h);
        assert_false(behaviour_mpin_required(h->shard, shard_find(h->shard, id)));
        assert_false(next_login(h).owes);
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(whoever_is_challenged_and_logs_in_anew_is_asked),
        SENTENCE(a_challenge_that_is_answered_leaves_nothing),
        SENTENCE(what_was_answered_since_the_checkpoint_is_not_owed_again),
        SENTENCE(a_login_that_is_drawn_is_asked_until_an_mpin_succeeds),
        SENTENCE(what_was_answered_before_a_lot_leaves_nothing_behind_it),
        SENTENCE(of_a_hundred_logins_as_many_are_drawn_as_wanted),
        SENTENCE(every_challenge_is_owed_but_that_of_the_account_itself),
        SENTENCE(how_an_mpin_was_typed_is_answered_by_it),
        SENTENCE(a_block_outweighs_a_challenge_whichever_comes_last),
        SENTENCE(other_sessions_go_on_and_any_of_them_may_answer),
        SENTENCE(wrong_mpins_answer_nothing_nor_does_the_end_of_their_lock),
        SENTENCE(a_challenge_that_the_ledger_had_no_room_for_is_told_again),
        SENTENCE(a_challenge_that_the_store_did_not_hear_of_outlives_a_crash),
        SENTENCE(a_challenge_after_one_that_was_answered_outlives_a_crash),
        SENTENCE(a_challenge_whose_session_expired_in_the_dark_is_owed),
        SENTENCE(a_challenge_is_found_in_a_checkpoint_or_behind_it),
        SENTENCE(a_session_that_was_logged_out_while_it_slept_leaves_its_challenge),
        SENTENCE(what_an_mpin_has_lifted_no_start_brings_back),
        SENTENCE(a_session_that_began_asked_stays_asked_and_owes_nothing_new),
        SENTENCE(a_challenge_that_only_the_store_knows_is_asked_for_anew),
        SENTENCE(marks_of_before_are_read),
        SENTENCE(a_lock_restricts_until_it_has_run_out_and_an_operator_came),
        SENTENCE(the_mpin_of_a_session_that_is_over_lifts_no_challenge),
    };
    return cmocka_run_group_tests_name("restriction", tests, NULL, NULL);
}
