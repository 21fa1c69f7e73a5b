/* After kill -9: the same sessions, the same risk to the bit, and the gaps mended. */
#include "domain/sessions/recovery.h"

#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/sleepers.h"
#include "journal/frame.h"
#include "tests/support/random.h"

#include <fcntl.h>
#include <unistd.h>

#define TYPING "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":55}}"

static recovery_report_t recover(struct house *h)
{
    recovery_report_t report = {0};
    assert_ok(recovery_run(&h->svc, NULL, the_shard, h, &report));
    return report;
}

/* kill -9 after the last commit, `away_ms` of darkness, a new start. */
static recovery_report_t crash_and_start(struct house *h, int64_t away_ms)
{
    settle(h);
    house_crash(h);
    scripted_clock_pass(&h->clock, away_ms);
    house_start(h);
    return recover(h);
}

/* One of the things that happen in a session. */
static void live_on(struct house *h, struct live *live, uint64_t *seed)
{
    static const char *const message[] = {
        "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":61.5,"
        "\"key_press_intervals\":[0.11,0.2,0.17,0.31],\"backspace_frequency\":0.07}}",
        "{\"event_type\":\"mouse_movement\",\"data\":{\"movement_speed\":340.25,\"idle_time\":2}}",
        "{\"event_type\":\"navigation_pattern\",\"data\":{\"page_switches_per_minute\":7,"
        "\"time_on_page\":9.5}}",
        "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":13}}",
        "{\"event_type\":\"keystrokes\",\"data\":{\"field\":\"mpin\",\"keys\":["
        "{\"down\":0,\"up\":80,\"class\":\"other\"},{\"down\":140,\"up\":211.5,"
        "\"class\":\"other\"}]}}",
        "{\"event_type\":\"pointer\",\"data\":{\"points\":[[0,1,1,0],[16,5,9,0],[33,11,21,1]]}}",
        "{\"event_type\":\"transaction_attempt\",\"data\":{\"amount\":\"950.10\"}}",
        "{\"event_type\":\"of_a_later_client\",\"data\":{\"x\":[1,2,{\"y\":null}]}}",
        "{\"event_type\":\"idle_timeout\",\"data\":{}}",
    };
    scripted_clock_pass(&h->clock, (int64_t)random_below(seed, 20000));
    h->count = 0;
    switch (random_below(seed, 12)) {
    case 0: predict(h, live, random_in(seed, 0.0, 0.8)); return;
    case 1:
        (void)behaviour_fact(h->shard, live, "mpin_failed", SPAN_LIT("{}"), CANARA_FACT_MPIN_FAILED,
                             0.0);
        return;
    case 2:
        (void)behaviour_fact(h->shard, live, "mpin_verified", SPAN_LIT("{}"),
                             CANARA_FACT_MPIN_PASSED, 0.0);
        return;
    case 3:
        (void)behaviour_fact(h->shard, live, "external_fact", SPAN_LIT("{}"), CANARA_FACT_EXTERNAL,
                             random_in(seed, -0.3, 0.3));
        return;
    default: (void)send(h, live, message[random_below(seed, ARRAY_LEN(message))]);
    }
}

enum { SESSIONS = 6 };

