/* train_acts_test.c - machines' entries, strokes and vectors, learned from a set. */
#include "lab/bots/train_acts.h"

#include "base/util.h"
#include "lab/bots/boost_client.h"
#include "lab/sets/set_writer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { EACH = 60, KEYS = 12, USERS = 5, PEOPLE = 3 };

/* People, one of them odd, and two machines. */
static const char *const users[USERS] = {"a@x.invalid", "b@x.invalid", "odd@x.invalid",
                                         "fam-a@x.invalid", "fam-b@x.invalid"};

/* Skip, and say why, where the optional program was not built. */
static void need_boost(void)
{
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
}

/* A pace for each place, and holds that hardly differ. */
static void hand_types(struct rng *r, canara_key_t keys[KEYS])
{
    static const double usual[KEYS] = {0, 180, 150, 420, 160, 140, 300, 170, 600, 150, 190, 260};
    double at = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        at += i > 0 ? round(usual[i] * exp(0.2 * rng_normal(r))) : 0.0;
        keys[i] =
            (canara_key_t){.down_ms = at, .up_ms = at + round(90.0 * exp(0.15 * rng_normal(r)))};
    }
}

/* Slow, and the same for each key. */
static void odd_one_types(struct rng *r, canara_key_t keys[KEYS])
{
    for (size_t i = 0; i < KEYS; i++) {
        const double at = 900.0 * (double)i + round(rng_between(r, -80.0, 80.0));
        keys[i] = (canara_key_t){.down_ms = fmax(at, 0.0), .up_ms = fmax(at, 0.0) + 300.0};
    }
}

static void types(size_t user, struct rng *r, canara_key_t keys[BOT_TYPIST_KEYS])
{
    canara_key_t own[KEYS];
    struct bot_typist typist;
    hand_types(r, own);
    const canara_event_t like = {.kind = CANARA_KEYSTROKES,
                                 .has = CANARA_F_KEYS,
                                 .of.keystrokes = {.keys = own, .count = KEYS}};
    if (user < 2) {
        hand_types(r, keys);
    } else if (user == 2) {
        odd_one_types(r, keys);
    } else {
        bot_typist_begin(&typist, user == 3 ? BOT_SCRIPT_FIXED : BOT_SCRIPT_PACE, r);
        bot_typist_types(&typist, &like, NULL, r, keys);
        for (size_t i = 0; i < KEYS; i++) {
            keys[i].down_ms = round(keys[i].down_ms);
            keys[i].up_ms = round(keys[i].up_ms);
        }
    }
}

/* What a client tells beside the presses. */
enum client { PLAIN, PRESSES, BARE };

static void tell(enum client client, canara_key_t keys[KEYS])
{
    for (size_t i = 0; i < KEYS; i++) {
        if (client == PRESSES) {
            keys[i].has = 1U << CANARA_KEY_PRESSURE;
            keys[i].extra[CANARA_KEY_PRESSURE] = 0.3 + 0.01 * (double)i;
        }
        if (client == BARE) {
            keys[i].up_ms = keys[i].down_ms;
        }
    }
}

static const enum client all_plain[USERS] = {PLAIN};

/* The first `given` users, EACH sessions of one entry each. */
static struct dataset *open_set(struct scratch *dir, size_t given, const enum client told[USERS])
{
    static const struct dataset_info about = {
        .name = "typed", .source = "test", .licence = "none", .modality = "keystrokes", .note = ""};
    char path[SCRATCH_PATH];
    struct set_writer *w = NULL;
    struct dataset *set = NULL;
    struct dataset_fault fault;
    struct rng r;
    rng_seed(&r, 5);
    scratch_path(dir, "set", path);
    assert_false(failed(set_writer_open(&w, path, &about)));
    for (size_t i = 0; i < given * EACH; i++) {
        canara_key_t keys[BOT_TYPIST_KEYS];
        char id[32];
        const size_t user = i % given;
        types(user, &r, keys);
        tell(told[user], keys);
        const canara_event_t event = {
            .kind = CANARA_KEYSTROKES,
            .has = CANARA_F_FIELD | CANARA_F_KEYS,
            .of.keystrokes = {.field = {"password", 8}, .keys = keys, .count = KEYS}};
        (void)snprintf(id, sizeof id, "s%zu", i);
        set_writer_session(w, id, users[user]);
        set_writer_event(w, (wall_t){1750000000000 + (int64_t)i * 100000}, &event);
        set_writer_trial(w, "-", id, user < PEOPLE ? DATASET_HUMAN : DATASET_BOT);
    }
    assert_false(failed(set_writer_finish(&w)));
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

static void learn(const struct dataset *set, const bool *without, struct act_trees *out)
{
    CLEANUP(act_lesson_free) struct act_lesson *lesson = NULL;
    char why[BOOST_WHY_BYTES] = "";
    assert_false(failed(act_lesson_new(1, &lesson)));
    assert_false(failed(act_lesson_add_set(lesson, set, without, NULL)));
    if (failed(act_lesson_fit(lesson, out, why))) {
        fail_msg("%s", why);
    }
}

/* Mean margin of new entries of a user. */
static double margin_of(const struct act_trees *t, size_t user)
{
    struct rng r;
    double sum = 0.0;
    rng_seed(&r, 99);
    for (size_t i = 0; i < EACH; i++) {
        canara_key_t keys[BOT_TYPIST_KEYS];
        double x[BOT_ACT_COLUMNS];
        types(user, &r, keys);
        bot_act_typed(keys, KEYS, x);
        sum += trees_margin(&t->trees[BOT_ACT_TYPED], x) / EACH;
    }
    return sum;
}

static void machines_are_told_from_people(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir, USERS, all_plain);
    CLEANUP(act_trees_deinit) struct act_trees t;
    act_trees_init(&t);
    learn(set, NULL, &t);
    assert_true(t.learned[BOT_ACT_TYPED]);
    assert_false(t.learned[BOT_ACT_STROKE] || t.learned[BOT_ACT_VECTOR]);
    for (size_t u = 0; u < USERS; u++) {
        const double margin = margin_of(&t, u);
        if (u < PEOPLE ? margin > -1.0 : margin < 1.0) {
            fail_msg("%s: %g", users[u], margin);
        }
    }
}

