/* replay_keeper_test.c - replays against a whole service: the fact, the file, the journal behind it. */
#include "domain/learnt/replay_keeper.h"

#include "base/steady_clock.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/steps_test.h"
#include "tests/support/random.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY = 1 << 20, TWELVE = 12, MESSAGE = 512 };

static struct replay_keeper *keep_by(struct house *h, const struct clock *clock)
{
    struct replay_keeper *k = NULL;
    const struct replay_keeper_config config = {
        .data_dir = h->dir.path, .bytes = MEMORY, .journal = h->svc.journal, .clock = clock};
    assert_ok(replay_keeper_open(&config, &k));
    replay_keeper_wait(k);
    h->svc.replay = replay_keeper_memory(k);
    return k;
}

static struct replay_keeper *keep(struct house *h)
{
    return keep_by(h, &h->clock.face);
}

static void let_go(struct house *h, struct replay_keeper **k)
{
    h->svc.replay = NULL;
    replay_keeper_close(k);
}

/* One event of a first version's client: message `number` of recording `seed`. */
static void message(uint64_t seed, int number, char out[MESSAGE])
{
    uint64_t random = seed * 1000 + (uint64_t)number;
    (void)snprintf(out, MESSAGE,
                   "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":%.9f,"
                   "\"key_press_intervals\":[%.9f,%.9f,%.9f,%.9f],\"backspace_frequency\":%.9f}}",
                   random_in(&random, 40, 80), random_in(&random, .1, .3),
                   random_in(&random, .1, .3), random_in(&random, .1, .3),
                   random_in(&random, .1, .3), random_in(&random, .01, .1));
}

static void plays(struct house *h, struct live *live, uint64_t seed, int events)
{
    char text[MESSAGE];
    for (int i = 0; i < events; i++) {
        message(seed, i, text);
        (void)send(h, live, text);
        scripted_clock_pass(&h->clock, 1700);
    }
}

static struct live *session_plays(struct house *h, const char *email, uint64_t seed, int events)
{
    struct live *live = log_in(h, email, "phone");
    plays(h, live, seed, events);
    return live;
}

struct facts {
    struct house *house;
    canara_session_t engine;
    size_t replays;
    double grams;
};

static err_t look(void *context, const journal_record_t *record)
{
    struct facts *f = context;
    canara_verdict_t v = {0};
    bool counted = false;
    if (record->fact == (uint16_t)CANARA_FACT_REPLAY_MATCH) {
        assert_true(span_eq(record->type, SPAN_LIT("session_replay")));
        f->replays++;
        f->grams += record->value;
    }
    const playing_t play = {.scratch = f->house->scratch,
                            .config = &f->house->svc.rules.risk,
                            .profile = f->house->svc.stranger,
                            .engine = &f->engine};
    return recovery_play(&play, record, &v, &counted);
}

static void a_recorded_session_is_stopped_and_scores_the_same_again(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    const struct live *owner = session_plays(h, ANN, 1, 20);
    assert_true(peek(h, owner).risk < 0.2);
    assert_true(peek(h, session_plays(h, ANN, 2, 20)).risk < 0.2);
    assert_int_equal(counter_read(&shard_metrics(h->shard)->replays), 0);

    const struct live *thief = session_plays(h, ANN, 1, TWELVE);
    assert_true(thief->blocked);
    assert_int_equal(counter_read(&shard_metrics(h->shard)->replays), 1);
    settle(h);
    struct facts f = {.house = h};
    bool outrun = true;
    assert_ok(
        journal_session_records(h->svc.journal, thief->id, thief->created, look, &f, &outrun));
    assert_false(outrun);
    assert_int_equal(f.replays, 1);
    assert_true(f.grams >= 1.0);
    assert_memory_equal(&f.engine, &thief->mind->engine, sizeof f.engine);
    let_go(h, &k);
}

static void a_blocked_session_is_remembered_too(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    predict(h, live, 0.95);
    assert_true(live->blocked);
    char text[MESSAGE];
    for (int i = 0; i < TWELVE; i++) {
        message(1, i, text);
        (void)send(h, live, text);
    }
    assert_true(session_plays(h, ANN, 1, TWELVE)->blocked);
    let_go(h, &k);
}

static void one_message_states_one_fact(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    (void)session_plays(h, ANN, 1, 20);
    char whole[20 * MESSAGE] = "[";
    for (int i = 0; i < 20; i++) {
        message(1, i, whole + strlen(whole));
        (void)snprintf(whole + strlen(whole), 2, "%c", i < 19 ? ',' : ']');
    }
    struct live *thief = log_in(h, ANN, "phone");
    const behaviour_result_t result = send(h, thief, whole);
    assert_int_equal(result.stored, 20);
    assert_true(thief->blocked);
    assert_int_equal(counter_read(&shard_metrics(h->shard)->replays), 1);
    let_go(h, &k);
}

