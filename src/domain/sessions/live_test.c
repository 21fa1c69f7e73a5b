/* Sessions in memory: when they expire, what extends them, what a block leaves, tickets. */
#include "domain/sessions/live.h"

#include "domain/sessions/steps_test.h"
#include "tests/support/random.h"

#define TYPING "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":55}}"

static struct live *ann_logs_in(struct house *h)
{
    (void)register_account(h, ANN);
    return log_in(h, ANN, "phone");
}

/* ---- expiry */

static void a_session_lives_an_hour_to_the_millisecond(void **state)
{
    struct house *h = *state;
    const uuid_t id = ann_logs_in(h)->id;
    scripted_clock_pass(&h->clock, HOUR_MS - 1);
    assert_non_null(shard_find(h->shard, id));
    scripted_clock_pass(&h->clock, 1);
    assert_null(shard_find(h->shard, id));
    assert_int_equal(shard_count(h->shard), 0);
    assert_int_equal(house_count(h, NOTICE_ENDED), 1);
    assert_int_equal(h->told[0].how, END_EXPIRED);
    assert_int_equal(ledger_depth(h->ledger), 1);
}

static void the_wheel_ends_what_nobody_asks_for(void **state)
{
    struct house *h = *state;
    const uuid_t id = ann_logs_in(h)->id;
    int64_t next = shard_advance(h->shard);
    assert_in_range(next, 1, HOUR_MS + 10);
    int64_t slept = 0; /* sleep as long as it says, and not a step more */
    while (shard_count(h->shard) > 0) {
        assert_true(next > 0);
        scripted_clock_pass(&h->clock, next);
        slept += next;
        next = shard_advance(h->shard);
        assert_true(slept <= HOUR_MS + 10);
    }
    assert_true(slept >= HOUR_MS);
    assert_null(shard_peek(h->shard, id));
    assert_int_equal(shard_advance(h->shard), -1);
}

static void an_event_extends_a_session_and_a_look_does_not(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const uuid_t id = live->id;
    enum canara_level level = CANARA_LEVEL_NORMAL;
    char ticket[TICKET_CHARS + 1];
    scripted_clock_pass(&h->clock, HOUR_MS - 1);
    assert_int_equal(send(h, live, TYPING).answer, BEHAVIOUR_TAKEN);
    assert_int_equal(live_seconds_left(h->shard, live), 3600);
    scripted_clock_pass(&h->clock, HOUR_MS - 1);
    assert_ptr_equal(shard_find(h->shard, id), live);
    (void)behaviour_shown_risk(h->shard, live, &level);
    (void)behaviour_mpin_required(h->shard, live);
    (void)behaviour_see(h->shard, live);
    (void)live_ticket_make(h->shard, live, ticket);
    (void)shard_advance(h->shard);
    scripted_clock_pass(&h->clock, 1);
    assert_null(shard_find(h->shard, id));
}

static void no_activity_carries_a_session_beyond_its_absolute_age(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const uuid_t id = live->id;
    for (int i = 0; i < 23; i++) {
        scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
        (void)shard_advance(h->shard);
        assert_ptr_equal(shard_find(h->shard, id), live);
        live_touch(h->shard, live);
    }
    scripted_clock_pass(&h->clock, 30 * MINUTE_MS - 1);
    assert_ptr_equal(shard_find(h->shard, id), live);
    live_touch(h->shard, live);
    assert_int_equal(live_seconds_left(h->shard, live), 1);
    scripted_clock_pass(&h->clock, 1);
    assert_null(shard_find(h->shard, id));
}

static void the_seconds_left_are_rounded_up_and_never_negative(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    assert_int_equal(live_seconds_left(h->shard, live), 3600);
    assert_int_equal(live_expires_at(h->shard, live).ms, SCRIPTED_WALL_MS + HOUR_MS);
    scripted_clock_pass(&h->clock, 1);
    assert_int_equal(live_seconds_left(h->shard, live), 3600);
    scripted_clock_pass(&h->clock, 999);
    assert_int_equal(live_seconds_left(h->shard, live), 3599);
    assert_int_equal(live_expires_at(h->shard, live).ms, SCRIPTED_WALL_MS + HOUR_MS);
    scripted_clock_pass(&h->clock, 2 * HOUR_MS);
    assert_int_equal(live_seconds_left(h->shard, live), 0);
}

