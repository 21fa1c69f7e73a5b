/* Who comes often is known; a session keeps the profile it began with; nothing that goes wrong is
 * worse than knowing less. */
#include "domain/tutor.h"

#include "base/rng.h"
#include "domain/checkpoint_steps_test.h"
#include "domain/people_test.h"

#include <pthread.h>

enum { OFTEN = 9, PARTS = 2 }; /* what she types, and her hours */

static canara_learning_t learning_of(struct house *h, const struct live *live)
{
    return canara_profile_learning(live_profile(h->shard, live));
}

static void whoever_comes_often_is_learnt_and_another_hand_is_noticed(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).sessions, 0);
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNING);
    assert_int_equal(live->profile_revision, 0);
    shard_end(h->shard, live, END_LOGGED_OUT, true);

    uint32_t before = 0;
    for (int i = 0; i < OFTEN; i++) {
        ann_learns(h, &ann, 1);
        assert_true(head_of_profile(h, account).revision > before);
        before = head_of_profile(h, account).revision;
    }
    assert_int_equal(counter_read(&h->svc.profiles.learnt), OFTEN);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 0);

    live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNT);
    assert_int_equal(live->profile_revision, before);
    type_as(h, live, &ann, 3);
    assert_true(peek(h, live).risk < 0.05);
    shard_end(h->shard, live, END_LOGGED_OUT, false);

    live = log_in(h, ANN, "phone");
    type_as(h, live, &thief, 2);
    const canara_verdict_t v = peek(h, live);
    assert_true(v.risk > 0.7);
    assert_true(v.level >= CANARA_LEVEL_CHALLENGE);
}

static void what_an_impostor_types_is_not_learnt(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, OFTEN);
    const uint32_t known = head_of_profile(h, account).revision;
    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, &thief, 1);
    shard_end(h->shard, live, END_LOGGED_OUT, false);
    settle(h);
    assert_int_equal(tutor_teach(h->tutor), 0);
    assert_int_equal(head_of_profile(h, account).revision, known);
}

/* Whoever was asked for the MPIN, came back without it and typed what nothing can be held against. */
static void what_is_typed_while_the_account_owes_an_mpin_is_not_learnt(void **state)
{
    static const bool blocked[] = {false, true};
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    for (size_t i = 0; i < ARRAY_LEN(blocked); i++) {
        struct live *live = log_in(h, ANN, "phone");
        if (blocked[i]) {
            behaviour_block(h->shard, live, END_BLOCKED, false);
        } else {
            behaviour_ask(h->shard, live, ASK_FOR_DECISION);
            shard_end(h->shard, live, END_LOGGED_OUT, false);
        }
        settle(h);
        const uint32_t before = head_of_profile(h, account).revision;
        live = log_in(h, ANN, "phone");
        assert_true(behaviour_mpin_required(h->shard, live));
        type_as(h, live, &ann, 1);
        assert_true(peek(h, live).risk < 0.2);
        shard_end(h->shard, live, END_LOGGED_OUT, false);
        settle(h);
        assert_int_equal(tutor_teach(h->tutor), 0);
        assert_int_equal(head_of_profile(h, account).revision, before);
        ann.has_mpin = true;
        ann_learns(h, &ann, 1);
        ann.has_mpin = false;
        assert_true(head_of_profile(h, account).revision > before);
    }
}

static void a_session_keeps_the_profile_it_began_with(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, 3);
    struct live *first = log_in(h, ANN, "phone");
    const struct canara_profile *profile = first->profile;
    const uint32_t revision = first->profile_revision;
    ann_learns(h, &ann, 3); /* beside it */
    assert_ptr_equal(first->profile, profile);
    assert_int_equal(first->profile_revision, revision);
    const struct live *second = log_in(h, ANN, "phone");
    assert_true(second->profile_revision > revision);
    assert_true(learning_of(h, second).sessions > learning_of(h, first).sessions);
}

