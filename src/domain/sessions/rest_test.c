/* A session that rests between any two events is the one that never did, to the bit. */
#include "domain/sessions/rest.h"

#include "base/rng.h"
#include "domain/learnt/people_test.h"

enum { ROUNDS = 150, REST_MS = 60000, MANY = 600 };

static const char typing[] =
    "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":61.5,"
    "\"key_press_intervals\":[0.11,0.2,0.17,0.31],\"backspace_frequency\":0.07}}";

static void lay(struct house *h, struct live *live)
{
    const struct as_it_was before = as_it_is(live);
    const replay_track_t track = live->mind->replay;
    assert_true(live_rest(h->shard, live));
    assert_null(live->mind);
    assert_null(live->profile);
    same_engine(live, &before.engine);
    struct mind copy;
    mind_unpack(live->packed, &copy);
    assert_memory_equal(&copy.engine, &before.engine, sizeof copy.engine);
    assert_memory_equal(&copy.replay, &track, sizeof track);
}

/* ---- two lives, one of which rests ---- */

static struct live *known_ann(struct house *h, struct replay_memory **memory)
{
    struct hand hand = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "people");
    assert_ok(replay_memory_new(1 << 20, &h->clock.face, memory));
    h->svc.replay = *memory;
    ann_learns(h, &hand, 6);
    struct live *live = log_in(h, ANN, "phone");
    assert_non_null(live->profile);
    return live;
}

static void step(struct house *h, struct live *live, struct hand *who, uint64_t *seed)
{
    static const char *const message[] = {
        typing,
        "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":9}}",
        "{\"event_type\":\"navigation_pattern\",\"data\":{\"page_switches_per_minute\":7}}",
        "{\"event_type\":\"pointer\",\"data\":{\"points\":[[0,1,1,0],[16,5,9,0],[33,11,21,1]]}}",
        "{\"event_type\":\"transaction_attempt\",\"data\":{\"amount\":\"950.10\"}}",
    };
    scripted_clock_pass(&h->clock, (int64_t)random_below(seed, 9000));
    h->count = 0;
    switch (random_below(seed, 8)) {
    case 0: predict(h, live, random_in(seed, 0.0, 0.8)); return;
    case 1:
        (void)behaviour_fact(h->shard, live, "mpin_verified", SPAN_LIT("{}"),
                             CANARA_FACT_MPIN_PASSED, 0.0);
        return;
    case 2:
        (void)behaviour_fact(h->shard, live, "policy_challenge", SPAN_LIT("{\"why\":\"test\"}"),
                             CANARA_FACT_CHALLENGED, 0.0);
        return;
    case 3:
    case 4: type_as(h, live, who, 1); return;
    default: (void)send(h, live, message[random_below(seed, ARRAY_LEN(message))]);
    }
}

static void the_same(struct house *a, const struct live *x, struct house *b, const struct live *y)
{
    const struct as_it_was was = as_it_is(y);
    const canara_verdict_t v = peek(a, x);
    const canara_verdict_t w = peek(b, y);
    same_engine(x, &was.engine);
    assert_memory_equal(&v.risk, &w.risk, sizeof v.risk);
    assert_int_equal(v.level, w.level);
    assert_int_equal(v.mpin_required, w.mpin_required);
    assert_memory_equal(&x->shown_risk, &y->shown_risk, sizeof x->shown_risk);
    assert_int_equal(x->shown_level, y->shown_level);
    assert_int_equal(x->blocked, y->blocked);
    assert_int_equal(x->lines, y->lines);
    assert_int_equal(x->events, y->events);
    assert_int_equal(x->seq, y->seq);
    assert_int_equal(uuid_is_nil(x->challenge_id), uuid_is_nil(y->challenge_id));
    assert_int_equal(live_learning(x).sessions, live_learning(y).sessions);
}

static void resting_between_any_two_events_changes_no_bit(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 5; seed++) {
        struct house a;
        struct house b;
        struct replay_memory *memory[2];
        house_begin(&a, HOUSE_SQLITE, 0);
        house_begin(&b, HOUSE_SQLITE, 0);
        struct live *x = known_ann(&a, &memory[0]);
        struct live *y = known_ann(&b, &memory[1]);
        struct hand hand[2] = {seed % 2 == 0 ? thief_hand() : ann_hand()};
        hand[1] = hand[0];
        uint64_t random[2] = {seed, seed};
        const uint32_t revision = x->profile_revision;
        for (int i = 0; i < ROUNDS; i++) {
            lay(&a, x);
            the_same(&a, x, &b, y);
            step(&a, x, &hand[0], &random[0]);
            step(&b, y, &hand[1], &random[1]);
            the_same(&a, x, &b, y);
            settle(&a);
            settle(&b);
            (void)live_mind(a.shard, x);
            assert_memory_equal(&x->mind->replay.stream, &y->mind->replay.stream,
                                sizeof x->mind->replay.stream);
            assert_int_equal(x->mind->replay.kept, y->mind->replay.kept);
        }
        assert_int_equal(x->profile_revision, revision);
        assert_false(x->unpinned);
        house_end(&a);
        house_end(&b);
        replay_memory_free(&memory[0]);
        replay_memory_free(&memory[1]);
    }
}

