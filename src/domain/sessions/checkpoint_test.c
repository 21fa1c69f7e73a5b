/* A start out of a checkpoint: the same sessions, the same bits, whatever happened around it. */
#include "domain/learnt/people_test.h"
#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/recovery_checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SESSIONS = 5, ROUNDS = 120, FILE_MAX = 1 << 20 };

static void crash(struct house *h)
{
    settle(h);
    sleepers_free(&h->svc.sleepers);
    house_crash(h);
}

static recovery_report_t start(struct house *h)
{
    recovery_report_t report = {0};
    house_start(h);
    assert_ok(recovery_run(&h->svc, h->dir.path, the_shard, h, &report));
    return report;
}

static recovery_report_t crash_and_start(struct house *h)
{
    crash(h);
    return start(h);
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

static void live_on(struct house *h, struct live *live, uint64_t *seed)
{
    static const char *const message[] = {
        "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":61.5}}",
        "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":13}}",
        "{\"event_type\":\"navigation_pattern\",\"data\":{\"page_switches_per_minute\":7}}",
        "{\"event_type\":\"pointer\",\"data\":{\"points\":[[0,1,1,0],[16,5,9,0],[33,11,21,1]]}}",
        "{\"event_type\":\"transaction_attempt\",\"data\":{\"amount\":\"950.10\"}}",
    };
    scripted_clock_pass(&h->clock, (int64_t)random_below(seed, 9000));
    h->count = 0;
    switch (random_below(seed, 9)) {
    case 0: predict(h, live, random_in(seed, 0.0, 0.8)); return;
    case 1:
        (void)behaviour_fact(h->shard, live, "mpin_verified", SPAN_LIT("{}"),
                             CANARA_FACT_MPIN_PASSED, 0.0);
        live->restricted = false; /* as the route does */
        live_touch(h->shard, live);
        return;
    default: (void)send(h, live, message[random_below(seed, ARRAY_LEN(message))]);
    }
}

static void same(struct house *h, const struct as_it_was *kept)
{
    const struct live *before = &kept->live;
    const struct live *after = shard_find(h->shard, before->id);
    assert_non_null(after);
    same_engine(after, &kept->engine);
    assert_int_equal(after->lines, before->lines);
    assert_int_equal(after->events, before->events);
    assert_int_equal(after->seq, before->seq);
    assert_int_equal(after->created.ms, before->created.ms);
    assert_true(before->blocked || after->last_activity.ms == before->last_activity.ms);
    assert_int_equal(after->dies.ns, before->dies.ns);
    assert_int_equal(after->blocked, before->blocked);
    assert_int_equal(after->shown_level, before->shown_level);
    assert_int_equal(after->profile_revision, before->profile_revision);
    assert_int_equal(after->profile != NULL, before->profile != NULL);
    assert_string_equal(after->email, ANN);
    assert_string_equal(live_device_id(after), "phone");
}

static void life(struct house *h, const uuid_t *id, int rounds, uint64_t *seed)
{
    for (int i = 0; i < rounds; i++) {
        struct live *live = shard_find(h->shard, id[random_below(seed, SESSIONS)]);
        if (live != NULL) {
            live_on(h, live, seed);
        }
        settle(h);
    }
}