static void a_wall_clock_that_is_moved_gains_and_costs_nothing(void **state)
{
    static const int64_t moves[] = {-24 * HOUR_MS, -HOUR_MS, HOUR_MS, -HOUR_MS};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
        house_turn_wall(&h->clock, moves[i]);
        clock_guard_watch(&h->svc);
        (void)send(h, live, TYPING);
        (void)shard_advance(h->shard);
        scripted_clock_pass(&h->clock, HOUR_MS - 1);
        assert_non_null(shard_find(h->shard, id));
        scripted_clock_pass(&h->clock, 1);
        assert_null(shard_find(h->shard, id));
    }
}

static void a_seed_from_the_future_lives_no_longer_than_a_new_one(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct live *live = NULL;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    house_turn_wall(&h->clock, -HOUR_MS); /* while the server was down */
    assert_ok(shard_restore(h->shard, &seed, &live));
    assert_int_equal(live_seconds_left(h->shard, live), 3600);
    for (int i = 0; i < 24; i++) {
        live_touch(h->shard, live);
        scripted_clock_pass(&h->clock, 30 * MINUTE_MS);
    }
    assert_null(shard_find(h->shard, seed.row.id));
}

/* No token of it is good: a restart each half day would carry it on for ever. */
static void a_session_of_a_time_that_never_was_is_over_with_a_restart(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct live *live = NULL;
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", &seed, &cred);
    house_turn_wall(&h->clock, -HOUR_MS - 1);
    clock_guard_watch(&h->svc);
    assert_ok(shard_restore(h->shard, &seed, &live));
    assert_null(shard_find(h->shard, seed.row.id));
}

/* ---- a clock that jumps forward */

/* Long enough to be believed, with somebody who looks. */
static void let_it_settle(struct house *h)
{
    clock_guard_watch(&h->svc);
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
}

static void while_a_jump_is_in_doubt_a_session_is_shut_out_and_not_ended(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const uuid_t id = live->id;
    let_it_settle(h);
    house_turn_wall(&h->clock, HOUR_MS - STEADY_FOR_MS - 1);
    assert_ptr_equal(shard_find(h->shard, id), live);
    house_turn_wall(&h->clock, 1);
    h->count = 0;
    assert_null(shard_find(h->shard, id));
    assert_int_equal(house_count(h, NOTICE_ENDED), 1); /* its socket closes */
    assert_true(shard_shuts_out(h->shard, live, clock_mono(&h->clock.face)));
    assert_false(shard_expire(h->shard, live, clock_mono(&h->clock.face)));
    assert_ptr_equal(shard_find_held(h->shard, id), live); /* who ends or blocks it finds it */
    house_turn_wall(&h->clock, -HOUR_MS + STEADY_FOR_MS);
    assert_ptr_equal(shard_find(h->shard, id), live);
    assert_int_equal(live_seconds_left(h->shard, live), 3600 - STEADY_FOR_MS / MS_PER_S);
}

static void a_pause_of_the_machine_counts_once_the_clock_is_believed(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const uuid_t id = live->id;
    let_it_settle(h);
    house_turn_wall(&h->clock, 11 * HOUR_MS);
    clock_guard_watch(&h->svc);
    assert_null(shard_find(h->shard, id));
    struct live *later = log_in(h, ANN, "tablet"); /* and is not older for it */
    scripted_clock_pass(&h->clock, STEADY_FOR_MS);
    clock_guard_watch(&h->svc);
    assert_non_null(shard_peek(h->shard, id));
    assert_null(shard_find(h->shard, id));
    assert_null(shard_peek(h->shard, id));
    assert_ptr_equal(shard_find(h->shard, later->id), later);
    assert_int_equal(live_seconds_left(h->shard, later), 3600 - STEADY_FOR_MS / MS_PER_S);
}

static void a_pause_counts_towards_the_absolute_age(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const uuid_t id = live->id;
    let_it_settle(h);
    house_turn_wall(&h->clock, 12 * HOUR_MS - STEADY_FOR_MS - 1);
    live_touch(h->shard, live);
    assert_ptr_equal(shard_find(h->shard, id), live);
    house_turn_wall(&h->clock, 1);
    assert_null(shard_find(h->shard, id));
}

static void activity_while_the_clock_was_back_is_no_pause_afterwards(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    let_it_settle(h);
    house_turn_wall(&h->clock, -2 * HOUR_MS);
    live_touch(h->shard, live);
    house_turn_wall(&h->clock, 2 * HOUR_MS);
    assert_ptr_equal(shard_find(h->shard, live->id), live);
}

/* ---- blocked */