/* Somebody without her MPIN teaches the profile another hand, a little more at each session. */
static void a_profile_at_its_fence_waits_for_a_mpin_and_says_so_once(void **state)
{
    enum { SESSIONS_MAX = 600 };
    struct house *h = *state;
    struct hand ann = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, 2 * OFTEN);
    struct hand thief = ann;
    int sessions = 0;
    while (counter_read(&h->svc.profiles.waiting) == 0 && sessions < SESSIONS_MAX) {
        thief.hold_ms *= 1.001;
        thief.pause_ms *= 1.001;
        ann_learns(h, &thief, 1);
        sessions += 1;
    }
    assert_int_equal(counter_read(&h->svc.profiles.waiting), 1);
    assert_int_equal(house_audited(h, "profile.waiting"), 1);
    assert_int_equal(house_audited(h, "profile.drifted"), 0);
    struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_WAITING);
    shard_end(h->shard, live, END_LOGGED_OUT, true);
    settle(h);
    ann_learns(h, &thief, 3);
    assert_int_equal(house_audited(h, "profile.waiting"), 1);
    ann.has_mpin = true;
    ann_learns(h, &ann, 1);
    live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNT);
}

/* Somebody who has it, too, teaches it another hand. */
static void a_profile_that_drifts_raises_the_alarm_once_and_learns_no_more(void **state)
{
    enum { SESSIONS_MAX = 600 };
    struct house *h = *state;
    struct hand ann = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, 2 * OFTEN);
    ann.has_mpin = true;
    const double hold = ann.hold_ms;
    int sessions = 0;
    while (counter_read(&h->svc.profiles.drifted) == 0 && sessions < SESSIONS_MAX) {
        ann.hold_ms *= 1.001;
        ann.pause_ms *= 1.001;
        ann_learns(h, &ann, 1);
        sessions += 1;
    }
    assert_int_equal(counter_read(&h->svc.profiles.drifted), 1);
    assert_int_equal(house_audited(h, "profile.drifted"), 1);
    assert_true(ann.hold_ms < 3 * hold);
    const struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_DRIFTED);
    ann_learns(h, &ann, 2);
    assert_int_equal(house_audited(h, "profile.drifted"), 1);
}

/* ---- the same bits ---- */

struct replay {
    struct house *h;
    uuid_t account;
    struct canara_profile *profile;
    enum profile_found found;
    canara_session_t engine;
};

static err_t play(void *context, const journal_record_t *record)
{
    struct replay *r = context;
    canara_verdict_t v = {0};
    bool counted = false;
    profile_pin_t pin = {0};
    if (record->kind == JOURNAL_SESSION_OPEN) {
        TRY(profile_pin_read(record, &pin));
        TRY(profile_of_pin(&r->h->svc, r->account, &pin, &r->profile, &r->found));
    }
    const playing_t with = {.scratch = r->h->scratch,
                            .config = &r->h->svc.rules.risk,
                            .profile = r->profile != NULL ? r->profile : r->h->stranger,
                            .engine = &r->engine};
    return recovery_play(&with, record, &v, &counted);
}

static void scoring_again_gives_the_same_bits_whatever_was_learnt_since(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    for (int round = 0; round < 8; round++) {
        ann_learns(h, &ann, 1);
        struct live *live = log_in(h, ANN, "phone");
        type_as(h, live, &ann, 2);
        ann_learns(h, &ann, 1);
        type_as(h, live, round % 2 == 0 ? &ann : &thief, 1);
        settle(h);
        struct replay again = {.h = h, .account = account, .found = PROFILE_MISSING};
        bool outrun = true;
        assert_ok(journal_session_records(h->svc.journal, live->id, live->created, play, &again,
                                          &outrun));
        assert_false(outrun);
        canara_profile_free(&again.profile);
        assert_int_equal(again.found, PROFILE_AS_PINNED);
        assert_memory_equal(&again.engine, &live->mind->engine, sizeof again.engine);
    }
}

static recovery_report_t crash_and_start(struct house *h, const char *model)
{
    recovery_report_t report = {0};
    settle(h);
    house_crash(h);
    house_know_people(h, model);
    tutor_free(&h->tutor); /* house_start() makes the next one */
    house_start(h);
    assert_ok(recovery_run(&h->svc, NULL, the_shard, h, &report));
    return report;
}

/* A known Ann with an open session. */
static struct live *ann_at_work(struct house *h, struct hand *ann)
{
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, ann, OFTEN);
    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, ann, 3);
    return live;
}