static void states_come_back_to_the_bit_wherever_the_checkpoint_fell(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    uuid_t id[SESSIONS];
    for (uint64_t seed = 1; seed < 8; seed++) {
        uint64_t random = seed;
        struct as_it_was before[SESSIONS];
        for (size_t i = 0; i + 1 < SESSIONS; i++) {
            id[i] = log_in(h, ANN, "phone")->id;
        }
        id[SESSIONS - 1] = id[0];
        life(h, id, ROUNDS / 2, &random);
        if (seed % 3 != 0) {
            write_checkpoint(h);
        }
        id[SESSIONS - 1] = log_in(h, ANN, "phone")->id; /* no checkpoint knows it */
        life(h, id, (int)random_below(&random, ROUNDS), &random);
        if (seed % 4 == 1) { /* nothing is left to play */
            write_checkpoint(h);
        }
        for (size_t i = 0; i < SESSIONS; i++) {
            before[i] = as_it_is(shard_peek(h->shard, id[i]));
        }
        const recovery_report_t report = crash_and_start(h);
        assert_true(report.checkpoint);
        assert_int_equal(report.asleep == 0, seed % 4 == 1);
        for (size_t i = 0; i < SESSIONS; i++) {
            same(h, &before[i]);
        }
        assert_int_equal(sleepers_left(h->svc.sleepers), 0);
        for (size_t i = 0; i < SESSIONS; i++) {
            bool ended = false;
            enum session_end was = END_NONE;
            struct live *live = shard_find(h->shard, id[i]);
            shard_end(h->shard, live, END_LOGGED_OUT, true);
            assert_ok(session_end_stored(&h->svc, id[i], END_LOGGED_OUT, &ended, &was));
        }
    }
}

/* A checkpoint whose mark is older than its sessions: those go on while they are gathered. */
static void write_checkpoint_of(struct house *h, const checkpoint_head_t *head)
{
    char path[SCRATCH_PATH];
    struct buf file;
    uint32_t place = 0;
    uint32_t saved = 0;
    bool more = false;
    settle(h);
    buf_init(&file, FILE_MAX);
    assert_ok(checkpoint_write_head(&file, head));
    assert_ok(shard_save_some(h->shard, CHECKPOINT_SLICE, &place, &file, &saved, &more));
    assert_false(more);
    assert_ok(checkpoint_write_end(&file, saved, journal_committed(h->svc.journal)));
    scratch_path(&h->dir, CHECKPOINT_NAME, path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, file.ptr, file.len) == (ssize_t)file.len);
    (void)close(fd);
    buf_deinit(&file);
}

static void what_stands_in_checkpoint_and_journal_counts_once(void **state)
{
    struct house *h = *state;
    uint64_t seed = 11;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    for (int behind = 0; behind < 3; behind++) { /* so many does the checkpoint not know */
        checkpoint_head_t head = {.at = clock_wall(&h->clock.face)};
        live_on(h, live, &seed);
        settle(h);
        journal_mark_read(h->svc.journal, &head.mark);
        checkpoint_basis_of(&h->svc, &head.basis);
        for (int both = 0; both < 2; both++) {
            live_on(h, live, &seed);
        }
        write_checkpoint_of(h, &head);
        for (int i = 0; i < behind; i++) {
            live_on(h, live, &seed);
        }
        const struct as_it_was before = as_it_is(live);
        const recovery_report_t report = crash_and_start(h);
        assert_true(report.checkpoint);
        assert_int_equal(report.asleep, behind > 0);
        same(h, &before);
        live = shard_find(h->shard, before.live.id);
    }
}

static void a_known_customer_is_scored_with_her_profile_after_waking(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    house_know_people(h, "people");
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    ann_learns(h, &ann, 6);
    struct live *live = log_in(h, ANN, "phone");
    assert_non_null(live->profile);
    type_as(h, live, &ann, 2);
    write_checkpoint(h);
    type_as(h, live, &thief, 1);
    const struct as_it_was before = as_it_is(live);
    crash(h);
    (void)start(h);
    assert_null(shard_peek(h->shard, before.live.id)->profile); /* read when it is asked for */
    same(h, &before);
    struct live *after = shard_find(h->shard, before.live.id);
    struct hand again = thief;
    type_as(h, after, &again, 1);
    const canara_session_t restarted = after->mind->engine;
    (void)crash_and_start(h);
    after = shard_find(h->shard, before.live.id);
    same_engine(after, &restarted);
}

static size_t read_file(const char *path, uint8_t *bytes)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t got = read(fd, bytes, FILE_MAX);
    assert_true(got > 0 && got < FILE_MAX);
    (void)close(fd);
    return (size_t)got;
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    (void)close(fd);
}