static void a_blocked_session_is_readable_until_it_would_have_expired(void **state)
{
    static const enum session_end how[] = {END_BLOCKED, END_MPIN_LOCKED, END_OPERATOR};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        h->count = 0;
        behaviour_block(h->shard, live, how[i], false);
        assert_true(live->blocked);
        assert_int_equal(live->how, how[i]);
        assert_int_equal(house_count(h, NOTICE_BLOCKED), 1);
        assert_int_equal(h->told[h->count - 1].how, how[i]);
        scripted_clock_pass(&h->clock, 59 * MINUTE_MS);
        (void)send(h, live, TYPING); /* extends nothing */
        scripted_clock_pass(&h->clock, MINUTE_MS - 1);
        assert_ptr_equal(shard_find(h->shard, id), live);
        assert_int_equal(live->shown_level, CANARA_LEVEL_BLOCKED);
        scripted_clock_pass(&h->clock, 1);
        assert_null(shard_find(h->shard, id));
    }
}

static void a_block_is_told_once_and_told_to_the_ledger_unless_it_knows(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    shard_end(h->shard, live, END_MPIN_LOCKED, true);
    assert_int_equal(ledger_depth(h->ledger), 0);
    shard_end(h->shard, live, END_BLOCKED, false);
    behaviour_block(h->shard, live, END_OPERATOR, false);
    assert_int_equal(house_count(h, NOTICE_BLOCKED), 1);
    assert_int_equal(live->how, END_MPIN_LOCKED); /* the first reason stays */
    assert_int_equal(ledger_depth(h->ledger), 0);
    struct live *other = log_in(h, ANN, "phone");
    shard_end(h->shard, other, END_BLOCKED, false);
    assert_int_equal(ledger_depth(h->ledger), 1);
}

static void every_other_end_forgets_the_session_at_once(void **state)
{
    static const enum session_end how[] = {END_LOGGED_OUT, END_EXPIRED, END_REPLACED, END_REVOKED,
                                           END_REFRESH_REUSED};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        struct live *live = log_in(h, ANN, "phone");
        const uuid_t id = live->id;
        h->count = 0;
        shard_end(h->shard, live, how[i], true);
        assert_int_equal(h->count, 1);
        assert_int_equal(h->told[0].what, NOTICE_ENDED);
        assert_int_equal(h->told[0].how, how[i]);
        assert_null(shard_peek(h->shard, id));
    }
    assert_int_equal(ledger_depth(h->ledger), 0);
}

/* ---- room */

static void a_full_shard_refuses_and_an_ended_session_makes_room(void **state)
{
    struct house *h = *state;
    struct shard *small = NULL;
    const struct shard_config config = {.service = &h->svc,
                                        .ledger = h->ledger,
                                        .lane = shard_lane(h->shard),
                                        .watcher = &h->watcher,
                                        .sessions_max = 2};
    session_seed_t seed = {.row = {.created = {SCRIPTED_WALL_MS},
                                   .last_activity = {SCRIPTED_WALL_MS},
                                   .expires_max = {SCRIPTED_WALL_MS + 12 * HOUR_MS},
                                   .device_id = "phone"},
                           .email = ANN};
    struct live *live[3] = {NULL};
    assert_ok(shard_new(&config, &small));
    for (uint8_t i = 0; i < 2; i++) {
        seed.row.id.byte[0] = (uint8_t)(i + 1);
        assert_ok(shard_open(small, &seed, &live[i]));
    }
    seed.row.id.byte[0] = 3;
    assert_err(shard_open(small, &seed, &live[2]), ERR_LIMIT);
    assert_null(live[2]);
    assert_null(shard_peek(small, seed.row.id));
    shard_end(small, live[0], END_LOGGED_OUT, true);
    assert_ok(shard_open(small, &seed, &live[2]));
    assert_int_equal(shard_count(small), 2);
    shard_free(&small);
    assert_null(small);
}

/* ---- tickets */

static bool spend(struct house *h, struct live *live, const char *text)
{
    return live_ticket_spend(h->shard, live, span_of(text));
}

static void a_ticket_opens_once(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char ticket[TICKET_CHARS + 1];
    (void)live_ticket_make(h->shard, live, ticket);
    assert_int_equal(strlen(ticket), TICKET_CHARS);
    assert_true(spend(h, live, ticket));
    assert_false(spend(h, live, ticket));
}

static void a_ticket_lives_thirty_seconds_to_the_millisecond(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char ticket[TICKET_CHARS + 1];
    (void)live_ticket_make(h->shard, live, ticket);
    scripted_clock_pass(&h->clock, 29999);
    assert_true(spend(h, live, ticket));
    (void)live_ticket_make(h->shard, live, ticket);
    house_turn_wall(&h->clock, -HOUR_MS);
    scripted_clock_pass(&h->clock, 30000);
    assert_false(spend(h, live, ticket));
}