static void risk_latch_and_counts_come_back_to_the_bit(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live[SESSIONS];
    struct as_it_was before[SESSIONS];
    canara_verdict_t verdict[SESSIONS];
    uint64_t seed = 37;
    for (size_t i = 0; i < SESSIONS; i++) {
        live[i] = log_in(h, ANN, i % 2 == 0 ? "phone" : "tablet");
    }
    for (int round = 0; round < 300; round++) {
        live_on(h, live[random_below(&seed, SESSIONS)], &seed);
        settle(h);
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        before[i] = as_it_is(live[i]);
    }
    (void)crash_and_start(h, 0);
    for (size_t i = 0; i < SESSIONS; i++) {
        const struct live *after = shard_find(h->shard, before[i].live.id);
        assert_non_null(after);
        same_engine(after, &before[i].engine);
        canara_peek(&before[i].engine, &h->svc.rules.risk, clock_wall(&h->clock.face).ms,
                    &verdict[i]);
        const canara_verdict_t now = peek(h, after);
        assert_memory_equal(&now.risk, &verdict[i].risk, sizeof now.risk);
        assert_int_equal(now.level, verdict[i].level);
        assert_int_equal(now.mpin_required, verdict[i].mpin_required);
        assert_int_equal(after->blocked, before[i].live.blocked);
        assert_int_equal(after->lines, before[i].live.lines);
        assert_int_equal(after->events, before[i].live.events);
        assert_string_equal(after->email, ANN);
        assert_string_equal(live_device_id(after), i % 2 == 0 ? "phone" : "tablet");
        assert_int_equal(after->created.ms, before[i].live.created.ms);
    }
}

struct replay {
    struct house *house;
    const struct canara_profile *profile;
    canara_session_t engine;
};

static err_t play(void *context, const journal_record_t *record)
{
    struct replay *r = context;
    canara_verdict_t v = {0};
    bool counted = false;
    const playing_t with = {.scratch = r->house->scratch,
                            .config = &r->house->svc.rules.risk,
                            .profile = r->profile,
                            .engine = &r->engine};
    return recovery_play(&with, record, &v, &counted);
}

static void scoring_the_journal_again_gives_the_live_score_to_the_bit(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (uint64_t seed = 1; seed < 12; seed++) {
        struct live *live = log_in(h, ANN, "phone");
        struct replay again = {.house = h};
        uint64_t random = seed;
        for (int i = 0; i < 60 && !live->blocked; i++) {
            live_on(h, live, &random);
            settle(h);
        }
        bool outrun = true;
        assert_ok(journal_session_records(h->svc.journal, live->id, live->created, play, &again,
                                          &outrun));
        assert_false(outrun);
        assert_memory_equal(&again.engine, &live->mind->engine, sizeof again.engine);
    }
}

static void a_challenge_outlives_a_crash_and_is_told_anew(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    predict(h, live, 0.75);
    (void)crash_and_start(h, MINUTE_MS);
    live = shard_find(h->shard, id);
    assert_true(behaviour_mpin_required(h->shard, live));
    assert_false(uuid_is_nil(live->challenge_id)); /* what a reconnecting socket is told */
    assert_false(live->blocked);
    predict(h, live, 0.75);
    assert_int_equal(house_count(h, NOTICE_CHALLENGE), 0);
}

static void a_block_that_the_store_did_not_hear_of_holds(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    predict(h, live, 0.95);
    assert_int_equal(stored_session(h, id).end, END_NONE); /* the ledger has not run */
    const recovery_report_t report = crash_and_start(h, 0);
    assert_int_equal(report.blocked, 1);
    live = shard_find(h->shard, id);
    assert_true(live->blocked);
    assert_int_equal(live->shown_level, CANARA_LEVEL_BLOCKED);
    assert_int_equal(ledger_depth(h->ledger), 1);
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
    assert_int_equal(stored_session(h, id).end, END_BLOCKED);
}

static void a_block_is_not_hidden_by_the_expiry_that_followed(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (int expired_before_the_crash = 0; expired_before_the_crash < 2;
         expired_before_the_crash++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        predict(h, live, 0.95);
        if (expired_before_the_crash) {
            scripted_clock_pass(&h->clock, HOUR_MS);
            assert_null(shard_find(h->shard, id));
        }
        (void)crash_and_start(h, HOUR_MS);
        assert_null(shard_find(h->shard, id));
        ledger_stop(h->ledger);
        ledger_run(h->ledger, 3600);
        assert_int_equal(stored_session(h, id).end, END_BLOCKED);
        live = log_in(h, ANN, "phone");
        assert_true(live->restricted);
        mpin_result_t r = {0};
        assert_ok(mpin_check(&h->svc, live->account, live->id, span_of(MPIN), &r));
        shard_end(h->shard, live, END_LOGGED_OUT, true);
    }
}