static void a_damaged_checkpoint_is_passed_over_for_the_older_or_the_journal(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    uuid_t id[SESSIONS];
    struct as_it_was before[SESSIONS];
    uint64_t seed = 5;
    char newest[SCRATCH_PATH];
    char older[SCRATCH_PATH];
    static uint8_t good[FILE_MAX];
    static uint8_t bad[FILE_MAX];
    for (size_t i = 0; i < SESSIONS; i++) {
        id[i] = log_in(h, ANN, "phone")->id;
    }
    scratch_path(&h->dir, CHECKPOINT_NAME, newest);
    scratch_path(&h->dir, CHECKPOINT_OLD_NAME, older);
    life(h, id, 20, &seed);
    write_checkpoint(h);
    life(h, id, 20, &seed);
    write_checkpoint(h);
    life(h, id, 20, &seed);
    for (size_t i = 0; i < SESSIONS; i++) {
        before[i] = as_it_is(shard_peek(h->shard, id[i]));
    }
    const size_t len = read_file(newest, good);
    for (int round = 0; round < 60; round++) {
        memcpy(bad, good, len);
        const size_t at = (size_t)random_below(&seed, len);
        bad[at] ^= (uint8_t)(1U << random_below(&seed, 8));
        write_file(newest, bad, round % 3 == 0 ? at : len);
        if (round == 30) {
            assert_int_equal(unlink(older), 0);
        }
        assert_int_equal(crash_and_start(h).checkpoint, round < 30);
        for (size_t i = 0; i < SESSIONS; i++) {
            same(h, &before[i]);
        }
    }
    write_file(newest, good, len);
    assert_true(crash_and_start(h).checkpoint);
    assert_int_equal(chmod(newest, 0640), 0); /* whoever else may have written it */
    assert_false(crash_and_start(h).checkpoint);
}

