/* bot_eval_test.c - a set of two families of bots and two devices of people, scored. */
#include "lab/bots/bot_eval.h"

#include "base/util.h"
#include "lab/bots/boost_client.h"
#include "lab/bots/bot_typist.h"
#include "lab/sets/set_writer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { POINTS = 120, SESSIONS = 120 };

/* Slow where it bends, told by a clock. */
static size_t drawn_by_hand(struct rng *rng, canara_point_t p[BOT_HAND_POINTS])
{
    double a = 6.0 * rng_double(rng);
    double drift = 0.0;
    for (size_t i = 0; i < POINTS; i++) {
        drift = 0.95 * drift + 0.02 * rng_normal(rng);
        p[i] = (canara_point_t){.t_ms = 16.0 * (double)i,
                                .x = round(500.0 + 200.0 * cos(a)),
                                .y = round(400.0 + 120.0 * sin(a))};
        a += 0.06 * (1.0 + 0.5 * sin(3.0 * a) + drift);
    }
    return POINTS;
}

static void write_set(const char *dir)
{
    static const struct dataset_info about = {
        .name = "drawn", .source = "test", .licence = "none", .modality = "pointer", .note = ""};
    static const char *const users[] = {"a@x.invalid", "b@x.invalid", "fam-a@x.invalid",
                                        "fam-b@x.invalid"};
    struct set_writer *w = NULL;
    struct rng rng;
    rng_seed(&rng, 3);
    assert_false(failed(set_writer_open(&w, dir, &about)));
    for (size_t i = 0; i < SESSIONS; i++) {
        canara_point_t p[BOT_HAND_POINTS];
        char id[32];
        const size_t user = i % 4;
        const size_t n = user < 2    ? drawn_by_hand(&rng, p)
                         : user == 2 ? bot_hand_move(BOT_HAND_STEPS, &rng, p)
                                     : bot_hand_move(BOT_HAND_SMOOTH, &rng, p);
        (void)snprintf(id, sizeof id, "s%zu", i);
        set_writer_session(w, id, users[user]);
        for (size_t k = 0; k < n; k++) {
            p[k].t_ms = round(p[k].t_ms);
        }
        const canara_event_t event = {.kind = CANARA_POINTER,
                                      .has = CANARA_F_POINTS,
                                      .of.path = {.points = p, .count = (uint32_t)n}};
        set_writer_event(w, (wall_t){1750000000000 + (int64_t)i * 100000}, &event);
        set_writer_trial(w, "-", id, user < 2 ? DATASET_HUMAN : DATASET_BOT);
    }
    assert_false(failed(set_writer_finish(&w)));
}

static struct dataset *open_set(struct scratch *dir)
{
    char path[SCRATCH_PATH];
    struct dataset *set = NULL;
    struct dataset_fault fault;
    scratch_path(dir, "set", path);
    write_set(path);
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

static void families_and_devices_are_left_out(void **state)
{
    (void)state;
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir);
    const struct bot_eval_options options = {
        .parts = BOT_PART_ALL, .leave = BOT_LEAVE_PAIRS, .folds = 6};
    struct bot_folds folds;
    double score[SESSIONS];
    char why[BOOST_WHY_BYTES] = "";
    assert_true(bot_eval_can_leave_out(set));
    if (failed(bot_eval_run(set, &options, score, &folds, why))) {
        fail_msg("%s", why);
    }
    assert_int_equal(folds.count, 4);
    for (size_t i = 0; i < folds.count; i++) {
        assert_int_equal(folds.at[i].people, SESSIONS / 4);
        assert_int_equal(folds.at[i].bots, SESSIONS / 4);
        assert_true(folds.at[i].auc > 0.8 && folds.at[i].auc <= 1.0);
    }
    bot_folds_free(&folds);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_true(isfinite(score[i]));
    }
}

static void the_shipped_detector_needs_no_other_program(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir);
    const struct bot_eval_options options = {.parts = BOT_PART_ALL};
    struct bot_folds folds;
    double score[SESSIONS];
    double again[SESSIONS];
    char why[BOOST_WHY_BYTES] = "";
    assert_false(failed(bot_eval_run(set, &options, score, &folds, why)));
    assert_int_equal(folds.count, 0);
    assert_false(failed(bot_eval_run(set, &options, again, &folds, why)));
    assert_memory_equal(score, again, sizeof score);
    assert_true(bot_eval_share(set, DATASET_BOT, 1.0) > 0.0);
}

enum { KEYS = 12 };

