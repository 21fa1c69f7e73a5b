/* Nothing that goes wrong with a lesson is worse than knowing less. */
#include "base/rng.h"
#include "domain/learnt/people_test.h"
#include "domain/sessions/tutor.h"

#include <pthread.h>
#include <unistd.h>

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
        assert_int_equal(parts_of(h, account, before + 1).parts, PEOPLE_PARTS);
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

/* It is put right before the session has said much: by their times, all segments began before it. */
static void a_session_opened_while_the_clock_was_ahead_teaches_all_it_has(void **state)
{
    enum { AHEAD_MIN = 50, WORDS = 16 };

    struct house *h = *state;
    struct hand ann = ann_hand();
    house_crash(h);
    h->many_segments = true;
    house_start(h);
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_goes(h, log_in(h, ANN, "phone"));
    settle(h); /* a segment begins before the clock is ahead */
    house_turn_wall(&h->clock, AHEAD_MIN * MINUTE_MS);
    struct live *live = log_in(h, ANN, "phone");
    settle(h);
    house_turn_wall(&h->clock, -AHEAD_MIN * MINUTE_MS);
    const wall_t created = live->created;
    for (int i = 0; i < WORDS; i++) {
        type_as(h, live, &ann, 1);
        settle(h);
    }
    assert_true(journal_sequence_since(h->svc.journal, created) > 1); /* not that of its opening */
    shard_end(h->shard, live, END_LOGGED_OUT, true);
    settle(h);
    assert_int_equal(tutor_teach(h->tutor), 0);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 0);
    assert_int_equal(counter_read(&h->svc.profiles.learnt), 1);
    assert_int_equal(head_of_profile(h, account).revision, 1);
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

/* ---- what makes room ---- */

enum {
    NOTE_KEYS = 15,
    NOTES_YOUNG = 3
}; /* so many long entries may stand in line: engine/profile/profile.c */

/* A session with a long entry of its own, in a field that nobody types in again. */
static void ann_writes_a_note(struct house *h, struct hand *who, unsigned number)
{
    char field[16];
    char text[2048];
    (void)snprintf(field, sizeof field, "note%u", number);
    type_keys(who, field, NOTE_KEYS, text);
    struct live *live = log_in(h, ANN, "phone");
    (void)send(h, live, text);
    ann_goes(h, live);
}

struct search {
    const char *prefix; /* of a part's name */
    bool found;
};

static err_t look_at(void *ctx, const struct profile_part *part)
{
    struct search *s = ctx;
    s->found = s->found || strncmp(part->name, s->prefix, strlen(s->prefix)) == 0;
    return ERR_OK;
}

static bool is_held(struct house *h, uuid_t account, uint32_t revision, const char *prefix)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct search s = {.prefix = prefix};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_profile_load(&tx, account, revision, look_at, &s));
    return s.found;
}

static void a_part_that_makes_room_is_gone_from_the_newest_revision_alone(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    for (uint32_t i = 1; i <= NOTES_YOUNG + 1; i++) {
        ann_writes_a_note(h, &ann, i);
        assert_int_equal(tutor_teach(h->tutor), 0);
        assert_int_equal(head_of_profile(h, account).revision, i);
    }
    assert_true(is_held(h, account, NOTES_YOUNG, "keys:note1:"));
    assert_false(is_held(h, account, NOTES_YOUNG + 1, "keys:note1:"));
    assert_true(is_held(h, account, NOTES_YOUNG + 1, "keys:note4:"));
    assert_int_equal(parts_of(h, account, NOTES_YOUNG + 1).parts, NOTES_YOUNG + 1); /* the hours */
    const struct live *live = log_in(h, ANN, "phone");
    assert_int_equal(canara_profile_parts(live_profile(h->shard, live)), NOTES_YOUNG + 1);
}

/* ---- what is forgotten ---- */

/* Revisions that an operator can go back to stay, and those that a session may yet be scored again with. */
static void a_lesson_forgets_what_is_both_far_enough_back_and_old_enough(void **state)
{
    enum { SESSIONS = PROFILE_REVISIONS_KEPT + 3 };
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    const int64_t kept_ms = h->svc.rules.session_age_ms + PROFILE_MARGIN_MS;
    ann_learns(h, &ann, SESSIONS);
    assert_int_equal(head_of_profile(h, account).oldest, 0); /* far enough back, and young */
    scripted_clock_pass(&h->clock, kept_ms - HOUR_MS);
    ann_learns(h, &ann,
               1); /* ten minutes after: fifty before the last one, it was the third's turn */
    assert_int_equal(head_of_profile(h, account).oldest, 3);
    scripted_clock_pass(&h->clock, kept_ms);
    ann_learns(h, &ann, 1); /* all of them are old */
    const struct profile_head head = head_of_profile(h, account);
    assert_int_equal(head.revision, SESSIONS + 2);
    assert_int_equal(head.oldest, head.revision - PROFILE_REVISIONS_KEPT + 1);
}

/* ---- a stop ---- */

enum { LAST_CLASSES_MS = 2000, MANY_RECORDS = 1200 /* more than between two looks at the clock */ };

static void a_stop_waits_only_so_long_and_a_class_broken_off_has_taught_nothing(void **state)
{
    struct house *h = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(h, ANN);
    house_know_people(h, "hand-made");
    ann_comes_and_goes(h, &ann);
    tutor_stop(h->tutor);
    (void)usleep(LAST_CLASSES_MS * 1000);
    tutor_run(h->tutor); /* begins no class any more */
    assert_int_equal(tutor_depth(h->tutor), 1);
    assert_int_equal(head_of_profile(h, account).revision, 0);
    struct live *other = log_in(h, ANN, "phone");
    for (int i = 0; i < MANY_RECORDS; i++) {
        predict(h, other, 0.0);
    }
    settle(h);
    assert_int_equal(tutor_teach(h->tutor), 1); /* this one had begun */
    assert_int_equal(tutor_depth(h->tutor), 1);
    assert_int_equal(head_of_profile(h, account).revision, 0);
    assert_int_equal(counter_read(&h->svc.profiles.dropped), 0);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(a_store_that_fails_anywhere_leaves_the_profile_whole),
        SENTENCE(a_store_that_fails_at_a_login_opens_nothing_and_leaks_nothing),
        SENTENCE(a_lesson_is_tried_three_times),
        SENTENCE(nobody_learns_from_blocked_empty_or_forgotten_sessions),
        SENTENCE(a_session_whose_opening_is_gone_teaches_nothing),
        SENTENCE(a_session_opened_while_the_clock_was_ahead_teaches_all_it_has),
        SENTENCE(a_lesson_waits_for_the_records_of_its_session),
        SENTENCE(a_full_queue_drops_the_lesson_and_says_so),
        SENTENCE(two_sessions_of_one_account_take_turns),
        SENTENCE(a_stop_gives_the_lessons_that_wait),
        SENTENCE(a_part_that_makes_room_is_gone_from_the_newest_revision_alone),
        SENTENCE(a_lesson_forgets_what_is_both_far_enough_back_and_old_enough),
        SENTENCE(a_stop_waits_only_so_long_and_a_class_broken_off_has_taught_nothing),
    };
    return cmocka_run_group_tests_name("tutor_trouble", tests, NULL, NULL);
}