static void a_ticket_belongs_to_its_session(void **state)
{
    struct house *h = *state;
    struct live *ann = ann_logs_in(h);
    struct live *again = log_in(h, ANN, "phone");
    char ticket[TICKET_CHARS + 1];
    (void)live_ticket_make(h->shard, ann, ticket);
    assert_false(spend(h, again, ticket));
    assert_true(spend(h, ann, ticket));
}

static void the_fifth_ticket_takes_the_place_of_the_oldest(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char ticket[LIMIT_TICKETS_PER_SESSION + 1][TICKET_CHARS + 1];
    for (size_t i = 0; i < ARRAY_LEN(ticket); i++) {
        scripted_clock_pass(&h->clock, 1000);
        (void)live_ticket_make(h->shard, live, ticket[i]);
    }
    assert_false(spend(h, live, ticket[0]));
    for (size_t i = 1; i < ARRAY_LEN(ticket); i++) {
        assert_true(spend(h, live, ticket[i]));
    }
}

static void what_is_no_ticket_opens_nothing(void **state)
{
    static const char *const texts[] = {"", "AAAAAAAAAAAAAAAAAAAAAA", "x",
                                        "a text of some other length, longer than a ticket"};
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_false(spend(h, live, texts[i]));
    }
    char ticket[TICKET_CHARS + 1];
    (void)live_ticket_make(h->shard, live, ticket);
    for (size_t i = 0; i < TICKET_CHARS; i++) {
        char bent[TICKET_CHARS + 1];
        memcpy(bent, ticket, sizeof bent);
        bent[i] = bent[i] == 'A' ? 'B' : 'A';
        assert_false(spend(h, live, bent));
    }
    assert_true(spend(h, live, ticket));
}

/* ---- what is told elsewhere */

static void note_use(void *ctx, struct live *live)
{
    int64_t *by_use = ctx;
    by_use[live->mind == NULL ? LIVE_RESTING : LIVE_AWAKE] += 1;
}

static void the_gauges_sum_up_to_the_sessions(void **state)
{
    struct house *h = *state;
    int64_t rested = 0;
    h->svc.rules.rest_after_ms = MINUTE_MS;
    (void)register_account(h, ANN);
    h->svc.rules.sessions_per_account = 30;
    uuid_t id[20] = {{{0}}};
    uint64_t seed = 17;
    for (int i = 0; i < 500; i++) {
        uuid_t *one = &id[random_below(&seed, ARRAY_LEN(id))];
        struct live *live = shard_find(h->shard, *one);
        h->count = 0;
        switch (random_below(&seed, 5)) {
        case 0:
            if (live == NULL) {
                *one = log_in(h, ANN, "phone")->id;
            }
            break;
        case 1:
            scripted_clock_pass(&h->clock, (int64_t)random_below(&seed, 1200000));
            (void)shard_advance(h->shard);
            break;
        case 2:
            if (live != NULL) {
                predict(h, live, random_in(&seed, 0.0, 1.0));
            }
            break;
        case 3:
            if (live != NULL && random_below(&seed, 4) == 0) {
                shard_end(h->shard, live, END_LOGGED_OUT, true);
            }
            break;
        default:
            if (live != NULL) {
                (void)send(h, live, TYPING);
            }
        }
        let_it_settle(h);
        int64_t sum = 0;
        for (size_t level = 0; level < 4; level++) {
            const int64_t here = gauge_read(&shard_metrics(h->shard)->by_level[level]);
            assert_true(here >= 0);
            sum += here;
        }
        assert_int_equal(sum, shard_count(h->shard));
        int64_t by_use[LIVE_USES] = {0};
        shard_each(h->shard, note_use, by_use);
        for (size_t use = 0; use < LIVE_USES; use++) {
            assert_int_equal(gauge_read(&shard_metrics(h->shard)->by_use[use]), by_use[use]);
        }
        rested += by_use[LIVE_RESTING];
    }
    assert_true(rested > 100);
}

/* ---- how often decisions are asked for */