/* ---- when, and what wakes it ---- */

static void turn(struct house *h, int64_t ms)
{
    scripted_clock_pass(&h->clock, ms);
    (void)shard_advance(h->shard);
}

static void it_rests_a_minute_after_its_last_activity_and_scoring_wakes_it(void **state)
{
    struct house *h = *state;
    struct replay_memory *memory = NULL;
    struct live *live = known_ann(h, &memory);
    enum canara_level level = CANARA_LEVEL_NORMAL;
    h->svc.rules.rest_after_ms = REST_MS;
    live_arm(h->shard, live);
    turn(h, REST_MS / 2);
    assert_int_equal(send(h, live, typing).stored, 1);
    turn(h, REST_MS / 2 + 1);
    assert_non_null(live->mind);
    turn(h, REST_MS / 2);
    assert_null(live->mind);
    assert_true(sleeper_scores(h->shard, live->id));

    (void)behaviour_shown_risk(h->shard, live, &level); /* looks do not */
    (void)behaviour_mpin_required(h->shard, live);
    assert_ptr_equal(shard_find(h->shard, live->id), live);
    assert_null(live->mind);
    predict(h, live, 0.1); /* a fact needs no profile */
    assert_non_null(live->mind);
    assert_true(live->away);
    turn(h, 2000);
    assert_null(live->mind);

    assert_int_equal(send(h, live, typing).stored, 1);
    assert_non_null(live->profile);
    assert_false(sleeper_scores(h->shard, live->id));
    turn(h, REST_MS + 1000);
    assert_null(live->mind);
    const uuid_t id = live->id;
    turn(h, HOUR_MS - REST_MS - 2000); /* the end of its time comes all the same */
    assert_non_null(shard_peek(h->shard, id));
    turn(h, 2000);
    assert_null(shard_peek(h->shard, id));
    h->svc.replay = NULL;
    replay_memory_free(&memory);
}

static void a_ticket_keeps_it_awake_while_it_is_good(void **state)
{
    struct house *h = *state;
    char ticket[TICKET_CHARS + 1];
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    assert_true(live_rest(h->shard, live));
    assert_true(live_ticket_make(h->shard, live, ticket));
    assert_false(live_rest(h->shard, live));
    assert_true(live_ticket_spend(h->shard, live, span_of(ticket)));
    assert_true(live_rest(h->shard, live));
    assert_false(live_ticket_spend(h->shard, live, span_of(ticket)));
}

static void what_is_saved_and_how_it_ends_is_the_same(void **state)
{
    struct house *h = *state;
    struct replay_memory *memory = NULL;
    struct live *live = known_ann(h, &memory);
    struct buf saved[2];
    (void)send(h, live, typing);
    for (int i = 0; i < 2; i++) {
        uint32_t place = 0;
        uint32_t count = 0;
        bool more = false;
        buf_init(&saved[i], 1 << 20);
        assert_ok(shard_save_some(h->shard, 10, &place, &saved[i], &count, &more));
        assert_int_equal(count, 1);
        if (i == 0) {
            lay(h, live);
        }
    }
    assert_int_equal(saved[0].len, saved[1].len);
    assert_memory_equal(saved[0].ptr, saved[1].ptr, saved[0].len);
    buf_deinit(&saved[0]);
    buf_deinit(&saved[1]);
    behaviour_block(h->shard, live, END_OPERATOR, false);
    assert_true(live->blocked);
    lay(h, live);
    shard_end(h->shard, live, END_REVOKED, true);
    assert_int_equal(shard_count(h->shard), 0);
    h->svc.replay = NULL;
    replay_memory_free(&memory);
}

static void a_worker_may_read_the_profile_before(void **state)
{
    struct house *h = *state;
    struct replay_memory *memory = NULL;
    struct live *live = known_ann(h, &memory);
    waking_t w = {0};
    lay(h, live);
    waking_begin(live, &w);
    waking_read(&h->svc, &w);
    assert_ok(waking_finish(h->shard, &w));
    assert_non_null(live->profile);
    assert_null(w.profile);
    h->svc.rules.rest_after_ms = REST_MS;
    live_arm(h->shard, live);
    turn(h, REST_MS + 1000); /* nobody came to use it */
    assert_null(live->profile);
    waking_begin(live, &w);
    waking_read(&h->svc, &w);
    const uuid_t id = live->id;
    shard_end(h->shard, live, END_REVOKED, true);
    assert_ok(waking_finish(h->shard, &w)); /* it has ended meanwhile */
    assert_null(shard_peek(h->shard, id));
    h->svc.replay = NULL;
    replay_memory_free(&memory);
}