static void another_engine_or_journal_other_thresholds_and_a_place_to_come_do_not_fit(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    predict(h, live, 0.5);
    write_checkpoint(h);
    const struct as_it_was before = as_it_is(live);
    const canara_config_t usual = h->svc.rules.risk;
    h->svc.rules.risk.monitor = 0.41;
    assert_false(crash_and_start(h).checkpoint);
    h->svc.rules.risk = usual;
    assert_true(crash_and_start(h).checkpoint);
    same(h, &before);

    char path[SCRATCH_PATH];
    scratch_path(&h->dir, CHECKPOINT_NAME, path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct checkpoint_reader reader = {0};
    saved_session_t saved;
    bool more = false;
    assert_ok(checkpoint_reader_open(fd, &reader));
    assert_ok(checkpoint_reader_next(&reader, &saved, &more));
    for (int what = 0; what < 5; what++) {
        checkpoint_head_t head = reader.head;
        head.mark.crc ^= what == 1 ? 1U : 0U;
        head.mark.sequence += what == 2 ? 1U : 0U;
        head.basis.engine ^= what == 4 ? 1U : 0U;
        struct buf text;
        size_t begun = 0;
        buf_init(&text, FILE_MAX);
        assert_ok(checkpoint_write_head(&text, &head));
        assert_ok(checkpoint_begin_block(&text, &begun));
        assert_ok(checkpoint_write_session(&text, &saved));
        checkpoint_end_block(&text, begun, 1);
        assert_ok(checkpoint_write_end(&text, 1, what == 3 ? 1000000 : reader.end));
        write_file(path, text.ptr, text.len);
        buf_deinit(&text);
        assert_int_equal(crash_and_start(h).checkpoint, what == 0);
        same(h, &before);
    }
    checkpoint_reader_close(&reader);
    (void)close(fd);
}

static void what_the_store_knows_better_wins_over_the_checkpoint(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    const uuid_t blocked = log_in(h, ANN, "phone")->id;
    const uuid_t left = log_in(h, ANN, "phone")->id;
    const uuid_t slept = log_in(h, ANN, "phone")->id;
    const uuid_t old = log_in(h, ANN, "phone")->id;
    bool ended = false;
    enum session_end was = END_NONE;
    predict(h, shard_find(h->shard, blocked), 0.95);
    write_checkpoint(h);
    assert_ok(session_end_stored(&h->svc, left, END_LOGGED_OUT, &ended, &was));
    recovery_report_t report = crash_and_start(h);
    assert_int_equal(report.sessions, 3);
    assert_int_equal(report.blocked, 1); /* the ledger had not run */
    assert_true(shard_find(h->shard, blocked)->blocked);
    assert_null(shard_find(h->shard, left));

    /* It ends in the store while it sleeps, and nobody hears of it. */
    assert_true(sleeper_is(h->shard, slept));
    assert_ok(session_end_stored(&h->svc, slept, END_REVOKED, &ended, &was));
    assert_null(shard_find(h->shard, slept));

    CLEANUP(store_rollback) struct store_tx tx = {0}; /* the lock is durable, the ends are not */
    struct mpin_state tries = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    tries.failures = 3;
    tries.total_failures = 3;
    tries.lock_count = 1;
    tries.locked_until = wall_after_ms(clock_wall(&h->clock.face), HOUR_MS);
    assert_ok(store_mpin_save(&tx, ann, &tries));
    assert_ok(store_commit(&tx));
    assert_true(shard_find(h->shard, old)->blocked);
    assert_int_equal(shard_find(h->shard, old)->how, END_MPIN_LOCKED);
}

/* What is left in the ledger, as its thread does at the stop. */
static void run_ledger(struct house *h)
{
    ledger_stop(h->ledger);
    ledger_run(h->ledger, 3600);
}

static bool is_marked(struct house *h)
{
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_session(h, ANN, "phone", &seed, &cred);
    return seed.restricted;
}

static void a_block_that_only_the_ledger_knows_outlives_its_session_and_a_crash(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.95);
    scripted_clock_pass(&h->clock, 2 * HOUR_MS);
    assert_null(shard_find(h->shard, id)); /* its time is over, and the ledger has not run */
    write_checkpoint(h);
    assert_int_equal(crash_and_start(h).blocked, 1);
    write_checkpoint(h); /* nor is it lost the second time */
    assert_int_equal(crash_and_start(h).blocked, 1);
    run_ledger(h);
    assert_int_equal(stored_session(h, id).end, END_BLOCKED);
    assert_int_equal(shard_count(h->shard), 1);
    scripted_clock_pass(&h->clock, MINUTE_MS);
    (void)shard_advance(h->shard);
    assert_int_equal(shard_count(h->shard), 0); /* let go when the store knows */
    (void)crash_and_start(h);
    assert_true(is_marked(h));
}

/* Also when its time is over by then: it is held until the store knows. */
static void a_block_that_the_ledger_had_no_room_for_is_told_again(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (int over = 0; over < 2; over++) {
        const uuid_t id = log_in(h, ANN, "phone")->id;
        const ledger_item_t filler = {.at = clock_wall(&h->clock.face), .how = END_BLOCKED};
        uint64_t place = 0;
        for (size_t i = 0; i < LEDGER_ITEMS_MAX; i++) {
            assert_ok(ledger_post(h->ledger, &filler, &place));
        }
        predict(h, shard_find(h->shard, id), 0.95);
        run_ledger(h);
        assert_int_equal(stored_session(h, id).end, END_NONE);
        scripted_clock_pass(&h->clock, over ? 2 * HOUR_MS : MINUTE_MS);
        (void)shard_advance(h->shard);
        run_ledger(h);
        assert_int_equal(stored_session(h, id).end, END_BLOCKED);
        assert_true(shard_peek(h->shard, id)->blocked); /* and can be looked at to its end */
        assert_true(is_marked(h));
    }
}