static void after_a_crash_the_session_goes_on_with_its_own_revision(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    struct live *live = ann_at_work(h, &ann);
    ann_learns(h, &ann, 2); /* the newest revision is another one by now */
    const uuid_t id = live->id;
    const uint32_t revision = live->profile_revision;
    const canara_session_t engine = live->mind->engine;
    const recovery_report_t report = crash_and_start(h, "hand-made");
    assert_int_equal(report.unpinned, 0);
    assert_int_equal(report.remodel, 0);
    live = shard_find(h->shard, id);
    assert_non_null(live);
    assert_int_equal(live->profile_revision, revision);
    assert_memory_equal(&live->mind->engine, &engine, sizeof engine);
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNT);
    type_as(h, live, &ann, 1);
    assert_true(peek(h, live).risk < 0.1);
}

static void under_another_model_the_session_goes_on_and_is_told_apart(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const struct live *live = ann_at_work(h, &ann);
    const uuid_t id = live->id;
    const recovery_report_t report = crash_and_start(h, "another");
    assert_int_equal(report.remodel, 1);
    assert_int_equal(report.unpinned, 0);
    live = shard_find(h->shard, id);
    assert_false(behaviour_mpin_required(h->shard, live));
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNT);
}

/* Let the content of the newest part be no part any more. */
static void damage(struct house *h, uuid_t account, const char *name)
{
    const struct profile_part part = {.name = name, .content = SPAN_INIT("no part at all")};
    const struct profile_save save = {.account = account,
                                      .base = head_of_profile(h, account).revision,
                                      .at = clock_wall(&h->clock.face),
                                      .part = &part,
                                      .count = 1};
    enum profile_answer answer = PROFILE_GONE;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_profile_save(&tx, &save, &answer));
    assert_int_equal(answer, PROFILE_SAVED);
    assert_ok(store_commit(&tx));
}

struct parts_held {
    char typed[STORE_PART_NAME_BYTES]; /* the name of the one that holds what she types */
    size_t parts;
};

static err_t note_name(void *ctx, const struct profile_part *part)
{
    struct parts_held *held = ctx;
    if (strncmp(part->name, "keys:", 5) == 0) {
        (void)snprintf(held->typed, sizeof held->typed, "%s", part->name);
    }
    held->parts += 1;
    return ERR_OK;
}

static struct parts_held parts_of(struct house *h, uuid_t account, uint32_t revision)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct parts_held held = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_profile_load(&tx, account, revision, note_name, &held));
    return held;
}

static void a_damaged_part_is_set_aside_and_its_owner_is_learnt_anew(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, OFTEN);
    const struct parts_held held = parts_of(h, account, head_of_profile(h, account).revision);
    assert_int_equal(held.parts, PARTS);
    damage(h, account, held.typed);
    const uint32_t bad = head_of_profile(h, account).revision;

    struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNING);
    assert_int_equal(learning_of(h, live).sessions, 0);
    assert_int_equal(live->profile_revision, bad + 1);
    assert_int_equal(house_audited(h, "profile.damaged"), 1);
    assert_int_equal(counter_read(&h->svc.profiles.damaged), 1);
    assert_int_equal(parts_of(h, account, bad).parts, PARTS); /* for whoever looks into it */
    assert_int_equal(parts_of(h, account, bad + 1).parts, PARTS - 1);
    (void)log_in(h, ANN, "phone");
    assert_int_equal(house_audited(h, "profile.damaged"), 1); /* once */
    ann_learns(h, &ann, 2);
    assert_int_equal(parts_of(h, account, head_of_profile(h, account).revision).parts, PARTS);
}

static void a_session_whose_profile_is_gone_is_asked_for_its_mpin(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, OFTEN);
    const struct live *live = log_in(h, ANN, "phone");
    const uuid_t id = live->id;
    size_t purged = 0;
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        enum profile_answer answer = PROFILE_GONE;
        const wall_t now = clock_wall(&h->clock.face);
        assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
        assert_ok(store_profile_roll_back(&tx, account, 0, now, &answer));
        assert_ok(store_profile_purge(&tx, account, 1, wall_after_ms(now, 1), &purged));
        assert_ok(store_commit(&tx));
    }
    assert_true(purged > 0);
    const recovery_report_t report = crash_and_start(h, "hand-made");
    assert_int_equal(report.unpinned, 1);
    live = shard_find(h->shard, id);
    assert_non_null(live);
    assert_true(behaviour_mpin_required(h->shard, live));
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNING);
}