/* People with a pace for each place, and a script that draws each pause: none of them meets a rule. */
static void write_typed(const char *dir)
{
    static const struct dataset_info about = {
        .name = "typed", .source = "test", .licence = "none", .modality = "keystrokes", .note = ""};
    struct set_writer *w = NULL;
    struct rng rng;
    rng_seed(&rng, 5);
    assert_false(failed(set_writer_open(&w, dir, &about)));
    for (size_t i = 0; i < SESSIONS; i++) {
        canara_key_t own[KEYS] = {{.down_ms = 0.0, .up_ms = 90.0}};
        canara_key_t typed[BOT_TYPIST_KEYS];
        struct bot_typist typist;
        char id[32];
        const bool bot = i % 2 == 1;
        for (size_t k = 1; k < KEYS; k++) {
            const double usual = k % 4 == 0 ? 500.0 : 160.0;
            own[k].down_ms = round(own[k - 1].down_ms + usual * exp(0.2 * rng_normal(&rng)));
            own[k].up_ms = own[k].down_ms + round(90.0 * exp(0.15 * rng_normal(&rng)));
        }
        canara_event_t event = {
            .kind = CANARA_KEYSTROKES,
            .has = CANARA_F_FIELD | CANARA_F_KEYS,
            .of.keystrokes = {.field = {"password", 8}, .keys = own, .count = KEYS}};
        const canara_event_t like = event;
        bot_typist_begin(&typist, BOT_SCRIPT_FIXED, &rng);
        bot_typist_types(&typist, &like, NULL, &rng, typed);
        event.of.keystrokes.keys = bot ? typed : own;
        (void)snprintf(id, sizeof id, "s%zu", i);
        set_writer_session(w, id, bot ? "script@x.invalid" : "person@x.invalid");
        set_writer_event(w, (wall_t){1750000000000 + (int64_t)i * 100000}, &event);
        set_writer_trial(w, "-", id, bot ? DATASET_BOT : DATASET_HUMAN);
    }
    assert_false(failed(set_writer_finish(&w)));
}

static void typed_sessions_are_put_in_order_below_zero(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    const struct bot_eval_options options = {.parts = BOT_PART_ALL};
    struct bot_folds folds;
    struct dataset_fault fault;
    char path[SCRATCH_PATH];
    char why[BOOST_WHY_BYTES] = "";
    double score[SESSIONS];
    double above = 0.0;
    scratch_path(&dir, "set", path);
    write_typed(path);
    assert_false(failed(dataset_open(path, &set, &fault)));
    assert_false(failed(bot_eval_run(set, &options, score, &folds, why)));
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_true(score[i] < 0.0); /* an order is no evidence: B is 0 */
        for (size_t j = 0; j < SESSIONS; j++) {
            above += trials.at[i].label == DATASET_BOT && trials.at[j].label == DATASET_HUMAN &&
                     score[i] > score[j];
        }
    }
    assert_true(above / (0.25 * SESSIONS * SESSIONS) > 0.9);
}

enum { SWIPE = 24 };

/* Keys held for a millisecond, which a rule tells, and swipes as a hand's are. */
static void write_quick_keys(const char *dir)
{
    static const struct dataset_info about = {
        .name = "quick", .source = "test", .licence = "none", .modality = "touch", .note = ""};
    canara_key_t keys[KEYS];
    canara_point_t p[SWIPE];
    struct set_writer *w = NULL;
    for (size_t i = 0; i < KEYS; i++) {
        const double at = 150.0 * (double)i + 40.0 * sin((double)(i * i));
        keys[i] = (canara_key_t){.down_ms = round(at), .up_ms = round(at) + 1.0};
    }
    for (int i = 0; i < SWIPE; i++) {
        const double u = (double)i / (SWIPE - 1);
        p[i] = (canara_point_t){.t_ms = 12.0 * i,
                                .x = 200.0 + 80.0 * u * (1.0 - u),
                                .y = 700.0 - 400.0 * u * u * (3.0 - 2.0 * u),
                                .pressure = 0.5 + 0.16 * sin(3.0 * u),
                                .buttons = i == 0 ? 0 : (i + 1 == SWIPE ? 2 : 1)};
    }
    const canara_event_t typed = {.kind = CANARA_KEYSTROKES,
                                  .has = CANARA_F_KEYS,
                                  .of.keystrokes = {.keys = keys, .count = KEYS}};
    const canara_event_t swiped = {
        .kind = CANARA_TOUCH, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = SWIPE}};
    assert_false(failed(set_writer_open(&w, dir, &about)));
    set_writer_session(w, "s", "script@x.invalid");
    set_writer_event(w, (wall_t){1750000000000}, &swiped);
    set_writer_event(w, (wall_t){1750000003000}, &typed);
    set_writer_trial(w, "-", "s", DATASET_BOT);
    assert_false(failed(set_writer_finish(&w)));
}

static void what_orders_sessions_takes_nothing_from_their_nats(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    const struct bot_judge rules = {.trees = bot_learned_shipped(), .parts = BOT_PART_RULES};
    const struct bot_judge all = {.trees = bot_learned_shipped(), .parts = BOT_PART_ALL};
    struct dataset_fault fault;
    char path[SCRATCH_PATH];
    scratch_path(&dir, "set", path);
    write_quick_keys(path);
    assert_false(failed(dataset_open(path, &set, &fault)));
    const double nats = bot_eval_session(set, 0, &rules);
    assert_true(nats >= 4.0);
    assert_in_range((uint64_t)(1000.0 * (bot_eval_session(set, 0, &all) - nats)), 0, 80);
    assert_true(bot_eval_session(set, 0, &all) >= nats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_and_devices_are_left_out),
        cmocka_unit_test(the_shipped_detector_needs_no_other_program),
        cmocka_unit_test(typed_sessions_are_put_in_order_below_zero),
        cmocka_unit_test(what_orders_sessions_takes_nothing_from_their_nats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