/* ---- trouble ---- */

static void while_the_store_is_away_nothing_is_scored_and_nothing_lost(void **state)
{
    struct house *h = *state;
    struct replay_memory *memory = NULL;
    struct live *live = known_ann(h, &memory);
    const struct as_it_was before = as_it_is(live);
    lay(h, live);
    store_scripted_fail_operation(h->svc.store, 1, err_new(ERR_STORAGE));
    assert_int_equal(send(h, live, typing).answer, BEHAVIOUR_BUSY);
    assert_true(live->away);
    same_engine(live, &before.engine);
    assert_int_equal(live->lines, before.live.lines);
    waking_t w = {0};
    waking_begin(live, &w);
    store_scripted_fail_operation(h->svc.store, 1, err_new(ERR_STORAGE));
    waking_read(&h->svc, &w);
    assert_ok(waking_finish(h->shard, &w)); /* whoever scores tries again */
    assert_true(live->away);
    store_scripted_fail_operation(h->svc.store, 1, err_new(ERR_STORAGE));
    behaviour_block(h->shard, live, END_OPERATOR, true); /* needs no store */
    assert_true(live->blocked);
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    assert_true(live_fetch(h->shard, live));
    assert_non_null(live->profile);
    h->svc.replay = NULL;
    replay_memory_free(&memory);
}

static void a_pinned_revision_that_is_gone_asks_for_the_mpin(void **state)
{
    struct house *h = *state;
    struct replay_memory *memory = NULL;
    struct live *live = known_ann(h, &memory);
    lay(h, live);
    live->profile_revision += 1000;
    assert_false(behaviour_mpin_required(h->shard, live));
    assert_int_equal(send(h, live, typing).stored, 1);
    assert_true(live->unpinned);
    assert_true(behaviour_mpin_required(h->shard, live));
    h->svc.replay = NULL;
    replay_memory_free(&memory);
}

static void count_rest(void *ctx, struct live *live)
{
    size_t *rest = ctx;
    *rest += live->mind == NULL ? 1U : 0U;
}

static void many_at_once_are_laid_to_rest_in_slices(void **state)
{
    struct house *h = *state;
    h->svc.rules.rest_after_ms = REST_MS;
    for (int i = 0; i < MANY; i++) {
        const wall_t now = clock_wall(&h->clock.face);
        session_seed_t seed = {.row = {.id = uuid_random(),
                                       .account = uuid_random(),
                                       .created = now,
                                       .last_activity = now,
                                       .expires_max = wall_after_ms(now, 12 * HOUR_MS)}};
        struct live *live = NULL;
        assert_ok(shard_open(h->shard, &seed, &live));
    }
    size_t turns = 0;
    size_t rest = 0;
    bool more = true;
    scripted_clock_pass(&h->clock, REST_MS);
    do {
        const size_t before = rest;
        rest = 0;
        more = shard_advance(h->shard) == 0; /* no time passes: whoever is due is not put off */
        shard_each(h->shard, count_rest, &rest);
        assert_in_range(rest - before, 0, TIMER_WHEEL_FIRES);
        turns++;
    } while (more);
    assert_int_equal(rest, MANY);
    assert_in_range(turns, MANY / TIMER_WHEEL_FIRES, 2 + MANY / TIMER_WHEEL_FIRES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resting_between_any_two_events_changes_no_bit),
        cmocka_unit_test_setup_teardown(
            it_rests_a_minute_after_its_last_activity_and_scoring_wakes_it, with_sqlite, tear_down),
        cmocka_unit_test_setup_teardown(a_ticket_keeps_it_awake_while_it_is_good, with_sqlite,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_saved_and_how_it_ends_is_the_same, with_sqlite,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_worker_may_read_the_profile_before, with_sqlite,
                                        tear_down),
        cmocka_unit_test_setup_teardown(while_the_store_is_away_nothing_is_scored_and_nothing_lost,
                                        with_scripted, tear_down),
        cmocka_unit_test_setup_teardown(a_pinned_revision_that_is_gone_asks_for_the_mpin,
                                        with_sqlite, tear_down),
        cmocka_unit_test_setup_teardown(many_at_once_are_laid_to_rest_in_slices, with_sqlite,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("rest", tests, NULL, NULL);
}