/* ---- what goes wrong ---- */

static void a_store_that_fails_anywhere_leaves_the_profile_whole(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, 2);
    for (uint64_t n = 1; n < 40; n++) {
        ann_comes_and_goes(h, &ann);
        const uint32_t before = head_of_profile(h, account).revision;
        const uint64_t asked = store_scripted_operations(h->svc.store);
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const size_t again = tutor_teach(h->tutor);
        const bool fired = store_scripted_operations(h->svc.store) - asked >= n;
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        assert_int_equal(again, fired ? 1 : 0);
        assert_int_equal(head_of_profile(h, account).revision, fired ? before : before + 1);
        assert_int_equal(tutor_teach(h->tutor), 0);
        assert_int_equal(head_of_profile(h, account).revision, before + 1);
        assert_int_equal(parts_of(h, account, before + 1).parts, PARTS);
        if (!fired) {
            assert_true(n > 3);
            assert_int_equal(counter_read(&h->svc.profiles.dropped), 0);
            return;
        }
    }
    fail_msg("the failure never ceased");
}

static void a_store_that_fails_at_a_login_opens_nothing_and_leaks_nothing(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, 3);
    login_t login = login_from(ANN, "phone");
    assert_true(try_login(h, &login, PASSWORD));
    const size_t live = live_in_store(h, account);
    for (uint64_t n = 1; n < 60; n++) {
        session_seed_t seed = {0};
        credentials_t credentials = {0};
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        const err_t e = login_open(&h->svc, &login, &seed, &credentials);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
        if (!failed(e)) {
            assert_non_null(seed.profile);
            canara_profile_free(&seed.profile);
            assert_true(n > 8);
            return;
        }
        assert_null(seed.profile);
        assert_int_equal(live_in_store(h, account), live);
    }
    fail_msg("the failure never ceased");
}

static void a_lesson_is_tried_three_times(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_comes_and_goes(h, &ann);
    store_scripted_fail_begins(h->svc.store, UINT64_MAX);
    assert_int_equal(tutor_teach(h->tutor), 1);
    assert_int_equal(tutor_teach(h->tutor), 1);
    assert_int_equal(tutor_teach(h->tutor), 0);
    store_scripted_fail_begins(h->svc.store, 0);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 1);
    assert_int_equal(tutor_depth(h->tutor), 0);
}

static void nobody_learns_from_blocked_empty_or_forgotten_sessions(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    struct live *early = log_in(h, ANN, "phone"); /* before there was a model */
    type_as(h, early, &ann, 1);
    shard_end(h->shard, early, END_LOGGED_OUT, false);
    house_know_people(h, "hand-made");
    shard_end(h->shard, log_in(h, ANN, "phone"), END_LOGGED_OUT, false);
    struct live *blocked = log_in(h, ANN, "phone");
    type_as(h, blocked, &ann, 1);
    const uuid_t gone = blocked->id;
    behaviour_block(h->shard, blocked, END_OPERATOR, true);
    shard_end(h->shard, blocked, END_EXPIRED, true);
    assert_null(shard_peek(h->shard, gone));
    assert_int_equal(tutor_depth(h->tutor), 0);

    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, &ann, 1);
    struct live nobodys = *live; /* of an account that the store does not know */
    nobodys.account = uuid_random();
    tutor_hand_in(&h->svc, shard_lane(h->shard), &nobodys);
    behaviour_block(h->shard, live, END_OPERATOR, false);
    assert_int_equal(tutor_depth(h->tutor), 1);
    while (tutor_depth(h->tutor) > 0) {
        (void)tutor_teach(h->tutor);
    }
    assert_int_equal(head_of_profile(h, account).revision, 0);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 1);
    assert_int_equal(counter_read(&h->svc.profiles.learnt), 0);
}