static void the_file_outlives_the_process_and_is_private(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    (void)session_plays(h, ANN, 1, 20);
    let_go(h, &k);
    char path[SCRATCH_PATH];
    scratch_path(&h->dir, "replay_memory", path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    k = keep(h);
    assert_true(session_plays(h, ANN, 1, TWELVE)->blocked);
    let_go(h, &k);
}

static void a_damaged_file_is_set_aside_and_the_journal_teaches_instead(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    (void)session_plays(h, ANN, 1, 20);
    settle(h);
    let_go(h, &k);
    char path[SCRATCH_PATH];
    char aside[SCRATCH_PATH];
    scratch_path(&h->dir, "replay_memory", path);
    scratch_path(&h->dir, "replay_memory.damaged", aside);
    scratch_write(path, SPAN_LIT("CANRPLY1 and no more of it"), 0600);
    k = keep(h);
    assert_int_equal(access(aside, F_OK), 0);
    assert_true(session_plays(h, ANN, 1, TWELVE)->blocked);
    let_go(h, &k);
}

static void what_came_after_the_last_save_is_learnt_from_the_journal(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    (void)session_plays(h, ANN, 1, 20);
    settle(h);
    assert_ok(replay_keeper_save(k));
    char path[SCRATCH_PATH];
    char kept[SCRATCH_PATH];
    scratch_path(&h->dir, "replay_memory", path);
    scratch_path(&h->dir, "kept", kept);
    assert_int_equal(rename(path, kept), 0);
    (void)session_plays(h, ANN, 2, 20);
    settle(h);
    let_go(h, &k);
    assert_int_equal(rename(kept, path), 0); /* as a crash leaves it */
    k = keep(h);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        assert_true(session_plays(h, ANN, seed, TWELVE)->blocked);
        scripted_clock_pass(&h->clock, HOUR_MS);
    }
    let_go(h, &k);
}

/* One bit of the oldest segment is another than it was. */
static void spoil(const struct house *h)
{
    enum { AT = 60 }; /* behind the head of its first frame */

    char path[SCRATCH_PATH];
    uint8_t byte = 0;
    scratch_path(&h->dir, "journal/00000000000000000001.cjl", path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, AT), 1);
    byte ^= 0x55;
    assert_int_equal(pwrite(fd, &byte, 1, AT), 1);
    assert_int_equal(close(fd), 0);
}

/* What was damaged is one frame: the rest is learnt, and what comes afterwards is saved. */
static void a_damaged_frame_of_the_journal_costs_what_was_in_it(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *const live = log_in(h, ANN, "phone"); /* while there is no memory */
    settle(h);                                         /* its opening is a frame of its own */
    plays(h, live, 1, 20);
    settle(h);
    spoil(h);
    struct replay_keeper *k = keep(h);
    assert_true(session_plays(h, ANN, 1, TWELVE)->blocked);
    scripted_clock_pass(&h->clock, HOUR_MS);
    (void)session_plays(h, ANN, 2, 20);
    settle(h);
    let_go(h, &k);
    char path[SCRATCH_PATH];
    scratch_path(&h->dir, "replay_memory", path);
    assert_int_equal(access(path, F_OK), 0);
    k = keep(h);
    assert_true(session_plays(h, ANN, 2, TWELVE)->blocked);
    let_go(h, &k);
}

/* Behind an outage the time that is vouched for is hours behind the one in the records: what the file knows is not
 * learnt a second time, as if sessions repeated themselves. */
static void what_the_file_knows_is_not_learnt_again_behind_an_outage(void **state)
{
    struct house *h = *state;
    const struct clock *const vouched = steady_clock_vouched(h->svc.steady);
    (void)register_account(h, ANN);
    (void)clock_guard_ok(&h->svc);
    house_turn_wall(&h->clock, 2 * HOUR_MS);
    (void)clock_guard_ok(&h->svc);
    assert_true(clock_wall(vouched).ms < clock_wall(&h->clock.face).ms - HOUR_MS);
    struct replay_keeper *k = keep_by(h, vouched);
    (void)session_plays(h, ANN, 1, 20);
    settle(h);
    let_go(h, &k);
    k = keep_by(h, vouched);
    assert_true(session_plays(h, ANN, 1, TWELVE)->blocked);
    let_go(h, &k);
}

/* The clock was right, and is set back: what came in since is learnt all the same. */
static void what_came_after_the_save_is_learnt_whatever_its_time_says(void **state)
{
    struct house *h = *state;
    struct replay_keeper *k = keep(h);
    (void)register_account(h, ANN);
    (void)session_plays(h, ANN, 1, 20);
    settle(h);
    let_go(h, &k);
    house_turn_wall(&h->clock, -MINUTE_MS / 2); /* so little refuses no login */
    (void)session_plays(h, ANN, 2, TWELVE + 1); /* nobody remembers: as if a crash had come */
    settle(h);
    k = keep(h);
    assert_true(session_plays(h, ANN, 2, TWELVE + 1)->blocked);
    let_go(h, &k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recorded_session_is_stopped_and_scores_the_same_again,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(a_blocked_session_is_remembered_too, with_scripted,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_message_states_one_fact, with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(the_file_outlives_the_process_and_is_private, with_scripted,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_set_aside_and_the_journal_teaches_instead,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_frame_of_the_journal_costs_what_was_in_it,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(what_the_file_knows_is_not_learnt_again_behind_an_outage,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(what_came_after_the_save_is_learnt_whatever_its_time_says,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(what_came_after_the_last_save_is_learnt_from_the_journal,
                                        with_scripted, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