static void a_session_may_ask_its_count_at_once_and_then_one_each_share(void **state)
{
    struct house *h = *state;
    uint32_t wait_s = 0;
    h->svc.rules.evaluate_per_session = (throttle_t){4, 60};
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    for (int i = 0; i < 4; i++) {
        assert_true(live_may_ask(h->shard, live, &wait_s));
    }
    for (int i = 0; i < 3; i++) { /* what is refused is not charged */
        assert_false(live_may_ask(h->shard, live, &wait_s));
        assert_int_equal(wait_s, 15);
    }
    scripted_clock_pass(&h->clock, 14999);
    assert_false(live_may_ask(h->shard, live, &wait_s));
    assert_int_equal(wait_s, 1);
    scripted_clock_pass(&h->clock, 1);
    assert_true(live_may_ask(h->shard, live, &wait_s));
    assert_false(live_may_ask(h->shard, live, &wait_s));
    scripted_clock_pass(&h->clock, 10 * MINUTE_MS); /* what is not used is not saved up */
    for (int i = 0; i < 4; i++) {
        assert_true(live_may_ask(h->shard, live, &wait_s));
    }
    assert_false(live_may_ask(h->shard, live, &wait_s));
    h->svc.rules.evaluate_per_session = (throttle_t){0};
    assert_true(live_may_ask(h->shard, live, &wait_s));
}

/* Nothing of before the newest is news, and a time to come is none: the clock was set back since. */
static void activity_of_the_journal_moves_the_time_forward_alone(void **state)
{
    static const struct {
        int64_t at_ms, active_ms;
    } step[] = {{-1, 0}, {0, 0}, {20, 20}, {10, 20}, {41, 20}, {40, 40}};

    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    const wall_t began = live->last_activity;
    const mono_t active = live->active;
    scripted_clock_pass(&h->clock, 40);
    for (size_t i = 0; i < ARRAY_LEN(step); i++) {
        shard_restore_activity(h->shard, live, wall_after_ms(began, step[i].at_ms));
        assert_int_equal(live->last_activity.ms - began.ms, step[i].active_ms);
        assert_int_equal(mono_ms_between(active, live->active), step[i].active_ms);
    }
}

/* However many come and go: a shard takes no more memory than for those who live at once. */
static void what_a_session_owned_is_the_next_ones(void **state)
{
    struct house *h = *state;
    struct blocks first = {0};
    (void)register_account(h, ANN);
    for (int i = 0; i < 30; i++) {
        struct live *live = log_in(h, ANN, "phone");
        bool ended = false;
        enum session_end was = END_NONE;
        assert_ok(session_end_stored(&h->svc, live->id, END_LOGGED_OUT, &ended, &was));
        shard_end(h->shard, live, END_LOGGED_OUT, true);
        if (i == 0) {
            first = *shard_blocks(h->shard);
        }
    }
    assert_ptr_equal(shard_blocks(h->shard)->chunks, first.chunks);
    assert_int_equal(shard_blocks(h->shard)->used, first.used);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(a_session_lives_an_hour_to_the_millisecond),
        SENTENCE(the_wheel_ends_what_nobody_asks_for),
        SENTENCE(an_event_extends_a_session_and_a_look_does_not),
        SENTENCE(no_activity_carries_a_session_beyond_its_absolute_age),
        SENTENCE(the_seconds_left_are_rounded_up_and_never_negative),
        SENTENCE(a_wall_clock_that_is_moved_gains_and_costs_nothing),
        SENTENCE(a_seed_from_the_future_lives_no_longer_than_a_new_one),
        SENTENCE(a_session_of_a_time_that_never_was_is_over_with_a_restart),
        SENTENCE(while_a_jump_is_in_doubt_a_session_is_shut_out_and_not_ended),
        SENTENCE(a_pause_of_the_machine_counts_once_the_clock_is_believed),
        SENTENCE(a_pause_counts_towards_the_absolute_age),
        SENTENCE(activity_while_the_clock_was_back_is_no_pause_afterwards),
        SENTENCE(a_blocked_session_is_readable_until_it_would_have_expired),
        SENTENCE(a_block_is_told_once_and_told_to_the_ledger_unless_it_knows),
        SENTENCE(every_other_end_forgets_the_session_at_once),
        SENTENCE(a_full_shard_refuses_and_an_ended_session_makes_room),
        SENTENCE(a_ticket_opens_once),
        SENTENCE(a_ticket_lives_thirty_seconds_to_the_millisecond),
        SENTENCE(a_ticket_belongs_to_its_session),
        SENTENCE(the_fifth_ticket_takes_the_place_of_the_oldest),
        SENTENCE(what_is_no_ticket_opens_nothing),
        SENTENCE(the_gauges_sum_up_to_the_sessions),
        SENTENCE(a_session_may_ask_its_count_at_once_and_then_one_each_share),
        SENTENCE(what_a_session_owned_is_the_next_ones),
        SENTENCE(activity_of_the_journal_moves_the_time_forward_alone),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