/* Retention took where it began: half a session is none. */
static void a_session_whose_opening_is_gone_teaches_nothing(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct live *live = NULL;
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    open_session(h, ANN, "phone", &seed, &cred);
    assert_ok(shard_restore(h->shard, &seed, &live)); /* as shard_open(), without its record */
    type_as(h, live, &ann, 2);
    shard_end(h->shard, live, END_LOGGED_OUT, true);
    settle(h);
    assert_int_equal(tutor_teach(h->tutor), 0);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 1);
    assert_int_equal(head_of_profile(h, account).revision, 0);
}

/* Its last records are on their way to the disk when it ends. */
static void a_lesson_waits_for_the_records_of_its_session(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, &ann, 2);
    shard_end(h->shard, live, END_LOGGED_OUT, true); /* nobody kicks the journal */
    assert_int_equal(tutor_teach(h->tutor), 0);
    assert_int_equal(counter_read(&h->svc.profiles.learnt), 1);
    assert_int_equal(head_of_profile(h, account).revision, 1);
}

static void a_full_queue_drops_the_lesson_and_says_so(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    (void)register_account(h, ANN);
    house_know_people(h, "hand-made");
    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, &ann, 1);
    const struct journal_lane *lane = shard_lane(h->shard);

    const struct {
        size_t more, depth, dropped;
    } steps[] = {{LESSONS_MAX - 1, LESSONS_MAX - 1, 0}, {1, LESSONS_MAX, 0}, {1, LESSONS_MAX, 1}};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        for (size_t k = 0; k < steps[i].more; k++) {
            tutor_hand_in(&h->svc, lane, live);
        }
        assert_int_equal(tutor_depth(h->tutor), steps[i].depth);
        assert_int_equal(counter_read(&h->svc.profiles.dropped), steps[i].dropped);
    }
}

static void two_sessions_of_one_account_take_turns(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    for (int i = 0; i < 3; i++) {
        ann_comes_and_goes(h, &ann);
    }
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(tutor_teach(h->tutor), 0);
        assert_int_equal(head_of_profile(h, account).revision, i);
    }
    assert_int_equal(tutor_depth(h->tutor), 0);
    assert_int_equal(counter_read(&h->svc.profiles.learnt), 3);
}

static void *run(void *context)
{
    tutor_run(context);
    return NULL;
}

static void a_stop_gives_the_lessons_that_wait(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    for (int i = 0; i < 3; i++) {
        ann_comes_and_goes(h, &ann);
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, h->tutor), 0);
    tutor_stop(h->tutor);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(head_of_profile(h, account).revision, 3);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(whoever_comes_often_is_learnt_and_another_hand_is_noticed),
        SENTENCE(what_an_impostor_types_is_not_learnt),
        SENTENCE(what_is_typed_while_the_account_owes_an_mpin_is_not_learnt),
        SENTENCE(a_session_keeps_the_profile_it_began_with),
        SENTENCE(a_profile_at_its_fence_waits_for_a_mpin_and_says_so_once),
        SENTENCE(a_profile_that_drifts_raises_the_alarm_once_and_learns_no_more),
        ON_SQLITE(scoring_again_gives_the_same_bits_whatever_was_learnt_since),
        ON_SQLITE(after_a_crash_the_session_goes_on_with_its_own_revision),
        SENTENCE(under_another_model_the_session_goes_on_and_is_told_apart),
        ON_SQLITE(a_damaged_part_is_set_aside_and_its_owner_is_learnt_anew),
        SENTENCE(a_session_whose_profile_is_gone_is_asked_for_its_mpin),
        SENTENCE(a_store_that_fails_anywhere_leaves_the_profile_whole),
        SENTENCE(a_store_that_fails_at_a_login_opens_nothing_and_leaks_nothing),
        SENTENCE(a_lesson_is_tried_three_times),
        SENTENCE(nobody_learns_from_blocked_empty_or_forgotten_sessions),
        SENTENCE(a_session_whose_opening_is_gone_teaches_nothing),
        SENTENCE(a_lesson_waits_for_the_records_of_its_session),
        SENTENCE(a_full_queue_drops_the_lesson_and_says_so),
        SENTENCE(two_sessions_of_one_account_take_turns),
        SENTENCE(a_stop_gives_the_lessons_that_wait),
    };
    return cmocka_run_group_tests_name("tutor", tests, NULL, NULL);
}
