/* Who comes often is known, and a session keeps the profile it began with. */
#include "domain/sessions/tutor.h"

#include "domain/learnt/people_test.h"
#include "domain/sessions/checkpoint_steps_test.h"

enum { OFTEN = 9 };

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
    const uuid_t account = register_account(h, ANN);
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
    const uint32_t known = head_of_profile(h, account).revision;
    const uint64_t refused = counter_read(&h->svc.profiles.refused);
    ann_learns(h, &ann, 2);
    assert_int_equal(house_audited(h, "profile.drifted"), 1);
    assert_int_equal(counter_read(&h->svc.profiles.refused), refused + 2);
    assert_int_equal(head_of_profile(h, account).revision, known); /* nothing to write down */
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

static void a_damaged_part_is_set_aside_and_its_owner_is_learnt_anew(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_learns(h, &ann, OFTEN);
    const struct parts_held held = parts_of(h, account, head_of_profile(h, account).revision);
    assert_int_equal(held.parts, PEOPLE_PARTS);
    damage(h, account, held.typed);
    const uint32_t bad = head_of_profile(h, account).revision;

    struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(learning_of(h, live).state, CANARA_LEARNING);
    assert_int_equal(learning_of(h, live).sessions, 0);
    assert_int_equal(live->profile_revision, bad + 1);
    assert_int_equal(house_audited(h, "profile.damaged"), 1);
    assert_int_equal(counter_read(&h->svc.profiles.damaged), 1);
    assert_int_equal(parts_of(h, account, bad).parts, PEOPLE_PARTS); /* for whoever looks into it */
    assert_int_equal(parts_of(h, account, bad + 1).parts, PEOPLE_PARTS - 1);
    (void)log_in(h, ANN, "phone");
    assert_int_equal(house_audited(h, "profile.damaged"), 1); /* once */
    ann_learns(h, &ann, 2);
    assert_int_equal(parts_of(h, account, head_of_profile(h, account).revision).parts,
                     PEOPLE_PARTS);
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
    };
    return cmocka_run_group_tests_name("tutor", tests, NULL, NULL);
}