static void an_mpin_that_passed_stays_passed(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    bool ended = false;
    enum session_end was = END_NONE;
    mpin_result_t r = {0};
    assert_ok(session_end_stored(&h->svc, log_in(h, ANN, "phone")->id, END_BLOCKED, &ended, &was));
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    assert_true(live->restricted);
    assert_ok(mpin_check(&h->svc, ann, id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    (void)behaviour_fact(h->shard, live, "mpin_challenge_passed", SPAN_LIT("{}"),
                         CANARA_FACT_MPIN_PASSED, 0.0);
    (void)crash_and_start(h, 0);
    live = shard_find(h->shard, id);
    assert_false(live->restricted);
    assert_false(behaviour_mpin_required(h->shard, live));
}

static void a_restricted_session_stays_restricted(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    bool ended = false;
    enum session_end was = END_NONE;
    assert_ok(session_end_stored(&h->svc, log_in(h, ANN, "phone")->id, END_BLOCKED, &ended, &was));
    const uuid_t id = log_in(h, ANN, "phone")->id;
    (void)crash_and_start(h, 0);
    const struct live *live = shard_find(h->shard, id);
    assert_true(live->restricted);
    assert_true(behaviour_mpin_required(h->shard, live));
}

/* The store has the session, the crash came before the journal had its first record, or the journal was
 * lost: nobody knows what spoke against it. */
static void a_session_without_a_record_is_over(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    session_seed_t seed = {0};
    credentials_t cred = {0};
    const uuid_t known = log_in(h, ANN, "phone")->id;
    open_session(h, ANN, "phone", &seed, &cred);
    const recovery_report_t report = crash_and_start(h, 0);
    assert_int_equal(report.unknown, 1);
    assert_non_null(shard_find(h->shard, known));
    assert_null(shard_find(h->shard, seed.row.id));
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
    assert_int_equal(stored_session(h, seed.row.id).end, END_EXPIRED);
}

/* Retention took its opening, or somebody did. */
static void a_session_with_lines_and_no_opening_is_asked_for_its_mpin(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_session(h, ANN, "phone", &seed, &cred);
    const journal_record_t record = {.kind = JOURNAL_EVENT,
                                     .session = seed.row.id,
                                     .account = seed.row.account,
                                     .at = clock_wall(&h->clock.face),
                                     .line = 900,
                                     .seq = 41,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = SPAN_LIT("scroll"),
                                     .data = SPAN_LIT("{\"pixels\":3}")};
    uint64_t position = 0;
    assert_ok(journal_append(shard_lane(h->shard), &record, &position));
    for (int i = 0; i < 2; i++) { /* and that it is asked for outlives a crash */
        const recovery_report_t report = crash_and_start(h, 0);
        assert_int_equal(report.unknown, 1);
        const struct live *live = shard_find(h->shard, seed.row.id);
        assert_non_null(live);
        assert_true(behaviour_mpin_required(h->shard, live));
        assert_int_equal(live->lines, 901);
        assert_int_equal(live->seq, 41);
    }
}

static void numbers_and_lines_go_on_where_they_were(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    (void)send(h, live, "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":41}");
    const uint64_t lines = live->lines;
    for (int i = 0; i < 3; i++) {
        /* its opening and its events, no more */
        assert_int_equal(crash_and_start(h, 1000).records, 2 + i);
        live = shard_find(h->shard, id);
        assert_int_equal(live->seq, 41 + i);
        assert_int_equal(live->seq_durable, 41 + i);
        char text[96];
        (void)snprintf(text, sizeof text,
                       "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":%d}", 41 + i);
        assert_int_equal(send(h, live, text).stored, 0); /* sent again: known */
        (void)snprintf(text, sizeof text,
                       "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":%d}", 42 + i);
        assert_int_equal(send(h, live, text).stored, 1);
        assert_int_equal(live->lines, lines + 1 + (uint64_t)i);
    }
}

static void what_expired_while_the_server_was_away_is_ended(void **state)
{
    static const struct {
        int64_t away_ms;
        bool lives;
    } row[] = {{59 * MINUTE_MS, true}, {HOUR_MS - 1, true}, {HOUR_MS, false}, {HOUR_MS * 3, false}};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
        (void)send(h, live, TYPING); /* it is the last event that counts, not the login */
        const recovery_report_t report = crash_and_start(h, row[i].away_ms);
        assert_int_equal(shard_find(h->shard, id) != NULL, row[i].lives);
        assert_int_equal(report.expired, !row[i].lives);
        ledger_stop(h->ledger);
        ledger_run(h->ledger, 3600);
        assert_int_equal(stored_session(h, id).end, row[i].lives ? END_NONE : END_EXPIRED);
        live = shard_find(h->shard, id);
        if (live != NULL) {
            shard_end(h->shard, live, END_LOGGED_OUT, true);
            bool ended = false;
            enum session_end was = END_NONE;
            assert_ok(session_end_stored(&h->svc, id, END_LOGGED_OUT, &ended, &was));
        }
    }
}

/* ---- a journal of many segments ---- */

static void begin_in_small_segments(struct house *h)
{
    house_crash(h);
    h->many_segments = true;
    house_start(h);
    (void)register_account(h, ANN);
    h->svc.rules.session_idle_ms = 12 * HOUR_MS;
}

/* A session whose records fill some segments. */
static struct as_it_was fill_segments(struct house *h)
{
    enum { FRAMES = 40 };

    struct live *live = log_in(h, ANN, "phone");
    for (int i = 0; i < FRAMES; i++) {
        (void)send(h, live, TYPING);
        settle(h); /* a frame each */
    }
    return as_it_is(live);
}

static void assert_is_back(struct house *h, const struct as_it_was *before)
{
    const struct live *after = shard_find(h->shard, before->live.id);
    assert_non_null(after);
    same_engine(after, &before->engine);
    assert_int_equal(after->lines, before->live.lines);
}

/* The journal is read from where the oldest of them began, not the newest, and not from now on. */
static void sessions_far_apart_in_the_journal_all_come_back(void **state)
{
    enum { APART = 3 };

    struct house *h = *state;
    struct as_it_was before[APART];
    begin_in_small_segments(h);
    for (size_t i = 0; i < APART; i++) {
        before[i] = fill_segments(h);
        scripted_clock_pass(&h->clock, 3 * HOUR_MS);
    }
    const recovery_report_t report = crash_and_start(h, 0);
    assert_int_equal(report.sessions, APART);
    assert_int_equal(report.unknown, 0);
    for (size_t i = 0; i < APART; i++) {
        assert_is_back(h, &before[i]);
    }
}

/* By their times the segments behind it began before it. */
static void a_session_of_a_clock_that_was_set_back_comes_back(void **state)
{
    struct house *h = *state;
    bool ended = false;
    enum session_end was = END_NONE;
    begin_in_small_segments(h);
    const uuid_t early = fill_segments(h).live.id;
    assert_ok(session_end_stored(&h->svc, early, END_LOGGED_OUT, &ended, &was));
    shard_end(h->shard, shard_find(h->shard, early), END_LOGGED_OUT, true);
    scripted_clock_pass(&h->clock, 3 * HOUR_MS);
    house_turn_wall(&h->clock, 55 * MINUTE_MS);
    const struct as_it_was ahead = fill_segments(h);
    house_turn_wall(&h->clock, -55 * MINUTE_MS);
    const struct as_it_was after = fill_segments(h);
    const recovery_report_t report = crash_and_start(h, 0);
    assert_int_equal(report.unknown, 0);
    assert_is_back(h, &ahead);
    assert_is_back(h, &after);
}

/* Retention at work beside a start: what is older than the newest segments goes while they are read. */
struct retention {
    const char *dir;
    unsigned looks;
    size_t kept;
};

static bool retain(void *ctx)
{
    struct retention *w = ctx;
    if (w->looks++ != 1) {
        return false; /* before the first record nothing is read yet */
    }
    const int dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    assert_ok(segment_list_read(dir, &list));
    assert_true(list.count > 2 * w->kept);
    for (size_t i = 0; i + w->kept < list.count; i++) {
        char name[SEGMENT_NAME_SIZE];
        segment_name_print(list.first[i], name);
        assert_int_equal(unlinkat(dir, name, 0), 0);
    }
    (void)close(dir);
    return false;
}

/* It goes on with what is left: whose opening is gone is asked for his MPIN, and the others are as they were. */
static void what_retention_takes_under_a_start_is_no_damage(void **state)
{
    enum { EVENTS = 3 * ASKED_EVERY / 2, AT_ONCE = 8 };

    struct house *h = *state;
    begin_in_small_segments(h);
    struct live *const early = log_in(h, ANN, "phone");
    const uuid_t id = early->id;
    for (int i = 0; i < EVENTS; i++) {
        (void)send(h, early, TYPING);
        if (i % AT_ONCE == 0) {
            settle(h);
        }
        scripted_clock_pass(&h->clock, 100);
    }
    const uint64_t lines = early->lines;
    const struct as_it_was late = fill_segments(h);
    struct retention w = {.dir = h->journal_dir, .kept = 10};
    const struct asked asked = {.to_stop = retain, .ctx = &w};
    h->svc.asked = &asked;
    const recovery_report_t report = crash_and_start(h, 0);
    h->svc.asked = NULL;
    assert_true(w.looks > 1);
    assert_null(report.fault.reason);
    assert_int_equal(report.sessions, 2);
    assert_int_equal(report.unknown, 1);
    const struct live *const after = shard_find(h->shard, id);
    assert_non_null(after);
    assert_true(after->lines >= lines);
    assert_true(peek(h, after).mpin_required);
    assert_is_back(h, &late);
}

static void a_wrong_mpin_is_activity_and_a_line_of_the_server_is_not(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
    live_touch(h->shard, live);
    (void)behaviour_fact(h->shard, live, "mpin_failed", SPAN_LIT("{}"), CANARA_FACT_MPIN_FAILED,
                         0.0);
    scripted_clock_pass(&h->clock, 5 * MINUTE_MS);
    behaviour_line(h->shard, live, "policy_note", SPAN_LIT("{}"));
    /* its opening and the MPIN */
    assert_int_equal(crash_and_start(h, 5 * MINUTE_MS).records, 2);
    assert_int_equal(live_seconds_left(h->shard, shard_find(h->shard, id)), 50 * 60);
}

static void a_logout_that_only_the_store_knows_holds(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    bool ended = false;
    enum session_end was = END_NONE;
    assert_ok(session_end_stored(&h->svc, id, END_LOGGED_OUT, &ended, &was));
    const recovery_report_t report = crash_and_start(h, 0);
    assert_int_equal(report.sessions, 0);
    assert_null(shard_find(h->shard, id));
}

/* Even when the wall clock went back meanwhile, so that by its times the session would live. */
static void an_end_that_only_the_journal_knows_holds(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    scripted_clock_pass(&h->clock, HOUR_MS);
    assert_null(shard_find(h->shard, id));
    assert_int_equal(stored_session(h, id).end, END_NONE);
    house_turn_wall(&h->clock, -30 * MINUTE_MS);
    (void)crash_and_start(h, 0);
    assert_null(shard_find(h->shard, id));
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
    assert_int_equal(stored_session(h, id).end, END_EXPIRED);
}

static void a_session_older_than_the_lock_of_its_account_is_blocked(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t old = log_in(h, ANN, "phone")->id;
    scripted_clock_pass(&h->clock, 1000);
    for (int i = 0; i < 2; i++) {
        mpin_result_t r = {0};
        assert_ok(mpin_check(&h->svc, ann, old, span_of(WRONG), &r));
    }
    /* The third is charged, and the crash comes before anything else. */
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    struct mpin_state tries = {0};
    assert_ok(store_mpin_load(&tx, ann, &tries));
    tries.failures = 3;
    tries.total_failures = 3;
    tries.lock_count = 1;
    tries.locked_until = wall_after_ms(clock_wall(&h->clock.face), h->svc.rules.mpin_lockout_ms);
    assert_ok(store_mpin_save(&tx, ann, &tries));
    assert_ok(store_commit(&tx));

    scripted_clock_pass(&h->clock, 1000);
    const uuid_t young = log_in(h, ANN, "phone")->id;
    (void)crash_and_start(h, 0);
    assert_true(shard_find(h->shard, old)->blocked);
    assert_int_equal(shard_find(h->shard, old)->how, END_MPIN_LOCKED);
    assert_false(shard_find(h->shard, young)->blocked);
    assert_true(shard_find(h->shard, young)->restricted);
}

static void a_store_that_is_away_stops_the_start(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    settle(h);
    house_crash(h);
    house_start(h);
    for (uint64_t n = 1; n < 5; n++) {
        recovery_report_t report = {0};
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        assert_err(recovery_run(&h->svc, NULL, the_shard, h, &report), ERR_STORAGE);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_int_equal(report.sessions, 0);
        house_crash(h);
        house_start(h);
    }
    assert_int_equal(recover(h).sessions, 1);
}

/* A start is told to stop: before the first record, however few there are. */
static bool is_unwanted(void *ctx)
{
    (void)ctx;
    return true;
}

static void a_start_that_is_not_wanted_any_more_ends_early(void **state)
{
    struct house *h = *state;
    const struct asked asked = {.to_stop = is_unwanted};
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    write_checkpoint(h);
    for (int saved = 0; saved < 2; saved++) {
        recovery_report_t report = {0};
        settle(h);
        sleepers_free(&h->svc.sleepers);
        house_crash(h);
        house_start(h);
        h->svc.asked = &asked;
        assert_err(recovery_run(&h->svc, saved ? h->dir.path : NULL, the_shard, h, &report),
                   ERR_TIMEOUT);
        h->svc.asked = NULL;
        assert_int_equal(report.checkpoint, saved);
        assert_null(report.fault.reason);
    }
    sleepers_free(&h->svc.sleepers);
    assert_int_equal(crash_and_start(h, 0).sessions, 1);
}

/* Such damage stops the start, and says where it is. */
static void assert_stops_the_start(struct house *h, enum journal_kind kind)
{
    (void)register_account(h, ANN);
    const struct live *live = log_in(h, ANN, "phone");
    const journal_record_t record = {.kind = kind,
                                     .session = live->id,
                                     .account = live->account,
                                     .at = clock_wall(&h->clock.face),
                                     .seq = JOURNAL_NO_SEQ,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = SPAN_LIT("idle_timeout"),
                                     .data = SPAN_LIT("{\"profile\":")};
    uint64_t position = 0;
    recovery_report_t report = {0};
    assert_ok(journal_append(shard_lane(h->shard), &record, &position));
    settle(h);
    house_crash(h);
    house_start(h);
    assert_err(recovery_run(&h->svc, NULL, the_shard, h, &report), ERR_FORMAT);
    assert_string_equal(report.fault.reason, "a record cannot be played");
    assert_string_equal(report.fault.file, "00000000000000000001.cjl");
}

static void an_event_that_cannot_be_played_stops_the_start(void **state)
{
    assert_stops_the_start(*state, JOURNAL_EVENT);
}

static void an_opening_that_cannot_be_read_stops_the_start(void **state)
{
    assert_stops_the_start(*state, JOURNAL_SESSION_OPEN);
}

/* What expired undisturbed under the thresholds of then is blocked under those of now, and the account marked. */
static void an_end_is_judged_by_the_thresholds_of_the_start(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    predict(h, live, 0.55);
    assert_false(live->blocked);
    shard_end(h->shard, live, END_EXPIRED, false); /* and the ledger does not run */
    const canara_config_t usual = h->svc.rules.risk;
    h->svc.rules.risk.monitor = 0.1;
    h->svc.rules.risk.challenge = 0.15;
    h->svc.rules.risk.block = 0.2;
    assert_int_equal(crash_and_start(h, 0).blocked, 1);
    h->svc.rules.risk = usual;
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
    assert_int_equal(stored_session(h, id).end, END_BLOCKED);
}

static void a_record_that_cannot_be_played_is_damage(void **state)
{
    struct house *h = *state;
    canara_session_t engine;
    canara_verdict_t v = {0};
    bool counted = false;
    canara_session_begin(&engine, SCRIPTED_WALL_MS);

    const struct {
        const char *what;
        journal_record_t record;
    } row[] = {
        {"an unknown fact", {.kind = JOURNAL_FACT, .fact = CANARA_FACTS}},
        {"a value out of range",
         {.kind = JOURNAL_FACT, .fact = CANARA_FACT_PREDICTED_RISK, .value = 1.5}},
        {"a time before 1970", {.kind = JOURNAL_FACT, .fact = CANARA_FACT_MPIN_PASSED, .at = {-1}}},
        {"an event without data",
         {.kind = JOURNAL_EVENT, .fact = JOURNAL_NO_FACT, .type = SPAN_INIT("idle_timeout")}},
        {"an event that is no JSON",
         {.kind = JOURNAL_EVENT,
          .fact = JOURNAL_NO_FACT,
          .type = SPAN_INIT("idle_timeout"),
          .data = SPAN_INIT("{\"x\":")}},
        {"an event out of range",
         {.kind = JOURNAL_EVENT,
          .fact = JOURNAL_NO_FACT,
          .type = SPAN_INIT("typing_pattern"),
          .data = SPAN_INIT("{\"words_per_minute\":-1}")}},
    };

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const canara_session_t before = engine;
        const playing_t with = {.scratch = h->scratch, .engine = &engine};
        if (recovery_play(&with, &row[i].record, &v, &counted).code != ERR_FORMAT) {
            fail_msg("%s was played", row[i].what);
        }
        assert_memory_equal(&engine, &before, sizeof engine);
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(risk_latch_and_counts_come_back_to_the_bit),
        SENTENCE(scoring_the_journal_again_gives_the_live_score_to_the_bit),
        SENTENCE(a_challenge_outlives_a_crash_and_is_told_anew),
        ON_SQLITE(a_block_that_the_store_did_not_hear_of_holds),
        ON_SQLITE(a_block_is_not_hidden_by_the_expiry_that_followed),
        SENTENCE(an_mpin_that_passed_stays_passed),
        SENTENCE(a_restricted_session_stays_restricted),
        SENTENCE(a_session_without_a_record_is_over),
        SENTENCE(a_session_with_lines_and_no_opening_is_asked_for_its_mpin),
        SENTENCE(numbers_and_lines_go_on_where_they_were),
        ON_SQLITE(what_expired_while_the_server_was_away_is_ended),
        SENTENCE(sessions_far_apart_in_the_journal_all_come_back),
        SENTENCE(a_session_of_a_clock_that_was_set_back_comes_back),
        SENTENCE(what_retention_takes_under_a_start_is_no_damage),
        SENTENCE(a_wrong_mpin_is_activity_and_a_line_of_the_server_is_not),
        SENTENCE(a_logout_that_only_the_store_knows_holds),
        SENTENCE(an_end_that_only_the_journal_knows_holds),
        SENTENCE(a_session_older_than_the_lock_of_its_account_is_blocked),
        SENTENCE(a_store_that_is_away_stops_the_start),
        ON_SQLITE(a_start_that_is_not_wanted_any_more_ends_early),
        SENTENCE(an_event_that_cannot_be_played_stops_the_start),
        SENTENCE(an_opening_that_cannot_be_read_stops_the_start),
        ON_SQLITE(an_end_is_judged_by_the_thresholds_of_the_start),
        SENTENCE(a_record_that_cannot_be_played_is_damage),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