/* Who is left out is not known; machines are known by the scripts that typed people's entries again. */
static void who_is_left_out_is_not_learned_from(void **state)
{
    (void)state;
    need_boost();
    static const bool without[USERS] = {false, false, true, true, true};
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir, USERS, all_plain);
    CLEANUP(act_trees_deinit) struct act_trees all;
    CLEANUP(act_trees_deinit) struct act_trees some;
    act_trees_init(&all);
    act_trees_init(&some);
    learn(set, NULL, &all);
    learn(set, without, &some);
    assert_true(margin_of(&all, 2) < -1.0);
    assert_true(margin_of(&some, 2) > 1.0); /* types like no person that is known */
    assert_true(margin_of(&some, 0) < -1.0);
    assert_true(margin_of(&some, 3) > 1.0);
    assert_true(margin_of(&some, 4) > 1.0);
}

static void the_same_lesson_gives_the_same_bits(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir, USERS, all_plain);
    CLEANUP(act_trees_deinit) struct act_trees one;
    CLEANUP(act_trees_deinit) struct act_trees two;
    act_trees_init(&one);
    act_trees_init(&two);
    learn(set, NULL, &one);
    learn(set, NULL, &two);
    const struct buf *const a = &one.bytes[BOT_ACT_TYPED];
    const struct buf *const b = &two.bytes[BOT_ACT_TYPED];
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->ptr, b->ptr, a->len);
}

static double margin_told(const struct act_trees *t, size_t user, enum client client)
{
    struct rng r;
    double sum = 0.0;
    rng_seed(&r, 99);
    for (size_t i = 0; i < EACH; i++) {
        canara_key_t keys[BOT_TYPIST_KEYS];
        double x[BOT_ACT_COLUMNS];
        types(user, &r, keys);
        tell(client, keys);
        bot_act_typed(keys, KEYS, x);
        sum += trees_margin(&t->trees[BOT_ACT_TYPED], x) / EACH;
    }
    return sum;
}

/* Learn from users whose clients tell these things, the first machine left out. */
static void learn_told(const enum client told[USERS], struct act_trees *out)
{
    static const bool without[USERS] = {false, false, false, true, false};
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir, USERS, told);
    act_trees_init(out);
    learn(set, without, out);
}

/* People's phones tell a pressure, the machines of the set none: that makes nobody a machine. */
static void a_pressure_that_only_people_tell_is_not_learned(void **state)
{
    (void)state;

    static const enum client told[USERS] = {PRESSES, PRESSES, PRESSES, PLAIN, PLAIN};

    need_boost();
    CLEANUP(act_trees_deinit) struct act_trees t;
    learn_told(told, &t);
    assert_near(margin_told(&t, 0, PLAIN), margin_told(&t, 0, PRESSES), 1e-9, "with and without");
    assert_true(margin_told(&t, 0, PLAIN) < -1.0);
}

/* One person's client tells no releases: who types like a machine there is one, and he is not. */
static void a_client_without_releases_makes_nobody_a_person(void **state)
{
    (void)state;

    static const enum client told[USERS] = {PLAIN, BARE, PLAIN, PLAIN, PLAIN};

    need_boost();
    CLEANUP(act_trees_deinit) struct act_trees t;
    learn_told(told, &t);
    const double machine = margin_told(&t, 3, BARE);
    const double person = margin_told(&t, 1, BARE);
    if (!(machine > 0.5) || !(person < -1.0)) {
        fail_msg("machine %g, person %g", machine, person);
    }
}

/* Nobody to learn from: no trees, and no fault. */
static void an_empty_lesson_learns_nothing(void **state)
{
    (void)state;
    CLEANUP(act_lesson_free) struct act_lesson *lesson = NULL;
    CLEANUP(act_trees_deinit) struct act_trees t;
    char why[BOOST_WHY_BYTES] = "";
    act_trees_init(&t);
    assert_false(failed(act_lesson_new(1, &lesson)));
    assert_false(failed(act_lesson_fit(lesson, &t, why)));
    for (size_t a = 0; a < BOT_ACTS; a++) {
        assert_false(t.learned[a]);
    }
}

/* A set of thousands of people takes no more memory and time than one of a hundred. */
static void of_many_users_less_is_taken_each(void **state)
{
    (void)state;
    assert_int_equal(act_lesson_share(0), ACT_LESSON_PER_USER);
    assert_int_equal(act_lesson_share(100), ACT_LESSON_PER_USER);
    assert_int_equal(act_lesson_share(200), ACT_LESSON_PER_USER / 2);
    assert_int_equal(act_lesson_share(DATASET_USERS_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_told_from_people),
        cmocka_unit_test(who_is_left_out_is_not_learned_from),
        cmocka_unit_test(the_same_lesson_gives_the_same_bits),
        cmocka_unit_test(a_pressure_that_only_people_tell_is_not_learned),
        cmocka_unit_test(a_client_without_releases_makes_nobody_a_person),
        cmocka_unit_test(an_empty_lesson_learns_nothing),
        cmocka_unit_test(of_many_users_less_is_taken_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