static void what_expired_meanwhile_is_ended_and_what_it_has_to_play_counts(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t idle = log_in(h, ANN, "phone")->id;
    const uuid_t busy = log_in(h, ANN, "phone")->id;
    write_checkpoint(h);
    scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
    (void)send(h, shard_find(h->shard, busy),
               "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":3}}");
    crash(h);
    scripted_clock_pass(&h->clock, 31 * MINUTE_MS);
    const recovery_report_t report = start(h);
    assert_int_equal(report.expired, 1);
    assert_null(shard_find(h->shard, idle));
    scripted_clock_pass(&h->clock, MINUTE_MS);
    assert_int_equal(shard_advance(h->shard) >= 0, 1); /* its timer is due and waits for it */
    assert_non_null(shard_find(h->shard, busy));
    assert_int_equal(live_seconds_left(h->shard, shard_find(h->shard, busy)), 28 * 60);
}

static void where_sessions_are_many_checkpoints_are_rarer(void **state)
{
    (void)state;

    static const struct {
        uint64_t took_mib, every_mib;
    } of[] = {{0, 24}, {18, 24}, {48, 24}, {50, 25}, {167, 83}, {192, 96}, {1000, 96}};

    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        const uint64_t every = checkpoint_every_bytes(of[i].took_mib << 20);
        assert_int_equal(every >> 20, of[i].every_mib);
    }
    assert_int_equal(checkpoint_every_bytes(UINT64_MAX), CHECKPOINT_EVERY_BYTES_MOST);
}

static void they_are_counted_as_asleep_until_they_are_asked_for(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t known = log_in(h, ANN, "phone")->id;
    (void)log_in(h, ANN, "phone");
    write_checkpoint(h);
    const uuid_t young = log_in(h, ANN, "phone")->id;
    (void)crash_and_start(h);
    const gauge_t *by_use = shard_metrics(h->shard)->by_use;
    assert_int_equal(gauge_read(&by_use[LIVE_ASLEEP]), 3);
    assert_int_equal(gauge_read(&by_use[LIVE_AWAKE]) + gauge_read(&by_use[LIVE_RESTING]), 0);
    (void)send(h, shard_find(h->shard, known),
               "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":3}}");
    assert_non_null(shard_find(h->shard, young));
    assert_int_equal(gauge_read(&by_use[LIVE_ASLEEP]), 1);
    assert_int_equal(gauge_read(&by_use[LIVE_AWAKE]), 2);
    scripted_clock_pass(&h->clock, 2 * HOUR_MS);
    (void)shard_advance(h->shard);
    for (size_t use = 0; use < LIVE_USES; use++) {
        assert_int_equal(gauge_read(&by_use[use]), 0);
    }
}

static void while_the_store_is_away_a_session_sleeps_on(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    write_checkpoint(h);
    predict(h, shard_find(h->shard, id), 0.75);
    const struct as_it_was before = as_it_is(shard_find(h->shard, id));
    crash(h);
    assert_int_equal(start(h).asleep, 1);
    store_scripted_fail_operation(h->svc.store, 1, err_new(ERR_STORAGE));
    assert_null(shard_find(h->shard, id));
    assert_true(sleeper_is(h->shard, id));
    assert_int_equal(sleepers_left(h->svc.sleepers), 1);
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    waking_t w = {0}; /* as the keeper does */
    sleepers_again(h->svc.sleepers);
    assert_true(sleepers_next(h->svc.sleepers, &w));
    waking_read(&h->svc, &w);
    assert_ok(waking_finish(h->shard, &w));
    assert_false(sleepers_next(h->svc.sleepers, &w));
    assert_int_equal(sleepers_left(h->svc.sleepers), 0);
    same(h, &before);
    assert_true(behaviour_mpin_required(h->shard, shard_find(h->shard, id)));
    waking_begin(shard_find(h->shard, id), &w); /* twice is nothing */
    waking_read(&h->svc, &w);
    assert_ok(waking_finish(h->shard, &w));
}

/* The start fails, rather than go on with sessions that it could not look at; the next one has them all. */
static void a_store_that_is_away_stops_a_start_out_of_a_checkpoint(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75); /* so that its row is read for what it owes */
    write_checkpoint(h);
    (void)log_in(h, ANN, "phone"); /* and this one's, for no checkpoint knows it */
    unsigned failures = 0;
    for (uint64_t n = 1; n < 30; n++) {
        recovery_report_t report = {0};
        crash(h);
        house_start(h);
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e = recovery_run(&h->svc, h->dir.path, the_shard, h, &report);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_true(report.checkpoint);
        if (!failed(e)) {
            assert_int_equal(report.sessions, 2);
            break;
        }
        assert_int_equal(e.code, ERR_STORAGE);
        failures++;
    }
    assert_true(failures >= 6);
    assert_int_equal(crash_and_start(h).sessions, 2);
}

/* Those who look at all sessions wake nobody. */
static void a_sleeper_shows_the_level_that_it_had(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    const uuid_t id = log_in(h, ANN, "phone")->id;
    predict(h, shard_find(h->shard, id), 0.75);
    const uint8_t level = shard_find(h->shard, id)->shown_level;
    assert_true(level > (uint8_t)CANARA_LEVEL_NORMAL);
    write_checkpoint(h);
    assert_true(crash_and_start(h).checkpoint);
    assert_true(shard_peek(h->shard, id)->asleep);
    assert_int_equal(shard_peek(h->shard, id)->shown_level, level);
    assert_int_equal(gauge_read(&shard_metrics(h->shard)->by_level[level]), 1);
}

static void what_holds_a_session_back_is_in_its_checkpoint(void **state)
{
    struct house *h = *state;
    bool ended = false;
    enum session_end was = END_NONE;
    (void)register_account(h, ANN);
    const uuid_t unpinned = log_in(h, ANN, "phone")->id;
    shard_find(h->shard, unpinned)->unpinned = true; /* its profile was gone at an earlier start */
    const uuid_t first = log_in(h, ANN, "phone")->id;
    assert_ok(session_end_stored(&h->svc, first, END_BLOCKED, &ended, &was));
    shard_end(h->shard, shard_find(h->shard, first), END_LOGGED_OUT, true);
    const uuid_t restricted = log_in(h, ANN, "phone")->id;
    assert_true(shard_find(h->shard, restricted)->restricted);
    write_checkpoint(h);
    assert_true(crash_and_start(h).checkpoint);
    assert_true(shard_find(h->shard, restricted)->restricted); /* its decisions are denied */
    assert_false(shard_find(h->shard, restricted)->unpinned);
    assert_true(shard_find(h->shard, unpinned)->unpinned); /* and so it teaches nothing */
    assert_false(shard_find(h->shard, unpinned)->restricted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states_come_back_to_the_bit_wherever_the_checkpoint_fell,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_stands_in_checkpoint_and_journal_counts_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_known_customer_is_scored_with_her_profile_after_waking,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            a_damaged_checkpoint_is_passed_over_for_the_older_or_the_journal, begin, end),
        cmocka_unit_test_setup_teardown(
            another_engine_or_journal_other_thresholds_and_a_place_to_come_do_not_fit, begin, end),
        cmocka_unit_test_setup_teardown(what_the_store_knows_better_wins_over_the_checkpoint, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_block_that_only_the_ledger_knows_outlives_its_session_and_a_crash, begin, end),
        cmocka_unit_test_setup_teardown(a_block_that_the_ledger_had_no_room_for_is_told_again,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            what_expired_meanwhile_is_ended_and_what_it_has_to_play_counts, begin, end),
        cmocka_unit_test(where_sessions_are_many_checkpoints_are_rarer),
        cmocka_unit_test_setup_teardown(they_are_counted_as_asleep_until_they_are_asked_for, begin,
                                        end),
        cmocka_unit_test_setup_teardown(while_the_store_is_away_a_session_sleeps_on, with_scripted,
                                        end),
        cmocka_unit_test_setup_teardown(a_store_that_is_away_stops_a_start_out_of_a_checkpoint,
                                        with_scripted, end),
        cmocka_unit_test_setup_teardown(a_sleeper_shows_the_level_that_it_had, begin, end),
        cmocka_unit_test_setup_teardown(what_holds_a_session_back_is_in_its_checkpoint, begin, end),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
